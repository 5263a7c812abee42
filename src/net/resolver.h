// Caches name lookups: each getaddrinfo call blocks one of four pool threads, so there should be as few as possible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace sluice::net {

class Loop;

struct ResolverOptions {
  using Addresses = Result<std::vector<SocketAddress>>;  // never empty; ports are 0
  using Lookup = std::function<void(const std::string& host, std::function<void(Addresses)> done)>;

  uint64_t ttl_ms = 30'000;          // older answers are still used while they are refreshed
  uint64_t stale_ms = 600'000;       // after the ttl; anything older is looked up again before it is used
  uint64_t failure_ttl_ms = 1'000;   // a failed lookup is not repeated sooner
  size_t max_names = 1024;           // beyond this, the least recently used are forgotten
  std::function<uint64_t()> now_ms;  // default: the loop's
  // Looks up one name; calls `done` once, on the loop's thread, now or later. Default: getaddrinfo(3) on the pool.
  Lookup lookup;
};

// A lookup under way. Destroying it cancels: `done` is not called.
class Resolving {
 public:
  ~Resolving();

 private:
  friend class Resolver;
  struct Waiter;
  explicit Resolving(std::shared_ptr<Waiter> waiter);
  std::shared_ptr<Waiter> waiter_;
};

class Resolver {
 public:
  using Addresses = ResolverOptions::Addresses;
  using Done = std::function<void(const Addresses&)>;

  explicit Resolver(Loop& loop, ResolverOptions options = {});
  ~Resolver();  // `done` of open lookups is not called
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Calls `done` once, never from inside resolve(). An IP address needs no lookup; concurrent lookups of one name are
  // merged. Errors have ErrorCode::target_unresolved and contain the host and the reason. The Resolving may be
  // destroyed inside `done`; the addresses are valid until `done` returns.
  [[nodiscard]] std::unique_ptr<Resolving> resolve(const std::string& host, Done done);
  size_t cached_names() const;
  uint64_t lookups_total() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // lookups that end after this hold it weakly
};

}  // namespace sluice::net
