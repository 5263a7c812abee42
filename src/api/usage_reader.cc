#include "api/usage_reader.h"

#include <algorithm>
#include <array>
#include <charconv>

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
  choices,
  candidates,
  prompt_feedback,
  usage,
  gemini_usage,
  details,
  // from here on nothing is looked for inside
  model,
  type,
  finish,
  status,
  error,
  done,
  input,
  output,
  cache_read,
  cache_write,
  reasoning
};
}  // namespace node

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
    {node::root, "prompt_eval_count", node::input},
    {node::root, "eval_count", node::output},
    {node::root, "x_groq", node::groq},
    {node::inner_message, "model", node::model},
    {node::inner_message, "usage", node::usage},
    {node::inner_response, "model", node::model},
    {node::inner_response, "usage", node::usage},
    {node::inner_response, "status", node::status},
    {node::inner_response, "error", node::error},
    {node::inner_delta, "stop_reason", node::finish},
    {node::groq, "usage", node::usage},
    {node::choices, "finish_reason", node::finish},
    {node::candidates, "finishReason", node::finish},
    {node::prompt_feedback, "blockReason", node::finish},
    {node::usage, "prompt_tokens", node::input},
    {node::usage, "completion_tokens", node::output},
    {node::usage, "input_tokens", node::input},
    {node::usage, "output_tokens", node::output},
    {node::usage, "cache_read_input_tokens", node::cache_read},
    {node::usage, "cache_creation_input_tokens", node::cache_write},
    {node::usage, "cached_tokens", node::cache_read},            // moonshot
    {node::usage, "prompt_cache_hit_tokens", node::cache_read},  // deepseek
    {node::usage, "prompt_tokens_details", node::details},
    {node::usage, "completion_tokens_details", node::details},
    {node::usage, "input_tokens_details", node::details},
    {node::usage, "output_tokens_details", node::details},
    {node::gemini_usage, "promptTokenCount", node::input},
    {node::gemini_usage, "cachedContentTokenCount", node::cache_read},
    {node::gemini_usage, "candidatesTokenCount", node::output},
    {node::gemini_usage, "thoughtsTokenCount", node::reasoning},
    {node::details, "cached_tokens", node::cache_read},
    {node::details, "cache_write_tokens", node::cache_write},
    {node::details, "reasoning_tokens", node::reasoning},
    {node::details, "thinking_tokens", node::reasoning},
});

// What only a stream's frames have, or what only they are asked for.
constexpr bool is_of_frames(uint8_t at) {
  return at == node::inner_message || at == node::inner_response || at == node::inner_delta || at == node::choices ||
         at == node::candidates || at == node::prompt_feedback;
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

void set(std::optional<uint64_t>& count, const std::optional<uint64_t>& newer) {
  if (newer) count = newer;
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

void SentCounts::update(const SentCounts& newer) {
  set(input, newer.input);
  set(cache_read, newer.cache_read);
  set(cache_write, newer.cache_write);
  set(output, newer.output);
  set(reasoning, newer.reasoning);
}

void UsageReader::on_value(uint8_t at, JsonKind kind, std::string_view text) {
  switch (kind) {
    case JsonKind::string:
      return on_string(at, text);
    case JsonKind::number:
      return on_number(at, text);
    case JsonKind::true_value:
      end_ = end_ || at == node::done;
      return;
    case JsonKind::object:
      usage_ = usage_ || at == node::usage;
      error_ = error_ || at == node::error;
      return;
    case JsonKind::array:
      choices_array_ = choices_array_ || at == node::choices;
      return;
    case JsonKind::item:
      choices_ = choices_ || at == node::choices;
      return;
    case JsonKind::false_value:
    case JsonKind::null:
      return;
  }
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
      end_ = end_ || !text.empty();
      break;
    case node::status:
      end_ = end_ || text == "completed" || text == "incomplete" || text == "failed";
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
  uint64_t count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failure != std::errc() || end != text.data() + text.size()) return;
  switch (at) {
    case node::input:
      counts_.input = count;
      break;
    case node::output:
      counts_.output = count;
      break;
    case node::cache_read:
      counts_.cache_read = count;
      break;
    case node::cache_write:
      counts_.cache_write = count;
      break;
    case node::reasoning:
      counts_.reasoning = count;
      break;
    default:
      break;
  }
}

Usage usage_from(const SentCounts& counts, Dialect dialect) {
  Usage usage{counts.input, counts.cache_read, counts.cache_write, counts.output, counts.reasoning};
  if (usage.input_uncached && dialect != Dialect::anthropic) {
    // The cached ones are part of the input here. Read and written ones are too, but some providers tell the same
    // tokens as both.
    const uint64_t read = counts.cache_read.value_or(0);
    const uint64_t written = counts.cache_write.value_or(0);
    const bool apart = read <= *counts.input && written <= *counts.input - read;
    usage.input_uncached = *counts.input - std::min(*counts.input, apart ? read + written : std::max(read, written));
  }
  if (dialect == Dialect::gemini && (counts.output || counts.reasoning)) {
    usage.output = counts.output.value_or(0) + counts.reasoning.value_or(0);
  }
  return usage;
}

}  // namespace sluice::api
