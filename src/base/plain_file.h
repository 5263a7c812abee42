// Files that a configuration names, read without ever waiting: a FIFO, a device or a folder in the place of a file is
// an error at once, where open(2) would wait for somebody to write.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace sluice {

// All of it. io, a clause that says why ("No such file or directory", "it is a FIFO, not a plain file"): it cannot be
// read, is something else, or is larger than `max_bytes`.
Result<std::string> read_plain_file(const std::string& path, size_t max_bytes);

}  // namespace sluice
