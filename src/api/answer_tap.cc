#include "api/answer_tap.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "api/dialect.h"
#include "api/frame_words.h"
#include "api/json_scan.h"
#include "api/json_unescape.h"
#include "api/usage_chunk.h"
#include "api/usage_reader.h"
#include "base/recycled.h"
#include "http/message.h"
#include "sse/line.h"

namespace sluice::api {
namespace {

// What is held back of an unfinished frame; what grows beyond it is no usage chunk.
constexpr size_t held_limit_bytes = 64 * 1024;
// Frames that are read in full, in search of the model's name.
constexpr int opening_frames = 4;
// Choices of one answer that are told apart.
constexpr uint8_t most_choices = 64;

enum class Kind : unsigned char { opaque, json, lines, events };

Kind kind_of(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  if (http::same_name(type, "text/event-stream")) return Kind::events;
  if (http::same_name(type, "application/x-ndjson") || http::same_name(type, "application/jsonl")) return Kind::lines;
  if (http::same_name(type, "application/json")) return Kind::json;
  return Kind::opaque;
}

}  // namespace

// A stream is read line by line. A frame whose only data line lies in one piece gets the quick look of FrameWords and
// is read only if it is worth it; a frame that is cut goes through the JsonScan as its bytes come. Nothing is kept but
// frames that may be the usage chunk, and those only if it is to be hidden.
struct AnswerTap::State final : Recycled<AnswerTap::State> {
  enum class Line : unsigned char { start, field, space, data, ignored, comment };

  State(const Places& its_places, Kind its_kind, bool hide_usage_chunk, const Asked& its_asked)
      : places(its_places),
        kind(its_kind),
        hide(hide_usage_chunk),
        stream_asked(its_asked.stream),
        choices(static_cast<uint8_t>(std::clamp<uint32_t>(its_asked.choices, 1, most_choices))),
        words(its_places.words),
        scan(its_kind == Kind::json ? its_places.bodies : its_places.frames),
        reader(its_places) {}

  void feed_events(std::string_view bytes, std::vector<std::string_view>& pieces);
  void feed_lines(std::string_view bytes);
  void feed_json(std::string_view bytes);

  const char* read_line(const char* at, const char* end);
  void read_whole_line(std::string_view text, bool frame_ends, bool worth);
  void read_line_part(const char* at, const char* end);
  void read_data(std::string_view data);
  void end_line(const char* next);
  void end_frame(const char* next);
  void end_data();
  void end_text();
  void note_sequence(std::string_view text);
  bool mid_frame() const { return kind == Kind::lines ? data_begun : line != Line::start || frame_begun; }
  void hold(const char* end);
  void emit(const char* end);

  const Places& places;
  const Kind kind;
  const bool hide;
  const bool stream_asked;
  uint8_t choices;          // that have to finish
  uint64_t finished = 0;    // a bit for each choice that has
  uint64_t sequence = 0;    // the next one, where frames are numbered
  bool begun = false;       // some byte has come
  bool shape_seen = false;  // a frame of the dialect's
  bool cut_within = false;  // finish() found an unfinished frame
  bool end_seen = false;
  bool error_seen = false;
  bool skip_lf = false;       // a CR ended the last line: an LF now belongs to it
  bool drop_lf = false;       // and that line's frame was hidden, so that it goes the same way
  bool frame_begun = false;   // a field line of this frame has come
  bool frame_passed = false;  // this frame is not held back any more
  bool data_begun = false;
  uint8_t bom_bytes = 0;
  uint8_t field_bytes = 0;  // of "data" that the line's name agrees with so far
  uint8_t done_bytes = 0;   // of "[DONE]" that the frame's data agrees with so far
  bool maybe_done = false;
  int frames_read = 0;
  Line line = Line::start;
  FrameWords words;
  JsonScan scan;
  UsageReader reader;
  SentCounts counts;
  Usage usage;
  std::string model;
  // Hiding: [begin, frame) of the bytes at hand can go, [frame, ...) belongs to the unfinished frame, as does `held`
  // before it.
  const char* begin = nullptr;
  const char* frame = nullptr;
  std::vector<std::string_view>* pieces_out = nullptr;
  std::string held;
  std::string released;  // was held; handed out in this call
};

namespace {
constexpr std::string_view data_field = "data";
constexpr std::string_view done_data = "[DONE]";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
}  // namespace

// Most frames are not read; this number is wanted of all of them. The key cannot stand within a string, where its
// quotes would be escaped.
void AnswerTap::State::note_sequence(std::string_view text) {
  constexpr std::string_view key = "\"sequence_number\":";
  const size_t found = text.find(key);
  if (found == text.npos) return;
  text.remove_prefix(found + key.size());
  if (text.starts_with(' ')) text.remove_prefix(1);
  uint64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc()) sequence = number + 1;
}

