// SLUICE_BROKEN_ANSWERS=1000000 build/debug/tests/test_gateway '[broken]' runs as many; SLUICE_BROKEN_SEED=N runs one.
#include "gateway/broken_answers.h"

#include <catch2/catch.hpp>
#include <iostream>

#include "support/seeds.h"

namespace sluice::gateway {
namespace {

TEST_CASE("no cut or broken answer looks whole, and nothing of it stays behind", "[broken]") {
  config::Config config = World::plain_config();
  config.log.access = false;
  const uint64_t only = test::number_of("SLUICE_BROKEN_SEED", UINT64_MAX);
  const uint64_t count = test::number_of("SLUICE_BROKEN_ANSWERS", test::schedules(20'000));
  const uint64_t first = only != UINT64_MAX ? only : 0;
  const uint64_t last = only != UINT64_MAX ? only + 1 : count;
  BrokenAnswers answers;
  size_t wrong = 0;
  std::unique_ptr<World> world;
  for (uint64_t seed = first; seed != last && wrong < 5; ++seed) {
    if (!world || seed % 4096 == 0) world = std::make_unique<World>(config);
    const std::string found = answers.run(*world, seed);
    if (found.empty()) continue;
    ++wrong;
    FAIL_CHECK(found << "\nagain with SLUICE_BROKEN_SEED=" << seed);
    world.reset();
  }
  std::cout << last - first << " broken answers: " << answers.tally.whole << " whole, " << answers.tally.told_cut
            << " told as cut, " << answers.tally.refused << " answered with 502\n";
}

}  // namespace
}  // namespace sluice::gateway
