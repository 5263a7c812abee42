// Escaped JSON text, unit by unit of what it means: so that two spellings of a text are compared, cut anywhere, without
// a copy of either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::api {

// Walks along UTF-16's units: of a character outside the basic plane the two halves, however it is spelled.
class TextUnits {
 public:
  // `escaped` must outlive it.
  explicit TextUnits(std::string_view escaped) : text_(escaped) {}
  bool done() const { return at_ == text_.size() && low_half_ == 0; }
  // Not to be called where it is done.
  uint16_t next();
  // In the escaped text, behind the last unit's spelling.
  size_t at() const { return at_; }

  // What has been walked, or is still to be: half a character is spelled as an escape.
  std::string before() const;
  std::string rest() const;

 private:
  uint16_t take_escape();
  uint16_t take_sequence();

  std::string_view text_;
  size_t at_ = 0;
  size_t whole_at_ = 0;     // where the character at hand begins
  uint16_t low_half_ = 0;   // of a character that is spelled as one, whose first half has been walked
  uint16_t high_half_ = 0;  // that first half
};

// The first half of a character outside the basic plane.
bool is_high_half(uint16_t unit);
// How much of `escaped` is left without the white space at its end, and without half a character there.
size_t trimmed_bytes(std::string_view escaped);

}  // namespace sluice::api
