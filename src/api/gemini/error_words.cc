#include "api/gemini/error_words.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/json_writer.h"

namespace sluice::api::gemini {
namespace {

struct StatusWord {
  int status;
  std::string_view word;
};
constexpr std::array<StatusWord, 14> status_words = {{{400, "INVALID_ARGUMENT"},
                                                      {401, "UNAUTHENTICATED"},
                                                      {402, "FAILED_PRECONDITION"},
                                                      {403, "PERMISSION_DENIED"},
                                                      {404, "NOT_FOUND"},
                                                      {408, "DEADLINE_EXCEEDED"},
                                                      {409, "ABORTED"},
                                                      {429, "RESOURCE_EXHAUSTED"},
                                                      {499, "CANCELLED"},
                                                      {500, "INTERNAL"},
                                                      {501, "UNIMPLEMENTED"},
                                                      {502, "UNAVAILABLE"},
                                                      {503, "UNAVAILABLE"},
                                                      {504, "DEADLINE_EXCEEDED"}}};

std::string_view word_of_status(int status) {
  const auto* const found = std::find_if(status_words.begin(), status_words.end(),
                                         [status](const StatusWord& one) { return one.status == status; });
  if (found != status_words.end()) return found->word;
  if (status == 529) return "UNAVAILABLE";
  return status >= 400 && status < 500 ? "INVALID_ARGUMENT" : "INTERNAL";
}

bool is_word(std::string_view code) {
  return std::any_of(status_words.begin(), status_words.end(),
                     [code](const StatusWord& one) { return one.word == code; });
}

}  // namespace

void write_provider_error(const ProviderError& error, std::string& out) {
  const int status = error.status == 0 ? 500 : error.status == 529 ? 503 : error.status;
  const std::string_view word = is_word(error.code) ? std::string_view(error.code) : word_of_status(status);
  JsonWriter json(out);
  json.object().key("error").object().member("code", status).member("message", error.message).member("status", word);
  const bool has_reason = !error.code.empty() && error.code != word;
  if (has_reason || error.retry_after_s) {
    json.key("details").array();
    if (has_reason) {
      json.object().member("@type", "type.googleapis.com/google.rpc.ErrorInfo").member("reason", error.code);
      json.end_object();
    }
    if (error.retry_after_s) {
      json.object().member("@type", "type.googleapis.com/google.rpc.RetryInfo");
      json.member("retryDelay", std::to_string(*error.retry_after_s) + "s").end_object();
    }
    json.end_array();
  }
  json.end_object().end_object();
}

}  // namespace sluice::api::gemini
