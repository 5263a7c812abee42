// The keys that callers may present. Only SHA-256 digests are kept and compared, so neither a memory dump of the table
// nor the time a comparison takes tells a key.
#pragma once

#include <array>
#include <cstddef>
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
  // The key that `presented` is, or nullptr. All entries are compared, each in constant time.
  const config::CallerKey* find(std::string_view presented) const;

 private:
  struct Entry {
    Digest digest;
    const config::CallerKey* key;
  };
  std::vector<Entry> entries_;
};

// Whether `key` may use what the caller calls `requested` and the route resolved to `resolved` ("provider/model"). Its
// list holds names, or prefixes that end in '*'. An empty list allows all.
bool may_use(const config::CallerKey& key, std::string_view requested, std::string_view resolved);
// Whether `pattern` ("smart", "openai/*", "*") matches `name`.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace sluice::policy
