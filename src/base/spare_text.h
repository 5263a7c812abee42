// Memory for strings of which thousands are alive but only one is full at a time, such as the output of an open stream
// in one turn: each thread keeps the block of an emptied one and lends it to the next.
#pragma once

#include <cstddef>
#include <string>

namespace sluice {

// One block per thread for each kind of string; `max_kept`, the largest block kept in bytes, tells the kinds apart.
template <size_t max_kept>
class SpareText {
 public:
  // An empty `text` gets the kept block, if that is larger.
  static void lend(std::string& text) {
    if (text.empty() && text.capacity() < kept_.capacity()) text.swap(kept_);
  }
  // Empties `text`. Its block is kept or freed.
  static void take_back(std::string& text) {
    text.clear();
    if (text.capacity() > kept_.capacity() && text.capacity() <= max_kept) text.swap(kept_);
    std::string().swap(text);
  }

 private:
  static inline thread_local std::string kept_;
};

}  // namespace sluice
