// Keys that callers have presented lately, so that one that comes with every request is not hashed each time. Only keys
// that the configuration holds in clear: nothing is kept here but where they stand there, and what is presented is
// compared with them in constant time.
#pragma once

#include <array>
#include <string_view>

#include "policy/caller_keys.h"

namespace sluice::policy {

// One thread's. What it has found must outlive it.
class RecentKeys {
 public:
  // As keys.find(presented), for the one `keys` that it is always asked with.
  const config::CallerKey* find(const CallerKeys& keys, std::string_view presented);

 private:
  static constexpr size_t places = 64;
  std::array<const config::CallerKey*, places> keys_{};
};

}  // namespace sluice::policy
