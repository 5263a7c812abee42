// Files named by a configuration, read without ever blocking: a FIFO, a device or a folder instead of a file is an
// immediate error, where open(2) would wait for a writer.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace sluice {

// The whole file. io, with a clause that says why ("No such file or directory", "it is a FIFO, not a plain file"): it
// cannot be read, is not a plain file, or is larger than `max_bytes`.
Result<std::string> read_plain_file(const std::string& path, size_t max_bytes);

}  // namespace sluice
