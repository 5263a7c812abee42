#include "api/answer_tap.h"

#include <algorithm>
#include <utility>

#include "api/dialect.h"
#include "api/frame_cutter.h"
#include "api/frame_holder.h"
#include "api/json_scan.h"
#include "api/json_unescape.h"
#include "api/numbered_frames.h"
#include "api/usage_reader.h"
#include "base/recycled.h"

namespace sluice::api {
namespace {

// Frames that are read in full to find the model's name.
constexpr int opening_frames = 4;
// Choices of one answer that are tracked separately.
constexpr uint8_t max_choices = 64;

constexpr std::string_view done_data = "[DONE]";

// Whether a frame's data may be JSON: its outer brackets match. Reading all of it would cost more than relaying it.
bool may_be_json(std::string_view data) {
  constexpr std::string_view blank = " \t\r\n";
  const size_t first = data.find_first_not_of(blank);
  if (first == data.npos) return true;
  const char last = data[data.find_last_not_of(blank)];
  return (data[first] == '{' && last == '}') || (data[first] == '[' && last == ']');
}

}  // namespace

// A frame whose only data line arrives in one piece gets the quick look of FrameWords and is read only if it is worth
// it; a frame that is cut goes through the JsonScan as its bytes arrive. Frames are held only if the usage chunk is to
// be hidden or if only whole frames may pass.
struct AnswerTap::State final : Recycled<AnswerTap::State> {
  State(const Places& its_places, MediaType its_type, bool hide_usage_chunk, const Asked& its_asked)
      : places(its_places),
        type(its_type),
        hide(hide_usage_chunk),
        stream_asked(its_asked.stream),
        choices(static_cast<uint8_t>(std::clamp<uint32_t>(its_asked.choices, 1, max_choices))),
        cutter(its_places.words),
        scan(its_type == MediaType::json && !its_asked.others ? its_places.bodies : its_places.frames),
        reader(its_places) {}

  void feed_events(std::string_view bytes, std::vector<std::string_view>& pieces);
  void feed_lines(std::string_view bytes, std::vector<std::string_view>& pieces);
  void read_lines(std::string_view bytes);
  void feed_json(std::string_view bytes);

  void take(const FrameCutter::Cut& cut);
  void read_data(std::string_view data);
  void end_data(bool had_data);
  void end_text();
  bool is_broken(bool had_data) const;
  bool holds() const { return hide || whole_frames; }
  bool is_opening() const { return model.empty() && frames_read < opening_frames; }
  bool may_stream() const { return type != MediaType::json || places.streams_arrays; }
  bool mid_frame() const { return type == MediaType::lines ? line_begun : cutter.mid_frame(); }

