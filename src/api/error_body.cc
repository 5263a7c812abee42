#include "api/error_body.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"

namespace sluice::api {
namespace {

// The words of OpenAI and Anthropic for a kind of error; both SDKs choose their exception by the status and show these.
struct Words {
  std::string_view openai_type;
  std::string_view openai_code;   // "": null
  std::string_view openai_param;  // "": null
  std::string_view anthropic_type;
  std::string_view gemini_status;  // google.rpc.Code
};

Words words_for(ErrorCode code) {
  constexpr std::string_view invalid = "invalid_request_error";
  switch (code) {
    case ErrorCode::unauthorized:
      return {"authentication_error", "invalid_api_key", "", "authentication_error", "UNAUTHENTICATED"};
    case ErrorCode::forbidden:
      return {"permission_error", "model_not_allowed", "", "permission_error", "PERMISSION_DENIED"};
    case ErrorCode::unknown_path:
      return {invalid, "unknown_url", "", "not_found_error", "NOT_FOUND"};
    case ErrorCode::unknown_model:
      return {invalid, "model_not_found", "model", "not_found_error", "NOT_FOUND"};
    case ErrorCode::method_not_allowed:
      return {invalid, "method_not_supported", "", invalid, "INVALID_ARGUMENT"};
    case ErrorCode::request_timeout:
      return {invalid, "request_timeout", "", "timeout_error", "DEADLINE_EXCEEDED"};
    case ErrorCode::body_too_large:
    case ErrorCode::head_too_large:
    case ErrorCode::target_uri_too_long:
      return {invalid, "request_too_large", "", "request_too_large", "INVALID_ARGUMENT"};
    case ErrorCode::rate_limited:
      return {"rate_limit_error", "rate_limit_exceeded", "", "rate_limit_error", "RESOURCE_EXHAUSTED"};
    case ErrorCode::overloaded:
    case ErrorCode::draining:
      return {"overloaded_error", name_of(code), "", "overloaded_error", "UNAVAILABLE"};
    case ErrorCode::not_implemented:
      return {invalid, "not_implemented", "", invalid, "UNIMPLEMENTED"};
    case ErrorCode::caller_gone:
      return {"api_error", name_of(code), "", "api_error", "CANCELLED"};
    case ErrorCode::target_timeout:
    case ErrorCode::target_stalled:
      return {"api_error", name_of(code), "", "timeout_error", "DEADLINE_EXCEEDED"};
    case ErrorCode::target_unresolved:
    case ErrorCode::target_refused:
    case ErrorCode::target_tls:
    case ErrorCode::target_broke:
    case ErrorCode::target_cut:
      return {"api_error", name_of(code), "", "api_error", "UNAVAILABLE"};
    case ErrorCode::internal:
    case ErrorCode::config:
    case ErrorCode::io:
      return {"api_error", "internal_error", "", "api_error", "INTERNAL"};
    default:
      return {invalid, name_of(code), "", invalid, "INVALID_ARGUMENT"};
  }
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += '"';
  out += name;
  out += "\":";
  append_json_string(out, value);
}

void append_member_or_null(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) return append_member(out, name, value);
  out += '"';
  out += name;
  out += "\":null";
}

void append_openai_members(std::string& out, const Error& error) {
  const Words words = words_for(error.code);
  append_member(out, "message", error.message);
  out += ',';
  append_member(out, "type", words.openai_type);
  out += ',';
  append_member_or_null(out, "param", words.openai_param);
  out += ',';
  append_member_or_null(out, "code", words.openai_code);
}

void append_openai(std::string& out, const Error& error) {
  out += "{\"error\":{";
  append_openai_members(out, error);
  out += "}}";
}

void append_anthropic(std::string& out, const Error& error, std::string_view request_id) {
  out += "{\"type\":\"error\",\"error\":{";
  append_member(out, "type", words_for(error.code).anthropic_type);
  out += ',';
  append_member(out, "message", error.message);
  out += "},";
  append_member_or_null(out, "request_id", request_id);
  out += '}';
}

void append_gemini(std::string& out, const Error& error, uint64_t retry_after_s) {
  out += "{\"error\":{\"code\":";
  out += std::to_string(http_status(error.code));
  out += ',';
  append_member(out, "message", error.message);
  out += ',';
  append_member(out, "status", words_for(error.code).gemini_status);
  if (retry_after_s != 0) {
    out += R"(,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")";
    out += std::to_string(retry_after_s);
    out += "s\"}]";
  }
  out += "}}";
}

void append_ollama(std::string& out, const Error& error) {
  out += '{';
  append_member(out, "error", error.message);
  out += '}';
}

// A responses stream's `error` event: its members stand flat by the specification; `error` beside them is what its SDKs
// look for.
void append_responses_event(std::string& out, const Error& error, uint64_t sequence) {
  const Words words = words_for(error.code);
  out += "{\"type\":\"error\",";
  append_member_or_null(out, "code", words.openai_code);
  out += ',';
  append_member(out, "message", error.message);
  out += ',';
  append_member_or_null(out, "param", words.openai_param);
  out += ",\"sequence_number\":";
  out += std::to_string(sequence);
  out += ",\"error\":{";
  append_openai_members(out, error);
  out += "}}";
}

void append_body(std::string& out, Dialect dialect, const Error& error, std::string_view request_id,
                 uint64_t retry_after_s = 0) {
  switch (dialect) {
    case Dialect::openai:
    case Dialect::responses:
      return append_openai(out, error);
    case Dialect::anthropic:
      return append_anthropic(out, error, request_id);
    case Dialect::gemini:
      return append_gemini(out, error, retry_after_s);
    case Dialect::ollama:
      return append_ollama(out, error);
  }
}

}  // namespace

std::string error_body(Dialect dialect, const Error& error, std::string_view request_id, uint64_t retry_after_s) {
  std::string out;
  out.reserve(160 + error.message.size());
  append_body(out, dialect, error, request_id, retry_after_s);
  return out;
}

bool is_out_of_money(std::string_view body) {
  constexpr std::array<std::string_view, 8> words = {
      "\"insufficient_quota\"",         "\"exceeded_current_quota_error\"",
      "\"billing_hard_limit_reached\"", "\"billing_not_active\"",
      "\"insufficient_credits\"",       "\"insufficient_balance\"",
      "\"access_terminated_error\"",    "\"Arrearage\""};
  return std::any_of(words.begin(), words.end(),
                     [body](std::string_view word) { return body.find(word) != body.npos; });
}

std::string error_event(Dialect dialect, StreamFormat format, const Error& error, std::string_view request_id,
                        const EventPlace& place) {
  std::string out;
  out.reserve(200 + error.message.size());
  switch (format) {
    case StreamFormat::none:
      break;
    case StreamFormat::sse:
      if (!place.between_frames) out += "\n\n";
      if (dialect == Dialect::anthropic || dialect == Dialect::responses) out += "event: error\n";
      out += "data: ";
      if (dialect == Dialect::responses) {
        append_responses_event(out, error, place.sequence);
      } else {
        append_body(out, dialect, error, request_id);
      }
      out += "\n\n";
      break;
    case StreamFormat::ndjson:
      if (!place.between_frames) out += '\n';
      append_body(out, dialect, error, request_id);
      out += '\n';
      break;
    case StreamFormat::json_array:
      if (place.array == ArrayPlace::within_element || place.array == ArrayPlace::closed) break;
      if (place.array == ArrayPlace::nothing_yet) out += '[';
      if (place.array == ArrayPlace::after_element) out += ",\n";
      append_body(out, dialect, error, request_id);
      out += ']';
      break;
  }
  return out;
}

}  // namespace sluice::api
