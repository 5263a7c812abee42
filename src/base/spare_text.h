// Memory for texts of which thousands are alive and only one is full at a time, such as what goes out of an open stream
// in one turn: each thread keeps the block of one that was emptied, and lends it to the next.
#pragma once

#include <cstddef>
#include <string>

namespace sluice {

// One block a thread for each kind of text, told apart by the bytes that are kept at most.
template <size_t max_kept>
class SpareText {
 public:
  // An empty `text` gets the kept block, where that is the larger one.
  static void lend(std::string& text) {
    if (text.empty() && text.capacity() < kept_.capacity()) text.swap(kept_);
  }
  // Empties `text`. Its block is kept, or goes back to the allocator.
  static void take_back(std::string& text) {
    text.clear();
    if (text.capacity() > kept_.capacity() && text.capacity() <= max_kept) text.swap(kept_);
    std::string().swap(text);
  }

 private:
  static inline thread_local std::string kept_;
};

}  // namespace sluice
