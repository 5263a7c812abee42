// Sits between an answer and its caller if the route's streams can be resumed after the caller's connection broke
// (`resume_s`): adds an id to each event, passes it on and keeps it in the StreamStore.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/frame_marker.h"
#include "base/dialect.h"
#include "gateway/stream_store.h"
#include "http/service.h"
#include "net/timers.h"

namespace sluice::gateway {

class StreamKeeperEvents {
 public:
  // The stream is being resumed on another connection. Called in a separate turn.
  virtual void on_followed() = 0;
  // The caller has left and has not resumed the stream in time.
  virtual void on_given_up() = 0;

 protected:
  ~StreamKeeperEvents() = default;
};

class StreamKeeper final : public http::Responder {
 public:
  // All references must outlive it. nullptr: the store has no room.
  static std::unique_ptr<StreamKeeper> make(StreamStore& store, StreamTerms terms, http::Responder& out,
                                            StreamKeeperEvents& events);
  StreamKeeper(StreamStore& store, http::Responder& out, StreamKeeperEvents& events);
  ~StreamKeeper();

  // The stream can be resumed, now and later.
  bool keeps() const { return !declined_; }
  // The caller has left. The keeper now waits for a follower, at most as long as the route says, and not once
  // `draining` is set, because nobody can connect then. `forever`: never give up, the answer is wanted anyway.
  void caller_left(const std::atomic<bool>& draining, bool forever);
  // The stream was resumed and the keeper has not given up since.
  bool followed() const { return !gave_up_ && store_.followed(*stream_); }
  // Drops the stream from the store: there was no answer, or it ends unseen.
  void forget();

  void send_head_lines(int status, std::string_view field_lines, Length length, std::string_view reason) override;
  void flush_head() override;
  void send_body(std::span<const std::string_view> pieces, bool last) override;
  void finish() override;
  void abort() override;
  bool listener_gone() const override { return out_.listener_gone(); }
  bool recall_head() override;
  bool head_sent() const override { return begun_ || head_ != nullptr; }
  size_t pending_bytes() const override { return out_.pending_bytes(); }
  void pause_body() override { out_.pause_body(); }
  void resume_body() override { out_.resume_body(); }
  void let_go() override { out_.let_go(); }
  std::string peer() const override { return out_.peer(); }
  uint64_t received_ns() const override { return out_.received_ns(); }
  uint64_t read_ns() const override { return out_.read_ns(); }
  uint64_t bytes_in() const override { return out_.bytes_in(); }
  uint64_t bytes_out() const override { return out_.bytes_out(); }
  net::Loop& loop() override { return out_.loop(); }

 private:
  struct Head {
    int status = 0;
    std::string lines;
    api::StreamFormat format{};
    bool has_ids = false;
  };
  void begin();
  void decline();
  void end(bool whole);
  bool hold_rest();
  void look();

  StreamStore& store_;
  http::Responder& out_;
  StreamKeeperEvents& events_;
  const std::shared_ptr<Bell> bell_;
  StreamStore::Handle stream_;
  std::unique_ptr<Head> head_;  // until it is handed on
  std::optional<api::FrameMarker> marker_;
  std::string marked_;
  std::vector<std::string> frames_;
  size_t held_bytes_ = 0;  // what the store counts for an incomplete frame
  int status_ = 0;
  bool begun_ = false;
  bool declined_ = false;
  bool ended_ = false;
  bool gave_up_ = false;
  const std::atomic<bool>* draining_ = nullptr;  // null: the caller is connected
  net::Timeout patience_;
};

}  // namespace sluice::gateway
