#include "api/sent_frames.h"

#include <utility>

#include "api/frame_gatherer.h"
#include "base/give_back.h"

namespace sluice::api {
namespace {

constexpr auto npos = std::string_view::npos;

// Behind the last empty line, which ends an event; 0: there is none. Lines end by LF, CRLF or CR (WHATWG HTML 9.2.5);
// a CR at the very end may be the first half of a CRLF.
size_t last_event_end(std::string_view bytes) {
  for (size_t at = bytes.rfind('\n'); at != npos && at != 0; at = bytes.rfind('\n', at - 1)) {
    const size_t line = at - (bytes[at - 1] == '\r' ? 1 : 0);
    if (line != 0 && (bytes[line - 1] == '\n' || bytes[line - 1] == '\r')) return at + 1;
  }
  const size_t bare = bytes.rfind("\r\r");
  return bare == npos ? 0 : bare + 2;
}

}  // namespace

// Behind the last element: commas and brackets between them are the next one's, and the last bracket is the end's. As
// long as another target may go on, the array stays open.
size_t SentFrames::last_array_end(std::string_view bytes) {
  size_t end = 0;
  for (size_t next = elements_.next_end(bytes, 0); next != npos; next = elements_.next_end(bytes, next)) end = next;
  return end;
}

// The end of the last whole frame in `bytes`, which begin with the tail.
size_t SentFrames::last_end(std::string_view bytes) {
  switch (format_) {
    case StreamFormat::sse:
      return last_event_end(bytes);
    case StreamFormat::ndjson: {
      const size_t line = bytes.rfind('\n');
      return line == npos ? 0 : line + 1;
    }
    case StreamFormat::json_array: {
      // The tail has been looked at already.
      const size_t end = last_array_end(bytes.substr(tail_.size()));
      return end == 0 ? 0 : tail_.size() + end;
    }
    case StreamFormat::none:
      break;
  }
  return bytes.size();
}

void SentFrames::hold_tail(std::vector<std::string_view>& pieces) {
  if (pieces.empty()) return;
  if (too_long_) return let_go(pieces);
  std::string_view bytes = pieces.front();
  if (pieces.size() > 1 || !tail_.empty()) {
    joined_ = tail_;
    for (const std::string_view piece : pieces) joined_ += piece;
    bytes = joined_;
  }
  const size_t end = last_end(bytes);
  const std::string_view whole = bytes.substr(0, end);
  tail_ = bytes.substr(end);
  pieces.clear();
  if (!whole.empty()) pieces.push_back(whole);
  remember(whole);
  if (tail_.size() > max_bytes) too_long_ = true;
  if (too_long_) forget();
}

void SentFrames::let_go(std::vector<std::string_view>& pieces) {
  joined_ = std::exchange(tail_, {});
  if (!joined_.empty()) pieces.insert(pieces.begin(), joined_);
}

void SentFrames::remember(std::string_view bytes) {
  if (kept_.size() + bytes.size() > max_bytes) {
    too_long_ = true;
  } else {
    kept_ += bytes;
  }
}

void SentFrames::forget() {
  too_long_ = true;
  give_back(kept_);
}

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
