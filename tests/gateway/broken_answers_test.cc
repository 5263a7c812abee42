// SLUICE_BROKEN_ANSWERS=1000000 build/debug/tests/test_gateway '[broken]' runs that many; SLUICE_BROKEN_SEED=N runs
// one.
#include "gateway/broken_answers.h"

#include <catch2/catch.hpp>
#include <iostream>

#include "support/seeds.h"

namespace sluice::gateway {
namespace {

TEST_CASE("no cut or broken answer looks whole, and nothing of it stays behind", "[broken]") {
  config::Config config = World::plain_config();
  config.log.access = false;
  const test::Seeds seeds = test::seeds("SLUICE_BROKEN_SEED", "SLUICE_BROKEN_ANSWERS", test::schedules(20'000, 8'000));
  BrokenAnswers answers;
  size_t wrong = 0;
  std::unique_ptr<World> world;
  for (uint64_t seed = seeds.first; seed != seeds.last && wrong < 5; ++seed) {
    if (!world || seed % 4096 == 0) world = std::make_unique<World>(config);
    const std::string found = answers.run(*world, seed);
    if (found.empty()) continue;
    ++wrong;
    FAIL_CHECK(found << "\nagain with SLUICE_BROKEN_SEED=" << seed);
    world.reset();
  }
  std::cout << seeds.count() << " broken answers: " << answers.tally.whole << " whole, " << answers.tally.told_cut
            << " told as cut, " << answers.tally.refused << " answered with 502\n";
}

}  // namespace
}  // namespace sluice::gateway
