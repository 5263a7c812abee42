// Writes JSON (RFC 8259): strings with escapes, and a writer that sets the commas.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// The size of the UTF-8 sequence at the start of `text` (1..4 bytes); 0 if there is no valid one (RFC 3629: no overlong
// forms, no surrogates). `text` is not empty.
size_t utf8_sequence_bytes(std::string_view text);

// Appends `text` escaped for use between quotes: quote, backslash, control characters; also C1, U+2028 and U+2029,
// which terminals and some line readers treat as control characters. Bytes that are not UTF-8 become U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);
// The same with quotes around it.
void append_json_string(std::string& out, std::string_view text);
// Whether `text` is ASCII and append_json_escaped would not change it.
bool is_plain_json(std::string_view text);

// Appends one JSON value to a string, piece by piece; `out` must outlive it. Nothing is checked: every open needs its
// close.
//   JsonWriter(out).object().member("level", "info").end_object();
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out), start_(out.size()) {}

  JsonWriter& object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  // The next element starts on a new line.
  JsonWriter& line();
  // Ends the line after a complete value.
  JsonWriter& line_end();
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(std::integral auto number) {
    if constexpr (std::same_as<decltype(number), bool>) return raw(number ? "true" : "false");
    return raw(std::to_string(number));
  }
  JsonWriter& value(std::nullptr_t) { return raw("null"); }
  template <typename T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : value(nullptr);
  }
  // Already JSON.
  JsonWriter& raw(std::string_view json);

  template <typename T>
  JsonWriter& member(std::string_view name, const T& of) {
    return key(name).value(of);
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void divide();

  std::string& out_;
  const size_t start_;
};

}  // namespace sluice
