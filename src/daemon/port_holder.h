// Who has an address that cannot be listened at, for the error that says so.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::daemon {

// "process 4711 (nginx)"; of a process that this user may not look into, "a process of user 33"; "" where nothing can
// be known (proc(5) hidden, no such listener). Reads /proc, which takes milliseconds.
std::string holder_of_port(uint16_t port);
std::string holder_of_socket(const std::string& path);

}  // namespace sluice::daemon
