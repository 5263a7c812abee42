// JSON (RFC 8259) as it is written: texts with what may not stand in them escaped, and a writer that sets the commas.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// How many bytes the UTF-8 sequence at the start of `text` has (1..4); 0 if none begins there (RFC 3629: no overlong
// forms, no surrogates). `text` is not empty.
size_t utf8_sequence_bytes(std::string_view text);

// Appends `text` with what may not stand between quotes escaped: quote, backslash, control characters; C1 and U+2028,
// U+2029 too, which terminals and some readers of lines take for control characters. Bytes that are not UTF-8 become
// U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);
// The same with its quotes.
void append_json_string(std::string& out, std::string_view text);
// Whether append_json_escaped would append `text` as it is, and it is ASCII.
bool is_plain_json(std::string_view text);

// Appends one JSON value to a string, piece by piece; `out` must outlive it. Nothing is checked: who opens closes.
//   JsonWriter(out).object().member("level", "info").end_object();
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out), start_(out.size()) {}

  JsonWriter& object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  // The next element stands on a line of its own.
  JsonWriter& line();
  // Ends the line behind a whole value.
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
  // A value that is JSON already.
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
