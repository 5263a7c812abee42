// Walks escaped JSON text by the units that it stands for, so that two spellings of a text, cut anywhere, can be
// compared without copying either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/json_value.h"

namespace sluice::api {

// Gives UTF-16 units: a character outside the basic plane is two halves, however it is spelled.
class TextUnits {
 public:
  // `escaped` must outlive it.
  explicit TextUnits(std::string_view escaped) : text_(escaped) {}
  bool done() const { return at_ == text_.size() && low_half_ == 0; }
  // Must not be called once done().
  uint16_t next();
  // The position in the escaped text, behind the last unit's spelling.
  size_t at() const { return at_; }

  // The text before and after this position. Half a character is spelled as an escape.
  std::string before() const;
  std::string rest() const;

 private:
  uint16_t take_escape();
  uint16_t take_sequence();

  std::string_view text_;
  size_t at_ = 0;
  size_t whole_at_ = 0;     // where the current character begins
  uint16_t low_half_ = 0;   // of an unescaped character whose first half has been given
  uint16_t high_half_ = 0;  // that first half
};

// The first half of a character outside the basic plane.
bool is_high_half(uint16_t unit);
// The number of characters in an escaped text.
uint64_t count_characters(JsonText text);
// The length of `escaped` without white space or half a character at its end.
size_t trimmed_bytes(std::string_view escaped);

}  // namespace sluice::api
