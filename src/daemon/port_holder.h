// Which process holds an address that is in use, for the error message.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::daemon {

// "process 4711 (nginx)"; "a process of user 33" if this user may not inspect the process; "" if nothing can be found
// out (proc(5) hidden, no such listener). Reads /proc, which takes milliseconds.
std::string holder_of_port(uint16_t port);
std::string holder_of_socket(const std::string& path);

}  // namespace sluice::daemon
