// Ids for requests: the caller's x-request-id if it is usable, otherwise 32 random hex digits.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::gateway {

class RequestIds {
 public:
  // `seed`: from a source of entropy; two workers must not share one. No id repeats within 2^64 calls.
  explicit RequestIds(const std::array<uint64_t, 2>& seed);
  std::string next();
  // The id of a request that came with `given` in x-request-id; "": without one.
  std::string of(std::string_view given) { return usable(given) ? std::string(given) : next(); }
  // 1 to 128 characters that are safe in a header, a log line and a label: letters, digits and -_.:/+=
  static bool usable(std::string_view id);

 private:
  std::array<uint64_t, 2> state_;
};

}  // namespace sluice::gateway
