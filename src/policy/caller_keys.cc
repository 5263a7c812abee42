#include "policy/caller_keys.h"

// The low-level SHA-256 functions instead of EVP: EVP loads all of OpenSSL's algorithms (2 MiB) and takes twice as long
// for an input as short as a key.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <bit>
#include <cstring>
#include <utility>

namespace sluice::policy {

Digest sha256(std::string_view bytes) {
  static_assert(SHA256_DIGEST_LENGTH == std::tuple_size_v<Digest>);
  Digest digest{};
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

bool same_bytes(std::string_view one, std::string_view other) {
  return CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

CallerKeys::CallerKeys(const std::vector<config::CallerKey>& keys, uint64_t chance, UnixTime unix_s)
    : unix_s_(std::move(unix_s)), factor_(chance | 1) {
  size_t secrets = keys.size();
  for (const config::CallerKey& key : keys) secrets += key.older.size();
  slots_.resize(std::bit_ceil(2 * secrets + 1));
  entries_.reserve(secrets);
  for (const config::CallerKey& key : keys) {
    add({key.key.empty() ? key.sha256 : sha256(key.key), &key, 0});
    for (uint32_t i = 0; i < key.older.size(); ++i) {
      const config::OlderSecret& older = key.older[i];
      add({older.key.empty() ? older.sha256 : sha256(older.key), &key, i + 1});
    }
  }
}

void CallerKeys::add(const KnownSecret& secret) {
  size_t slot = slot_of(secret.digest);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const KnownSecret& known = entries_[slots_[slot] - 1];
    if (known.digest == secret.digest) return shared_.push_back({known.key, secret.key});
  }
  entries_.push_back(secret);
  slots_[slot] = static_cast<uint32_t>(entries_.size());
}

size_t CallerKeys::slot_of(const Digest& digest) const {
  uint64_t word = 0;
  std::memcpy(&word, digest.data(), sizeof word);
  return static_cast<size_t>((word * factor_) >> 32) & (slots_.size() - 1);
}

const KnownSecret* CallerKeys::find(std::string_view presented) const {
  if (presented.empty()) return nullptr;
  const Digest digest = sha256(presented);
  for (size_t slot = slot_of(digest); slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const KnownSecret& known = entries_[slots_[slot] - 1];
    if (CRYPTO_memcmp(known.digest.data(), digest.data(), digest.size()) == 0) return &known;
  }
  return nullptr;
}

bool may_use(const config::CallerKey& key, std::string_view requested, std::string_view resolved) {
  return key.models.empty() || key.models.has(requested) || (!resolved.empty() && key.models.has(resolved));
}

}  // namespace sluice::policy
