// Keeps what callers were sent of streams that they may resume after their connection broke (`models.NAME.resume_s`):
// the last frames of each, by request id. One exchange writes a stream, any number of connections follow it, on any
// workers.
//
//   open() -> writer: add_head(), add() ... --end()--> kept for a while, in case not all of it has arrived --> gone
//               |  ^                                      |
//               +--+--- followers: join(), read() until they have everything, leave()
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/endpoint.h"
#include "base/result.h"
#include "gateway/bell.h"

namespace sluice::gateway {

// Who may resume a stream, and for how long.
struct StreamTerms {
  std::string owner;  // only this owner can find it
  std::string request_id;
  std::string model;  // as its caller named it
  const api::Endpoint* endpoint = nullptr;
  uint32_t resume_ms = 0;  // how long it is kept after its end or its last follower
  uint64_t tag = 0;        // random; distinguishes streams with the same request id
};

// One stream. Everything except `terms` is only used by the store, under its lock.
class KeptStream {
 public:
  explicit KeptStream(StreamTerms its_terms) : terms(std::move(its_terms)) {}
  const StreamTerms terms;

 private:
  friend class StreamStore;
  enum class State : unsigned char { told, whole, cut, lost };

  State state_ = State::told;
  bool declined_ = false;  // it cannot be resumed in this form
  bool followed_ = false;  // has ever had a follower
  int status_ = 0;         // 0: it has no head yet
  std::string lines_;
  std::deque<std::string> frames_;
  uint64_t first_ = 0;     // how many frames before these are no longer kept
  size_t bytes_ = 0;       // including the overhead
  size_t rest_bytes_ = 0;  // of these, for an incomplete frame
  size_t followers_ = 0;
  uint64_t alone_ms_ = 0;    // since when it has no followers
  uint64_t expires_ms_ = 0;  // valid once it has ended
  std::shared_ptr<Bell> teller_;
  std::vector<std::shared_ptr<Bell>> waiting_;
};

// What a resuming request asks for by `sluice-resume` and `last-event-id`.
struct ResumeAsked {
  std::string_view request_id;          // "": found by the tag
  std::optional<uint64_t> tag;          // from an event's id
  std::optional<uint64_t> after_frame;  // how many frames have arrived
};

struct StreamBounds {
  size_t max_bytes = 64 * 1024 * 1024;        // of all streams, including their overhead
  size_t max_owner_bytes = 16 * 1024 * 1024;  // of one owner's streams
  size_t max_stream_bytes = 4 * 1024 * 1024;
  size_t max_followers = 8;  // of one stream, at the same time
};

// Any thread. One lock, which is only taken by writers and followers of such streams. When a limit is reached, ended
// streams are dropped first, the first to expire first; then the growing stream loses its beginning.
class StreamStore {
 public:
  using Handle = std::shared_ptr<KeptStream>;
  explicit StreamStore(const StreamBounds& bounds = {}) : bounds_(bounds) {}
  // Limits all streams together, if `bytes` is less than StreamBounds allows; one owner may use a quarter.
  void set_most(size_t bytes);

  // The writer's side. nullptr: there is no room. `teller` is rung each time a follower joins. An earlier stream with
  // the same id can only be found by its tag from now on.
  Handle open(StreamTerms terms, std::shared_ptr<Bell> teller, uint64_t now_ms);
  void add_head(KeptStream& stream, int status, std::string lines);
  // Replaces what hold() has counted.
  void add(KeptStream& stream, std::vector<std::string> frames);
  // Counts `rest_bytes` for an incomplete frame. False: there is no room.
  bool hold(KeptStream& stream, size_t rest_bytes);
  void decline(KeptStream& stream);
  void end(KeptStream& stream, bool whole, uint64_t now_ms);
  void forget(KeptStream& stream);
  // Since when there is no follower, in Loop::now_ms(); returns `now_ms` if there is one. note_left(): the first caller
  // has left.
  uint64_t alone_since_ms(const KeptStream& stream, uint64_t now_ms) const;
  void note_left(KeptStream& stream, uint64_t now_ms);
  bool followed(const KeptStream& stream) const;

  // The follower's side. `at`: set to the number of frames that the caller already has. Errors: unknown_stream,
  // stream_gone, bad_request, rate_limited.
  Result<Handle> join(const ResumeAsked& asked, std::string_view owner, const api::Endpoint* endpoint, uint64_t now_ms,
                      uint64_t& at);
  enum class Next : unsigned char { waits, frames, whole, cut, lost };
  // Appends about `most` bytes of the frames after `at` to `out` and advances `at`. waits: there are none yet, `bell`
  // is rung when there are. lost: they are no longer kept.
  Next read(KeptStream& stream, uint64_t& at, size_t most, std::string& out, const std::shared_ptr<Bell>& bell);
  // Returns the status and sets `lines` to the head's kept lines. 0: not there yet, `bell` is rung when it is. -1:
  // there will be none.
  int head(KeptStream& stream, std::string& lines, const std::shared_ptr<Bell>& bell);
  void leave(KeptStream& stream, const Bell& bell, uint64_t now_ms);

  // Frees the streams that have expired.
  void drop_old(uint64_t now_ms);
  size_t bytes() const;
  size_t size() const;

  static constexpr size_t entry_bytes = 4096;  // overhead of a stream, including its head
  static constexpr size_t frame_bytes = 48;    // overhead of a frame

 private:
  using Expiry = std::pair<uint64_t, KeptStream*>;
  struct Owner {
    size_t bytes = 0;
    size_t streams = 0;
    std::set<Expiry> ended;
  };
  static std::string id_key(std::string_view owner, std::string_view request_id);
  KeptStream* find(const ResumeAsked& asked, std::string_view owner) const;
  void drop(KeptStream& stream);
  bool make_room(KeptStream* grows, Owner& owner, size_t bytes);
  void drop_first(KeptStream& stream, Owner& owner);
  void count(KeptStream& stream, Owner& owner, size_t bytes);
  void give_back_rest(KeptStream& stream, Owner& owner);
  void list_ended(KeptStream& stream, uint64_t expires_ms);
  void unlist_ended(KeptStream& stream);
  static void wait(KeptStream& stream, const std::shared_ptr<Bell>& bell);
  static void ring(KeptStream& stream);

  StreamBounds bounds_;
  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, Handle> streams_;  // by tag
  std::unordered_map<std::string, KeptStream*> ids_;
  std::unordered_map<std::string, Owner> owners_;
  std::set<Expiry> ended_;
  size_t bytes_ = 0;
};

}  // namespace sluice::gateway
