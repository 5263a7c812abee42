#include "api/frame_cutter.h"

#include <cstring>

#include "api/line_end.h"

namespace sluice::api {
namespace {

constexpr std::string_view data_field = "data";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

const char* FrameCutter::skip_mark(const char* at, const char* end) {
  while (mark_bytes_ < byte_order_mark.size() && at != end) {
    if (*at != byte_order_mark[mark_bytes_]) {
      mark_bytes_ = byte_order_mark.size();  // what was skipped is too short to be a meaningful line
      break;
    }
    ++mark_bytes_;
    ++at;
  }
  return at;
}

const char* FrameCutter::skip_lf(const char* at) {
  awaits_lf_ = false;
  return *at == '\n' ? at + 1 : at;
}

void FrameCutter::begin_data(Cut& cut) {
  cut.begins_data = true;
  cut.begins_frame = !data_begun_;
  data_begun_ = true;
}

// A line that arrived in one piece, without its end. `frame_ends`: a blank line follows.
void FrameCutter::read_whole_line(std::string_view text, bool frame_ends, Cut& cut) {
  if (text.front() == ':') {
    line_ = Line::comment;
    return;
  }
  frame_begun_ = true;
  constexpr std::string_view named = "data:";
  if (text.size() < named.size() || std::memcmp(text.data(), named.data(), named.size()) != 0) return;
  text.remove_prefix(named.size());
  if (text.starts_with(' ')) text.remove_prefix(1);
  begin_data(cut);
  cut.only = frame_ends && cut.begins_frame;
  cut.data = text;
}

// Bytes of a line that is cut, without its end.
void FrameCutter::read_line_part(const char* at, const char* end, Cut& cut) {
  for (; at != end && line_ != Line::data && line_ != Line::ignored && line_ != Line::comment; ++at) {
    const char c = *at;
    if (line_ == Line::start) {
      field_bytes_ = 0;
      line_ = c == ':' ? Line::comment : Line::field;
      if (line_ == Line::comment) break;
      frame_begun_ = true;
    }
    if (line_ == Line::field) {
      if (field_bytes_ < data_field.size() && c == data_field[field_bytes_]) {
        ++field_bytes_;
      } else {
        line_ = c == ':' && field_bytes_ == data_field.size() ? Line::space : Line::ignored;
      }
      continue;
    }
    line_ = Line::data;  // one space after the colon is not part of the data
    begin_data(cut);
    if (c != ' ') break;
  }
  if (line_ == Line::data) cut.data = {at, static_cast<size_t>(end - at)};
}

// Returns the position behind the line's end. `at`: its CR or LF.
const char* FrameCutter::end_line(const char* at, const char* end) {
  if (*at++ == '\n') return at;
  if (at == end) {
    awaits_lf_ = true;
    return at;
  }
  return *at == '\n' ? at + 1 : at;
}

void FrameCutter::end_frame(Cut& cut) {
  cut.end = End::frame;
  cut.had_data = data_begun_;
  data_begun_ = frame_begun_ = false;
  line_ = Line::start;
}

FrameCutter::Cut FrameCutter::cut(const char* at, const char* end) {
  const bool at_start = line_ == Line::start;
  const FrameWords::Line found = at_start ? words_.look(at, end) : FrameWords::Line{find_line_end(at, end)};
  Cut cut{found.end};
  if (found.end == end) {
    read_line_part(at, end, cut);
    return cut;
  }
  cut.next = end_line(found.end, end);
  if (at_start && found.end == at) {
    end_frame(cut);
    return cut;
  }
  if (at_start) {
    cut.worth = found.worth;
    const bool frame_ends = cut.next != end && (*cut.next == '\n' || *cut.next == '\r');
    read_whole_line({at, static_cast<size_t>(found.end - at)}, frame_ends, cut);
    if (frame_ends) {  // the blank line is part of this cut
      cut.next = end_line(cut.next, end);
      end_frame(cut);
      return cut;
    }
  } else {
    read_line_part(at, found.end, cut);
    if (line_ == Line::space) begin_data(cut);  // "data:" and nothing after it
  }
  cut.end = line_ == Line::comment && !frame_begun_ ? End::comment : End::line;
  line_ = Line::start;
  return cut;
}

}  // namespace sluice::api
