// A cache of keys that callers have presented recently, so that a key that comes with every request is not hashed each
// time. Only for keys that the configuration holds in clear: the cache keeps views of those, and compares in constant
// time. A cached key may have expired: check that each time.
#pragma once

#include <array>
#include <string_view>

#include "policy/caller_keys.h"

namespace sluice::policy {

// For one thread. The keys that it has found must outlive it.
class RecentKeys {
 public:
  // The same as keys.find(presented). `keys` must be the same object in every call.
  const KnownSecret* find(const CallerKeys& keys, std::string_view presented);

 private:
  struct Place {
    std::string_view text{};  // in the configuration; not empty if there is a secret
    const KnownSecret* secret = nullptr;
  };
  static constexpr size_t places = 64;
  std::array<Place, places> places_{};
};

}  // namespace sluice::policy
