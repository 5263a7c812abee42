#include "base/plain_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

namespace sluice {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-plain-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

TEST_CASE("a plain file is read whole, up to the bound") {
  const Folder folder;
  for (const size_t size : {0u, 1u, 4095u, 4096u, 4097u, 100'000u}) {
    const std::string content(size, 'x');
    std::ofstream(folder / "file", std::ios::binary) << content;
    CHECK(read_plain_file(folder / "file", 100'000) == content);
    CHECK(read_plain_file(folder / "file", size) == content);
    if (size > 0) CHECK(read_plain_file(folder / "file", size - 1).error().message.starts_with("it is larger than"));
  }
  CHECK(read_plain_file("/proc/self/status", 100'000)->starts_with("Name:"));  // reports a size of 0
}

TEST_CASE("nothing else is waited for") {
  const Folder folder;
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  const auto why = [](const std::string& path) { return read_plain_file(path, 100).error().message; };
  CHECK(why(folder / "fifo") == "it is a FIFO, not a plain file");
  CHECK(why(folder / ".") == "it is a directory, not a plain file");
  CHECK(why("/dev/zero") == "it is a device, not a plain file");
  CHECK(why(folder / "missing") == "No such file or directory");
}

}  // namespace
}  // namespace sluice
