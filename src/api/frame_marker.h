// Cuts a stream into its frames as it passes, and numbers server-sent events (an `id:` line, WHATWG HTML 9.2.6): for
// streams that a caller may resume after its connection broke.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/array_elements.h"
#include "api/error_body.h"

namespace sluice::api {

// A frame is an event with a field, a line that is not blank, or an element of an array. What stands between two of
// them (commas, comments, heartbeats) belongs to the next one.
class FrameMarker {
 public:
  // `id`: the prefix of each event's number; "": events get no number. `beat`: the dialect's (DialectRoom::heartbeat);
  // an event that begins like it does not count as one.
  FrameMarker(StreamFormat format, std::string id, std::string_view beat);

  // Appends to `out` what is sent in place of `bytes`, and to `frames` each frame that ends in it, whole. With
  // StreamFormat::none no frame ends.
  void take(std::string_view bytes, std::string& out, std::vector<std::string>& frames);
  // Removes and returns what follows the last frame.
  std::string take_rest();
  size_t rest_bytes() const { return rest_.size(); }

 private:
  void take_events(std::string_view bytes, std::string& out, std::vector<std::string>& frames);
  void take_lines(std::string_view bytes, std::string& out, std::vector<std::string>& frames);
  void take_array(std::string_view bytes, std::string& out, std::vector<std::string>& frames);
  const char* begin_line(const char* at, std::string& out);
  void look_for_beat(std::string_view part);
  void end_line();
  void pass(std::string_view bytes, std::string& out) {
    out += bytes;
    rest_ += bytes;
  }
  void end_frame(std::vector<std::string>& frames);

  const StreamFormat format_;
  const std::string id_;
  std::string_view beat_;  // its first line, if that is an event's name
  std::string rest_;
  uint64_t frames_ = 0;  // so far
  // For events: the unfinished line and the unfinished event.
  bool in_line_ = false;
  bool awaits_lf_ = false;   // a line ended with a CR: an LF that comes next belongs to it
  bool drops_lf_ = false;    // and is dropped
  bool frame_ends_ = false;  // the line end that is being read ends a frame
  bool has_field_ = false;   // the event has a field
  bool is_beat_ = false;     // the event is a heartbeat
  bool maybe_beat_ = false;  // its first line matches beat_ so far
  size_t beat_at_ = 0;       // bytes of beat_ that have matched
  // For lines.
  bool says_something_ = false;
  // For an array.
  ArrayElements elements_;
};

}  // namespace sluice::api
