// Where a gateway listens: the sockets of each address, one for each worker, and what becomes of them at a reload. Not
// thread-safe: whoever has it guards it.
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
  using Sockets = std::vector<net::ListenSocket>;  // one for each worker
  struct Listening {
    uint32_t number;                     // of no other one, ever
    std::vector<uint32_t> in_its_place;  // those that this one listens in the place of
    config::Address address;             // as configured
    std::string text;                    // as bound
    uint16_t port;                       // 0: a Unix socket
    std::string url;
  };
  struct Added {
    Listening listening;
    Sockets sockets;
  };

  // `passed`: sockets that listen already, each used in the place of an address that it is at.
  explicit Listeners(Sockets passed) : passed_(std::move(passed)) {}

  // Of what `next` listens on beside what is listened on already, for `workers` workers. TCP by SO_REUSEPORT, a Unix
  // socket or one that was passed by sharing the one queue. Callers wait in the sockets' queues from now on: until they
  // are accepted, or for nothing if another address cannot be had, so those come last that take an old one's place.
  [[gnu::cold]] Result<std::vector<Added>> open(const config::Config& next, bool tls, size_t workers);
  // Of what is listened on by now, only what `next` has is left, and `added`.
  void take_over(std::vector<Added>& added, const config::Config& next, bool tls);
  // Says to `setup` which of them, by their numbers, it serves.
  void tell(gateway::Setup& setup) const;
  // Warns of sockets that were passed and are at no address, and closes them.
  void drop_unused(observe::Log& log);

  // The first that has a TCP port; 0: none.
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
