// The pieces of a log line: times, numbers and strings, escaped so that no value can break a line or pass for another
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::observe {

// How many bytes the UTF-8 sequence at the start of `text` has (1..4); 0 if none begins there (RFC 3629: no overlong
// forms, no surrogates). `text` is not empty.
size_t utf8_sequence_bytes(std::string_view text);

// "2026-01-01T00:00:00.000Z" for a Unix time from year 0 to 9999.
class TimeText {
 public:
  explicit TimeText(int64_t unix_ms);
  std::string_view view() const { return {text_, sizeof text_ - 1}; }

 private:
  char text_[25] = "0000-00-00T00:00:00.000Z";
};

// `text` without quotes, with what may not stand between quotes of JSON escaped as JSON does it: control characters
// (C1 and U+2028, U+2029 too), quote, backslash. Bytes that are not UTF-8 become U+FFFD.
void append_escaped(std::string& out, std::string_view text);
// Whether append_escaped would append `text` as it is, and it is ASCII.
bool is_plain(std::string_view text);
// Whether append_word would append `text` as it is: not empty, plain, without spaces and '='.
bool is_word(std::string_view text);
// As it is where it is one plain word, else quoted and escaped: the value of key=value.
void append_word(std::string& out, std::string_view text);

}  // namespace sluice::observe
