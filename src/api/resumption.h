// Where a provider streams an answer that it keeps once more, from one of its events on: so that a stream whose
// connection broke is had from who is making it, and from nobody else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::api {

struct ResumptionRoom {
  // Whether the request asks for an answer that is made on where nobody is connected. `body`: JSON.
  bool (*goes_on_alone)(std::string_view body);
  // Behind what a provider's paths begin with: the stream of the answer `id`, behind its event number `after`. nullopt:
  // it is no such id.
  std::optional<std::string> (*path)(std::string_view id, uint64_t after);
};

}  // namespace sluice::api
