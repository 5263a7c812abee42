// Reads JSON text that is in memory as a whole: members and elements one after another. Values that are not wanted are
// skipped 64 bytes at a time. It allocates nothing, however large or deep the text is.
//
// It checks what it reads and that brackets and quotes are balanced; whether skipped values are otherwise well formed
// is left to the target.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice::api {

class JsonCursor {
 public:
  // `text` must outlive the cursor, with net::read_padding_bytes readable bytes behind it.
  explicit JsonCursor(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  size_t offset() const { return static_cast<size_t>(at_ - begin_); }
  // The next byte that is not white space; '\0' at the end (and for a NUL).
  char next() {
    skip_space();
    return at_ == end_ ? '\0' : *at_;
  }
  bool at_end() {
    skip_space();
    return at_ == end_;
  }
  // Skips `c` if it comes next.
  bool take(char c) {
    if (next() != c || at_ == end_) return false;
    ++at_;
    return true;
  }
  // The next string, without its quotes and still escaped; nullopt where there is none or it does not end.
  std::optional<std::string_view> take_string();
  // The next value, byte for byte; nullopt where there is none or it does not end.
  std::optional<std::string_view> take_value();

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool skip_nested();
  bool skip_scalar();

  const char* const begin_;
  const char* at_;
  const char* const end_;
};

// The result of one step through an object or an array.
enum class JsonStep : unsigned char { member, end, broken };

// The next member of an object whose '{' has been taken. Gives its key, still escaped, and leaves the cursor at its
// value, which must be taken. `first`: true for the first call, which sets it to false.
JsonStep next_member(JsonCursor& cursor, bool& first, std::string_view& key);
// The same for an array whose '[' has been taken.
JsonStep next_element(JsonCursor& cursor, bool& first);

// The quote that ends the string whose first byte is at `at`; `end` if there is none. Most strings are short, but they
// may be megabytes long.
const char* find_string_end(const char* at, const char* end);
// Whether the byte at `at` is escaped by an odd run of backslashes that begins no earlier than `begin`.
bool is_escaped(const char* begin, const char* at);

}  // namespace sluice::api
