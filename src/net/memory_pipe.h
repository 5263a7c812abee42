// Two streams joined in memory: what one writes the other reads, in a later task of the loop, with the back-pressure of
// a socket. Carries the built-in demo provider and most tests.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "net/stream.h"

namespace sluice::net {

class Loop;

// Bytes that the other end has not read yet are this end's pending_bytes(). Destroying one end gives the other what was
// pending, then on_end; what it writes afterwards breaks it, as on a socket. on_end comes only while reading, as on a
// socket. `max_per_delivery` cuts what one on_read brings (tests); at most 64 KiB in any case.
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_pipe(Loop& loop,
                                                                             size_t max_per_delivery = 64 * 1024);

}  // namespace sluice::net
