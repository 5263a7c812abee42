#include "api/usage_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace sluice::api {
namespace {

// What is told of, and the objects on the way there.
namespace node {
enum Node : uint8_t {
  root,
  inner_message,
  inner_response,
  inner_delta,
  groq,
  meta,
  choices,
  candidates,
  prompt_feedback,
  usage,
  gemini_usage,
  cache_creation,
  timings,
  details,
  // from here on nothing is looked for inside
  model,
  type,
  finish,
  blocked,
  status,
  error,
  done,
  index,
  sequence,
  first_count  // then one for each of SentCounts
};
}  // namespace node

constexpr uint8_t at(SentCounts::Count count) {
  return static_cast<uint8_t>(uint8_t{node::first_count} + uint8_t{count});
}
static_assert(at(SentCounts::counts) <= ScanTree::nodes);

constexpr std::array edges = std::to_array<ScanEdge>({
    {node::root, "type", node::type},
    {node::root, "model", node::model},
    {node::root, "modelVersion", node::model},
    {node::root, "usage", node::usage},
    {node::root, "usageMetadata", node::gemini_usage},
    {node::root, "choices", node::choices},
    {node::root, "message", node::inner_message},    // anthropic: message_start
    {node::root, "delta", node::inner_delta},        // anthropic: message_delta
    {node::root, "response", node::inner_response},  // responses: created, completed, ...
    {node::root, "candidates", node::candidates},
    {node::root, "promptFeedback", node::prompt_feedback},
    {node::root, "error", node::error},
    {node::root, "done", node::done},
    {node::root, "sequence_number", node::sequence},  // responses
    {node::root, "prompt_eval_count", at(SentCounts::input)},
    {node::root, "eval_count", at(SentCounts::output)},
    {node::root, "x_groq", node::groq},
    {node::root, "meta", node::meta},        // cohere's rerank and embeddings
    {node::root, "timings", node::timings},  // llama.cpp, where there is no usage
    {node::inner_message, "model", node::model},
    {node::inner_message, "usage", node::usage},
    {node::inner_response, "model", node::model},
    {node::inner_response, "usage", node::usage},
    {node::inner_response, "status", node::status},
    {node::inner_response, "error", node::error},
    {node::inner_delta, "stop_reason", node::finish},
    {node::groq, "usage", node::usage},
    {node::meta, "billed_units", node::usage},
    {node::meta, "tokens", node::usage},
    {node::choices, "finish_reason", node::finish},
    {node::choices, "index", node::index},
    {node::choices, "usage", node::usage},  // moonshot's streams
    {node::candidates, "finishReason", node::finish},
    {node::candidates, "index", node::index},
    {node::prompt_feedback, "blockReason", node::blocked},
    {node::usage, "prompt_tokens", at(SentCounts::input)},
    {node::usage, "completion_tokens", at(SentCounts::output)},
    {node::usage, "total_tokens", at(SentCounts::total)},
    {node::usage, "input_tokens", at(SentCounts::input)},
    {node::usage, "output_tokens", at(SentCounts::output)},
    {node::usage, "cache_read_input_tokens", at(SentCounts::cache_read)},
    {node::usage, "cache_creation_input_tokens", at(SentCounts::cache_write)},
    {node::usage, "cache_creation", node::cache_creation},
    {node::usage, "cached_tokens", at(SentCounts::cache_read)},            // moonshot, together
    {node::usage, "num_cached_tokens", at(SentCounts::cache_read)},        // mistral
    {node::usage, "prompt_cache_hit_tokens", at(SentCounts::cache_read)},  // deepseek
    {node::usage, "reasoning_tokens", at(SentCounts::reasoning)},          // perplexity
    {node::usage, "prompt_tokens_details", node::details},
    {node::usage, "completion_tokens_details", node::details},
    {node::usage, "input_tokens_details", node::details},
    {node::usage, "output_tokens_details", node::details},
    {node::usage, "billed_units", node::usage},  // cohere's chat
    {node::usage, "tokens", node::usage},
    {node::gemini_usage, "promptTokenCount", at(SentCounts::input)},
    {node::gemini_usage, "toolUsePromptTokenCount", at(SentCounts::tool_input)},
    {node::gemini_usage, "cachedContentTokenCount", at(SentCounts::cache_read)},
    {node::gemini_usage, "candidatesTokenCount", at(SentCounts::output)},
    {node::gemini_usage, "thoughtsTokenCount", at(SentCounts::reasoning)},
    {node::gemini_usage, "totalTokenCount", at(SentCounts::total)},
    {node::cache_creation, "ephemeral_5m_input_tokens", at(SentCounts::cache_write_5m)},
    {node::cache_creation, "ephemeral_1h_input_tokens", at(SentCounts::cache_write_1h)},
    {node::timings, "prompt_n", at(SentCounts::llama_prompt)},
    {node::timings, "cache_n", at(SentCounts::llama_cached)},
    {node::timings, "predicted_n", at(SentCounts::llama_output)},
    {node::details, "cached_tokens", at(SentCounts::cache_read)},
    {node::details, "cache_write_tokens", at(SentCounts::cache_write)},
    {node::details, "reasoning_tokens", at(SentCounts::reasoning)},
    {node::details, "thinking_tokens", at(SentCounts::reasoning)},
});

// What only a stream's frames have, or what only they are asked for.
constexpr bool is_of_frames(uint8_t at) {
  return at == node::inner_message || at == node::inner_response || at == node::inner_delta || at == node::choices ||
         at == node::candidates || at == node::prompt_feedback || at == node::sequence;
}
constexpr bool is_of_bodies(const ScanEdge& edge) { return !is_of_frames(edge.parent) && !is_of_frames(edge.node); }
constexpr auto body_edges = [] {
  std::array<ScanEdge, std::count_if(edges.begin(), edges.end(), is_of_bodies)> some{};
  std::copy_if(edges.begin(), edges.end(), some.begin(), is_of_bodies);
  return some;
}();

static_assert(std::is_sorted(edges.begin(), edges.end(), [](auto& a, auto& b) { return a.parent < b.parent; }));

constexpr size_t longest_model_bytes = 256;
static_assert(longest_model_bytes <= JsonScan::longest_text);

// Of a choice or candidate: as many bits as there are.
constexpr uint8_t last_choice = 63;

// No answer has as many; more is a provider's mistake, and must not turn a counter's sign.
constexpr uint64_t most_tokens = 1'000'000'000'000;

[[gnu::cold]] std::optional<uint64_t> odd_whole_number(std::string_view text) {
  const char* const end = text.data() + text.size();
  double number = 0;
  const auto [number_stop, number_failure] = std::from_chars(text.data(), end, number);
  if (number_stop != end) return std::nullopt;
  if (number_failure == std::errc::result_out_of_range) {  // far too large, or far too small
    return text.find("e-") == text.npos && text.find("E-") == text.npos && text.front() != '-'
               ? std::optional<uint64_t>(most_tokens)
               : std::nullopt;
  }
  if (number_failure != std::errc() || number < 0 || std::trunc(number) != number) return std::nullopt;
  return number < static_cast<double>(most_tokens) ? static_cast<uint64_t>(number) : most_tokens;
}

// "12", and what is a whole number all the same: "12.0", "1.2e1". nullopt: it is none, or below zero.
std::optional<uint64_t> whole_number(std::string_view text) {
  constexpr size_t most_digits = 18;  // of what surely fits
  uint64_t count = 0;
  size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && digits < most_digits; ++digits) {
    count = 10 * count + static_cast<uint64_t>(text[digits] - '0');
  }
  return digits != 0 && digits == text.size() ? std::min(count, most_tokens) : odd_whole_number(text);
}

}  // namespace

