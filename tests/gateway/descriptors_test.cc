#include "gateway/descriptors.h"

#include <catch2/catch.hpp>

namespace sluice::gateway {
namespace {

TEST_CASE("callers leave as many descriptors to targets, and nobody more than there are") {
  for (const uint64_t limit : {0u, 10u, 64u, 100u, 256u, 1'024u, 4'096u, 1'048'576u}) {
    for (const size_t workers : {1u, 2u, 8u, 64u}) {
      const DescriptorShare share = share_of(limit, workers);
      CHECK(share.callers >= 1);
      CHECK(share.max_idle >= 1);
      if (limit < 16 + workers * 11) continue;  // too few for anything
      CHECK(workers * (8 + 2 * share.callers + static_cast<uint64_t>(share.max_idle)) + 16 <= limit);
    }
  }
  CHECK(share_of(64, 1).callers == 17);
  CHECK(share_of(UINT64_MAX, 2).callers > 1'000'000);
  CHECK(share_of(UINT64_MAX, 2).max_idle == 4'096);
}

}  // namespace
}  // namespace sluice::gateway
