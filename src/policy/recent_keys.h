// Keys that callers have presented lately, so that one that comes with every request is not hashed each time. Only keys
// that the configuration holds in clear: nothing is kept here but where they stand there, and what is presented is
// compared with them in constant time. That a key is found here does not say that it is still good: whether it has
// expired is asked each time.
#pragma once

#include <array>
#include <string_view>

#include "policy/caller_keys.h"

namespace sluice::policy {

// One thread's. What it has found must outlive it.
class RecentKeys {
 public:
  // As keys.find(presented), for the one `keys` that it is always asked with.
  const KnownSecret* find(const CallerKeys& keys, std::string_view presented);

 private:
  struct Place {
    std::string_view text{};  // in the configuration; never empty where there is a secret
    const KnownSecret* secret = nullptr;
  };
  static constexpr size_t places = 64;
  std::array<Place, places> places_{};
};

}  // namespace sluice::policy
