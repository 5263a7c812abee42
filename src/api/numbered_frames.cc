#include "api/numbered_frames.h"

#include <algorithm>
#include <charconv>

namespace sluice::api {
namespace {

// The position behind the first empty line. Lines end with LF, CRLF or CR.
size_t first_event_end(std::string_view bytes) {
  bool is_empty = false;  // the line so far
  for (size_t at = 0; at < bytes.size(); ++at) {
    const bool is_crlf = bytes[at] == '\r' && at + 1 < bytes.size() && bytes[at + 1] == '\n';
    const bool ends_line = bytes[at] == '\r' || bytes[at] == '\n';
    if (is_crlf) ++at;
    if (ends_line && is_empty) return at + 1;
    is_empty = ends_line;
  }
  return bytes.size();
}

}  // namespace

std::optional<uint64_t> sequence_in(std::string_view frame) {
  constexpr std::string_view key = "\"sequence_number\":";
  const size_t found = frame.find(key);
  if (found == frame.npos) return std::nullopt;
  frame.remove_prefix(found + key.size());
  if (frame.starts_with(' ')) frame.remove_prefix(1);
  uint64_t number = 0;
  const bool told = std::from_chars(frame.data(), frame.data() + frame.size(), number).ec == std::errc();
  return told ? std::optional<uint64_t>(number) : std::nullopt;
}

size_t bytes_before(std::string_view frames, uint64_t number) {
  size_t before = 0;
  while (before < frames.size()) {
    const size_t end = before + first_event_end(frames.substr(before));
    const std::optional<uint64_t> told = sequence_in(frames.substr(before, end - before));
    if (told && *told >= number) return *told == number ? before : std::string_view::npos;
    before = end;
  }
  return before;
}

}  // namespace sluice::api
