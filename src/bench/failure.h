// Why a request has failed, in few enough words that requests which failed alike can be counted together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace sluice::bench {

struct CallFailure {
  std::string reason;   // "HTTP 429", "timeout": what they are grouped by
  std::string message;  // of this one
};

// What kept an answer from coming, or from being whole.
CallFailure failure_of(const Error& error);

// What an error body or frame says of itself: its "message", else its "error", else its beginning. `body` may be cut.
std::string error_text(std::string_view body);

// The groups, in the order they were met; no more than max_groups of them.
class Failures {
 public:
  static constexpr size_t max_groups = 32;  // beyond, failures are counted as "other"
  static constexpr size_t message_bytes = 200;
  struct Group {
    std::string reason, message;  // message: the first one's, cleaned of control characters, cut, the key masked
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

// `text` as it may be shown on a terminal: one line of at most `max_bytes`, `secret` masked wherever it stands.
std::string shown(std::string_view text, std::string_view secret, size_t max_bytes);

}  // namespace sluice::bench
