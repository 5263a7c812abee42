#include "daemon/descriptor_limit.h"

#include <sys/resource.h>

#include <catch2/catch.hpp>

namespace sluice::daemon {
namespace {

TEST_CASE("the limit is raised to the hard one") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low = before;
  low.rlim_cur = 64;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  CHECK(raise_descriptor_limit() == (before.rlim_max == RLIM_INFINITY ? UINT64_MAX : before.rlim_max));
  rlimit now{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &now) == 0);
  CHECK(now.rlim_cur == before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("a limit that is too low for the callers is told, one that does is not") {
  CHECK(descriptor_warning(73'760, 2, 16'384) == "");
  CHECK(descriptor_warning(UINT64_MAX, 256, 1'000'000) == "");
  CHECK(descriptor_warning(73'759, 2, 16'384).find("limits.connections cannot be met: 2 workers with 16384 callers") ==
        0);
}

}  // namespace
}  // namespace sluice::daemon
