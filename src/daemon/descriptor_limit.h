// RLIMIT_NOFILE (getrlimit(2)): thousands of callers need as many descriptors as the system allows.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::daemon {

// Raises the limit to the hard limit and returns the result; UINT64_MAX if there is none, or it cannot be read.
uint64_t raise_descriptor_limit();

// A sentence for the log if `limit` is less than `workers` with `connections` callers each need, else "". Every caller
// needs one more descriptor for a target.
std::string descriptor_warning(uint64_t limit, uint64_t workers, uint64_t connections);

}  // namespace sluice::daemon
