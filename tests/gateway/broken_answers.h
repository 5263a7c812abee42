// Answers that are cut, broken or whole, generated from a seed: any dialect, form and framing, cut and corrupted
// anywhere, arriving in pieces of any size; and the check of what a caller got.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/world.h"

namespace sluice::gateway {

struct BrokenAnswers {
  struct Tally {
    uint64_t whole = 0, told_cut = 0, refused = 0;
  };

  // Runs the case of `seed` in `world`; "" or what is wrong with it.
  std::string run(World& world, uint64_t seed);
  Tally tally;
};

}  // namespace sluice::gateway
