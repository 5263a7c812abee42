// Whether this machine would let a socket listen at an address, without listening there.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace sluice::net {

// io: `host`, an IP address or "localhost", is no address of this machine, or the port is one that this process may not
// take. Whether somebody else has the port is not looked at: it may be a sluice that runs.
Result<void> may_listen(const std::string& host, uint16_t port);

}  // namespace sluice::net
