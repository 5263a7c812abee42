// Whether this machine would let a socket listen at an address, without listening there.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace sluice::net {

// io: `host`, an IP address or "localhost", is not an address of this machine, or this process is not permitted to use
// the port. Whether another process has the port is not checked: it may be a running sluice.
Result<void> may_listen(const std::string& host, uint16_t port);

}  // namespace sluice::net
