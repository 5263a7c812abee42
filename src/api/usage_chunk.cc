#include "api/usage_chunk.h"

#include <algorithm>
#include <array>
#include <string>

namespace sluice::api {
namespace {

// OpenAI's CreateChatCompletionStreamResponse and CreateCompletionResponse; `provider` stands in all of OpenRouter's.
constexpr std::array<std::string_view, 10> plain = {"id",          "object",  "created",      "model",
                                                    "choices",     "usage",   "service_tier", "system_fingerprint",
                                                    "obfuscation", "provider"};

// What follows the JSON string that begins `text`; empty where it does not end.
std::string_view behind_string(std::string_view text) {
  size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return end < text.size() ? text.substr(end + 1) : std::string_view();
}

// What follows the JSON value that begins `text`.
std::string_view behind_value(std::string_view text) {
  size_t depth = 0;
  while (!text.empty()) {
    const char c = text.front();
    if (c == '"') {
      text = behind_string(text);
      if (depth == 0) return text;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) return text;
    text.remove_prefix(1);
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return text;
  }
  return text;
}

std::string_view without_spaces(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

// The frame's data lines, put together.
std::string data_of(std::string_view begin, std::string_view rest) {
  std::string frame(begin);
  frame += rest;
  std::string data;
  for (size_t at = 0; at < frame.size();) {
    const size_t end = std::min(frame.find_first_of("\r\n", at), frame.size());
    std::string_view line = std::string_view(frame).substr(at, end - at);
    at = end + 1;
    constexpr std::string_view field = "data:";
    if (line.starts_with(field)) data += line.substr(field.size());
  }
  return data;
}

}  // namespace

bool tells_usage_only(std::string_view begin, std::string_view rest) {
  const std::string data = data_of(begin, rest);
  std::string_view text = without_spaces(data);
  if (!text.starts_with('{')) return false;
  text = without_spaces(text.substr(1));
  while (text.starts_with('"')) {
    const std::string_view behind = behind_string(text);
    const std::string_view key = text.substr(1, text.size() - behind.size() - 2);
    text = without_spaces(behind);
    if (!text.starts_with(':')) return false;
    text = without_spaces(text.substr(1));
    if (std::find(plain.begin(), plain.end(), key) == plain.end() && !text.starts_with("null")) return false;
    text = without_spaces(behind_value(text));
    if (text.starts_with('}')) return true;
    if (!text.starts_with(',')) return false;
    text = without_spaces(text.substr(1));
  }
  return text.starts_with('}');
}

}  // namespace sluice::api
