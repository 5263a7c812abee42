#include "api/openai/usage_counts.h"

#include <initializer_list>
#include <utility>

#include "api/dialect.h"
#include "base/json_writer.h"

namespace sluice::api::openai {
namespace {

constexpr std::pair<std::string_view, SentCounts::Count> count_names[] = {
    {"prompt_tokens", SentCounts::input},
    {"completion_tokens", SentCounts::output},
    {"total_tokens", SentCounts::total},
    {"input_tokens", SentCounts::input},
    {"output_tokens", SentCounts::output},
    {"cache_read_input_tokens", SentCounts::cache_read},
    {"cache_creation_input_tokens", SentCounts::cache_write},
    {"cached_tokens", SentCounts::cache_read},
    {"num_cached_tokens", SentCounts::cache_read},
    {"prompt_cache_hit_tokens", SentCounts::cache_read},
    {"cache_write_tokens", SentCounts::cache_write},
    {"reasoning_tokens", SentCounts::reasoning},
    {"thinking_tokens", SentCounts::reasoning},
};

constexpr std::pair<std::string_view, SentCounts::Count> timing_names[] = {
    {"prompt_n", SentCounts::llama_prompt},
    {"cache_n", SentCounts::llama_cached},
    {"predicted_n", SentCounts::llama_output},
};

struct Detail {
  std::string_view name;
  const std::optional<uint64_t>& count;
};

}  // namespace

bool ChatCountsReader::add(SentCounts::Count which, JsonValue number) {
  const std::optional<uint64_t> count = number.count();
  if (count) counts_.add(which, *count, false);
  return count.has_value();
}

bool ChatCountsReader::read(JsonValue usage) {
  bool any = false;
  for (const JsonValue member : usage) {
    if (member.is_object()) {
      const bool of_input = member.named("prompt_tokens_details") || member.named("input_tokens_details");
      const bool of_output = member.named("completion_tokens_details") || member.named("output_tokens_details");
      if (of_input || of_output) any = read_details(member, of_input ? audio_input_ : audio_output_) || any;
      if (member.named("billed_units") || member.named("tokens")) any = read(member) || any;
      continue;
    }
    for (const auto& [name, which] : count_names) {
      if (member.named(name)) any = add(which, member) || any;
    }
  }
  return any;
}

bool ChatCountsReader::read_details(JsonValue details, std::optional<uint64_t>& audio) {
  bool any = false;
  for (const JsonValue member : details) {
    if (member.named("audio_tokens")) {
      if (const std::optional<uint64_t> count = member.count(); count && *count != 0) audio = count;
    }
    for (const auto& [name, which] : count_names) {
      const bool is_detail =
          which == SentCounts::cache_read || which == SentCounts::cache_write || which == SentCounts::reasoning;
      if (is_detail && member.named(name)) any = add(which, member) || any;
    }
  }
  return any;
}

bool ChatCountsReader::read_timings(JsonValue timings) {
  bool any = false;
  for (const auto& [name, which] : timing_names) any = add(which, timings[name]) || any;
  return any;
}

AnswerUsage ChatCountsReader::usage() const {
  AnswerUsage usage;
  usage.counts = usage_from(counts_, room_of(Dialect::openai).places);
  usage.audio_input = audio_input_;
  usage.audio_output = audio_output_;
  return usage;
}

void write_usage(std::string& out, const AnswerUsage& usage) {
  const uint64_t input = usage.input(), output = usage.counts.output.value_or(0);
  JsonWriter json(out);
  json.object().member("prompt_tokens", input).member("completion_tokens", output);
  json.member("total_tokens", input + output);
  const auto details = [&json](std::string_view name, std::initializer_list<Detail> all) {
    bool any = false;
    for (const Detail& detail : all) {
      if (!detail.count) continue;
      if (!std::exchange(any, true)) json.key(name).object();
      json.member(detail.name, *detail.count);
    }
    if (any) json.end_object();
  };
  details("prompt_tokens_details", {{"cached_tokens", usage.counts.cache_read},
                                    {"cache_write_tokens", usage.counts.cache_write},
                                    {"audio_tokens", usage.audio_input}});
  details("completion_tokens_details",
          {{"reasoning_tokens", usage.counts.reasoning}, {"audio_tokens", usage.audio_output}});
  json.end_object();
}

}  // namespace sluice::api::openai
