// Where a gateway listens: the sockets of each address, one per worker, and what happens to them at a reload. Not
// thread-safe: the owner must guard it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "gateway/setup.h"
#include "net/listener.h"
#include "observe/log.h"

namespace sluice {

class Listeners {
 public:
  using Sockets = std::vector<net::ListenSocket>;  // one per worker
  struct Listening {
    uint32_t number;                     // never reused
    std::vector<uint32_t> in_its_place;  // the former listeners that this one replaces
    config::Address address;             // as configured
    std::string text;                    // as bound
    uint16_t port;                       // 0: a Unix socket
    std::string url;
  };
  struct Added {
    Listening listening;
    Sockets sockets;
  };

  // `passed`: sockets that are already listening; each is used for the address that it is bound to.
  explicit Listeners(Sockets passed) : passed_(std::move(passed)) {}

  // Opens sockets for the addresses of `next` that are not listened on yet, for `workers` workers. TCP by SO_REUSEPORT;
  // a Unix or passed socket by sharing its one queue. From now on callers wait in the sockets' queues until they are
  // accepted, or in vain if another address fails; so sockets that take an old one's place come last.
  [[gnu::cold]] Result<std::vector<Added>> open(const config::Config& next, bool tls, size_t workers);
  // Keeps only the listeners that `next` has, and adds `added`.
  void take_over(std::vector<Added>& added, const config::Config& next, bool tls);
  // Tells `setup` the numbers of the listeners that it serves.
  void tell(gateway::Setup& setup) const;
  // Closes passed sockets that match no address, with a warning.
  void drop_unused(observe::Log& log);

  // The first TCP port; 0: none.
  uint16_t port() const;
  std::vector<std::string> urls() const;

 private:
  Result<net::ListenSocket> socket_at(const config::Address& address, bool beside_own);
  Result<Sockets> sockets_at(const config::Address& address, bool beside_own, size_t workers);
  bool moves_within_port(const config::Config& next, const config::Address& address) const;
  bool listens_at(const config::Address& address) const;

  Sockets passed_;  // not used yet
  std::vector<Listening> listening_;
  uint32_t made_ = 0;
};

}  // namespace sluice
