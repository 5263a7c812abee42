#include "net/port_sharing.h"

#include <dirent.h>
#include <sys/stat.h>

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

}  // namespace

bool others_listen_at(uint16_t port) {
  std::vector<unsigned long> inodes;
  for (const char* table : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) add_listening(table, port, inodes);
  if (inodes.empty()) return false;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
  if (!folder) return false;
  while (const dirent* const entry = ::readdir(folder.get())) {
    struct stat status {};
    if (::fstatat(::dirfd(folder.get()), entry->d_name, &status, 0) != 0 || !S_ISSOCK(status.st_mode)) continue;
    std::erase(inodes, status.st_ino);
  }
  return !inodes.empty();
}

}  // namespace sluice::net
