// Answers kept in memory: their owners, and the limits of bytes and age.
#include "storage/memory_store.h"

#include <catch2/catch.hpp>

using namespace sluice::storage;

namespace {

KeptAnswer answer_of(size_t bytes, const std::string& previous = {}) {
  KeptAnswer answer;
  answer.answer = std::string(bytes - previous.size(), 'x');
  answer.previous = previous;
  return answer;
}

struct World {
  int64_t now = 1'000'000;
  MemoryStore store;
  explicit World(const MemoryStoreBounds& bounds = {}) : store(bounds, [this] { return now; }) {}
};

// The memory that an answer of `bytes` takes, with owner "a" and an id of one letter.
size_t cost(size_t bytes) { return MemoryStore::entry_bytes + 2 * 3 + bytes; }

}  // namespace

TEST_CASE("an answer is found by its owner alone, and by its id") {
  World world;
  world.store.put("a", "1", answer_of(10, "0"));
  world.store.put("b", "1", answer_of(20));
  REQUIRE(world.store.find("a", "1") != nullptr);
  CHECK(world.store.find("a", "1")->bytes() == 10);
  CHECK(world.store.find("a", "1")->previous == "0");
  CHECK(world.store.find("b", "1")->bytes() == 20);
  CHECK(world.store.find("c", "1") == nullptr);
  CHECK(world.store.find("", "1") == nullptr);
  CHECK(world.store.find("a", "2") == nullptr);
  CHECK_FALSE(world.store.remove("c", "1"));
  CHECK(world.store.remove("a", "1"));
  CHECK_FALSE(world.store.remove("a", "1"));
  CHECK(world.store.find("a", "1") == nullptr);
  CHECK(world.store.find("b", "1") != nullptr);
}

TEST_CASE("what stands there under an id is replaced, and its bytes are given back") {
  World world;
  world.store.put("a", "1", answer_of(100));
  CHECK(world.store.bytes() == cost(100));
  world.store.put("a", "1", answer_of(30));
  CHECK(world.store.bytes() == cost(30));
  CHECK(world.store.size() == 1);
  world.store.remove("a", "1");
  CHECK(world.store.bytes() == 0);
}

TEST_CASE("at the bound of bytes the one goes that was not asked for the longest") {
  World world({3 * cost(100), cost(100), 60});
  for (const char* id : {"1", "2", "3"}) world.store.put("a", id, answer_of(100));
  CHECK(world.store.size() == 3);
  CHECK(world.store.bytes() == 3 * cost(100));
  CHECK(world.store.find("a", "1") != nullptr);
  world.store.put("a", "4", answer_of(100));
  CHECK(world.store.size() == 3);
  CHECK(world.store.find("a", "2") == nullptr);
  CHECK(world.store.find("a", "1") != nullptr);
  CHECK(world.store.find("a", "4") != nullptr);
}

TEST_CASE("an answer at its bound is kept, a larger one is not, and takes the place of none") {
  World world({1000, cost(100), 60});
  world.store.put("a", "1", answer_of(100));
  CHECK(world.store.find("a", "1") != nullptr);
  world.store.put("a", "2", answer_of(101));
  CHECK(world.store.find("a", "2") == nullptr);
  CHECK(world.store.find("a", "1") != nullptr);
}

TEST_CASE("age counts from when an answer was last asked for") {
  World world({10'000, 10'000, 60});
  world.store.put("a", "1", answer_of(10));
  world.store.put("a", "2", answer_of(10));
  world.now += 40;
  CHECK(world.store.find("a", "1") != nullptr);
  world.now += 20;  // 60 s: at the limit
  world.store.put("a", "3", answer_of(10));
  CHECK(world.store.size() == 3);
  world.now += 1;
  CHECK(world.store.find("a", "2") == nullptr);
  CHECK(world.store.find("a", "1") != nullptr);
  CHECK(world.store.size() == 2);
}

TEST_CASE("who holds an answer keeps it though it goes from the store") {
  World world;
  world.store.put("a", "1", answer_of(10));
  const auto held = world.store.find("a", "1");
  world.store.remove("a", "1");
  CHECK(held->answer == std::string(10, 'x'));
}
