// Limits of keys, providers and models: what they let in, what they give back, what memory they take.
#include <malloc.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "policy/hold.h"
#include "policy/limiter.h"

namespace sluice::policy {
namespace {

constexpr uint64_t second_ns = 1'000'000'000, minute_ns = 60 * second_ns;
constexpr uint64_t start_ns = 100 * minute_ns;

config::RateLimits limits_of(uint32_t requests, uint32_t burst, uint32_t tokens, uint32_t concurrent) {
  config::RateLimits limits;
  limits.requests_per_minute = requests;
  limits.burst = burst;
  limits.tokens_per_minute = tokens;
  limits.concurrent = concurrent;
  return limits;
}

// One key, provider and model, each with its limits.
struct World {
  config::Config config;
  std::unique_ptr<Limiter> limiter;

  World(const config::RateLimits& key, const config::RateLimits& provider, const config::RateLimits& model) {
    config.keys.resize(1);
    config.keys[0].name = "team";
    config.keys[0].limits = key;
    config.providers.resize(2);
    config.providers[1].name = "lab";
    config.providers[1].limits = provider;
    config.models.resize(1);
    config.models[0].name = "fast";
    config.models[0].limits = model;
    limiter = Limiter::create(config);
  }
  explicit World(const config::RateLimits& key) : World(key, {}, {}) {}

  Hold hold() {
    Hold made;
    made.be_under(limiter->of(&config.keys[0]), limiter->of(&config.providers[1]), limiter->of(&config.models[0]));
    return made;
  }
  LimitState key_state(uint64_t now_ns) { return limiter->of(&config.keys[0])->state(now_ns); }
};

// Lets in requests, each of which ends immediately, until one is refused; returns how many.
uint32_t let_in(World& world, uint64_t now_ns) {
  uint32_t count = 0;
  for (Hold hold = world.hold(); !hold.take(0, now_ns); ++count) hold.give_back(0, now_ns);
  return count;
}

TEST_CASE("a configuration without limits has no limiter, and only what is limited has a limit") {
  CHECK(World({}).limiter == nullptr);
  World world(limits_of(1, 0, 0, 0));
  REQUIRE(world.limiter != nullptr);
  CHECK(world.limiter->of(&world.config.keys[0]) != nullptr);
  CHECK(world.limiter->of(&world.config.providers[1]) == nullptr);
  CHECK(world.limiter->of(&world.config.models[0]) == nullptr);
  CHECK(world.limiter->of(static_cast<const config::CallerKey*>(nullptr)) == nullptr);
  CHECK(world.limiter->of(static_cast<const config::Model*>(nullptr)) == nullptr);
  World provider({}, limits_of(1, 0, 0, 0), {});
  CHECK(provider.limiter->of(&provider.config.providers[0]) == nullptr);
  CHECK(provider.limiter->of(&provider.config.providers[1]) != nullptr);
}

TEST_CASE("eight threads on one key of 600 a minute get 600 and what flows in, no more and no fewer") {
  World world(limits_of(600, 0, 0, 0));
  std::atomic<uint32_t> count{0};
  // At each moment all threads ask until they are refused. The moments cover a minute, then follows a long pause.
  std::vector<uint64_t> moments;
  for (uint64_t ms = 0; ms <= 60'000; ms += 500) moments.push_back(start_ns + ms * 1'000'000);
  moments.push_back(start_ns + 10 * minute_ns);
  uint32_t expected = 0;
  for (size_t i = 0; i < moments.size(); ++i) {
    expected += i == 0 || i + 1 == moments.size() ? 600 : 5;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        Hold hold = world.hold();
        while (!hold.take(0, moments[i])) {
          ++count;
          hold.give_back(0, moments[i]);
        }
      });
    }
    for (auto& thread : threads) thread.join();
    REQUIRE(count == expected);
  }
  CHECK(expected == 600 + 600 + 600);
}

