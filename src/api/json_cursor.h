// Reads JSON text that lies in memory as a whole: members and elements one after another, and what nobody asks for is
// skipped, 64 bytes at a time, without memory of its own however large or deep the text is.
//
// It checks what it reads and how brackets and quotes are balanced; whether what it skips is otherwise well formed is
// for the target to say.
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
  // The next byte that is no white space, '\0' at the end (and for a NUL).
  char next() {
    skip_space();
    return at_ == end_ ? '\0' : *at_;
  }
  bool at_end() {
    skip_space();
    return at_ == end_;
  }
  // Goes past `c` if it is what comes next.
  bool take(char c) {
    if (next() != c || at_ == end_) return false;
    ++at_;
    return true;
  }
  // The string that comes next, without its quotes and still escaped; nullopt where there is none, or no end of it.
  std::optional<std::string_view> take_string();
  // The value that comes next, whole, as it stands; nullopt where there is none, or no end of it.
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

// How a walk through an object or an array went on.
enum class JsonStep : unsigned char { member, end, broken };

// The next member of an object whose '{' has been taken: its key, still escaped, then the cursor stands at its value,
// which must be taken. `first`: true for the first call, and set to false by it.
JsonStep next_member(JsonCursor& cursor, bool& first, std::string_view& key);
// The same for an array whose '[' has been taken.
JsonStep next_element(JsonCursor& cursor, bool& first);

// The quote that ends the string whose first byte is at `at`; `end` if it is not there. Most are short, but they may be
// megabytes long.
const char* find_string_end(const char* at, const char* end);
// Whether the byte at `at` is escaped by an odd run of backslashes that begins no earlier than `begin`.
bool is_escaped(const char* begin, const char* at);

}  // namespace sluice::api
