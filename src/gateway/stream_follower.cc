#include "gateway/stream_follower.h"

#include <span>
#include <string_view>
#include <utility>

#include "api/dialect.h"
#include "base/time_text.h"
#include "gateway/resume.h"
#include "http/writer.h"
#include "net/loop.h"
#include "net/stream.h"

namespace sluice::gateway {

StreamFollower::StreamFollower(StreamStore& store, StreamStore::Handle stream, uint64_t at, http::Responder& responder,
                               StreamFollowerEvents& events)
    : store_(store),
      stream_(std::move(stream)),
      responder_(responder),
      events_(events),
      bell_(std::make_shared<Bell>(responder.loop(), [this] { go_on(); })),
      heartbeat_(responder, *this),
      at_(at) {}

StreamFollower::~StreamFollower() { leave(); }

void StreamFollower::leave() {
  if (std::exchange(over_, true)) return;
  heartbeat_.stop();
  bell_->silence();
  store_.leave(*stream_, *bell_, responder_.loop().now_ms());
}

void StreamFollower::start(uint32_t heartbeat_ms) {
  started_ = true;
  heartbeat_.start(heartbeat_ms);
  go_on();
}

// Sends the head if there is one. False: there is none yet, or there never will be.
bool StreamFollower::begin() {
  std::string lines;
  const int status = store_.head(*stream_, lines, bell_);
  if (status == 0) return false;
  if (status < 0) {
    const Error gone{ErrorCode::stream_gone,
                     "that stream ended before it began, or is no longer kept; send the request again"};
    fail(&gone);
    return false;
  }
  status_ = status;
  format_ = format_of(status, lines, api::room_of(stream_->terms.endpoint->dialect));
  http::write_field(lines, "date", http_date(responder_.loop().clock().unix_s()));
  responder_.send_head_lines(status, lines, {}, {});
  return true;
}

void StreamFollower::go_on() {
  constexpr size_t most_at_once = 64 * 1024;
  if (over_ || !started_ || (status_ == 0 && !begin())) return;
  while (responder_.pending_bytes() <= net::WriteMarks::high_bytes) {
    std::string frames;
    switch (store_.read(*stream_, at_, most_at_once, frames, bell_)) {
      case StreamStore::Next::frames: {
        const std::string_view piece = frames;
        responder_.send_body(std::span<const std::string_view>(&piece, 1));
        break;
      }
      case StreamStore::Next::waits:
        return responder_.flush_head();
      case StreamStore::Next::whole:
        leave();
        return events_.on_followed_to_end();
      case StreamStore::Next::cut:
        return fail(nullptr);
      case StreamStore::Next::lost: {
        const Error lost{ErrorCode::stream_gone,
                         "this stream is no longer kept from here on: it was read too slowly; send the request again"};
        return fail(&lost);
      }
    }
  }
}

void StreamFollower::fail(const Error* error) {
  leave();
  events_.on_follow_failed(error);
}

void StreamFollower::tell(const Error& error) {
  const api::ArrayPlace place = at_ == 0 ? api::ArrayPlace::nothing_yet : api::ArrayPlace::after_element;
  const std::string event =
      api::error_event(stream_->terms.endpoint->dialect, format_, error, stream_->terms.request_id, {true, at_, place});
  const std::string_view piece = event;
  if (!event.empty()) responder_.send_body(std::span<const std::string_view>(&piece, 1));
}

void StreamFollower::on_silence() {
  const std::string_view beat = api::room_of(stream_->terms.endpoint->dialect).heartbeat;
  const bool beats = format_ == api::StreamFormat::sse || format_ == api::StreamFormat::ndjson;
  if (status_ == 0 || !beats || beat.empty()) return;
  responder_.send_body(std::span<const std::string_view>(&beat, 1));
}

}  // namespace sluice::gateway
