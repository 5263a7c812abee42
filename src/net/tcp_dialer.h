// Dialers over TCP and in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/dialer.h"

namespace sluice::net {

class Loop;
class Resolver;

// Connects to the first address of a name that answers (RFC 8305, happy eyeballs): families alternate, the next address
// is tried after `stagger_ms` or as soon as one fails. Errors: target_unresolved; target_refused, with each address and
// reason, such as "connection refused by 127.0.0.1:9"; overloaded if this process has no descriptors left.
class TcpDialer final : public Dialer {
 public:
  static constexpr uint64_t stagger_ms = 250;
  static constexpr size_t max_addresses = 16;  // of one name; the rest are not tried

  // `loop` and `resolver` must outlive this. `host`: a name or an IP address, without brackets.
  TcpDialer(Loop& loop, Resolver& resolver, std::string host, uint16_t port);
  std::unique_ptr<Dial> dial(Done done) override;

 private:
  Loop& loop_;
  Resolver& resolver_;
  const std::string host_;
  const uint16_t port_;
};

// Connects to a function in this process: `accept` gets the other end of a memory pipe.
class MemoryDialer final : public Dialer {
 public:
  using Accept = std::function<void(std::unique_ptr<Stream>)>;
  MemoryDialer(Loop& loop, Accept accept) : loop_(loop), accept_(std::move(accept)) {}
  std::unique_ptr<Dial> dial(Done done) override;

 private:
  Loop& loop_;
  Accept accept_;
};

}  // namespace sluice::net
