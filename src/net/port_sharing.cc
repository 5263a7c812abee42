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

// Adds the inodes of sockets listening on `port`, from a table in the format of /proc/net/tcp (proc(5)).
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

// Inodes of sockets that listen on `port` and that this process has no descriptor of.
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
  // Another thread may have closed one of ours between the two reads: other processes' sockets are still there.
  const std::vector<unsigned long> still = of_others(port);
  return std::any_of(others.begin(), others.end(),
                     [&](unsigned long inode) { return std::find(still.begin(), still.end(), inode) != still.end(); });
}

}  // namespace sluice::net