  const Places& places;
  const MediaType type;
  const bool hide;
  const bool stream_asked;
  uint8_t choices;          // that have to finish
  uint64_t finished = 0;    // a bit for each choice that has finished
  uint64_t sequence = 0;    // the next one, where frames are numbered
  uint64_t unended = 0;     // the value of `sequence` once this frame ends; 0: unchanged
  bool begun = false;       // a byte has arrived
  bool shape_seen = false;  // a frame of the dialect has arrived
  bool cut_within = false;  // finish() found an unfinished frame
  bool end_seen = false;
  bool error_seen = false, ended_first = false;  // it had ended before
  bool sentinel_seen = false;
  bool whole_frames = false, reads_all = false;
  bool no_json = false;     // the frame's data was not read and cannot be JSON
  bool withheld = false;    // finish() dropped a frame that is broken or cut
  bool line_begun = false;  // of NDJSON
  bool maybe_done = false;
  uint8_t done_bytes = 0;  // of "[DONE]" that the frame's data matches so far
  int frames_read = 0;
  FrameCutter cutter;
  FrameHolder holder;
  JsonScan scan;
  UsageReader reader;
  OutputWatch output{places.output};
  SentCounts counts;
  Usage usage;
  std::string model;
};

// The JSON of a frame, line or body has ended: its content counts if it is whole.
void AnswerTap::State::end_text() {
  if (scan.whole()) {
    const bool ended = end_seen;
    counts.update(reader.counts(), places.counts_may_fall);
    choices = std::max(choices, std::min(reader.choices_known(), max_choices));
    finished |= reader.finished();
    const bool all_finished = finished == UINT64_MAX >> (64 - choices);
    end_seen = end_seen || reader.has_end() || all_finished;
    sentinel_seen = sentinel_seen || reader.has_last();
    shape_seen = shape_seen || reader.has_shape();
    if (reader.sequence()) sequence = *reader.sequence() + 1;
    if (reader.has_error() && !error_seen) {
      error_seen = true;
      ended_first = ended;
    }
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

// Whether the frame's data, or the line, is neither JSON nor the sentinel.
bool AnswerTap::State::is_broken(bool had_data) const {
  if (!whole_frames || !shape_seen || !had_data) return false;
  if (maybe_done && done_bytes == done_data.size()) return false;
  return no_json || (!scan.fresh() && !scan.whole());
}

void AnswerTap::State::end_data(bool had_data) {
  if (had_data) {
    if (maybe_done && done_bytes == done_data.size()) end_seen = sentinel_seen = true;
    if (frames_read < opening_frames) ++frames_read;
    if (!scan.fresh()) end_text();
  }
  maybe_done = no_json = false;
}

void AnswerTap::State::take(const FrameCutter::Cut& cut) {
  if (cut.begins_frame) {
    maybe_done = true;
    done_bytes = 0;
  } else if (cut.begins_data) {
    read_data("\n");
  }
  if (cut.only && !cut.worth && !is_opening() && !reads_all && cut.data != done_data) {
    maybe_done = false;
    no_json = !may_be_json(cut.data);
    if (!places.numbers_frames) return;  // otherwise every frame's number is needed, though most are not read
    if (const auto number = sequence_in(cut.data)) unended = *number + 1;
    return;
  }
  read_data(cut.data);
}

void AnswerTap::State::feed_events(std::string_view bytes, std::vector<std::string_view>& pieces) {
  const char* const end = bytes.data() + bytes.size();
  const char* at = cutter.skip_mark(bytes.data(), end);
  if (holds()) holder.begin(bytes, pieces);
  if (cutter.awaits_lf() && at != end) {
    const char* const behind = cutter.skip_lf(at);
    if (holds()) holder.after_cr(behind, behind != at, cutter.frame_begun());
    at = behind;
  }
  while (at != end) {
    const FrameCutter::Cut cut = cutter.cut(at, end);
    at = cut.next;
    if (cut.begins_data || !cut.data.empty()) take(cut);
    if (cut.end == FrameCutter::End::frame) {
      if (holds()) {
        using Frame = FrameHolder::Frame;
        const bool tells_usage = hide && cut.had_data && scan.whole() && reader.has_usage() && !reader.has_choices();
        const Frame frame = tells_usage ? Frame::tells_usage : is_broken(cut.had_data) ? Frame::broken : Frame::passes;
        holder.end_frame(at, frame, cutter.awaits_lf());
      }
      if (unended != 0) sequence = std::exchange(unended, 0);
      end_data(cut.had_data);
    } else if (holds() && cut.end == FrameCutter::End::comment) {
      holder.pass(at);
    }
  }
  if (holds()) {
    holder.hold(!whole_frames && reader.has_choices());
  } else {
    pieces.push_back(bytes);
  }
}

void AnswerTap::State::feed_lines(std::string_view bytes, std::vector<std::string_view>& pieces) {
  if (!whole_frames) {
    pieces.push_back(bytes);
    return read_lines(bytes);
  }
  holder.begin(bytes, pieces);
  read_lines(bytes);
  holder.hold(false);
}

void AnswerTap::State::read_lines(std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    const FrameWords::Line found = cutter.look(at, end);
    const bool whole_line = !line_begun && found.end != end;
    const std::string_view line(at, static_cast<size_t>(found.end - at));
    const bool is_read = !whole_line || found.worth || is_opening() || reads_all;
    is_read ? scan.feed(line, reader) : void(no_json = !may_be_json(line));
    line_begun = line_begun || found.end != at;
    if (found.end == end) return;
    if (whole_frames) {
      const bool broken = is_broken(line_begun);
      holder.end_frame(found.end + 1, broken ? FrameHolder::Frame::broken : FrameHolder::Frame::passes, false);
    }
    end_data(line_begun);
    line_begun = false;
    at = found.end + 1;
  }
}

void AnswerTap::State::feed_json(std::string_view bytes) {
  scan.feed(bytes, reader);
  end_seen = scan.whole();
}

AnswerTap::AnswerTap(Dialect dialect, MediaType type, bool hide_usage_chunk, const Asked& asked) {
  const Places& places = room_of(dialect).places;
  if (type == MediaType::json && places.streams_lines && asked.stream) type = MediaType::lines;
  state_ = std::make_unique<State>(places, type, hide_usage_chunk && places.usage_has_own_frame, asked);
}
AnswerTap::~AnswerTap() = default;
AnswerTap::AnswerTap(AnswerTap&&) noexcept = default;
AnswerTap& AnswerTap::operator=(AnswerTap&&) noexcept = default;

void AnswerTap::feed(std::string_view bytes, std::vector<std::string_view>& pieces) {
  if (bytes.empty()) return;
  state_->begun = true;
  if (state_->may_stream() && !state_->output.found()) [[unlikely]]
    state_->output.look(bytes);
  switch (state_->type) {
    case MediaType::events:
      return state_->feed_events(bytes, pieces);
    case MediaType::lines:
      return state_->feed_lines(bytes, pieces);
    case MediaType::json:
      state_->feed_json(bytes);
      break;
    case MediaType::page:
    case MediaType::other:
      break;
  }
  pieces.push_back(bytes);
}

void AnswerTap::pass_whole_frames() { state_->whole_frames = true; }
void AnswerTap::read_all_frames() { state_->reads_all = true; }
bool AnswerTap::lent() const { return state_->holder.lent(); }

std::string_view AnswerTap::missing_end() const {
  const bool lacks = state_->end_seen && !state_->sentinel_seen && state_->type == MediaType::events;
  return lacks ? state_->places.sentinel : std::string_view();
}

void AnswerTap::finish(std::vector<std::string_view>& pieces) {
  State& state = *state_;
  state.cut_within = state.mid_frame();
  const int frames_read = state.frames_read;
  const uint64_t sequence = state.sequence;
  const bool broken = state.is_broken(state.cutter.has_data() || state.line_begun);
  switch (state.type) {
    case MediaType::events:
      state.end_data(state.cutter.has_data());  // the last blank line may be missing
      state.frames_read = frames_read;
      break;
    case MediaType::lines:
      if (!state.scan.fresh()) state.end_text();
      break;
    case MediaType::json:
    case MediaType::page:
    case MediaType::other:
      break;
  }
  // A broken frame, or the last one of a stream that is cut, is not sent to the caller.
  const bool is_cut = state.cut_within && standing() == Standing::within;
  state.withheld = state.whole_frames && state.holder.holds_frame() && (broken || is_cut);
  state.withheld ? void(state.sequence = sequence) : state.holder.finish(pieces);
}

StreamFormat AnswerTap::format() const {
  switch (state_->type) {
    case MediaType::events:
      return StreamFormat::sse;
    case MediaType::lines:
      return StreamFormat::ndjson;
    case MediaType::json:
      if (!state_->places.streams_arrays) break;
      if (state_->scan.root_is_array() || (state_->stream_asked && state_->scan.fresh())) {
        return StreamFormat::json_array;
      }
      break;
    case MediaType::page:
    case MediaType::other:
      break;
  }
  return StreamFormat::none;
}

bool AnswerTap::output_begun() const { return state_->output.found(); }
bool AnswerTap::whole() const { return state_->end_seen; }
bool AnswerTap::ended_well() const { return state_->end_seen && (!saw_error() || state_->ended_first); }
bool AnswerTap::is_answer() const {
  const UsageReader& reader = state_->reader;
  return state_->type == MediaType::json ? reader.has_answer() : state_->shape_seen || reader.has_shape();
}
bool AnswerTap::saw_error() const {
  return state_->error_seen || (state_->type == MediaType::json && state_->reader.has_error());
}

Standing AnswerTap::standing() const {
  const State& state = *state_;
  if (state.type == MediaType::other || state.type == MediaType::page) return Standing::unread;
  if (state.end_seen) return Standing::finished;
  if (state.type == MediaType::json) {
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
  if (state.cut_within) return state.withheld;
  switch (state.type) {
    case MediaType::events:
      // The caller has nothing of a frame that is still held.
      return !state.mid_frame() || (state.holds() && state.holder.holds_frame());
    case MediaType::lines:
      return !state.mid_frame() || (state.whole_frames && state.holder.holds_frame());
    case MediaType::json:
    case MediaType::page:
    case MediaType::other:
      break;
  }
  return false;
}

ArrayPlace AnswerTap::array_place() const { return state_->scan.array_place(); }

uint64_t AnswerTap::next_sequence() const { return state_->sequence; }

// A body's counts apply as they arrive, so that a cut body, or a cut array of Gemini's, still reports them.
const Usage& AnswerTap::usage() const {
  State& state = *state_;
  SentCounts counts = state.counts;
  if (state.type == MediaType::json) counts = state.reader.counts();
  state.usage = usage_from(counts, state.places);
  return state.usage;
}

const std::string& AnswerTap::model() const {
  State& state = *state_;
  if (state.type == MediaType::json && state.model.empty()) append_json_unescaped(state.model, state.reader.model());
  return state.model;
}

}  // namespace sluice::api
