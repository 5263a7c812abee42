// Where in the caller's own body a part of its request stands, however its messages are put together, divided or moved
// for a target: what is said of them to the caller names that place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "api/request.h"

namespace sluice::api {

// For a reader: gives what each message adds to the request its place.
class PlaceMarker {
 public:
  explicit PlaceMarker(Request& request) : request_(request), system_parts_(request.system.size()) {}
  // To be called once message `index` of the caller's list has been read. A part's place in the content is the reader's
  // to tell.
  void mark(size_t index);

 private:
  Request& request_;
  const size_t system_parts_;  // that stood elsewhere
  size_t messages_ = 0;        // that have their place
};

// A path by the request's own lists ("messages[4].content[1].cache_control", or a text that begins with one) by the
// caller's; as it is where that is not known.
std::string own_path(const Request& request, std::string_view path);

}  // namespace sluice::api
