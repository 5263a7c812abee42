#include "api/anthropic/message_envelope.h"

#include <algorithm>

namespace sluice::api::anthropic {
namespace {

constexpr uint64_t bytes_a_token = 4;  // an estimate, used when the target reports no count

uint64_t bytes_of(const std::vector<Part>& parts) {
  uint64_t bytes = 0;
  for (const Part& part : parts) bytes += part.text.escaped.size() + part.arguments.size() + bytes_of(part.parts);
  return bytes;
}

// Estimated input tokens of the request.
uint64_t estimated_input(const Request& request) {
  uint64_t bytes = bytes_of(request.system);
  for (const Message& message : request.messages) bytes += bytes_of(message.parts);
  for (const Tool& tool : request.tools) {
    bytes += tool.name.escaped.size() + tool.description.escaped.size() + tool.schema.size();
  }
  return (bytes + bytes_a_token - 1) / bytes_a_token;
}

std::string_view stop_word(FinishReason reason) {
  switch (reason) {
    case FinishReason::stop:
      return "end_turn";
    case FinishReason::length:
      return "max_tokens";
    case FinishReason::tool_calls:
      return "tool_use";
    case FinishReason::refusal:
      return "refusal";
    case FinishReason::pause:
      return "pause_turn";
  }
  return "end_turn";
}

std::string_view error_type(const ProviderError& error) {
  switch (error.status) {
    case 400:
    case 422:
      return "invalid_request_error";
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 408:
    case 504:
      return "timeout_error";
    case 503:
    case 529:
      return "overloaded_error";
    default:
      return error.status > 404 && error.status < 500 ? "invalid_request_error" : "api_error";
  }
}

}  // namespace

MessageEnvelope::MessageEnvelope(const AnswerShape& shape)
    : id_("msg_" + shape.id), estimated_input_(estimated_input(shape.request)) {
  append_json_escaped(model_, shape.model);
}

void MessageEnvelope::take(const AnswerStart& start) {
  if (!start.model.empty()) model_ = start.model.escaped;
}

void MessageEnvelope::take_id(JsonText id) {
  if (!id.empty()) id_ = id.escaped;
}

void MessageEnvelope::take(const Finish& finish) {
  reason_ = finish.reason;
  if (reason_ == FinishReason::stop && refused) reason_ = FinishReason::refusal;
  if (reason_ == FinishReason::stop && called) reason_ = FinishReason::tool_calls;
  stop_sequence_ = finish.stop_sequence.escaped;
  if (finish.from != own) return;
  // Our dialect's own words are more precise: "stop_sequence", "model_context_window_exceeded".
  if (reason_ == finish.reason) word_ = finish.word.escaped;
  details_ = finish.details;
}

std::string MessageEnvelope::call_id(JsonText id, size_t number) const {
  if (!id.empty()) return std::string(id.escaped);
  return "toolu_" + id_.substr(id_.find('_') + 1) + std::to_string(number);
}

void MessageEnvelope::write_opening(JsonWriter& json, std::string& out) const {
  escaped_member(out, "id", JsonText{id_});
  json.member("type", "message").member("role", "assistant");
  escaped_member(out, "model", JsonText{model_});
}

void MessageEnvelope::write_ending(JsonWriter& json, std::string& out) const {
  const bool by_sequence = reason_ == FinishReason::stop && !stop_sequence_.empty();
  const std::string_view mapped = by_sequence ? "stop_sequence" : stop_word(reason_);
  escaped_member(out, "stop_reason", JsonText{word_.empty() ? mapped : word_});
  if (by_sequence)
    escaped_member(out, "stop_sequence", JsonText{stop_sequence_});
  else
    json.member("stop_sequence", nullptr);
  if (!details_.empty()) json.key("stop_details").raw(details_);
  if (!container.empty()) json.key("container").raw(container);
}

void MessageEnvelope::write_usage(JsonWriter& json, bool at_end) const {
  const Usage& counts = usage.counts;
  json.key("usage").object();
  json.member("input_tokens", counts.any() && counts.input_uncached ? *counts.input_uncached : estimated_input_);
  json.member("cache_creation_input_tokens", counts.cache_write.value_or(0));
  json.member("cache_read_input_tokens", counts.cache_read.value_or(0));
  if (usage.cache_write_1h) {
    const uint64_t all = counts.cache_write.value_or(0), hour = std::min(*usage.cache_write_1h, all);
    json.key("cache_creation").object();
    json.member("ephemeral_5m_input_tokens", all - hour).member("ephemeral_1h_input_tokens", hour).end_object();
  }
  const uint64_t estimated_output = at_end ? (told_bytes + bytes_a_token - 1) / bytes_a_token : 1;
  json.member("output_tokens", counts.output.value_or(estimated_output));
  if (counts.reasoning) {
    json.key("output_tokens_details").object().member("thinking_tokens", *counts.reasoning).end_object();
  }
  json.end_object();
}

std::string told_opaque(const Opaque& opaque) {
  return opaque.origin.dialect == own ? std::string(opaque.data.escaped) : wrap(opaque);
}

std::string told_call_signature(const Opaque& opaque) {
  Opaque marked = opaque;
  marked.id = JsonText{call_mark};
  return wrap(marked);
}

std::string told_citation(const Citation& citation) {
  if (citation.from == own) return std::string(citation.raw);
  if (citation.url.empty()) return {};
  std::string out;
  JsonWriter json(out);
  json.object().member("type", "web_search_result_location");
  escaped_member(out, "url", citation.url);
  escaped_member(out, "title", citation.title);
  escaped_member(out, "cited_text", citation.quote);
  // Marks the citation as ours: write_own keeps it from every target.
  json.member("encrypted_index", wrap({{}, {citation.from, {}}, {}})).end_object();
  return out;
}

void write_provider_error(const ProviderError& error, std::string_view request_id, std::string& out) {
  JsonWriter json(out);
  json.object().member("type", "error").key("error").object();
  const bool is_own_word = error.code.ends_with("_error") || error.code == "request_too_large";
  json.member("type", error.status == 0 && is_own_word ? std::string_view(error.code) : error_type(error));
  json.member("message", error.message.empty() ? error.code : error.message).end_object();
  if (!request_id.empty()) json.member("request_id", request_id);
  json.end_object();
}

std::string error_json(const ProviderError& error) {
  std::string out;
  write_provider_error(error, {}, out);
  return out;
}

}  // namespace sluice::api::anthropic