TEST_CASE("burst is what may come at once; without it, a minute's worth") {
  struct Row {
    config::RateLimits limits;
    uint32_t at_once, after_1_s;
  };
  for (const Row& row : std::vector<Row>{{limits_of(600, 0, 0, 0), 600, 10},
                                         {limits_of(600, 60, 0, 0), 60, 10},
                                         {limits_of(600, 1, 0, 0), 1, 1},
                                         {limits_of(60, 600, 0, 0), 600, 1},
                                         {limits_of(1, 0, 0, 0), 1, 0}}) {
    World world(row.limits);
    CHECK(let_in(world, start_ns) == row.at_once);
    CHECK(let_in(world, start_ns + second_ns) == row.after_1_s);
  }
}

TEST_CASE("a refusal says what refused and when to come again, and takes nothing") {
  World world(limits_of(60, 2, 6000, 3), limits_of(0, 0, 0, 1), {});
  Hold first = world.hold(), second = world.hold(), third = world.hold();
  REQUIRE_FALSE(first.take(1000, start_ns));
  auto refusal = second.take(1000, start_ns);
  REQUIRE(refusal);
  CHECK(refusal->subject == LimitSubject::provider);
  CHECK(refusal->kind == LimitKind::concurrent);
  CHECK_FALSE(second.taken());
  CHECK(world.key_state(start_ns).requests.remaining == 1);  // the key's share was given back
  CHECK(world.key_state(start_ns).tokens.remaining == 5000);
  CHECK(world.key_state(start_ns).in_use == 1);
  first.give_back(1000, start_ns);

  refusal = second.take(5001, start_ns);
  REQUIRE(refusal);
  CHECK(refusal->subject == LimitSubject::key);
  CHECK(refusal->kind == LimitKind::tokens);
  CHECK(refusal->retry_after_ns == second_ns / 100);
  REQUIRE_FALSE(second.take(5000, start_ns));
  second.give_back(5000, start_ns);
  refusal = third.take(0, start_ns);
  REQUIRE(refusal);
  CHECK(refusal->kind == LimitKind::requests);
  CHECK(refusal->retry_after_ns == second_ns);
  CHECK(world.key_state(start_ns).in_use == 0);
}

TEST_CASE("tokens are estimated when let in and settled when they are known") {
  World world(limits_of(0, 0, 6000, 0));
  Hold late = world.hold();
  REQUIRE_FALSE(late.take(1000, start_ns));
  CHECK(world.key_state(start_ns).tokens.remaining == 5000);
  late.give_back(300, start_ns);  // less than estimated
  CHECK(world.key_state(start_ns).tokens.remaining == 5700);

  REQUIRE_FALSE(late.take(700, start_ns));
  CHECK(world.key_state(start_ns).tokens.remaining == 5000);
  const uint64_t end_ns = start_ns + 2 * second_ns;  // 200 flowed in meanwhile
  late.give_back(8000, end_ns);                      // far more
  CHECK(world.key_state(end_ns).tokens.remaining == 0);
  Hold next = world.hold();
  const auto refusal = next.take(100, end_ns);
  REQUIRE(refusal);
  CHECK(refusal->retry_after_ns == 22 * second_ns);  // the debt of 2100, plus 100
  REQUIRE_FALSE(next.take(100, end_ns + 22 * second_ns));
  next.give_back(100, end_ns + 22 * second_ns);

  // Usage that arrives long after the estimate has flowed in again.
  Hold slow = world.hold();
  const uint64_t rested_ns = start_ns + 10 * minute_ns;
  REQUIRE_FALSE(slow.take(6000, rested_ns));
  CHECK(world.key_state(rested_ns + minute_ns).tokens.remaining == 6000);
  slow.give_back(6100, rested_ns + minute_ns);
  CHECK(world.key_state(rested_ns + minute_ns).tokens.remaining == 5900);
  Hold generous = world.hold();
  REQUIRE_FALSE(generous.take(5000, rested_ns + 2 * minute_ns));
  generous.give_back(0, rested_ns + 4 * minute_ns);
  CHECK(world.key_state(rested_ns + 4 * minute_ns).tokens.remaining == 6000);
}

