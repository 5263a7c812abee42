#include "daemon/port_holder.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include "daemon/number.h"

namespace sluice::daemon {
namespace {

namespace fs = std::filesystem;

struct Socket {
  std::string inode, user;
};

// Fields of a line of /proc/net/tcp: number, local address, remote address, state, queues, timer, retransmits, user,
// timeout, inode.
std::optional<Socket> tcp_listener(std::istream& line, std::string_view port_hex) {
  std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
  line >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
  constexpr std::string_view listens = "0A";
  if (!line || state != listens || !local.ends_with(port_hex)) return std::nullopt;
  return Socket{inode, user};
}

std::optional<Socket> listener_at(uint16_t port) {
  std::string port_hex = ":0000";
  for (size_t i = 0; i < 4; ++i) port_hex[4 - i] = "0123456789ABCDEF"[(port >> (4 * i)) & 15];
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    for (std::string text; std::getline(file, text);) {
      std::istringstream line(text);
      if (auto found = tcp_listener(line, port_hex)) return found;
    }
  }
  return std::nullopt;
}

// Fields of a line of /proc/net/unix: number, references, protocol, flags, type, state, inode, path.
std::optional<Socket> listener_at(const std::string& path) {
  constexpr std::string_view listens = "00010000";  // SO_ACCEPTCON
  std::ifstream file("/proc/net/unix");
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string number, references, protocol, flags, type, state, inode, at;
    line >> number >> references >> protocol >> flags >> type >> state >> inode >> std::ws;
    std::getline(line, at);
    if (flags == listens && at == path) return Socket{inode, ""};
  }
  return std::nullopt;
}

bool has_socket(const fs::path& process, const std::string& target) {
  std::error_code error;
  for (fs::directory_iterator at(process / "fd", error), end; !error && at != end; at.increment(error)) {
    char link[64];
    const ssize_t size = ::readlink(at->path().c_str(), link, sizeof link);
    if (size > 0 && std::string_view(link, static_cast<size_t>(size)) == target) return true;
  }
  return false;
}

std::string name_of(const fs::path& process) {
  std::string name;
  std::getline(std::ifstream(process / "comm"), name);
  // The process chooses its name.
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

std::string holder_of(const std::optional<Socket>& socket) {
  if (!socket) return "";
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const std::string pid = at->path().filename().string();
    if (!whole_number(pid) || !has_socket(at->path(), "socket:[" + socket->inode + "]")) continue;
    return "process " + pid + " (" + name_of(at->path()) + ")";
  }
  return socket->user.empty() ? "" : "a process of user " + socket->user;
}

}  // namespace

std::string holder_of_port(uint16_t port) { return holder_of(listener_at(port)); }

std::string holder_of_socket(const std::string& path) { return holder_of(listener_at(path)); }

}  // namespace sluice::daemon
