// What the demo model understands of a request, whatever its dialect, and its reply (rules: demo_provider.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/request.h"

namespace sluice::demo {

struct OfferedTool {
  std::string name;
  std::string schema{};   // of the arguments, JSON; "": unknown
  bool freeform = false;  // takes text instead of JSON (OpenAI's custom tools)
};

struct Ask {
  enum class Choice : unsigned char { automatic, none, required };

  std::string model;
  std::string user_text;                   // of the last user message that has one
  std::optional<std::string> tool_result;  // results after user_text; of parallel calls, each on a separate line
  size_t rounds = 0;                       // of tool calls answered since user_text
  std::vector<OfferedTool> tools;
  Choice choice = Choice::automatic;
  std::string forced_tool;    // a tool's name, if the request names one
  std::string answer_schema;  // the answer must be JSON of this schema; "": of none
  bool answer_json = false;   // the answer must be JSON
  std::string prefix;         // what the assistant has already said of this answer
  bool continues = false;     // the conversation ends with `prefix`
  uint64_t input_tokens = 0;
  uint64_t max_tokens = UINT64_MAX;

  // One message's texts. They count as input; a user's text replaces user_text and clears tool_result.
  void add_text(std::string_view text) { input_tokens += count_words(text); }
  // A message's texts. user_text is what the person wrote: agents add parts of their own, each inside one tag
  // ("<system-reminder>...</system-reminder>"), which only count as input.
  void add_user_message(const std::vector<std::string>& texts);
  void add_user_text(std::string text) { add_user_message({std::move(text)}); }
  // The results of one round of tool calls.
  void add_tool_results(const std::vector<std::string>& texts);

  static uint64_t count_words(std::string_view text);
};
// What a request asks, in whatever dialect.
Ask ask_of(const api::Request& request);

struct ToolCall {
  std::string name;
  std::string arguments;  // JSON text; for a freeform tool, its text input
  bool freeform = false;
};

struct Reply {
  static constexpr size_t max_slice_bytes = 12;
  enum class Finish : unsigned char { stop, length, calls, refusal };

  std::string model;
  std::string thinking;  // comes first
  std::string text;
  bool cites = false;  // a source for the text
  std::vector<ToolCall> calls;
  Finish finish = Finish::stop;
  uint64_t input_tokens = 0;
  uint64_t output_tokens = 0;            // in total
  uint64_t thinking_tokens = 0;          // included in output_tokens
  size_t slice_bytes = max_slice_bytes;  // of a call's arguments per frame
};
// `id`: the answer's id.
Reply reply_to(const Ask& ask, std::string_view id);

// Joins texts, each on its own line.
std::string joined(const std::vector<std::string>& texts);

// Whether `name` appears in `text` as a separate word, not as part of another name.
bool has_word(std::string_view text, std::string_view name);

// The next word of `text` from `at`, with the white space before it (and after it, if it is the last): what a stream
// sends as one frame. Empty only at the end.
std::string_view word_at(std::string_view text, size_t at);
// The next bytes of `text` from `at`, about `slice_bytes`, whole UTF-8 sequences: a stream's piece of a call's
// arguments.
std::string_view slice_at(std::string_view text, size_t at, size_t slice_bytes);

}  // namespace sluice::demo