const ScanTree& frame_tree() {
  static constexpr ScanTree tree(edges);
  return tree;
}

const ScanTree& body_tree() {
  static constexpr ScanTree tree(body_edges);
  return tree;
}

void SentCounts::add(Count which, uint64_t count, Dialect dialect) {
  const bool corrects = dialect == Dialect::gemini && count > 0;
  values_[which] = corrects ? count : std::max(values_[which], count);
  told_ = static_cast<uint16_t>(told_ | 1u << which);
}

void SentCounts::update(const SentCounts& newer, Dialect dialect) {
  for (uint8_t i = 0; i < counts; ++i) {
    if (const auto told = newer.told(static_cast<Count>(i))) add(static_cast<Count>(i), *told, dialect);
  }
}

void UsageReader::on_value(uint8_t at, JsonKind kind, std::string_view text) {
  switch (kind) {
    case JsonKind::string:
      return on_string(at, text);
    case JsonKind::number:
      return on_number(at, text);
    case JsonKind::true_value:
      if (at == node::done) end_ = shape_ = true;
      return;
    case JsonKind::object:
      usage_ = usage_ || at == node::usage;
      error_ = error_ || at == node::error;
      if (at == node::choices || at == node::candidates) on_choice();
      shape_ = shape_ || (at >= node::inner_message && at <= node::prompt_feedback);
      return;
    case JsonKind::item:
      choices_ = choices_ || at == node::choices;
      return;
    case JsonKind::false_value:
      shape_ = shape_ || at == node::done;
      return;
    case JsonKind::array:
    case JsonKind::null:
      return;
  }
}

