// The keys that callers may present. Only SHA-256 digests are kept and compared, so neither a memory dump of the table nor the time a
// comparison takes tells a key.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace sluice::policy {

using Digest = std::array<unsigned char, 32>;

// SHA-256 with the hashing context kept between calls. One thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Digest operator()(std::string_view bytes) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One worker's view of config.keys, which must outlive it. One thread.
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
  Sha256 sha256_;
  std::vector<Entry> entries_;
};

// Whether `key` may use what the caller calls `requested` and the route resolved to `resolved` ("provider/model"). Its list
// holds names, or prefixes that end in '*'. An empty list allows all.
bool may_use(const config::CallerKey& key, std::string_view requested, std::string_view resolved);
// Whether `pattern` ("smart", "openai/*", "*") matches `name`.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace sluice::policy
