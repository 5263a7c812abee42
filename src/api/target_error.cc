#include "api/target_error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "api/json_unescape.h"
#include "base/text.h"

namespace sluice::api {
namespace {

constexpr std::string_view white = " \t\r\n";

// Finds the next `"key":` from `at` on and moves `at` to its value. False: there is none.
bool find_key(std::string_view text, std::string_view quoted_key, size_t& at) {
  while ((at = text.find(quoted_key, at)) != text.npos) {
    const bool escaped = at > 0 && text[at - 1] == '\\';
    at += quoted_key.size();
    const size_t colon = text.find_first_not_of(white, at);
    if (escaped || colon == text.npos || text[colon] != ':') continue;
    at = std::min(text.find_first_not_of(white, colon + 1), text.size());
    return true;
  }
  return false;
}

// The string that begins at `at`, unescaped; as much of it as there is, if its end is missing. "": no string.
std::string string_at(std::string_view text, size_t at) {
  std::string value;
  if (at >= text.size() || text[at] != '"') return value;
  const size_t begin = ++at;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  append_json_unescaped(value, text.substr(begin, std::min(at, text.size()) - begin));
  return value;
}

// The first string value of the key, other than `not_this`.
std::string find_string(std::string_view text, std::string_view quoted_key, std::string_view not_this = {}) {
  for (size_t at = 0; find_key(text, quoted_key, at);) {
    if (std::string value = string_at(text, at); !value.empty() && value != not_this) return value;
  }
  return {};
}

// The message of an answer that is not JSON: a proxy's HTML page has it in its title.
std::string plain_words(std::string_view text) {
  if (const size_t title = text.find("<title>"); title != text.npos) {
    text.remove_prefix(title + 7);
    text = text.substr(0, text.find('<'));
  }
  return std::string(trim(text, white));
}

// The text from the value of the first "error" that is not null; all of it if there is none.
std::string_view within_error(std::string_view text) {
  for (size_t at = 0; find_key(text, "\"error\"", at);) {
    if (!text.substr(at).starts_with("null")) return text.substr(at);
  }
  return text;
}

// The reason to finish by which an answer has failed; "": it has none.
std::string failed_finish(std::string_view text) {
  for (const std::string_view key : {"\"finish_reason\"", "\"done_reason\"", "\"stop_reason\""}) {
    for (size_t at = 0; find_key(text, key, at);) {
      if (std::string word = string_at(text, at); is_failed_finish(word)) return word;
    }
  }
  return {};
}

}  // namespace

bool is_failed_finish(std::string_view word) {
  return word == "error" || word == "abort" || word == "network_error" || word == "insufficient_system_resource";
}

TargetWords target_words(std::string_view text) {
  text = without_torn_end(text.substr(0, max_error_text));  // the text may have been cut to this size before
  const size_t begin = text.find_first_not_of(white);
  if (begin == text.npos) return {};
  if (text.find("\":") == text.npos && text.find("\" :") == text.npos) {
    const bool is_json = text[begin] == '{' || text[begin] == '[';
    return {{}, is_json ? std::string() : plain_words(text)};
  }
  TargetWords words;
  const std::string_view error = within_error(text);
  if (error.size() == text.size()) {
    if (std::string word = failed_finish(text); !word.empty())
      return {std::move(word), std::string(failed_finish_message)};
  }
  for (const std::string_view where : {error, text}) {
    for (const std::string_view key : {"\"code\"", "\"status\"", "\"__type\"", "\"type\""}) {
      if (words.code.empty()) words.code = find_string(where, key, "error");
    }
  }
  words.message = string_at(error, 0);
  for (const std::string_view where : {error, text}) {
    for (const std::string_view key : {"\"message\"", "\"Message\"", "\"detail\"", "\"msg\""}) {
      if (words.message.empty()) words.message = find_string(where, key);
    }
  }
  return words;
}

bool blames(std::string_view text, std::string_view word) {
  if (target_words(text).message.find(word) != std::string::npos) return true;
  for (const auto& [key, ends] : {std::pair("\"param\"", ",}\n"), std::pair("\"loc\"", "]}\n")}) {
    for (size_t at = 0; find_key(text, key, at);) {
      const std::string_view rest = text.substr(at);
      if (rest.substr(0, rest.find_first_of(ends)).find(word) != std::string_view::npos) return true;
    }
  }
  return false;
}

size_t error_begins(std::string_view bytes) {
  const size_t word = bytes.rfind("\"error\"");
  if (word == bytes.npos) return 0;
  constexpr size_t max_before = max_error_text / 2;  // of a body that has it near its end
  const size_t line = bytes.rfind('\n', word);
  return std::max(line == bytes.npos ? 0 : line + 1, word - std::min(word, max_before));
}

uint64_t retry_delay_s(std::string_view text) {
  constexpr std::string_view name = "\"retryDelay\"";
  constexpr uint64_t max_delay_s = 86'400;  // a longer delay is a mistake
  const size_t at = text.find(name);
  if (at == std::string_view::npos) return 0;
  const size_t digits = text.find_first_of("0123456789", at + name.size());
  const size_t quote = text.find_first_of("},", at + name.size());
  if (digits == std::string_view::npos || digits > quote) return 0;
  double seconds = 0;
  std::from_chars(text.data() + digits, text.data() + text.size(), seconds);
  if (seconds <= 0 || seconds > static_cast<double>(max_delay_s)) return 0;
  return static_cast<uint64_t>(std::ceil(seconds));
}

}  // namespace sluice::api
