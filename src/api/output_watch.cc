#include "api/output_watch.h"

#include <algorithm>
#include <utility>

#include "base/give_back.h"

namespace sluice::api {
namespace {

enum class Value : unsigned char { empty, some, cut };

std::string_view skip_space(std::string_view text) {
  const size_t at = text.find_first_not_of(" \t\r\n");
  return at == text.npos ? std::string_view() : text.substr(at);
}

// Whether a key's closing quote is followed by a string, object or array that holds something.
Value value_behind(std::string_view rest) {
  rest = skip_space(rest);
  if (rest.empty()) return Value::cut;
  if (rest.front() != ':') return Value::empty;
  rest = skip_space(rest.substr(1));
  if (rest.empty()) return Value::cut;
  const char opening = rest.front();
  const char closing = opening == '{' ? '}' : opening == '[' ? ']' : opening == '"' ? '"' : '\0';
  if (closing == '\0') return Value::empty;
  rest.remove_prefix(1);
  if (opening != '"') rest = skip_space(rest);
  if (rest.empty()) return Value::cut;
  return rest.front() == closing ? Value::empty : Value::some;
}

// The string after the key "type"; Value::cut if it is not whole.
std::pair<Value, std::string_view> type_behind(std::string_view rest) {
  const Value value = value_behind(rest);
  if (value != Value::some) return {value, {}};
  rest.remove_prefix(rest.find(':') + 1);
  rest = skip_space(rest);
  if (rest.front() != '"') return {Value::empty, {}};
  const size_t end = rest.find('"', 1);
  if (end == rest.npos) return {Value::cut, {}};
  return {Value::some, rest.substr(1, end - 1)};
}

}  // namespace

bool OutputWatch::look(std::string_view bytes) {
  if (found_) return true;
  if (carried_.empty()) {
    found_ = found_in(bytes);
  } else {
    const std::string text = std::exchange(carried_, {}).append(bytes);
    found_ = found_in(text);
  }
  if (found_) give_back(carried_);
  return found_;
}

bool OutputWatch::found_in(std::string_view text) {
  size_t cut_at = text.npos;  // the first mark whose value has not arrived
  const auto note_cut = [&](size_t at) { cut_at = std::min(cut_at, at); };
  for (const std::string_view key : marks_.keys) {
    for (size_t at = 0; (at = text.find(key, at)) != text.npos; at += key.size()) {
      const Value value = value_behind(text.substr(at + key.size()));
      if (value == Value::some) return true;
      if (value == Value::cut) note_cut(at);
    }
  }
  constexpr std::string_view type_key = "\"type\"";
  for (size_t at = 0; !marks_.types.empty() && (at = text.find(type_key, at)) != text.npos; at += type_key.size()) {
    const auto [value, type] = type_behind(text.substr(at + type_key.size()));
    if (value == Value::cut) note_cut(at);
    const auto is_end = [type = type](std::string_view end) { return type.ends_with(end); };
    if (value == Value::some && std::any_of(marks_.types.begin(), marks_.types.end(), is_end)) return true;
  }
  constexpr size_t max_key = 24;
  const size_t tail = text.size() - std::min(text.size(), max_key);
  carried_ = text.substr(std::min(tail, cut_at));
  if (carried_.size() > max_carried) carried_.erase(0, carried_.size() - max_key);
  return false;
}

}  // namespace sluice::api
