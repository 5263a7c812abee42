// The quick look at a line of a stream: does it hold one of a few words that make it worth reading? Most lines of a
// stream carry a few letters of text and nothing else, so a stream's time is spent here. Most lines also begin alike
// (`{"id":"...","object":...`): a beginning that two lines share and that holds no word is only compared, not searched.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::api {

// Searches for a dialect's Places::words.
class FrameWords {
 public:
  explicit FrameWords(const std::array<std::string_view, 4>& words);

  struct Line {
    const char* end;  // the first LF or CR, or the end of what was given
    // Of a whole line: it holds one of the words, as a value or as a key whose value is not null or false.
    bool worth = false;
  };
  // `begin` begins a line.
  Line look(const char* begin, const char* end);

 private:
  static constexpr size_t least_known = 32;  // bytes; less saves nothing

  struct Found {
    Line line;
    const char* word;  // the first word's quote, even if its value is null; nullptr: none
  };

  Found look_from(const char* begin, const char* end) const;
  void learn(std::string_view line);
  std::string_view word_at(const char* quote, const char* end) const;
  void note(const char* quote, const char* end, Found& found) const;

  std::array<std::string_view, 4> words_;
  std::array<char, 4> letters_;  // their first letters
  std::array<char, 160> opening_{};
  uint8_t seen_ = 0;    // bytes of `opening_` that were taken from a line
  uint8_t known_ = 0;   // of these, bytes that need no search
  uint8_t tries_ = 16;  // then learning stops: the lines of this stream are not alike
};

}  // namespace sluice::api
