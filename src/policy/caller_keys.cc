#include "policy/caller_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

namespace sluice::policy {

struct Sha256::State {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);  // fetched once: a fetch per digest costs more than the digest
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;

Digest Sha256::operator()(std::string_view bytes) const {
  Digest digest{};
  EVP_DigestInit_ex2(state_->context, state_->algorithm, nullptr);
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
  EVP_DigestFinal_ex(state_->context, digest.data(), nullptr);
  return digest;
}

CallerKeys::CallerKeys(const std::vector<config::CallerKey>& keys) {
  for (const config::CallerKey& key : keys) {
    entries_.push_back({key.key.empty() ? key.sha256 : sha256_(key.key), &key});
  }
}

const config::CallerKey* CallerKeys::find(std::string_view presented) const {
  if (presented.empty()) return nullptr;
  const Digest digest = sha256_(presented);
  const config::CallerKey* found = nullptr;
  for (const Entry& entry : entries_) {
    if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0) found = entry.key;
  }
  return found;
}

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

bool may_use(const config::CallerKey& key, std::string_view requested, std::string_view resolved) {
  if (key.models.empty()) return true;
  return std::any_of(key.models.begin(), key.models.end(), [&](const std::string& pattern) {
    return matches(pattern, requested) || (!resolved.empty() && matches(pattern, resolved));
  });
}

}  // namespace sluice::policy
