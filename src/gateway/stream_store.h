// What callers were sent of streams that they may go on with after their connection broke (`models.NAME.resume_s`): the
// last frames of each, under its request's id. One connection tells, any number of others follow, on any workers.
//
//   open() -> tells: add_head(), add() ... --end()--> kept for a while, since nobody knows what of it has arrived -->
//   gone
//                      |  ^                               |
//                      +--+--- followers: join(), read() until they have all of it, leave()
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

// Who may go on with it, and for how long.
struct StreamTerms {
  std::string owner;  // whose it is: nobody else finds it
  std::string request_id;
  std::string model;  // as its caller named it
  const api::Endpoint* endpoint = nullptr;
  uint32_t resume_ms = 0;  // how long it is kept behind its end, or its last follower
  uint64_t tag = 0;        // random; tells it from others whose callers gave them the same id
};

// One stream: what of it is not constant is the store's alone, under its lock.
class KeptStream {
 public:
  explicit KeptStream(StreamTerms its_terms) : terms(std::move(its_terms)) {}
  const StreamTerms terms;

 private:
  friend class StreamStore;
  enum class State : unsigned char { told, whole, cut, lost };

  State state_ = State::told;
  bool declined_ = false;  // its form is none that can be gone on with
  bool followed_ = false;  // by anybody, ever
  int status_ = 0;         // 0: it has no head yet
  std::string lines_;
  std::deque<std::string> frames_;
  uint64_t first_ = 0;     // so many frames before these are not kept any more
  size_t bytes_ = 0;       // with what it costs beside its text
  size_t rest_bytes_ = 0;  // of these, of a frame that is not whole yet
  size_t followers_ = 0;
  uint64_t alone_ms_ = 0;    // since when it has none
  uint64_t expires_ms_ = 0;  // once it has ended
  std::shared_ptr<Bell> teller_;
  std::vector<std::shared_ptr<Bell>> waiting_;
};

// How somebody asks to go on: `sluice-resume`, `last-event-id`.
struct ResumeAsked {
  std::string_view request_id;          // "": by the tag
  std::optional<uint64_t> tag;          // where an event's id tells it
  std::optional<uint64_t> after_frame;  // so many have arrived
};

struct StreamBounds {
  size_t max_bytes = 64 * 1024 * 1024;        // of all streams, with what each costs beside its text
  size_t max_owner_bytes = 16 * 1024 * 1024;  // of those of one key
  size_t max_stream_bytes = 4 * 1024 * 1024;
  size_t max_followers = 8;  // of a stream, at once
};

// Any thread; one lock, which only those take who tell or follow such a stream. At a bound of bytes, what has ended
// goes first, soonest to expire first; then the stream that grows loses its own beginning.
class StreamStore {
 public:
  using Handle = std::shared_ptr<KeptStream>;
  explicit StreamStore(const StreamBounds& bounds = {}) : bounds_(bounds) {}
  // Of all streams together, if that is less than StreamBounds has; a key has a quarter of it.
  void set_most(size_t bytes);

  // Who tells. nullptr: there is no room. `teller` is rung each time that somebody begins to follow. What had the same
  // id is found by its tag only from now on.
  Handle open(StreamTerms terms, std::shared_ptr<Bell> teller, uint64_t now_ms);
  void add_head(KeptStream& stream, int status, std::string lines);
  // What was held goes with it.
  void add(KeptStream& stream, std::vector<std::string> frames);
  // What has come of a frame that is not whole yet takes so much now. False: there is no room for it.
  bool hold(KeptStream& stream, size_t rest_bytes);
  void decline(KeptStream& stream);
  void end(KeptStream& stream, bool whole, uint64_t now_ms);
  void forget(KeptStream& stream);
  // Nobody has followed since then, in Loop::now_ms(); `now_ms`: somebody does. note_left(): the caller himself has
  // left.
  uint64_t alone_since_ms(const KeptStream& stream, uint64_t now_ms) const;
  void note_left(KeptStream& stream, uint64_t now_ms);
  bool followed(const KeptStream& stream) const;

  // Who follows. `at`: set to the number of frames that have arrived. unknown_stream, stream_gone, bad_request,
  // rate_limited.
  Result<Handle> join(const ResumeAsked& asked, std::string_view owner, const api::Endpoint* endpoint, uint64_t now_ms,
                      uint64_t& at);
  enum class Next : unsigned char { waits, frames, whole, cut, lost };
  // What comes behind `at`, about `most` bytes of it appended to `out`, which moves `at`. waits: nothing has come yet,
  // and `bell` is rung when something has. lost: it is not kept any more.
  Next read(KeptStream& stream, uint64_t& at, size_t most, std::string& out, const std::shared_ptr<Bell>& bell);
  // Its status, and its lines as they were sent; 0: `bell` is rung once they are there. -1: they never will be.
  int head(KeptStream& stream, std::string& lines, const std::shared_ptr<Bell>& bell);
  void leave(KeptStream& stream, const Bell& bell, uint64_t now_ms);

  // Frees what nobody may come back to any more.
  void drop_old(uint64_t now_ms);
  size_t bytes() const;
  size_t size() const;

  static constexpr size_t entry_bytes = 4096;  // what a stream costs beside its frames, with its head
  static constexpr size_t frame_bytes = 48;    // and a frame beside its text

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
