#include "api/gemini/answer_notes.h"

#include <algorithm>
#include <cmath>

#include "api/dialect.h"
#include "api/gemini/fields.h"
#include "base/json_writer.h"

namespace sluice::api::gemini {
namespace {

std::optional<uint64_t> audio_tokens(JsonValue details) {
  std::optional<uint64_t> tokens;
  for (const JsonValue detail : details) {
    if (field(detail, "modality").word() != "AUDIO") continue;
    tokens = tokens.value_or(0) + count_of(field(detail, "tokenCount")).value_or(0);
  }
  return tokens;
}

// "12.5s" (google.protobuf.Duration), rounded up
std::optional<uint64_t> seconds_of(std::string_view duration) {
  if (!duration.ends_with('s')) return std::nullopt;
  JsonDocument number;
  if (!number.parse(duration.substr(0, duration.size() - 1))) return std::nullopt;
  const std::optional<double> seconds = number.root().number();
  constexpr double most = 1e9;
  if (!seconds || *seconds < 0 || *seconds > most) return std::nullopt;
  return static_cast<uint64_t>(std::ceil(*seconds));
}

}  // namespace

AnswerUsage read_usage(JsonValue metadata, SentCounts& counts) {
  constexpr std::pair<std::string_view, SentCounts::Count> told[] = {
      {"promptTokenCount", SentCounts::input},
      {"cachedContentTokenCount", SentCounts::cache_read},
      {"candidatesTokenCount", SentCounts::output},
      {"thoughtsTokenCount", SentCounts::reasoning},
      {"toolUsePromptTokenCount", SentCounts::tool_input},
      {"totalTokenCount", SentCounts::total}};
  const Places& places = room_of(Dialect::gemini).places;
  for (const auto& [name, count] : told) {
    if (const auto value = count_of(field(metadata, name))) counts.add(count, *value, places.counts_may_fall);
  }
  AnswerUsage usage;
  usage.counts = usage_from(counts, places);
  usage.tool_input = counts.told(SentCounts::tool_input);
  usage.audio_input = audio_tokens(field(metadata, "promptTokensDetails"));
  usage.audio_output = audio_tokens(field(metadata, "candidatesTokensDetails"));
  return usage;
}

ProviderError read_error_object(JsonValue error) {
  TextArena arena;
  ProviderError told;
  told.status = static_cast<int>(std::min<uint64_t>(error["code"].count().value_or(0), 599));
  told.code = arena.unescape(error["status"].text());
  told.message = arena.unescape(error.is_string() ? error.text() : error["message"].text());
  for (const JsonValue detail : error["details"]) {
    if (const auto wait = seconds_of(field(detail, "retryDelay").word())) told.retry_after_s = wait;
  }
  return told;
}

void tell_citations(JsonValue candidate, uint32_t part, bool counts_bytes, EventSink& sink) {
  const auto place = [counts_bytes](JsonValue of, std::string_view name) {
    return counts_bytes ? count_of(field(of, name)) : std::nullopt;
  };
  const JsonValue grounding = field(candidate, "groundingMetadata");
  const JsonValue chunks = field(grounding, "groundingChunks");
  for (const JsonValue support : field(grounding, "groundingSupports")) {
    const JsonValue segment = field(support, "segment");
    for (const JsonValue index : field(support, "groundingChunkIndices")) {
      uint64_t left = index.count().value_or(UINT64_MAX);
      for (const JsonValue chunk : chunks) {
        if (left-- != 0) continue;
        const JsonValue source = chunk.empty() ? JsonValue() : *chunk.begin();  // web, maps, retrievedContext
        const auto end = place(segment, "endIndex");
        const auto begin = end ? place(segment, "startIndex").value_or(0) : std::optional<uint64_t>();
        sink.on_citation(part, {field(source, "uri").text(), field(source, "title").text(),
                                field(segment, "text").text(), begin, end, chunk.raw(), Dialect::gemini});
        break;
      }
    }
  }
  const JsonValue metadata = field(candidate, "citationMetadata");
  for (const std::string_view list : {"citations", "citationSources"}) {
    for (const JsonValue citation : field(metadata, list)) {
      sink.on_citation(part, {field(citation, "uri").text(),
                              field(citation, "title").text(),
                              {},
                              place(citation, "startIndex"),
                              place(citation, "endIndex"),
                              citation.raw(),
                              Dialect::gemini});
    }
  }
}

bool is_ascii(JsonText text) {
  for (size_t i = 0; i < text.escaped.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text.escaped[i]);
    if (byte >= 0x80) return false;
    if (byte != '\\') continue;
    const std::string_view escape = text.escaped.substr(i, 5);
    if (escape.size() > 1 && escape[1] == 'u' && (!escape.starts_with("\\u00") || escape.back() > '7')) return false;
    ++i;
  }
  return true;
}

// --- probabilities ---

void append_logprobs(std::string& out, JsonValue result) {
  const auto token = [&out](JsonValue candidate) {
    JsonWriter json(out);
    const JsonValue text = field(candidate, "token");
    const JsonValue value = field(candidate, "logProbability");
    json.object().key("token").raw(text.is_string() ? text.raw() : R"("")");
    json.key("logprob").raw(value.is(JsonType::number) ? value.raw() : "0").member("bytes", nullptr);
  };
  const JsonValue top = field(result, "topCandidates");
  auto of_token = top.begin();
  out += '[';
  bool first = true;
  for (const JsonValue chosen : field(result, "chosenCandidates")) {
    if (!first) out += ',';
    first = false;
    token(chosen);
    out += R"(,"top_logprobs":[)";
    bool first_other = true;
    if (of_token != top.end()) {
      for (const JsonValue other : field(*of_token, "candidates")) {
        if (!first_other) out += ',';
        first_other = false;
        token(other);
        out += '}';
      }
      ++of_token;
    }
    out += "]}";
  }
  out += ']';
}

void append_logprobs_result(std::string& out, JsonValue tokens) {
  JsonWriter json(out);
  const auto candidate = [&json](JsonValue token) {
    json.object();
    if (token["token"].is_string()) json.key("token").raw(token["token"].raw());
    if (token["logprob"].is(JsonType::number)) json.key("logProbability").raw(token["logprob"].raw());
    json.end_object();
  };
  json.object().key("chosenCandidates").array();
  for (const JsonValue token : tokens) candidate(token);
  json.end_array().key("topCandidates").array();
  for (const JsonValue token : tokens) {
    json.object().key("candidates").array();
    for (const JsonValue other : token["top_logprobs"]) candidate(other);
    json.end_array().end_object();
  }
  json.end_array().end_object();
}

}  // namespace sluice::api::gemini
