// Cuts a stream of server-sent events (WHATWG HTML 9.2), which may arrive cut anywhere: finds which bytes are a frame's
// data, and where frames end. Keeps no bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "api/frame_words.h"

namespace sluice::api {

class FrameCutter {
 public:
  // `words`: what the quick look at each line searches for.
  explicit FrameCutter(const std::array<std::string_view, 4>& words) : words_(words) {}

  enum class End : unsigned char { none, line, comment, frame };  // comment: one before a frame's fields
  // A line, or as much of it as has arrived, with the blank line after it, if that is there.
  struct Cut {
    const char* next;           // where the next one begins
    End end = End::none;        // what ends before `next`
    bool begins_data = false;   // a data line begins: the frame's data so far is separated from it by a line break
    bool begins_frame = false;  // it is the frame's first
    bool only = false;          // `data` is all of the frame's data
    bool worth = false;         // the quick look found a word in it
    bool had_data = false;      // of a frame that ends: it had a data line
    std::string_view data{};
  };
  // The first cut of [at, end), which is not empty.
  Cut cut(const char* at, const char* end);

  // The quick look at a line, for streams whose frames are lines.
  FrameWords::Line look(const char* begin, const char* end) { return words_.look(begin, end); }

  // Skips a byte order mark at the stream's beginning.
  const char* skip_mark(const char* at, const char* end);
  // A CR ended the bytes at hand: if an LF comes next, it belongs to that line's end, and skip_lf() skips it.
  bool awaits_lf() const { return awaits_lf_; }
  const char* skip_lf(const char* at);

  bool frame_begun() const { return frame_begun_; }  // a field line of it has arrived
  bool has_data() const { return data_begun_; }
  bool mid_frame() const { return line_ != Line::start || frame_begun_; }

 private:
  enum class Line : unsigned char { start, field, space, data, ignored, comment };

  void read_whole_line(std::string_view text, bool frame_ends, Cut& cut);
  void read_line_part(const char* at, const char* end, Cut& cut);
  void begin_data(Cut& cut);
  const char* end_line(const char* at, const char* end);
  void end_frame(Cut& cut);

  FrameWords words_;
  Line line_ = Line::start;
  bool awaits_lf_ = false;
  bool frame_begun_ = false;
  bool data_begun_ = false;
  uint8_t mark_bytes_ = 0;
  uint8_t field_bytes_ = 0;  // of "data" that the line's name matches so far
};

}  // namespace sluice::api
