// The keys that callers may present. Only SHA-256 digests are kept and compared, so neither a memory dump of the table
// nor a lookup's timing reveals a key: the timing depends on the digest of what was presented, mixed with a number
// drawn at start.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace sluice::policy {

using Digest = std::array<unsigned char, 32>;

Digest sha256(std::string_view bytes);  // FIPS 180-4
// Compares in constant time; both must have the same size.
bool same_bytes(std::string_view one, std::string_view other);

// One secret of a key.
struct KnownSecret {
  Digest digest;
  const config::CallerKey* key;
  uint32_t number;  // index of the key's secret: 0 is the newest, n is key->older[n - 1]

  const std::string& text() const { return number == 0 ? key->key : key->older[number - 1].key; }  // "": unknown
  int64_t expires_unix_s() const { return number == 0 ? key->expires_unix_s : key->older[number - 1].expires_unix_s; }
};

// A lookup table of config.keys, which must outlive it. Any thread.
class CallerKeys {
 public:
  using UnixTime = std::function<int64_t()>;  // in seconds
  // `chance`: a number that cannot be guessed.
  CallerKeys(const std::vector<config::CallerKey>& keys, uint64_t chance, UnixTime unix_s);
  bool empty() const { return entries_.empty(); }
  // The secret that equals `presented`, expired or not; nullptr: none. Valid as long as this. As fast with 100,000 keys
  // as with one; digests are compared in constant time.
  const KnownSecret* find(std::string_view presented) const;
  // Whether its last second is over. The clock is only read if the secret expires at all.
  bool has_expired(const KnownSecret& secret) const {
    const int64_t expires_unix_s = secret.expires_unix_s();
    return expires_unix_s != 0 && unix_s_() > expires_unix_s;
  }
  // Two keys that share a secret, one in clear and one as its digest, so that its owner is ambiguous.
  struct Shared {
    const config::CallerKey* one;
    const config::CallerKey* other;
  };
  const std::vector<Shared>& shared() const { return shared_; }

 private:
  void add(const KnownSecret& secret);
  size_t slot_of(const Digest& digest) const;

  UnixTime unix_s_;
  std::vector<KnownSecret> entries_;
  std::vector<Shared> shared_;
  std::vector<uint32_t> slots_;  // open addressing, at most half full: an entry's number plus one; 0: empty
  uint64_t factor_;              // odd
};

// Whether `key` may use what the caller calls `requested` and the route resolved to `resolved` ("provider/model"). The
// key's list holds names, or prefixes that end in '*'. An empty list allows everything.
bool may_use(const config::CallerKey& key, std::string_view requested, std::string_view resolved);

}  // namespace sluice::policy
