#include "daemon/notifier.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <filesystem>

namespace sluice::daemon {
namespace {

// The service manager's end: receives at `name`, which is a path or, with a leading '@', an abstract socket name.
struct Manager {
  int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  std::string name;

  explicit Manager(std::string its_name) : name(std::move(its_name)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (name[0] != '@'));
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  }
  ~Manager() {
    ::close(fd);
    if (name[0] != '@') std::filesystem::remove(name);
  }
  std::string received() const {
    std::array<char, 512> buffer;
    const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
    return n < 0 ? "nothing" : std::string(buffer.data(), static_cast<size_t>(n));
  }
};

std::string own_name(const std::string& before) { return before + "sluice-notify-" + std::to_string(::getpid()); }

TEST_CASE("the manager gets what it is told, by path and by abstract name") {
  for (const std::string& name : {own_name(std::filesystem::temp_directory_path().string() + "/"), own_name("@")}) {
    INFO(name);
    const Manager manager(name);
    auto made = Notifier::to(name);
    REQUIRE(made);
    const Notifier notifier = std::move(*made);
    CHECK(notifier.on());
    CHECK(notifier.tell("READY=1\nSTATUS=listens"));
    CHECK(manager.received() == "READY=1\nSTATUS=listens");
    CHECK(manager.received() == "nothing");
  }
}

TEST_CASE("nobody to tell is no failure; a wrong address is a sentence") {
  CHECK_FALSE(Notifier().on());
  CHECK_FALSE(Notifier().tell("READY=1"));
  const auto gone = Notifier::to("/nonexistent/notify");
  REQUIRE(gone);
  CHECK_FALSE(gone->tell("READY=1"));
  for (const std::string& name : {std::string("relative"), std::string("@"), "/" + std::string(200, 'x')}) {
    const auto wrong = Notifier::to(name);
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().message.find("cannot notify the service manager at '" + name + "': ") == 0);
  }
}

}  // namespace
}  // namespace sluice::daemon
