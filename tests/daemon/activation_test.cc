#include "daemon/activation.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace sluice::daemon {
namespace {

// Opens descriptors 3 and 4 and closes 5, whatever the test program has there; restored by the destructor.
struct Descriptors {
  int saved[3];
  Descriptors() {
    for (int i = 0; i < 3; ++i) {
      saved[i] = ::fcntl(3 + i, F_DUPFD_CLOEXEC, 100);
      ::close(3 + i);
    }
    const int null = ::open("/dev/null", O_RDONLY);
    for (int fd : {3, 4}) {
      if (null != fd) ::dup2(null, fd);
    }
    if (null > 4) ::close(null);
  }
  ~Descriptors() {
    for (int i = 0; i < 3; ++i) {
      ::close(3 + i);
      if (saved[i] < 0) continue;
      ::dup2(saved[i], 3 + i);
      ::close(saved[i]);
    }
  }
};

TEST_CASE("descriptors that were passed are found, named and kept from children") {
  const Descriptors open;
  const auto passed = passed_descriptors("77", "2", "http:", 77);
  REQUIRE(passed);
  REQUIRE(passed->size() == 2);
  CHECK((*passed)[0].fd == 3);
  CHECK((*passed)[0].name == "http");
  CHECK((*passed)[1].fd == 4);
  CHECK((*passed)[1].name.empty());
  CHECK(::fcntl(3, F_GETFD) == FD_CLOEXEC);
  CHECK(::fcntl(4, F_GETFD) == FD_CLOEXEC);
}

TEST_CASE("variables that are for another process are not ours") {
  for (const auto& [pid, fds] : {std::pair("", "1"), {"78", "1"}, {"77", ""}, {"x", "1"}, {"77", "0"}}) {
    const auto passed = passed_descriptors(pid, fds, "", 77);
    REQUIRE(passed);
    CHECK(passed->empty());
  }
}

TEST_CASE("variables that say what is not so are a sentence") {
  const Descriptors open;
  for (const auto& [fds, expected] : {std::pair("3", "LISTEN_FDS is 3, but descriptor 5 is not open"),
                                      {"-1", "LISTEN_FDS is '-1', which is not a number of descriptors"},
                                      {"5000", "LISTEN_FDS is '5000', which is not a number of descriptors"}}) {
    const auto passed = passed_descriptors("77", fds, "", 77);
    REQUIRE_FALSE(passed);
    CHECK(passed.error().message == expected);
  }
}

}  // namespace
}  // namespace sluice::daemon
