// What a target says of its own failure, in whatever form it does: OpenAI's and Azure's {"error":{"message","type",
// "code"}}, Anthropic's {"type":"error","error":{"type","message"}}, Gemini's {"error":{"code","message","status"}} (in
// an array for streams), Ollama's {"error":"..."}, the flat forms of vLLM, FastAPI and Bedrock, a frame of a stream,
// plain text, a page of HTML. Lenient, so that what was cut still tells what it holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/money_words.h"

namespace sluice::api {

// Of an error answer, as much as is looked at.
inline constexpr size_t max_error_text = 8192;

struct TargetWords {
  std::string code;     // "insufficient_quota", "overloaded_error", "RESOURCE_EXHAUSTED"; "": it names none
  std::string message;  // "": it says nothing. Neither is masked or bounded, and both may hold any byte
};

TargetWords target_words(std::string_view text);
// How long to wait, where the error's body tells it (Google's RetryInfo: "retryDelay": "34.07s"), rounded up; 0: it
// does not.
uint64_t retry_delay_s(std::string_view text);
// Of bytes of a stream within which AnswerTap saw an error: where the frame with it begins.
size_t error_begins(std::string_view bytes);
using sluice::is_about_money;

}  // namespace sluice::api
