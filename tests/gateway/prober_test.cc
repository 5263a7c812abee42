// Providers whose breakers are open are probed for recovery, under a fake clock and over memory.
#include "gateway/prober.h"

#include <catch2/catch.hpp>

#include "world.h"

namespace sluice::gateway {
namespace {

constexpr uint32_t every_ms = 2'000;

config::Config probed() {
  config::Config config = World::plain_config();
  config.providers[0].probe_ms = every_ms;
  config.models = {{"fast", {{"lab", "m"}, {"lab", "n"}}}};
  return config;
}

// Its provider is failing; all requests that its targets get come from the prober.
struct Lab {
  World world{probed()};
  routing::HealthBoard health{world.config};
  std::optional<Prober> prober;
  routing::TargetHealth& m = health.of(world.config.providers[0], "m", false);
  const config::Breaker breaker{.failures = 1, .within_ms = 30'000, .cooldown_ms = 5'000, .max_cooldown_ms = 5'000};

  Lab() { prober.emplace(Prober::Options{world.loop, *world.links, world.config, health, *world.log, world.draining}); }
  uint64_t now_ms() { return world.loop.now_ms(); }
  void fail() { m.failed(now_ms(), breaker); }
  void pass_ms(uint64_t ms) {
    for (; ms != 0; ms -= std::min<uint64_t>(ms, 100)) {
      world.clock.pass_ms(std::min<uint64_t>(ms, 100));
      world.turn(3);
    }
  }
  size_t questions() {
    size_t count = 0;
    for (const auto& one : world.targets) count += one->has("GET /v1/models HTTP/1.1\r\n") ? 1 : 0;
    return count;
  }
  void told(int status) {
    world.target().text.clear();
    world.target_says("HTTP/1.1 " + std::to_string(status) + " X\r\ncontent-length: 0\r\n\r\n");
  }
};

TEST_CASE("a provider that is well is not asked; one whose breaker is open is, and is had back as soon as it answers") {
  for (const int status : {200, 404, 400}) {
    Lab lab;
    lab.pass_ms(5 * every_ms);
    CHECK(lab.world.targets.empty());
    lab.fail();
    CHECK(lab.m.standing(lab.now_ms()) == routing::Standing::open);
    lab.pass_ms(every_ms);
    REQUIRE(lab.questions() == 1);
    CHECK(lab.world.target().has("authorization: Bearer provider-secret\r\n"));
    lab.told(status);
    CHECK(lab.m.standing(lab.now_ms()) == routing::Standing::half_open);
    CHECK(lab.m.state(lab.now_ms()).probes == 1);
    CHECK(lab.world.records().find("a provider answers again and is used again provider=lab") != std::string::npos);
    // A real request decides. If it fails, other answers from the provider do not end the cooldown.
    REQUIRE(lab.m.take_probe(lab.now_ms()));
    lab.fail();
    lab.pass_ms(every_ms);
    lab.told(200);
    CHECK(lab.m.standing(lab.now_ms()) == routing::Standing::open);
    lab.m.succeeded(lab.now_ms(), 0);
    lab.pass_ms(3 * every_ms);
    CHECK(lab.questions() == 0);
  }
}

TEST_CASE("while it does not answer, no request is spent on it; after twenty questions requests find out again") {
  Lab lab;
  lab.fail();
  for (int i = 0; i < 20; ++i) {
    lab.pass_ms(every_ms);
    REQUIRE(lab.questions() == 1);
    lab.told(503);
    REQUIRE(lab.m.standing(lab.now_ms() + every_ms) == routing::Standing::open);
  }
  for (int i = 0; i < 6; ++i) {
    lab.pass_ms(every_ms);
    lab.told(503);
  }
  CHECK(lab.m.standing(lab.now_ms()) == routing::Standing::half_open);
  CHECK(lab.m.state(lab.now_ms()).probes_missed == 26);
  const std::string log = lab.world.records();
  CHECK(log.find("does not answer provider=lab reason=\"answered 503\"") != std::string::npos);
  CHECK(log.find("does not answer", log.find("does not answer") + 1) == std::string::npos);
}

TEST_CASE("a status of the credential says nothing: the cooldown goes on as without a probe") {
  for (const int status : {401, 403, 429}) {
    Lab lab;
    lab.fail();
    lab.pass_ms(every_ms);
    lab.told(status);
    CHECK(lab.m.standing(lab.now_ms()) == routing::Standing::open);
    lab.pass_ms(3'000);
    CHECK(lab.m.standing(lab.now_ms()) == routing::Standing::half_open);
    CHECK(lab.m.state(lab.now_ms()).probes == 0);
  }
}

TEST_CASE("a silent one is waited for within bounds; nothing is asked once sluice goes down") {
  Lab lab;
  lab.fail();
  lab.pass_ms(every_ms);
  CHECK(lab.questions() == 1);
  lab.pass_ms(10'000);
  CHECK(lab.m.state(lab.now_ms()).probes_missed == 1);
  lab.world.draining = true;
  lab.world.targets.clear();
  lab.pass_ms(10 * every_ms);
  CHECK(lab.world.targets.empty());
}

}  // namespace
}  // namespace sluice::gateway
