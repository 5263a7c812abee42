// RLIMIT_NOFILE (getrlimit(2)): thousands of callers need as many descriptors as the system will give.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::daemon {

// Raises the limit to the hard one and returns what then holds; UINT64_MAX where there is none, or it cannot be read.
uint64_t raise_descriptor_limit();

// A sentence for the log where `limit` is less than what `workers` with `connections` callers each need, "" else: for
// every caller there is one more kept for a target.
std::string descriptor_warning(uint64_t limit, uint64_t workers, uint64_t connections);

}  // namespace sluice::daemon
