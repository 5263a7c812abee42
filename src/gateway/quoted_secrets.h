// A provider's own secrets in what its targets answer: some quote the key that they refuse, as it was sent or as JSON,
// a URL or a page spells it. None of them is a caller's to read.
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

// The bytes of the provider's shortest secret; SIZE_MAX: it has none. Text that is shorter does not quote it.
size_t shortest_secret(const config::Provider& provider);

class QuotedSecrets {
 public:
  // `provider` must outlive it.
  explicit QuotedSecrets(const config::Provider& provider);
  bool stand_in(std::string_view text) const { return find(text, 0, true).bytes != 0; }
  // `text` with each of them as "***".
  std::string masked(std::string_view text) const;
  // Of a text that comes in pieces: what may go on by now, each secret as so many '*' that its length stays. What may
  // be the beginning of one is kept until more comes, or the end.
  std::string pass(std::string_view piece, bool is_last);

 private:
  struct Found {
    size_t at = 0, bytes = 0;  // 0 bytes: there is none behind
    bool cut = false;          // the text ends within what may be one
  };
  Found find(std::string_view text, size_t at, bool is_last) const;

  std::vector<std::string_view> secrets_;
  std::string kept_;
};

// An error about a target may quote it, and a target may quote the key that it was sent. `provider`: nullptr if none
// has been chosen.
Error without_secrets(const observe::Log& log, const config::Provider* provider, const Error& error);

}  // namespace sluice::gateway
