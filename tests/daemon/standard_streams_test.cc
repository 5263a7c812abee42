#include "daemon/standard_streams.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

namespace sluice::daemon {
namespace {

bool is_null_device(int fd) {
  struct stat there, null;
  return ::fstat(fd, &there) == 0 && ::stat("/dev/null", &null) == 0 && there.st_rdev == null.st_rdev;
}

TEST_CASE("closed standard streams become /dev/null, and others stay") {
  for (int closed = 0; closed < 8; ++closed) {  // a bit for each stream
    INFO(closed);
    const pid_t pid = ::fork();
    if (pid == 0) {
      int pipe[2];
      bool fine = ::pipe(pipe) == 0;
      for (int fd = 0; fd <= 2; ++fd) {
        ::dup2(pipe[1], fd);
        if ((closed & 1 << fd) != 0) ::close(fd);
      }
      fine = ready_standard_streams() && fine;
      for (int fd = 0; fd <= 2; ++fd) fine = fine && is_null_device(fd) == ((closed & 1 << fd) != 0);
      ::_exit(fine ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  }
}

TEST_CASE("a write beyond the limit of a file is an error, not the end") {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGXFSZ, SIG_DFL);
    ready_standard_streams();
    ::raise(SIGXFSZ);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

}  // namespace
}  // namespace sluice::daemon
