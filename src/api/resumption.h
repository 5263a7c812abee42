// Where a provider streams a stored answer again, from one of its events on: a stream whose connection broke is resumed
// at the target that makes it, and at no other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::api {

struct ResumptionRoom {
  // Whether the request asks for an answer that the provider completes even without a connection. `body`: JSON.
  bool (*goes_on_alone)(std::string_view body);
  // The path, below the provider's base path, of the stream of the answer `id` after its event number `after`. nullopt:
  // not such an id.
  std::optional<std::string> (*path)(std::string_view id, uint64_t after);
};

}  // namespace sluice::api
