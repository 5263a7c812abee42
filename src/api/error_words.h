// The kinds of errors that dialects have words for, and the members of an error that two dialects share.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json_writer.h"

namespace sluice::api {

struct ProviderError;

// As fine as the dialects distinguish them.
enum class ErrorKind : unsigned char {
  invalid,
  authentication,
  permission,
  not_found,
  too_large,
  slow_caller,
  rate_limit,
  overloaded,
  unimplemented,
  cancelled,
  slow_target,
  unreachable,
  internal
};
ErrorKind kind_of(ErrorCode code);
// The code for a provider's status, so that it gets the words that sluice's own error of that code has.
ErrorCode code_of_status(int status);
// A dialect's word for each.
using KindWords = std::array<std::string_view, static_cast<size_t>(ErrorKind::internal) + 1>;
inline std::string_view word_for(ErrorCode code, const KindWords& words) {
  return words[static_cast<size_t>(kind_of(code))];
}

// What an error's body or event says besides the error itself.
struct ErrorFacts {
  std::string_view request_id{};
  uint64_t retry_after_s = 0;  // 0: it is not known
  uint64_t sequence = 0;       // of an event in a stream that numbers them
};
// Appends the JSON of an error.
using WriteError = void (*)(const Error& error, const ErrorFacts& facts, std::string& out);

// OpenAI's words for an error, in both of its dialects.
struct ErrorWords {
  std::string_view type, code;
  std::optional<std::string_view> param;
};
ErrorWords error_words(ErrorCode code);
// {"message","type","param","code"}.
void write_error_object(const Error& error, JsonWriter& json);
// {"error":{"message","type","param","code"}}.
void write_plain_error(const Error& error, const ErrorFacts& facts, std::string& out);
// The same for a provider's error: the type is that of its status or, if it is about money, its code; the code is its
// own, if it has one.
void write_provider_error_object(const ProviderError& error, JsonWriter& json);
void write_plain_provider_error(const ProviderError& error, std::string_view request_id, std::string& out);
// JSON Schema of that.
inline constexpr std::string_view plain_error_schema =
    R"({"type":"object","required":["error"],"properties":{"error":{"type":"object","required":["message","type"],)"
    R"("properties":{"message":{"type":"string"},"type":{"type":"string"},"param":{"type":["string","null"]},)"
    R"("code":{"type":["string","null"]}}}}})";

}  // namespace sluice::api
