// Why a request failed, in so few words that similar failures can be counted together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace sluice::bench {

struct CallFailure {
  std::string reason;   // "HTTP 429", "timeout": failures are grouped by this
  std::string message;  // of this failure
};

// An error that prevented an answer or cut it short.
CallFailure failure_of(const Error& error);

// What an error body or frame says: its "message", else its "error", else its beginning. `body` may be truncated.
std::string error_text(std::string_view body);

// The groups, in order of first occurrence; at most max_groups.
class Failures {
 public:
  static constexpr size_t max_groups = 32;  // further failures count as "other"
  static constexpr size_t message_bytes = 200;
  struct Group {
    std::string reason, message;  // message: the first one's, without control characters, truncated, the key masked
    uint64_t count = 0;
  };

  explicit Failures(std::string secret) : secret_(std::move(secret)) {}
  void add(const CallFailure& failure);
  uint64_t count() const { return count_; }
  const std::vector<Group>& groups() const { return groups_; }

 private:
  std::string secret_;
  std::vector<Group> groups_;
  uint64_t count_ = 0;
};

// `text` made safe for a terminal: one line of at most `max_bytes`, with every occurrence of `secret` masked.
std::string shown(std::string_view text, std::string_view secret, size_t max_bytes);

}  // namespace sluice::bench
