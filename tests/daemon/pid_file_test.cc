#include "daemon/pid_file.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::daemon {
namespace {

namespace fs = std::filesystem;

struct Place {
  std::string path = (fs::temp_directory_path() / ("sluice-pid-" + std::to_string(::getpid()))).string();
  Place() { fs::remove(path); }
  ~Place() { fs::remove(path); }
  std::string text() const {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  void put(const std::string& text) const { std::ofstream(path) << text; }
};

// A process with this program's name, which lives until the destructor.
struct Sibling {
  pid_t pid = ::fork();
  Sibling() {
    if (pid == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  ~Sibling() { end(); }
  void end() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    pid = 0;
  }
};

TEST_CASE("the file names this process while it runs, and is gone after") {
  const Place place;
  {
    const auto file = PidFile::write(place.path);
    REQUIRE(file);
    CHECK(place.text() == std::to_string(::getpid()) + "\n");
    const auto second = PidFile::write(place.path);
    REQUIRE_FALSE(second);
    CHECK(second.error().message == "pid file " + place.path + ": another process is running with it");
    CHECK(fs::exists(place.path));
  }
  CHECK_FALSE(fs::exists(place.path));
}

TEST_CASE("what is left over is replaced, whatever its length") {
  for (const std::string& text :
       {std::string("999999999\n"), std::string(), std::string("1\n"), std::string("\0\0", 2)}) {
    const Place place;
    place.put(text);
    CHECK(PidFile::check(place.path));
    const auto file = PidFile::write(place.path);
    REQUIRE(file);
    CHECK(place.text() == std::to_string(::getpid()) + "\n");
  }
}

TEST_CASE("a file that holds something else than a process id is left alone: keys and configurations were removed") {
  for (const std::string& text : {std::string("sk-key\n"), std::string("{}"), std::string("12 34\n"), std::string("-1"),
                                  std::string("99999999999999999999999\n"), std::string(2000, '1')}) {
    INFO(text);
    const Place place;
    place.put(text);
    for (const Result<void>& refused : {PidFile::check_kind(place.path), PidFile::check(place.path)}) {
      REQUIRE_FALSE(refused);
      CHECK(refused.error().message ==
            "pid file " + place.path + ": it holds something else than a process id; name another file");
    }
    CHECK_FALSE(PidFile::write(place.path));
    CHECK(place.text() == text);
  }
}

TEST_CASE("a living process of the same name is not run over") {
  Sibling sibling;
  const Place place;
  place.put(std::to_string(sibling.pid) + "\n");
  const std::string expected = "pid file " + place.path + ": process " + std::to_string(sibling.pid) +
                               " is running with it; stop that one or name another file";
  const auto checked = PidFile::check(place.path);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().message == expected);
  const auto written = PidFile::write(place.path);
  REQUIRE_FALSE(written);
  CHECK(written.error().message == expected);
  CHECK(place.text() == std::to_string(sibling.pid) + "\n");
  sibling.end();
  CHECK(PidFile::write(place.path));
}

TEST_CASE("a file that somebody has put in its place is left alone") {
  const Place place;
  {
    const auto file = PidFile::write(place.path);
    REQUIRE(file);
    fs::remove(place.path);
    place.put("another's\n");
  }
  CHECK(place.text() == "another's\n");
}

TEST_CASE("a place that cannot be written is a sentence") {
  const auto file = PidFile::write("/nonexistent/sluice.pid");
  REQUIRE_FALSE(file);
  CHECK(file.error().message == "pid file /nonexistent/sluice.pid: No such file or directory");
}

}  // namespace
}  // namespace sluice::daemon
