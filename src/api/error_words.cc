#include "api/error_words.h"

#include <utility>

#include "api/event.h"
#include "api/target_error.h"

namespace sluice::api {
namespace {

constexpr std::pair<ErrorCode, ErrorKind> kind_rows[] = {{ErrorCode::unauthorized, ErrorKind::authentication},
                                                         {ErrorCode::forbidden, ErrorKind::permission},
                                                         {ErrorCode::unknown_path, ErrorKind::not_found},
                                                         {ErrorCode::unknown_model, ErrorKind::not_found},
                                                         {ErrorCode::unknown_stream, ErrorKind::not_found},
                                                         {ErrorCode::stream_gone, ErrorKind::not_found},
                                                         {ErrorCode::request_timeout, ErrorKind::slow_caller},
                                                         {ErrorCode::body_too_large, ErrorKind::too_large},
                                                         {ErrorCode::head_too_large, ErrorKind::too_large},
                                                         {ErrorCode::target_uri_too_long, ErrorKind::too_large},
                                                         {ErrorCode::rate_limited, ErrorKind::rate_limit},
                                                         {ErrorCode::overloaded, ErrorKind::overloaded},
                                                         {ErrorCode::draining, ErrorKind::overloaded},
                                                         {ErrorCode::not_implemented, ErrorKind::unimplemented},
                                                         {ErrorCode::caller_gone, ErrorKind::cancelled},
                                                         {ErrorCode::target_timeout, ErrorKind::slow_target},
                                                         {ErrorCode::target_stalled, ErrorKind::slow_target},
                                                         {ErrorCode::target_unresolved, ErrorKind::unreachable},
                                                         {ErrorCode::target_refused, ErrorKind::unreachable},
                                                         {ErrorCode::target_tls, ErrorKind::unreachable},
                                                         {ErrorCode::target_broke, ErrorKind::unreachable},
                                                         {ErrorCode::target_cut, ErrorKind::unreachable},
                                                         {ErrorCode::internal, ErrorKind::internal},
                                                         {ErrorCode::config, ErrorKind::internal},
                                                         {ErrorCode::io, ErrorKind::internal}};

constexpr std::string_view invalid_type = "invalid_request_error", api_type = "api_error";
constexpr KindWords type_words = {invalid_type,
                                  "authentication_error",
                                  "permission_error",
                                  invalid_type,
                                  invalid_type,
                                  invalid_type,
                                  "rate_limit_error",
                                  "overloaded_error",
                                  invalid_type,
                                  api_type,
                                  api_type,
                                  api_type,
                                  api_type};

constexpr std::pair<ErrorCode, std::string_view> code_rows[] = {{ErrorCode::unauthorized, "invalid_api_key"},
                                                                {ErrorCode::forbidden, "model_not_allowed"},
                                                                {ErrorCode::unknown_path, "unknown_url"},
                                                                {ErrorCode::unknown_model, "model_not_found"},
                                                                {ErrorCode::method_not_allowed, "method_not_supported"},
                                                                {ErrorCode::body_too_large, "request_too_large"},
                                                                {ErrorCode::head_too_large, "request_too_large"},
                                                                {ErrorCode::target_uri_too_long, "request_too_large"},
                                                                {ErrorCode::rate_limited, "rate_limit_exceeded"},
                                                                {ErrorCode::internal, "internal_error"},
                                                                {ErrorCode::config, "internal_error"},
                                                                {ErrorCode::io, "internal_error"}};

template <size_t rows, typename T>
T row_of(const std::pair<ErrorCode, T> (&table)[rows], ErrorCode code, T fallback) {
  for (const auto& [key, value] : table) {
    if (key == code) return value;
  }
  return fallback;
}

}  // namespace

ErrorCode code_of_status(int status) {
  switch (status) {
    case 401:
      return ErrorCode::unauthorized;
    case 403:
      return ErrorCode::forbidden;
    case 404:
      return ErrorCode::unknown_model;
    case 408:
      return ErrorCode::request_timeout;
    case 413:
      return ErrorCode::body_too_large;
    case 429:
      return ErrorCode::rate_limited;
    case 503:
    case 529:
      return ErrorCode::overloaded;
    case 504:
      return ErrorCode::target_timeout;
    default:
      return status >= 400 && status < 500 ? ErrorCode::bad_request : ErrorCode::internal;
  }
}

ErrorKind kind_of(ErrorCode code) { return row_of(kind_rows, code, ErrorKind::invalid); }

ErrorWords error_words(ErrorCode code) {
  ErrorWords words{word_for(code, type_words), row_of(code_rows, code, name_of(code)), std::nullopt};
  if (code == ErrorCode::unknown_model) words.param = "model";
  return words;
}

void write_error_object(const Error& error, JsonWriter& json) {
  const ErrorWords words = error_words(error.code);
  json.object().member("message", error.message).member("type", words.type);
  json.member("param", words.param).member("code", words.code).end_object();
}

void write_plain_error(const Error& error, const ErrorFacts&, std::string& out) {
  JsonWriter json(out);
  write_error_object(error, json.object().key("error"));
  json.end_object();
}

void write_provider_error_object(const ProviderError& error, JsonWriter& json) {
  const ErrorWords words = error_words(code_of_status(error.status));
  // In OpenAI's API the type of an error about money is its code.
  const std::string_view type = is_about_money(error.code) ? std::string_view(error.code) : words.type;
  json.object().member("message", error.message).member("type", type).member("param", nullptr);
  json.member("code", error.code.empty() ? words.code : std::string_view(error.code)).end_object();
}

void write_plain_provider_error(const ProviderError& error, std::string_view, std::string& out) {
  JsonWriter json(out);
  write_provider_error_object(error, json.object().key("error"));
  json.end_object();
}

}  // namespace sluice::api
