// Two connected streams of each kind, for tests that must hold for all of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/stream.h"

namespace sluice::net {

struct Pair {
  std::unique_ptr<Stream> a, b;
};

// "memory", "memory in sevens", "tcp", "tcp6", "unix".
std::vector<std::string> pair_kinds();
Pair make_pair_of(const std::string& kind, Loop& loop);

bool has_ipv6();
// A blocking loopback connection to `port`.
int connect_raw(uint16_t port);
int connect_raw(const std::string& path);
// A temporary directory, removed by the destructor.
struct TemporaryFolder {
  TemporaryFolder();
  ~TemporaryFolder();
  std::string path;
};

}  // namespace sluice::net
