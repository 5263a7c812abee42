#include "net/port_sharing.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace sluice::net {
namespace {

// Adds the inodes of sockets that listen at `port`, of a table as proc(5) describes /proc/net/tcp.
void add_listening(const char* table, uint16_t port, std::vector<unsigned long>& inodes) {
  constexpr unsigned listens = 0x0A;
  std::ifstream file(table);
  for (std::string line; std::getline(file, line);) {
    unsigned at = 0, state = 0;
    unsigned long inode = 0;
    const int read = std::sscanf(line.c_str(), " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*d %*d %lu",
                                 &at, &state, &inode);
    if (read == 3 && at == port && state == listens) inodes.push_back(inode);
  }
}

// Inodes of sockets that listen at `port` and that no descriptor of this process is.
std::vector<unsigned long> of_others(uint16_t port) {
  std::vector<unsigned long> inodes;
  for (const char* table : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) add_listening(table, port, inodes);
  if (inodes.empty()) return {};
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
  if (!folder) return {};
  while (const dirent* const entry = ::readdir(folder.get())) {
    struct stat status {};
    if (::fstatat(::dirfd(folder.get()), entry->d_name, &status, 0) != 0 || !S_ISSOCK(status.st_mode)) continue;
    std::erase(inodes, status.st_ino);
  }
  return inodes;
}

}  // namespace

bool others_listen_at(uint16_t port) {
  std::vector<unsigned long> others = of_others(port);
  if (others.empty()) return false;
  // One of ours may have been closed by another thread between the two lists: those of others are still there.
  const std::vector<unsigned long> still = of_others(port);
  return std::any_of(others.begin(), others.end(),
                     [&](unsigned long inode) { return std::find(still.begin(), still.end(), inode) != still.end(); });
}

}  // namespace sluice::net
