#include "policy/recent_keys.h"

#include <openssl/crypto.h>

#include <cstdint>
#include <cstring>

namespace sluice::policy {
namespace {

// Most keys begin alike and differ in their last bytes.
size_t place_of(std::string_view text, size_t places) {
  uint64_t last = 0;
  if (text.size() >= sizeof last) std::memcpy(&last, text.data() + text.size() - sizeof last, sizeof last);
  constexpr uint64_t odd = 0x9e3779b97f4a7c15;
  return static_cast<size_t>((last * odd) >> 32) % places;
}

}  // namespace

const KnownSecret* RecentKeys::find(const CallerKeys& keys, std::string_view presented) {
  if (presented.empty()) return nullptr;
  Place& place = places_[place_of(presented, places)];
  if (place.text.size() == presented.size() &&
      CRYPTO_memcmp(place.text.data(), presented.data(), presented.size()) == 0) {
    return place.secret;
  }
  const KnownSecret* const found = keys.find(presented);
  if (found != nullptr && !found->text().empty()) place = {found->text(), found};
  return found;
}

}  // namespace sluice::policy
