#include "api/sent_frames.h"

#include <algorithm>
#include <utility>

#include "api/frame_gatherer.h"
#include "api/sent_reading.h"
#include "base/give_back.h"

namespace sluice::api {
namespace {

constexpr auto npos = std::string_view::npos;

// The position behind the last empty line, which ends an event; 0: there is none. Lines end with LF, CRLF or CR (WHATWG
// HTML 9.2.5); a CR at the very end may be the first half of a CRLF.
size_t last_event_end(std::string_view bytes) {
  for (size_t at = bytes.rfind('\n'); at != npos && at != 0; at = bytes.rfind('\n', at - 1)) {
    const size_t line = at - (bytes[at - 1] == '\r' ? 1 : 0);
    if (line != 0 && (bytes[line - 1] == '\n' || bytes[line - 1] == '\r')) return at + 1;
  }
  const size_t bare = bytes.rfind("\r\r");
  return bare == npos ? 0 : bare + 2;
}

}  // namespace

SentFrames::SentFrames(StreamFormat format) : format_(format) {}
SentFrames::~SentFrames() = default;

// The position behind the last element. Commas and brackets between elements belong to the next one, and the last
// bracket to the end: the array stays open as long as another target may continue it.
size_t SentFrames::last_array_end(std::string_view bytes) {
  size_t end = 0;
  for (size_t next = elements_.next_end(bytes, 0); next != npos; next = elements_.next_end(bytes, next)) end = next;
  return end;
}

// The end of the last whole frame in `bytes`, whose first `looked_at` bytes are the tail.
size_t SentFrames::last_end(std::string_view bytes, size_t looked_at) {
  constexpr size_t line_ends = 3;  // how many of the four bytes that end an event may be in the tail
  size_t from = looked_at;
  size_t end = 0;
  switch (format_) {
    case StreamFormat::sse:
      from -= std::min(from, line_ends);
      end = last_event_end(bytes.substr(from));
      break;
    case StreamFormat::ndjson: {
      const size_t line = bytes.substr(from).rfind('\n');
      end = line == npos ? 0 : line + 1;
      break;
    }
    case StreamFormat::json_array:
      end = last_array_end(bytes.substr(from));
      break;
    case StreamFormat::none:
      return bytes.size();
  }
  return end == 0 ? 0 : from + end;
}

void SentFrames::hold_tail(std::vector<std::string_view>& pieces) {
  if (pieces.empty()) return;
  if (too_long_) return let_go(pieces);
  std::string_view bytes = pieces.front();
  const size_t looked_at = tail_.size();
  const bool joins = pieces.size() > 1 || !tail_.empty();
  if (joins) {
    for (const std::string_view piece : pieces) tail_ += piece;
    bytes = tail_;
  }
  const size_t end = last_end(bytes, looked_at);
  pieces.clear();
  if (end == 0) {
    if (!joins) tail_ = bytes;
  } else {
    if (joins) {
      joined_.swap(tail_);
      bytes = joined_;
    }
    kept_ += bytes.substr(0, end);
    tail_ = bytes.substr(end);
    pieces.push_back(bytes.substr(0, end));
  }
  if (tail_.size() > max_frame_bytes) forget();
}

void SentFrames::let_go(std::vector<std::string_view>& pieces) {
  joined_ = std::exchange(tail_, {});
  if (!joined_.empty()) pieces.insert(pieces.begin(), joined_);
}

void SentFrames::forget() {
  too_long_ = true;
  give_back(kept_);
  reading_.reset();
}

size_t SentFrames::held_bytes() const { return raw_bytes() + (reading_ ? reading_->held_bytes() : 0); }

void SentFrames::read(const TranslationRoom& room, const Origin& target) {
  if (too_long_) return;
  if (!reading_) reading_ = std::make_unique<SentReading>(format_, room, target);
  reading_->read(kept_);
  give_back(kept_);
}

const SentState* SentFrames::state() const { return reading_ ? reading_->state() : nullptr; }

namespace {

class FrameWalk final : FrameTaker {
 public:
  explicit FrameWalk(const std::function<void(JsonValue)>& take) : take_(take) {}
  void walk(const SentFrames& sent) {
    FrameGatherer gatherer(sent.format(), *this);
    (void)gatherer.feed(sent.frames());  // whole frames, of a bounded size
  }

 private:
  void on_frame(std::string_view, std::string_view data) override {
    if (document_.parse(data)) take_(document_.root());
  }

  const std::function<void(JsonValue)>& take_;
  JsonDocument document_;
};

}  // namespace

void for_each_frame(const SentFrames& sent, const std::function<void(JsonValue)>& take) { FrameWalk(take).walk(sent); }

}  // namespace sluice::api
