// The keys that callers may present. Only SHA-256 digests are kept and compared, so neither a memory dump of the table
// nor the time a look-up takes tells a key: what it depends on is the digest of what was presented, mixed with a number
// that is drawn at start.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace sluice::policy {

using Digest = std::array<unsigned char, 32>;

Digest sha256(std::string_view bytes);  // FIPS 180-4

// config.keys, which must outlive it. Any thread.
class CallerKeys {
 public:
  explicit CallerKeys(const std::vector<config::CallerKey>& keys);
  bool empty() const { return entries_.empty(); }
  // The key that `presented` is, or nullptr. As quick with 100,000 keys as with one; digests are compared in constant
  // time.
  const config::CallerKey* find(std::string_view presented) const;

 private:
  struct Entry {
    Digest digest;
    const config::CallerKey* key;
  };
  size_t slot_of(const Digest& digest) const;

  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_;  // open addressing, at most half full: an entry's number plus one; 0: empty
  uint64_t factor_;              // odd
};

// Whether `key` may use what the caller calls `requested` and the route resolved to `resolved` ("provider/model"). Its
// list holds names, or prefixes that end in '*'. An empty list allows all.
bool may_use(const config::CallerKey& key, std::string_view requested, std::string_view resolved);

}  // namespace sluice::policy
