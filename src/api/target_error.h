// Reads a target's error, in whatever form it is sent: OpenAI's and Azure's {"error":{"message","type","code"}},
// Anthropic's {"type":"error","error":{"type","message"}}, Gemini's {"error":{"code","message","status"}} (in an array
// for streams), Ollama's {"error":"..."}, the flat forms of vLLM, FastAPI and Bedrock, a frame of a stream, plain text,
// an HTML page. It is lenient, so that an error that was cut is still read as far as it goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/money_words.h"

namespace sluice::api {

// How much of an error answer is looked at.
inline constexpr size_t max_error_text = 8192;

struct TargetWords {
  std::string code;     // "insufficient_quota", "overloaded_error", "RESOURCE_EXHAUSTED"; "": it names none
  std::string message;  // "": none. Neither is masked or bounded, and both may hold any byte
};

TargetWords target_words(std::string_view text);
// Whether the error is about `word`: its message says it, or it names it as the parameter at fault ("param", FastAPI's
// "loc"). What an error quotes of the request besides does not count.
bool blames(std::string_view text, std::string_view word);
// How long to wait, by the error's body (Google's RetryInfo: "retryDelay": "34.07s"), rounded up; 0: not stated.
uint64_t retry_delay_s(std::string_view text);
// Where the frame with the error begins, in a stream's bytes in which AnswerTap saw one.
size_t error_begins(std::string_view bytes);
// Whether `word`, a reason to finish, says that the answer broke off by the provider's own fault: OpenRouter's,
// Mistral's and vLLM's "error", vLLM's and SGLang's "abort", DeepSeek's "insufficient_system_resource", Z.ai's
// "network_error".
bool is_failed_finish(std::string_view word);
// What is said of such an answer, where it says no more itself.
inline constexpr std::string_view failed_finish_message = "the provider says that its answer failed";
using sluice::is_about_money;

}  // namespace sluice::api
