// Finds where the elements end in a stream that is one JSON array. Its bytes may be cut anywhere.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::api {

class ArrayElements {
 public:
  // Reads `bytes` from `at` and returns the position behind the next element, which is an object or an array. npos: no
  // element ends in `bytes`; all of it has been read, and the next bytes continue it.
  size_t next_end(std::string_view bytes, size_t at);

 private:
  size_t depth_ = 0;
  bool in_string_ = false, escaped_ = false;
};

}  // namespace sluice::api
