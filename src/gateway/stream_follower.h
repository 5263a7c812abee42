// A caller who goes on with a stream: what is kept of it behind what has arrived, and then what comes, until it ends.
// Nothing is asked of anybody for it.
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
  // All of it has been written: Responder::finish() is due.
  virtual void on_followed_to_end() = 0;
  // It was cut, and the caller has been sent what its own caller was: abort() is due. Or, where `error` says why, it
  // can be followed no further.
  virtual void on_follow_failed(const Error* error) = 0;

 protected:
  ~StreamFollowerEvents() = default;
};

class StreamFollower final : HeartbeatEvents {
 public:
  // `stream`: joined, behind frame `at`. All must outlive it.
  StreamFollower(StreamStore& store, StreamStore::Handle stream, uint64_t at, http::Responder& responder,
                 StreamFollowerEvents& events);
  ~StreamFollower();

  // The whole request has come.
  void start(uint32_t heartbeat_ms);
  // More may be written.
  void go_on();
  // No event follows.
  void leave();
  // Ends the stream with that.
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
