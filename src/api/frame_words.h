// The quick look at a line of a stream: does it hold one of a few words that make it worth reading? Most lines of a
// stream carry a few letters of text and nothing else, so this is where a stream's time is spent. And most begin alike
// (`{"id":"...","object":...`): what two have begun with, and holds no word, is compared at once and not looked
// through.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::api {

// By a dialect's Places::words.
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
    const char* word;  // the quote of the first one, be it a key of null; nullptr: none
  };

  Found look_from(const char* begin, const char* end) const;
  void learn(std::string_view line);
  std::string_view word_at(const char* quote, const char* end) const;
  void note(const char* quote, const char* end, Found& found) const;

  std::array<std::string_view, 4> words_;
  std::array<char, 4> letters_;  // their first ones
  std::array<char, 160> opening_{};
  uint8_t seen_ = 0;    // of `opening_`, so many bytes are of a line
  uint8_t known_ = 0;   // and so many need no look
  uint8_t tries_ = 16;  // after which nothing more is learnt: the lines of this stream are not alike
};

}  // namespace sluice::api
