// Whether a port that this process listens at is its own alone: SO_REUSEPORT would let it share one with any process of
// the same user.
#pragma once

#include <cstdint>

namespace sluice::net {

// Whether a TCP socket that no descriptor of this process is listens at `port`, at any address. Reads /proc, which
// takes milliseconds; false where that cannot be read.
bool others_listen_at(uint16_t port);

}  // namespace sluice::net
