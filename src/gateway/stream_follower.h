// Serves a caller that resumes a stream: first what is kept after the frames it already has, then new frames until the
// end. No target is asked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/error_body.h"
#include "gateway/heartbeat.h"
#include "gateway/stream_store.h"
#include "http/service.h"

namespace sluice::gateway {

class StreamFollowerEvents {
 public:
  // The whole stream has been written: call Responder::finish().
  virtual void on_followed_to_end() = 0;
  // The stream was cut and everything that its first caller got has been sent: call abort(). If `error` is set, the
  // stream cannot be followed any further for that reason.
  virtual void on_follow_failed(const Error* error) = 0;

 protected:
  ~StreamFollowerEvents() = default;
};

class StreamFollower final : HeartbeatEvents {
 public:
  // `stream`: joined, after frame `at`. All references must outlive the follower.
  StreamFollower(StreamStore& store, StreamStore::Handle stream, uint64_t at, http::Responder& responder,
                 StreamFollowerEvents& events);
  ~StreamFollower();

  // The whole request has arrived.
  void start(uint32_t heartbeat_ms);
  // More bytes may be written.
  void go_on();
  // Stops following. No event comes after it.
  void leave();
  // Ends the stream with an error event.
  void tell(const Error& error);

  const StreamTerms& terms() const { return stream_->terms; }
  int status() const { return status_; }  // 0: nothing has been sent

 private:
  void on_silence() override;
  bool begin();
  void fail(const Error* error);

  StreamStore& store_;
  const StreamStore::Handle stream_;
  http::Responder& responder_;
  StreamFollowerEvents& events_;
  const std::shared_ptr<Bell> bell_;
  Heartbeat heartbeat_;
  uint64_t at_;
  int status_ = 0;
  api::StreamFormat format_{};
  bool started_ = false;
  bool over_ = false;
};

}  // namespace sluice::gateway
