// Whether a port is used by this process alone: SO_REUSEPORT would let any process of the same user share it.
#pragma once

#include <cstdint>

namespace sluice::net {

// Whether a TCP socket that is not this process's listens on `port`, at any address. Reads /proc, which takes
// milliseconds; false if that cannot be read.
bool others_listen_at(uint16_t port);

}  // namespace sluice::net