// A frame's, line's or body's JSON has ended: what it said counts now, if it was whole.
void AnswerTap::State::end_text() {
  if (scan.whole()) {
    counts.update(reader.counts(), places.counts_may_fall);
    choices = std::max(choices, std::min(reader.choices_known(), most_choices));
    finished |= reader.finished();
    const bool all_finished = finished == UINT64_MAX >> (64 - choices);
    end_seen = end_seen || reader.has_end() || all_finished;
    shape_seen = shape_seen || reader.has_shape();
    if (reader.sequence()) sequence = *reader.sequence() + 1;
    error_seen = error_seen || reader.has_error();
    if (model.empty() && !reader.model().empty()) append_json_unescaped(model, reader.model());
  }
  reader.reset();
  scan.reset();
}

// Bytes of a frame's data, or of an NDJSON line.
void AnswerTap::State::read_data(std::string_view data) {
  if (maybe_done) {
    for (const char c : data) {
      maybe_done = done_bytes < done_data.size() && c == done_data[done_bytes];
      if (!maybe_done) break;
      ++done_bytes;
    }
  }
  scan.feed(data, reader);
}

// The frame is over; `next` is behind its blank line.
void AnswerTap::State::end_frame(const char* next) {
  const bool hidden = hide && !frame_passed && data_begun && scan.whole() && reader.has_usage() &&
                      !reader.has_choices() && tells_usage_only(held, {frame, static_cast<size_t>(next - frame)});
  end_data();
  if (!hide) return;
  drop_lf = hidden && skip_lf;
  if (hidden) {
    held.clear();
    emit(frame);
    begin = next;
  } else if (!held.empty()) {
    emit(next);
  }
  frame = next;
}

void AnswerTap::State::end_data() {
  if (data_begun) {
    if (maybe_done && done_bytes == done_data.size()) end_seen = true;
    if (frames_read < opening_frames) ++frames_read;
    if (!scan.fresh()) end_text();
  }
  data_begun = frame_begun = frame_passed = maybe_done = false;
}

// A line that lies in one piece, without its end. `frame_ends`: a blank line follows.
void AnswerTap::State::read_whole_line(std::string_view text, bool frame_ends, bool worth) {
  if (text.front() == ':') {
    line = Line::comment;
    return;
  }
  frame_begun = true;
  constexpr std::string_view named = "data:";
  if (text.size() < named.size() || std::memcmp(text.data(), named.data(), named.size()) != 0) return;
  text.remove_prefix(named.size());
  if (text.starts_with(' ')) text.remove_prefix(1);
  const bool only = frame_ends && !data_begun;
  const bool opening = model.empty() && frames_read < opening_frames;
  if (data_begun) {
    read_data("\n");
  } else {
    data_begun = true;
    maybe_done = true;
    done_bytes = 0;
  }
  if (only && !worth && !opening && text != done_data) {
    maybe_done = false;
    if (places.numbers_frames) note_sequence(text);
    return;
  }
  read_data(text);
}

// Bytes of a line that is cut, without its end.
void AnswerTap::State::read_line_part(const char* at, const char* end) {
  for (; at != end && line != Line::data && line != Line::ignored && line != Line::comment; ++at) {
    const char c = *at;
    if (line == Line::start) {
      field_bytes = 0;
      line = c == ':' ? Line::comment : Line::field;
      if (line == Line::comment) break;
      frame_begun = true;
    }
    if (line == Line::field) {
      if (field_bytes < data_field.size() && c == data_field[field_bytes]) {
        ++field_bytes;
      } else {
        line = c == ':' && field_bytes == data_field.size() ? Line::space : Line::ignored;
      }
      continue;
    }
    line = Line::data;  // behind the colon: one space is not the data's
    if (data_begun) {
      read_data("\n");
    } else {
      data_begun = maybe_done = true;
      done_bytes = 0;
    }
    if (c != ' ') break;
  }
  if (line == Line::data && at != end) read_data({at, static_cast<size_t>(end - at)});
}

