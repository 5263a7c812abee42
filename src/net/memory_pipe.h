// Two streams joined in memory: what one writes the other reads, in a later task of the loop, with the back-pressure of
// a socket. Carries the built-in demo provider and most tests.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "net/stream.h"

namespace sluice::net {

class Loop;

// Bytes that the other end has not read yet are this end's pending_bytes(). When one end is destroyed, the other gets
// what was pending, then on_end; writing to it afterwards breaks it, as with a socket. on_end arrives only while
// reading, as with a socket. `max_per_delivery` limits what one on_read brings (tests); never more than 64 KiB.
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_pipe(Loop& loop,
                                                                             size_t max_per_delivery = 64 * 1024);

}  // namespace sluice::net
