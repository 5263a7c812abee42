// Masks a provider's secrets in its targets' answers: some quote the key that they reject, literally or escaped as in
// JSON, URLs or HTML. Callers must not see them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/config.h"

namespace sluice::observe {
class Log;
}

namespace sluice::gateway {

// The length in bytes of the provider's shortest secret; SIZE_MAX: it has none. Shorter text cannot quote a secret.
size_t shortest_secret(const config::Provider& provider);

class QuotedSecrets {
 public:
  // `provider` must outlive it.
  explicit QuotedSecrets(const config::Provider& provider);
  bool stand_in(std::string_view text) const { return find(text, 0, true).bytes != 0; }
  // `text` with each secret replaced by "***".
  std::string masked(std::string_view text) const;
  // For a text that arrives in pieces: returns what can be passed on now, each secret replaced by as many '*', so that
  // the length does not change. What may be the beginning of a secret is kept until the next piece or the end.
  std::string pass(std::string_view piece, bool is_last);

 private:
  struct Found {
    size_t at = 0, bytes = 0;  // 0 bytes: there is none after `at`
    bool cut = false;          // the text ends within a possible secret
  };
  Found find(std::string_view text, size_t at, bool is_last) const;

  std::vector<std::string_view> secrets_;
  std::string kept_;
};

// `error` with secrets masked: it may quote the target, which may quote the key it was sent. `provider`: nullptr if
// none has been chosen.
Error without_secrets(const observe::Log& log, const config::Provider* provider, const Error& error);

}  // namespace sluice::gateway