// The next choice or candidate begins. Where it has no index, its place is it.
void UsageReader::on_choice() {
  finished_ = finished();
  choice_ = choice_objects_;
  if (choice_objects_ < last_choice) ++choice_objects_;
  choice_finished_ = false;
  choices_known_ = std::max(choices_known_, choice_objects_);
}

void UsageReader::on_string(uint8_t at, std::string_view text) {
  switch (at) {
    case node::model:
      if (model_.empty()) model_ = text;
      break;
    case node::type:
      on_type(text);
      break;
    case node::finish:
      if (text.empty() || text == "FINISH_REASON_UNSPECIFIED") break;
      if (dialect_ == Dialect::anthropic) end_ = true;
      choice_finished_ = true;
      break;
    case node::blocked:
      end_ = end_ || (!text.empty() && text != "BLOCK_REASON_UNSPECIFIED");
      break;
    case node::status:
      end_ = end_ || text == "completed" || text == "incomplete" || text == "failed" || text == "cancelled";
      break;
    case node::error:
      error_ = true;
      break;
    default:
      break;
  }
}

// A frame's own name for itself: the sentinels, and openai's streams that are no chat (speech, transcripts, images).
void UsageReader::on_type(std::string_view text) {
  if (text == "error") error_ = true;
  if (dialect_ == Dialect::anthropic) end_ = end_ || text == "message_stop";
  if (dialect_ == Dialect::openai) end_ = end_ || text.ends_with(".done") || text.ends_with(".completed");
}

void UsageReader::on_number(uint8_t at, std::string_view text) {
  if (at < node::index) return;
  const std::optional<uint64_t> count = whole_number(text);
  if (!count) return;
  if (at >= node::first_count)
    return counts_.add(static_cast<SentCounts::Count>(at - node::first_count), *count, dialect_);
  if (at == node::sequence) {
    sequence_ = count;
  } else {
    choice_ = static_cast<uint8_t>(std::min<uint64_t>(*count, last_choice));
    choices_known_ = std::max<uint8_t>(choices_known_, static_cast<uint8_t>(choice_ + 1));
  }
}

Usage usage_from(const SentCounts& counts, Dialect dialect) {
  const auto told = [&counts](SentCounts::Count which) { return counts.told(which); };
  const auto count = [&counts](SentCounts::Count which) { return counts.value(which); };
  Usage usage{told(SentCounts::input), told(SentCounts::cache_read), told(SentCounts::cache_write),
              told(SentCounts::output), told(SentCounts::reasoning)};
  if (!usage.input_uncached && !usage.output && (told(SentCounts::llama_prompt) || told(SentCounts::llama_output))) {
    usage.input_uncached = told(SentCounts::llama_prompt);
    usage.output = told(SentCounts::llama_output);
    if (count(SentCounts::llama_cached) > 0) usage.cache_read = told(SentCounts::llama_cached);
    return usage;
  }
  const uint64_t ttl_parts = count(SentCounts::cache_write_5m) + count(SentCounts::cache_write_1h);
  if (ttl_parts > count(SentCounts::cache_write)) usage.cache_write = ttl_parts;
  if (dialect == Dialect::gemini) {
    if (told(SentCounts::tool_input)) {
      usage.input_uncached = count(SentCounts::input) + count(SentCounts::tool_input);
    }
    if (usage.output || usage.reasoning) usage.output = count(SentCounts::output) + count(SentCounts::reasoning);
  } else if (usage.input_uncached && usage.output && usage.reasoning &&
             count(SentCounts::total) == *usage.input_uncached + *usage.output + *usage.reasoning) {
    usage.output = *usage.output + *usage.reasoning;  // xai tells the reasoning beside the rest
  }
  if (!usage.input_uncached && told(SentCounts::total)) {  // embeddings of some
    usage.input_uncached = count(SentCounts::total) - std::min(count(SentCounts::total), usage.output.value_or(0));
  }
  if (usage.input_uncached && dialect != Dialect::anthropic) {
    // The cached ones are part of the input here. Read and written ones are too, but some providers tell the same
    // tokens as both.
    const uint64_t input = *usage.input_uncached;
    const uint64_t read = usage.cache_read.value_or(0);
    const uint64_t written = usage.cache_write.value_or(0);
    const bool apart = read <= input && written <= input - read;
    usage.input_uncached = input - std::min(input, apart ? read + written : std::max(read, written));
  }
  return usage;
}

}  // namespace sluice::api
