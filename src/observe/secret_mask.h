// Replaces secrets in text by "***", in one pass however many there are (Wu and Manber's search: a table says how far
// it is safe to jump), because every access record goes through it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::observe {

class SecretMask {
 public:
  static constexpr size_t least_bytes = 8;  // shorter ones would mask common words; add() passes over them

  // Looks for `secret` from now on, and for its escaped form (base/json_escape.h) where that differs.
  void add(std::string_view secret);
  bool empty() const { return secrets_.empty(); }
  // `text` with every secret replaced; secrets that overlap are replaced by one "***". Either `text` itself, if it
  // holds none, or a view into `scratch`.
  std::string_view apply(std::string_view text, std::string& scratch) const;

 private:
  void add_form(std::string_view form);
  size_t longest_at(std::string_view text, size_t at) const;

  std::vector<std::string> secrets_;
  size_t window_bytes_ = 0;  // how much of each secret's beginning is searched for; the shortest one has as much
  // By a hash of three bytes: how far they are from being the last ones of some secret's window.
  std::array<uint8_t, 4096> jumps_{};
};

}  // namespace sluice::observe