// Hands out what is held, and the bytes at hand up to `end`.
void AnswerTap::State::emit(const char* end) {
  if (!held.empty()) {
    released = std::move(held);
    held.clear();
    pieces_out->push_back(released);
  }
  if (end != begin) pieces_out->push_back({begin, static_cast<size_t>(end - begin)});
  begin = end;
}

// A line ended; `next` is behind its end.
void AnswerTap::State::end_line(const char* next) {
  const bool comment = line == Line::comment;
  line = Line::start;
  if (!hide || !comment || frame_begun) return;
  emit(next);  // comments before a frame's first field pass at once
  frame = next;
}

// Reads one line, or what there is of it; returns where the next one begins.
const char* AnswerTap::State::read_line(const char* at, const char* end) {
  const bool at_start = line == Line::start;
  const FrameWords::Line found = at_start ? words.look(at, end) : FrameWords::Line{sse::find_line_end(at, end)};
  const char* next = found.end;
  if (next == end) {
    read_line_part(at, end);
    return end;
  }
  if (*next++ == '\r') {
    if (next == end) {
      skip_lf = true;
    } else if (*next == '\n') {
      ++next;
    }
  }
  if (at_start && found.end == at) {
    end_frame(next);
    return next;
  }
  if (at_start) {
    const bool frame_ends = next != end && (*next == '\n' || *next == '\r');
    read_whole_line({at, static_cast<size_t>(found.end - at)}, frame_ends, found.worth);
  } else {
    read_line_part(at, found.end);
  }
  end_line(next);
  return next;
}

// The bytes at hand end at `end`: keeps those of an unfinished frame that may be the usage chunk.
void AnswerTap::State::hold(const char* end) {
  const auto unfinished = static_cast<size_t>(end - frame);
  frame_passed = frame_passed || reader.has_choices() || held.size() + unfinished > held_limit_bytes;
  if (frame_passed) return emit(end);
  if (frame != begin) pieces_out->push_back({begin, static_cast<size_t>(frame - begin)});
  held.append(frame, unfinished);
}

void AnswerTap::State::feed_events(std::string_view bytes, std::vector<std::string_view>& pieces) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  begin = frame = at;
  pieces_out = &pieces;
  while (bom_bytes < byte_order_mark.size() && at != end) {
    if (*at != byte_order_mark[bom_bytes]) {
      bom_bytes = byte_order_mark.size();  // too short to be a line that says anything
      break;
    }
    ++bom_bytes;
    ++at;
  }
  if (skip_lf && at != end) {
    skip_lf = false;
    if (*at == '\n') {
      ++at;
      if (drop_lf) begin = at;
      if (!frame_begun && held.empty()) frame = at;
    }
    drop_lf = false;
  }
  while (at != end) at = read_line(at, end);
  if (hide) {
    hold(end);
  } else {
    pieces.push_back(bytes);
  }
}

void AnswerTap::State::feed_lines(std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    const FrameWords::Line found = words.look(at, end);
    const bool whole_line = !data_begun && found.end != end;
    const bool opening = model.empty() && frames_read < opening_frames;
    if (!whole_line || found.worth || opening) scan.feed({at, static_cast<size_t>(found.end - at)}, reader);
    data_begun = data_begun || found.end != at;
    if (found.end == end) return;
    if (data_begun && frames_read < opening_frames) ++frames_read;
    if (!scan.fresh()) end_text();
    data_begun = false;
    at = found.end + 1;
  }
}

void AnswerTap::State::feed_json(std::string_view bytes) {
  scan.feed(bytes, reader);
  end_seen = scan.whole();
}

