// The quick look at a line of a stream: does it hold one of a few words that make it worth reading? Most lines of a
// stream carry a few letters of text and nothing else, so this is where a stream's time is spent.
#pragma once

#include <array>
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
  Line look(const char* begin, const char* end) const;

 private:
  bool is_word(const char* quote, const char* end) const;

  std::array<std::string_view, 4> words_;
  std::array<char, 4> letters_;  // their first ones
};

}  // namespace sluice::api
