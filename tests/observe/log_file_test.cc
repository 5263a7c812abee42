#include "observe/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace sluice::observe {
namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("sluice-log-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string at(const std::string& name) const { return (path / name).string(); }
};

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void put(const LogFile& file, std::string_view text) {
  REQUIRE(::write(file.fd(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

TEST_CASE("a renamed file is left for a new one, and what was there before is kept") {
  const Folder folder;
  std::ofstream(folder.at("log")) << "old\n";
  const auto file = LogFile::open(folder.at("log"));
  REQUIRE(file);
  const int fd = file->fd();
  put(*file, "one\n");
  fs::rename(folder.at("log"), folder.at("log.1"));
  put(*file, "two\n");
  REQUIRE(file->reopen());
  CHECK(file->fd() == fd);
  CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  put(*file, "three\n");
  CHECK(text_of(folder.at("log.1")) == "old\none\ntwo\n");
  CHECK(text_of(folder.at("log")) == "three\n");
}

TEST_CASE("a file that is cut by others goes on at its new end") {
  const Folder folder;
  const auto file = LogFile::open(folder.at("log"));
  REQUIRE(file);
  put(*file, "before\n");
  fs::resize_file(folder.at("log"), 0);
  put(*file, "after\n");
  CHECK(text_of(folder.at("log")) == "after\n");
}

TEST_CASE("lines written while files change each go whole to one of them") {
  const Folder folder;
  const auto file = LogFile::open(folder.at("log"));
  REQUIRE(file);
  constexpr int lines = 20'000;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < lines; ++i) {
      const std::string line = std::to_string(i) + "\n";
      if (::write(file->fd(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) break;
    }
    done = true;
  });
  int files = 0;
  while (!done && files < 1000) {
    fs::rename(folder.at("log"), folder.at("log." + std::to_string(files++)));
    if (!file->reopen()) break;
  }
  writer.join();
  std::string all;
  for (int i = 0; i < files; ++i) all += text_of(folder.at("log." + std::to_string(i)));
  all += text_of(folder.at("log"));
  std::string expected;
  for (int i = 0; i < lines; ++i) expected += std::to_string(i) + "\n";
  CHECK(files > 1);
  CHECK(all == expected);
}

TEST_CASE("what cannot be a log file is a sentence, and the old one stays") {
  const Folder folder;
  const auto wrong = LogFile::open(folder.at("none") + "/log");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message == "cannot write the log to " + folder.at("none") + "/log: No such file or directory");
  REQUIRE(::mkfifo(folder.at("pipe").c_str(), 0600) == 0);
  CHECK_FALSE(LogFile::open(folder.at("pipe")));  // must not wait for a reader
  fs::create_directories(folder.at("sub"));
  const auto file = LogFile::open(folder.at("sub") + "/log");
  REQUIRE(file);
  fs::rename(folder.at("sub"), folder.at("moved"));
  CHECK_FALSE(file->reopen());
  put(*file, "still\n");
  CHECK(text_of(folder.at("moved") + "/log") == "still\n");
}

}  // namespace
}  // namespace sluice::observe
