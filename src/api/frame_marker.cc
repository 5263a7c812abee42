#include "api/frame_marker.h"

#include <utility>

#include "api/line_end.h"

namespace sluice::api {

FrameMarker::FrameMarker(StreamFormat format, std::string id, std::string_view beat)
    : format_(format), id_(std::move(id)), beat_(beat.substr(0, beat.find('\n'))) {
  if (!beat_.starts_with("event:")) beat_ = {};
}

void FrameMarker::take(std::string_view bytes, std::string& out, std::vector<std::string>& frames) {
  switch (format_) {
    case StreamFormat::sse:
      return take_events(bytes, out, frames);
    case StreamFormat::ndjson:
      return take_lines(bytes, out, frames);
    case StreamFormat::json_array:
      return take_array(bytes, out, frames);
    case StreamFormat::none:
      return pass(bytes, out);
  }
}

std::string FrameMarker::take_rest() { return std::exchange(rest_, {}); }

void FrameMarker::end_frame(std::vector<std::string>& frames) {
  ++frames_;
  frames.push_back(std::exchange(rest_, {}));
}

// --- events ---

void FrameMarker::take_events(std::string_view bytes, std::string& out, std::vector<std::string>& frames) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    if (awaits_lf_) {
      awaits_lf_ = false;
      const bool is_lf = *at == '\n';
      if (is_lf && !drops_lf_) pass({at, 1}, out);
      if (is_lf) ++at;
      drops_lf_ = false;
      if (std::exchange(frame_ends_, false)) end_frame(frames);
      continue;
    }
    if (!in_line_) {
      at = begin_line(at, out);
      if (frame_ends_ && !awaits_lf_) {
        frame_ends_ = false;
        end_frame(frames);
      }
      continue;
    }
    const char* const line_end = find_line_end(at, end);
    const std::string_view part(at, static_cast<size_t>(line_end - at));
    look_for_beat(part);
    pass(part, out);
    at = line_end;
    if (at == end) return;
    awaits_lf_ = *at == '\r';
    pass({at++, 1}, out);
    end_line();
  }
}

// A line begins at `at`. Returns the position behind it if it is blank, which ends the event; else `at`.
const char* FrameMarker::begin_line(const char* at, std::string& out) {
  if (*at != '\n' && *at != '\r') {
    in_line_ = true;
    maybe_beat_ = !has_field_ && !beat_.empty();
    beat_at_ = 0;
    if (*at != ':') has_field_ = true;
    return at;
  }
  frame_ends_ = has_field_ && !is_beat_;
  // After an id, some SDKs take a blank line with nothing before it for an event without data.
  const bool drops = !id_.empty() && !has_field_;
  awaits_lf_ = *at == '\r';
  drops_lf_ = drops && awaits_lf_;
  has_field_ = is_beat_ = false;
  if (drops) return at + 1;
  if (frame_ends_ && !id_.empty()) {
    const std::string line = "id: " + id_ + std::to_string(frames_ + 1) + "\n";
    pass(line, out);
  }
  pass({at, 1}, out);
  return at + 1;
}

void FrameMarker::look_for_beat(std::string_view part) {
  if (!maybe_beat_) return;
  maybe_beat_ = beat_.substr(beat_at_).starts_with(part);
  beat_at_ += part.size();
}

void FrameMarker::end_line() {
  in_line_ = false;
  if (std::exchange(maybe_beat_, false) && beat_at_ == beat_.size()) is_beat_ = true;
}

// --- lines ---

void FrameMarker::take_lines(std::string_view bytes, std::string& out, std::vector<std::string>& frames) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, end == bytes.npos ? end : end + 1);
    bytes.remove_prefix(line.size());
    pass(line, out);
    says_something_ = says_something_ || line.find_first_not_of(" \t\r\n") != line.npos;
    if (end != bytes.npos && std::exchange(says_something_, false)) end_frame(frames);
  }
}

// --- an array ---

// A frame ends with an element: the comma between two belongs to the next one, and the last bracket to none.
void FrameMarker::take_array(std::string_view bytes, std::string& out, std::vector<std::string>& frames) {
  size_t begin = 0;
  for (size_t next = elements_.next_end(bytes, 0); next != bytes.npos; next = elements_.next_end(bytes, next)) {
    pass(bytes.substr(begin, next - begin), out);
    begin = next;
    end_frame(frames);
  }
  pass(bytes.substr(begin), out);
}

}  // namespace sluice::api
