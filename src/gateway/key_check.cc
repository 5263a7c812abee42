#include "gateway/key_check.h"

#include <algorithm>

#include "policy/caller_keys.h"

namespace sluice::gateway {
namespace {

// Whether any secret is given in clear (`clear`) or as a digest.
bool has_any(const config::Config& config, bool clear) {
  const auto is = [clear](const auto& secret) { return secret.key.empty() != clear; };
  return std::any_of(config.keys.begin(), config.keys.end(), [&](const config::CallerKey& key) {
    return is(key) || std::any_of(key.older.begin(), key.older.end(), is);
  });
}

}  // namespace

std::vector<config::Problem> check_keys(const config::Config& config) {
  std::vector<config::Problem> problems;
  if (!has_any(config, true) || !has_any(config, false)) return problems;  // the parser has compared them already
  const policy::CallerKeys keys(config.keys, 0, nullptr);  // only used for shared(), no key is looked up
  for (const policy::CallerKeys::Shared& shared : keys.shared()) {
    if (problems.size() == config::max_problems) break;
    problems.push_back(
        {config.file, 0, 0, "keys",
         shared.one == shared.other
             ? shared.one->name + " holds the same secret twice, once by its digest"
             : shared.one->name + " and " + shared.other->name + " have the same secret, one of them by its digest",
         "", ""});
  }
  return problems;
}

}  // namespace sluice::gateway
