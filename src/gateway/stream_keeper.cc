#include "gateway/stream_keeper.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/dialect.h"
#include "base/give_back.h"
#include "gateway/resume.h"
#include "net/loop.h"

namespace sluice::gateway {
namespace {

constexpr size_t uncounted_bytes = 64 * 1024;
constexpr uint64_t look_ms = 1'000;

}  // namespace

std::unique_ptr<StreamKeeper> StreamKeeper::make(StreamStore& store, StreamTerms terms, http::Responder& out,
                                                 StreamKeeperEvents& events) {
  auto keeper = std::make_unique<StreamKeeper>(store, out, events);
  keeper->stream_ = store.open(std::move(terms), keeper->bell_, out.loop().now_ms());
  if (keeper->stream_ == nullptr) return nullptr;
  return keeper;
}

StreamKeeper::StreamKeeper(StreamStore& store, http::Responder& out, StreamKeeperEvents& events)
    : store_(store),
      out_(out),
      events_(events),
      bell_(std::make_shared<Bell>(out.loop(), [this] { events_.on_followed(); })),
      patience_(this, [](void* self) { static_cast<StreamKeeper*>(self)->look(); }) {}

StreamKeeper::~StreamKeeper() {
  bell_->silence();
  if (stream_ != nullptr) end(false);
}

// --- the answer ---

void StreamKeeper::send_head_lines(int status, std::string_view field_lines, Length length, std::string_view reason) {
  const api::DialectRoom& room = api::room_of(stream_->terms.endpoint->dialect);
  const api::StreamFormat format = format_of(status, field_lines, room);
  const bool has_ids = format == api::StreamFormat::sse && room.takes_event_ids;
  head_ = std::make_unique<Head>(Head{status, std::string(field_lines), format, has_ids});
  // Event ids make it longer than the target's content-length.
  const bool grows = has_ids && length.bytes < Length::unsaid;
  out_.send_head_lines(status, field_lines, grows ? Length{} : length, reason);
}

// The head can no longer be recalled: hands it to the store.
void StreamKeeper::begin() {
  if (head_ == nullptr) return;
  const std::unique_ptr<Head> head = std::move(head_);
  begun_ = true;
  status_ = head->status;
  const api::DialectRoom& room = api::room_of(stream_->terms.endpoint->dialect);
  const std::string_view coding = field_in(head->lines, "content-encoding");
  if (!coding.empty() && !http::same_name(coding, "identity")) return decline();
  marker_.emplace(head->format, head->has_ids ? event_id_begin(stream_->terms.tag) : std::string(), room.heartbeat);
  store_.add_head(*stream_, head->status, lines_to_keep(head->lines));
}

void StreamKeeper::decline() {
  declined_ = true;
  marker_.reset();
  store_.decline(*stream_);
  if (patience_.armed()) out_.loop().timers().arm(patience_, 1);  // cannot be resumed now; look() in a later turn
}

void StreamKeeper::flush_head() {
  begin();
  out_.flush_head();
}

void StreamKeeper::send_body(std::span<const std::string_view> pieces, bool last) {
  begin();
  if (!marker_) return out_.send_body(pieces, last);
  marked_.clear();
  for (const std::string_view piece : pieces) marker_->take(piece, marked_, frames_);
  if (!frames_.empty()) {
    store_.add(*stream_, std::exchange(frames_, {}));
    held_bytes_ = 0;
  }
  const std::string_view marked = marked_;
  out_.send_body(std::span<const std::string_view>(&marked, marked.empty() ? 0 : 1), last);
  if (!hold_rest()) decline();
  if (marked_.capacity() > uncounted_bytes) give_back(marked_);
}

// Counts the memory of an incomplete frame if it is large.
bool StreamKeeper::hold_rest() {
  const size_t bytes = marker_->rest_bytes() > uncounted_bytes ? marker_->rest_bytes() : 0;
  return bytes == std::exchange(held_bytes_, bytes) || store_.hold(*stream_, bytes);
}

void StreamKeeper::finish() {
  begin();
  end(true);
  out_.finish();
}

void StreamKeeper::abort() {
  begin();
  end(false);
  out_.abort();
}

bool StreamKeeper::recall_head() {
  if (begun_) return false;
  const bool had = std::exchange(head_, nullptr) != nullptr;
  return out_.recall_head() || had;
}

void StreamKeeper::end(bool whole) {
  patience_.cancel();
  if (std::exchange(ended_, true)) return;
  // An error is not worth keeping: its caller would send the request again anyway.
  if (draining_ == nullptr && (!begun_ || status_ >= 300)) return store_.forget(*stream_);
  if (marker_ && marker_->rest_bytes() != 0) {
    frames_.push_back(marker_->take_rest());
    store_.add(*stream_, std::exchange(frames_, {}));
  }
  store_.end(*stream_, whole, out_.loop().now_ms());
}

void StreamKeeper::forget() {
  ended_ = true;
  patience_.cancel();
  store_.forget(*stream_);
}

// --- the caller has left ---

void StreamKeeper::caller_left(const std::atomic<bool>& draining, bool forever) {
  draining_ = &draining;
  store_.note_left(*stream_, out_.loop().now_ms());
  if (!forever) out_.loop().timers().arm(patience_, std::min<uint64_t>(stream_->terms.resume_ms, look_ms));
}

void StreamKeeper::look() {
  const uint64_t now_ms = out_.loop().now_ms();
  const uint64_t since_ms = store_.alone_since_ms(*stream_, now_ms);
  const uint64_t alone_ms = now_ms - std::min(now_ms, since_ms);
  const bool nobody_can = draining_->load(std::memory_order_relaxed) && since_ms != now_ms;
  if (nobody_can || declined_ || alone_ms >= stream_->terms.resume_ms) {
    gave_up_ = true;
    return events_.on_given_up();
  }
  const uint64_t left_ms = stream_->terms.resume_ms - alone_ms;
  out_.loop().timers().arm(patience_, std::min(left_ms, look_ms));
}

}  // namespace sluice::gateway
