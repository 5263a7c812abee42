// Where the elements end of a stream that is one JSON array, whose bytes come cut anywhere.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::api {

class ArrayElements {
 public:
  // Reads `bytes` from `at` to behind the next element, which is an object or an array, and returns where that is;
  // npos: none ends in them, and all of them are read. What comes next continues them.
  size_t next_end(std::string_view bytes, size_t at);

 private:
  size_t depth_ = 0;
  bool in_string_ = false, escaped_ = false;
};

}  // namespace sluice::api
