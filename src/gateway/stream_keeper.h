// Stands between an answer and its caller where the route's streams can be gone on with after the caller's connection
// broke (`resume_s`): passes on what comes, each event with an id to come back with, and keeps it in the StreamStore.
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
  // Somebody goes on with the stream in another connection, in another turn than this one's others.
  virtual void on_followed() = 0;
  // The caller has left, and nobody has followed for so long that nobody will.
  virtual void on_given_up() = 0;

 protected:
  ~StreamKeeperEvents() = default;
};

class StreamKeeper final : public http::Responder {
 public:
  // All must outlive it. nullptr: the store has no room.
  static std::unique_ptr<StreamKeeper> make(StreamStore& store, StreamTerms terms, http::Responder& out,
                                            StreamKeeperEvents& events);
  StreamKeeper(StreamStore& store, http::Responder& out, StreamKeeperEvents& events);
  ~StreamKeeper();

  // What has come so far can be gone on with, and so will what comes.
  bool keeps() const { return !declined_; }
  // The caller has left. From now on the keeper waits for somebody to follow, but never longer than the route says, and
  // not while nobody can come any more, as `draining` tells; `forever`: what comes is wanted all the same.
  void caller_left(const std::atomic<bool>& draining, bool forever);
  // Somebody has, and nobody who has was waited for in vain.
  bool followed() const { return !gave_up_ && store_.followed(*stream_); }
  // It was nothing, or ends without the answer's being told.
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
  std::unique_ptr<Head> head_;  // until it leaves
  std::optional<api::FrameMarker> marker_;
  std::string marked_;
  std::vector<std::string> frames_;
  size_t held_bytes_ = 0;  // that the store counts for a frame that is not whole yet
  int status_ = 0;
  bool begun_ = false;
  bool declined_ = false;
  bool ended_ = false;
  bool gave_up_ = false;
  const std::atomic<bool>* draining_ = nullptr;  // null: the caller is there
  net::Timeout patience_;
};

}  // namespace sluice::gateway