TEST_CASE("an estimate above the limit is let in when the bucket is full, and settled for what it is") {
  World world(limits_of(0, 0, 6000, 0));
  Hold large = world.hold(), small = world.hold();
  REQUIRE_FALSE(large.take(128'000, start_ns));
  CHECK(small.take(1, start_ns));
  large.give_back(500, start_ns);
  CHECK(world.key_state(start_ns).tokens.remaining == 5500);
  CHECK(large.take(128'000, start_ns));
  CHECK_FALSE(large.take(128'000, start_ns + 5 * second_ns));
  large.give_back(0, start_ns + 5 * second_ns);
}

TEST_CASE("places come back, whatever several threads do with them") {
  World world(limits_of(0, 0, 0, 16), limits_of(0, 0, 0, 8), limits_of(1'000'000, 0, 0, 12));
  std::atomic<int> inside{0}, most{0}, refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 3000; ++i) {
        Hold first = world.hold(), second = world.hold();
        for (Hold* hold : {&first, &second}) {
          if (hold->take(10, start_ns)) {
            ++refused;
            continue;
          }
          const int now = ++inside;
          for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
        }
        if (i % 64 == 0) std::this_thread::yield();
        for (Hold* hold : {&first, &second}) {
          if (!hold->taken()) continue;
          --inside;
          hold->give_back(0, start_ns);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(most <= 8);
  world.limiter->for_each([](LimitSubject, std::string_view name, Limit& limit) {
    CAPTURE(name);
    CHECK(limit.state(start_ns).in_use == 0);
  });
}

TEST_CASE("idle buckets are dropped, others stay") {
  World world(limits_of(60, 0, 6000, 4), limits_of(0, 0, 0, 4), {});
  Limiter& limiter = *world.limiter;
  CHECK(limiter.buckets() == 0);
  Hold hold = world.hold();
  REQUIRE_FALSE(hold.take(6000, start_ns));
  CHECK(limiter.buckets() == 2);
  CHECK(limiter.sweep(start_ns + 60 * minute_ns, 100) == 0);  // still in flight
  hold.give_back(12'000, start_ns);
  CHECK(limiter.sweep(start_ns + minute_ns - 1, 100) == 0);
  CHECK(limiter.sweep(start_ns + minute_ns, 100) == 1);  // the provider's; the key is in debt
  CHECK(world.key_state(start_ns + minute_ns).tokens.remaining == 0);
  CHECK(limiter.sweep(start_ns + 2 * minute_ns - 1, 100) == 0);
  CHECK(limiter.sweep(start_ns + 2 * minute_ns, 100) == 1);
  CHECK(limiter.buckets() == 0);
  const LimitState state = world.key_state(start_ns + 2 * minute_ns);
  CHECK(state.requests.remaining == 60);
  CHECK(state.tokens.remaining == 6000);
  CHECK(limiter.buckets() == 0);  // reading creates none
}

TEST_CASE("a bucket that someone reaches for between the sweep's look and its taking away stays") {
  World world(limits_of(60, 0, 0, 4));
  Limit& limit = *world.limiter->of(&world.config.keys[0]);
  Hold first = world.hold(), second = world.hold();
  REQUIRE_FALSE(first.take(0, start_ns));
  first.give_back(0, start_ns);
  const uint64_t later_ns = start_ns + 2 * minute_ns;
  REQUIRE(limit.mark_idle(later_ns));
  REQUIRE_FALSE(first.take(0, later_ns));
  CHECK_FALSE(limit.drop_marked());
  CHECK_FALSE(limit.mark_idle(later_ns + 60 * minute_ns));
  CHECK_FALSE(limit.drop_marked());
  CHECK(limit.state(later_ns).in_use == 1);
  first.give_back(0, later_ns);

  const uint64_t last_ns = later_ns + 60 * minute_ns;
  REQUIRE(limit.mark_idle(last_ns));
  REQUIRE_FALSE(second.take(0, last_ns));  // taken and given back
  second.give_back(0, last_ns);
  CHECK_FALSE(limit.drop_marked());
  CHECK(limit.state(last_ns).requests.remaining == 59);
  REQUIRE(limit.mark_idle(last_ns + 2 * minute_ns));
  CHECK(limit.drop_marked());
  CHECK_FALSE(limit.drop_marked());
  CHECK_FALSE(limit.has_bucket());
}

TEST_CASE("sweeping while others take loses nothing") {
  config::Config config;
  config.keys.resize(64);
  for (config::CallerKey& key : config.keys) key.limits = limits_of(1000, 0, 0, 100);
  const auto limiter = Limiter::create(config);
  std::atomic<bool> done{false};
  std::atomic<uint64_t> hour{0}, dropped{0}, lost{0};
  std::thread sweeper([&] {
    while (!done) dropped += limiter->sweep(start_ns + hour * 60 * minute_ns, 1);
  });
  // Each hour all buckets are full and long unused: each is dropped at some moment and made again by the next request.
  for (uint64_t h = 1; h <= 3000 || (dropped < 1000 && h < 1'000'000); ++h) {
    hour = h;
    const uint64_t now_ns = start_ns + h * 60 * minute_ns;
    for (const config::CallerKey& key : config.keys) {
      Hold hold;
      hold.be_under(limiter->of(&key), nullptr, nullptr);
      if (hold.take(0, now_ns)) ++lost;
      const LimitState state = limiter->of(&key)->state(now_ns);
      if (state.in_use != 1 || state.requests.remaining != 999) ++lost;
      hold.give_back(0, now_ns);
    }
  }
  done = true;
  sweeper.join();
  CHECK(lost == 0);
  CHECK(dropped >= 1000);
}

size_t heap_bytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

TEST_CASE("limits that a new configuration does not change go on as they stand") {
  config::Config config;
  config.keys.resize(3);
  config.keys[0].name = "same";
  config.keys[0].limits = limits_of(60, 2, 0, 0);
  config.keys[1].name = "changed";
  config.keys[1].limits = limits_of(60, 2, 0, 0);
  config.keys[2].name = "gone";
  config.keys[2].limits = limits_of(60, 2, 0, 1);
  const auto before = Limiter::create(config);
  const auto use_up = [](Limiter& limiter, const config::CallerKey& key) {
    int let_in = 0;
    for (int i = 0; i < 5; ++i) {
      Hold hold;
      hold.be_under(limiter.of(&key), nullptr, nullptr);
      if (hold.take(0, start_ns)) continue;
      hold.give_back(0, start_ns);
      ++let_in;
    }
    return let_in;
  };
  for (const config::CallerKey& key : config.keys) CHECK(use_up(*before, key) == 2);
  config::Config next;
  next.keys = {config.keys[1], config.keys[0]};
  next.keys[0].limits.burst = 3;
  const auto after = Limiter::create(next, before.get());
  CHECK(use_up(*after, next.keys[0]) == 3);
  CHECK(use_up(*after, next.keys[1]) == 0);
  config::Config none;
  CHECK(Limiter::create(none, after.get()) == nullptr);
  CHECK(use_up(*Limiter::create(next, nullptr), next.keys[1]) == 2);
}

TEST_CASE("100,000 keys stay below 32 MiB in use, and give it back when they rest") {
  constexpr size_t count = 100'000, mib = 1 << 20;
  config::Config config;
  config.keys.resize(count);
  for (config::CallerKey& key : config.keys) key.limits = limits_of(600, 60, 200'000, 32);
  const size_t before = heap_bytes();
  auto limiter = Limiter::create(config);
  const size_t made = heap_bytes();
  for (const config::CallerKey& key : config.keys) {
    Hold hold;
    hold.be_under(limiter->of(&key), nullptr, nullptr);
    REQUIRE_FALSE(hold.take(1000, start_ns));
    hold.give_back(900, start_ns);
  }
  const size_t used = heap_bytes();
  CHECK(limiter->buckets() == count);
  CHECK(limiter->bytes() < 32 * mib);
  size_t rounds = 0, dropped = 0;
  for (; limiter->buckets() != 0 && rounds < 1000; ++rounds) dropped += limiter->sweep(start_ns + 2 * minute_ns, 1024);
  const size_t rested = heap_bytes();
  CHECK(dropped == count);
  CHECK(rounds == 98);
  CHECK(limiter->bytes() >= count * sizeof(Limit));
  limiter.reset();
  const size_t gone = heap_bytes();
  if (before == 0) return;  // a sanitizer's allocator reports nothing
  INFO("made " << made - before << ", used " << used - before << ", rested " << rested - before);
  CHECK(used - before < 32 * mib);
  CHECK(used - made >= count * Limit::bucket_bytes());
  CHECK(rested - before < 12 * mib);
  CHECK(gone <= before + mib / 16);
}

}  // namespace
}  // namespace sluice::policy
