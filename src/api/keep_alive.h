// What a target sends so that a silent stream's connection stays open: comments and blank lines, and events such as
// "ping". They say nothing of the answer.
#pragma once

#include <string_view>

namespace sluice::api {

// Whether these bytes of a stream, from anywhere in it, hold nothing else. At worst a piece of a frame that looks like
// it is taken for such.
[[gnu::cold]] bool is_keep_alive(std::string_view bytes);

// A first look at them that is cheap: false means that they surely say something.
inline bool may_be_keep_alive(std::string_view bytes) {
  constexpr size_t max_event_bytes = 96;
  return bytes.size() <= max_event_bytes || bytes.front() == ':' || bytes.front() == '\n' || bytes.front() == '\r';
}

}  // namespace sluice::api
