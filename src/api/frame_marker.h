// Cuts a stream into its frames as it passes, and gives each event of server-sent events a number to come back with
// (an `id:` line, WHATWG HTML 9.2.6): for streams that a caller may go on with after its connection broke.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/array_elements.h"
#include "api/error_body.h"

namespace sluice::api {

// What counts as a frame: an event with a field, a line that is not blank, an element of an array; what stands between
// two of them (commas, comments, heartbeats) goes with the next one.
class FrameMarker {
 public:
  // `id`: what stands before each event's number; "": events get none. `beat`: of a dialect (DialectRoom::heartbeat);
  // an event that begins like it is none.
  FrameMarker(StreamFormat format, std::string id, std::string_view beat);

  // Appends what goes on in place of `bytes` to `out`, and each frame that ends in it, from its beginning, to `frames`.
  // Of a StreamFormat::none nothing ends.
  void take(std::string_view bytes, std::string& out, std::vector<std::string>& frames);
  // What stands behind the last frame; from now on there is none of it.
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
  // Of events: the line and the event that are under way.
  bool in_line_ = false;
  bool awaits_lf_ = false;   // a line ended with a CR: if an LF comes next, it is that end's
  bool drops_lf_ = false;    // and goes with it
  bool frame_ends_ = false;  // and is the last byte of a frame
  bool has_field_ = false;   // of the event
  bool is_beat_ = false;     // the event
  bool maybe_beat_ = false;  // its first line, so far
  size_t beat_at_ = 0;       // as much of beat_ has come
  // Of lines.
  bool says_something_ = false;
  // Of an array.
  ArrayElements elements_;
};

}  // namespace sluice::api