AnswerTap::AnswerTap(Dialect dialect, std::string_view content_type, bool hide_usage_chunk, const Asked& asked) {
  Kind kind = kind_of(content_type);
  const Places& places = room_of(dialect).places;
  if (kind == Kind::json && places.streams_lines && asked.stream) kind = Kind::lines;
  state_ = std::make_unique<State>(places, kind, hide_usage_chunk && places.usage_has_own_frame, asked);
}
AnswerTap::~AnswerTap() = default;
AnswerTap::AnswerTap(AnswerTap&&) noexcept = default;
AnswerTap& AnswerTap::operator=(AnswerTap&&) noexcept = default;

void AnswerTap::feed(std::string_view bytes, std::vector<std::string_view>& pieces) {
  if (bytes.empty()) return;
  state_->begun = true;
  switch (state_->kind) {
    case Kind::events:
      return state_->feed_events(bytes, pieces);
    case Kind::lines:
      state_->feed_lines(bytes);
      break;
    case Kind::json:
      state_->feed_json(bytes);
      break;
    case Kind::opaque:
      break;
  }
  pieces.push_back(bytes);
}

void AnswerTap::finish(std::vector<std::string_view>& pieces) {
  State& state = *state_;
  state.cut_within = state.mid_frame();
  const int whole_frames = state.frames_read;
  switch (state.kind) {
    case Kind::events:
      state.end_data();  // the last blank line may be missing
      state.frames_read = whole_frames;
      state.released = std::move(state.held);
      if (!state.released.empty()) pieces.push_back(state.released);
      break;
    case Kind::lines:
      if (!state.scan.fresh()) state.end_text();
      break;
    case Kind::json:
    case Kind::opaque:
      break;
  }
}

StreamFormat AnswerTap::format() const {
  switch (state_->kind) {
    case Kind::events:
      return StreamFormat::sse;
    case Kind::lines:
      return StreamFormat::ndjson;
    case Kind::json:
      if (!state_->places.streams_arrays) break;
      if (state_->scan.root_is_array() || (state_->stream_asked && state_->scan.fresh())) {
        return StreamFormat::json_array;
      }
      break;
    case Kind::opaque:
      break;
  }
  return StreamFormat::none;
}

bool AnswerTap::whole() const { return state_->end_seen; }
bool AnswerTap::saw_error() const {
  return state_->error_seen || (state_->kind == Kind::json && state_->reader.has_error());
}

Standing AnswerTap::standing() const {
  const State& state = *state_;
  if (state.kind == Kind::opaque) return Standing::unread;
  if (state.end_seen) return Standing::finished;
  if (state.kind == Kind::json) {
    if (state.scan.fresh()) return Standing::nothing;
    return state.scan.broken() ? Standing::foreign : Standing::within;
  }
  if (state.error_seen) return Standing::failed;
  if (!state.begun) return Standing::nothing;
  const bool has_shape = state.shape_seen || state.reader.has_shape();
  if (!has_shape && state.frames_read > 0) return Standing::foreign;
  return state.cut_within || state.mid_frame() ? Standing::within : Standing::between;
}

bool AnswerTap::between_frames() const {
  const State& state = *state_;
  if (state.cut_within) return false;
  switch (state.kind) {
    case Kind::events:
      // A frame that is held back whole is not begun for the caller.
      return !state.mid_frame() || (state.hide && !state.frame_passed);
    case Kind::lines:
      return !state.mid_frame();
    case Kind::json:
    case Kind::opaque:
      break;
  }
  return false;
}

ArrayPlace AnswerTap::array_place() const { return state_->scan.array_place(); }

uint64_t AnswerTap::next_sequence() const { return state_->sequence; }

// A body's figures count as they come, so that a cut one, or a cut array of Gemini's, still tells what it told.
const Usage& AnswerTap::usage() const {
  State& state = *state_;
  SentCounts counts = state.counts;
  if (state.kind == Kind::json) counts = state.reader.counts();
  state.usage = usage_from(counts, state.places);
  return state.usage;
}

const std::string& AnswerTap::model() const {
  State& state = *state_;
  if (state.kind == Kind::json && state.model.empty()) append_json_unescaped(state.model, state.reader.model());
  return state.model;
}

}  // namespace sluice::api
