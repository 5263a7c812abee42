// The pieces of a log line: times, numbers and strings, escaped so that no value can break a line or pass for another
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::observe {

// "2026-01-01T00:00:00.000Z" for a Unix time from year 0 to 9999.
class TimeText {
 public:
  explicit TimeText(int64_t unix_ms);
  std::string_view view() const { return {text_, sizeof text_ - 1}; }

 private:
  char text_[25] = "0000-00-00T00:00:00.000Z";
};

// Whether append_word would append `text` as it is: not empty, plain, without spaces and '='.
bool is_word(std::string_view text);
// As it is where it is one plain word, else quoted and escaped: the value of key=value.
void append_word(std::string& out, std::string_view text);

// Where to cut `text` so that at most `most_bytes` are left, and no UTF-8 sequence is parted.
size_t cut_at(std::string_view text, size_t most_bytes);

}  // namespace sluice::observe
