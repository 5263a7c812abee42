// The limits of what is kept of streams for callers who resume them.
#include "gateway/stream_store.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/fake_clock.h"

namespace sluice::gateway {
namespace {

constexpr size_t entry = StreamStore::entry_bytes;
constexpr uint32_t resume_ms = 1'000;

struct Room {
  test::FakeClock clock;
  test::FakeRandom random;
  net::Loop loop{clock, random};
  int rings = 0;
  std::shared_ptr<Bell> bell = std::make_shared<Bell>(loop, [this] { ++rings; });
  StreamStore store;
  uint64_t tags = 0;

  explicit Room(const StreamBounds& bounds = {}) : store(bounds) {}
  StreamStore::Handle open(const std::string& id, const std::string& owner = "a") {
    StreamTerms terms;
    terms.owner = owner;
    terms.request_id = id;
    terms.resume_ms = resume_ms;
    terms.tag = ++tags;
    return store.open(std::move(terms), nullptr, 0);
  }
  // Adds `count` frames of `bytes` each.
  void add(const StreamStore::Handle& stream, size_t bytes, size_t count = 1) {
    store.add(*stream, std::vector<std::string>(count, std::string(bytes - StreamStore::frame_bytes, 'x')));
  }
  ErrorCode met(const std::string& id, uint64_t after, uint64_t now_ms = 0, const std::string& owner = "a") {
    ResumeAsked asked;
    asked.request_id = id;
    asked.after_frame = after;
    uint64_t at = 0;
    const auto joined = store.join(asked, owner, nullptr, now_ms, at);
    if (!joined) return joined.error().code;
    CHECK(at == after);
    store.leave(**joined, *bell, now_ms);
    return ErrorCode::internal;
  }
};
constexpr ErrorCode fine = ErrorCode::internal;

TEST_CASE("a stream keeps its last frames, as many as its bound holds") {
  StreamBounds bounds;
  bounds.max_stream_bytes = entry + 300;
  Room room(bounds);
  const auto stream = room.open("one");
  room.add(stream, 100, 3);
  CHECK(room.met("one", 0) == fine);
  CHECK(room.store.bytes() == entry + 300);
  room.add(stream, 100);
  CHECK(room.met("one", 0) == ErrorCode::stream_gone);
  CHECK(room.met("one", 1) == fine);
  CHECK(room.met("one", 4) == fine);
  CHECK(room.met("one", 5) == ErrorCode::bad_request);
  CHECK(room.store.bytes() == entry + 300);
  room.add(stream, 300);
  CHECK(room.met("one", 3) == ErrorCode::stream_gone);
  CHECK(room.met("one", 4) == fine);
  room.add(stream, 301);  // this frame alone is over the limit
  CHECK(room.met("one", 5) == ErrorCode::stream_gone);
  CHECK(room.met("one", 6) == fine);
  CHECK(room.store.bytes() == entry);
  room.add(stream, 100);
  CHECK(room.met("one", 6) == fine);
}

TEST_CASE("what has come of a frame counts before it is whole, and once when it is") {
  StreamBounds bounds;
  bounds.max_stream_bytes = entry + 300;
  bounds.max_owner_bytes = 2 * entry + 300;
  Room room(bounds);
  const auto stream = room.open("one");
  CHECK(room.store.hold(*stream, 300));
  CHECK(room.store.bytes() == entry + 300);
  CHECK(room.store.hold(*stream, 200));
  CHECK(room.store.bytes() == entry + 200);
  room.add(stream, 300);
  CHECK(room.met("one", 0) == fine);
  CHECK(room.store.bytes() == entry + 300);
  const auto other = room.open("other");
  CHECK_FALSE(room.store.hold(*other, 1));  // over this key's limit
  CHECK_FALSE(room.store.hold(*stream, entry + 301));
  CHECK(room.store.hold(*stream, 100));  // makes room by dropping its own beginning
  CHECK(room.met("one", 0) == ErrorCode::stream_gone);
  room.store.end(*stream, true, 0);
  CHECK(room.store.bytes() == 2 * entry);
}

TEST_CASE(
    "what has ended goes for what comes, of the same key first, soonest to expire first; then the beginning goes") {
  StreamBounds bounds;
  bounds.max_owner_bytes = 3 * entry + 300;
  bounds.max_bytes = 4 * entry + 300;
  Room room(bounds);
  const auto first = room.open("first"), second = room.open("second");
  room.add(first, 100);
  room.add(second, 100);
  room.store.end(*second, true, 0);
  room.store.end(*first, false, 1);
  const auto third = room.open("third");
  room.add(third, 100);
  CHECK(room.store.size() == 3);
  room.add(third, 100);  // evicts the second, which expires before the first
  CHECK(room.met("second", 0) == ErrorCode::unknown_stream);
  CHECK(room.met("first", 0) == fine);
  const auto other = room.open("other", "b"), another = room.open("another", "b");
  CHECK(room.store.size() == 4);
  room.add(other, 100);  // over the limit of all keys: evicts the first, although it is another key's
  CHECK(room.met("first", 0) == ErrorCode::unknown_stream);
  room.add(another, entry);
  CHECK(room.store.bytes() == bounds.max_bytes);
  CHECK(room.open("fifth", "c") == nullptr);
  CHECK(room.open("fifth", "a") == nullptr);
  room.add(another, 100);  // no ended stream is left, so its own beginning is dropped
  CHECK(room.met("another", 0, 0, "b") == ErrorCode::stream_gone);
  CHECK(room.met("another", 1, 0, "b") == fine);
  CHECK(room.met("third", 0) == fine);
  CHECK(room.store.bytes() <= bounds.max_bytes);
}

TEST_CASE("what has expired is not found, and goes") {
  Room room;
  const auto stream = room.open("one");
  room.store.end(*stream, true, 500);
  CHECK(room.met("one", 0, 500 + resume_ms - 1) == fine);  // and its time starts anew
  room.store.drop_old(500 + 2 * resume_ms - 2);
  CHECK(room.store.size() == 1);
  CHECK(room.met("one", 0, 500 + 2 * resume_ms - 1) == ErrorCode::unknown_stream);
  CHECK(room.store.size() == 0);
  const auto other = room.open("other");
  room.store.end(*other, true, 0);
  room.store.drop_old(resume_ms - 1);
  CHECK(room.store.size() == 1);
  room.store.drop_old(resume_ms);
  CHECK(room.store.size() == 0);
  CHECK(room.store.bytes() == 0);
}

TEST_CASE("what is followed stays as long as it is") {
  Room room;
  const auto stream = room.open("one");
  room.add(stream, 100);
  room.store.end(*stream, true, 0);
  ResumeAsked asked;
  asked.request_id = "one";
  uint64_t at = 0;
  const auto joined = room.store.join(asked, "a", nullptr, 0, at);
  REQUIRE(joined);
  room.store.drop_old(10 * resume_ms);
  std::string frames;
  CHECK(room.store.read(**joined, at, 1'000, frames, room.bell) == StreamStore::Next::frames);
  CHECK(room.store.read(**joined, at, 1'000, frames, room.bell) == StreamStore::Next::whole);
  room.store.leave(**joined, *room.bell, 10 * resume_ms);
  room.store.drop_old(11 * resume_ms);
  CHECK(room.store.size() == 0);
  CHECK(room.store.read(*stream, at, 1'000, frames, room.bell) == StreamStore::Next::lost);
}

TEST_CASE("a bell rings once for all that comes before it is heard, and not once it is silenced") {
  Room room;
  const auto stream = room.open("one");
  std::string frames;
  uint64_t at = 0;
  for (int times = 0; times < 3; ++times) {
    CHECK(room.store.read(*stream, at, 1'000, frames, room.bell) == StreamStore::Next::waits);
  }
  room.add(stream, 100);
  room.add(stream, 100);
  CHECK(room.rings == 0);
  test::turn(room.loop);
  CHECK(room.rings == 1);
  CHECK(room.store.read(*stream, at, 1'000, frames, room.bell) == StreamStore::Next::frames);
  CHECK(at == 2);
  CHECK(room.store.read(*stream, at, 1'000, frames, room.bell) == StreamStore::Next::waits);
  room.add(stream, 100);
  room.bell->silence();
  test::turn(room.loop);
  CHECK(room.rings == 1);
}

TEST_CASE("many threads tell and follow at once, and every follower has every frame in its order") {
  constexpr int streams = 4, frames = 2'000;
  Room room;
  std::vector<StreamStore::Handle> handles;
  for (int i = 0; i < streams; ++i) handles.push_back(room.open(std::to_string(i)));
  std::atomic<int> complete{0};
  std::vector<std::thread> threads;
  for (const auto& stream : handles) {
    threads.emplace_back([&room, stream] {
      for (int i = 0; i < frames; ++i) room.store.add(*stream, {std::to_string(i) + "\n"});
      room.store.end(*stream, true, 0);
    });
    threads.emplace_back([&room, &complete, id = stream->terms.request_id] {
      const auto bell = std::make_shared<Bell>(room.loop, [] {});
      ResumeAsked asked;
      asked.request_id = id;
      uint64_t at = 0;
      const auto joined = room.store.join(asked, "a", nullptr, 0, at);
      if (!joined) return;
      std::string had, expected;
      StreamStore::Next next = StreamStore::Next::waits;
      while (next == StreamStore::Next::waits || next == StreamStore::Next::frames) {
        next = room.store.read(**joined, at, 100, had, bell);
      }
      room.store.leave(**joined, *bell, 0);
      for (int i = 0; i < frames; ++i) expected += std::to_string(i) + "\n";
      if (next == StreamStore::Next::whole && had == expected) ++complete;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(complete == streams);
}

}  // namespace
}  // namespace sluice::gateway
