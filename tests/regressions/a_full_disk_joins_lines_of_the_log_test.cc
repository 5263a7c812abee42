// When the disk had been full for a while, the log held the beginning of one line directly followed by the next line
// that could be written, and the number of lost lines was not reported. A long path, name or target's message also made
// a log line just as long.
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "gateway/world.h"
#include "observe/fd_writer.h"

namespace sluice::gateway {
namespace {

TEST_CASE("a line that was cut is completed before the next one, and those given up are counted") {
  signal(SIGXFSZ, SIG_IGN);
  const std::unique_ptr<FILE, int (*)(FILE*)> file(tmpfile(), fclose);
  REQUIRE(file);
  observe::FdWriter writer(fileno(file.get()));
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto max_bytes = [&before](rlim_t bytes) {
    const rlimit now{bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  };
  max_bytes(10);
  CHECK(writer.write("one\ntwo two two\nthree\nfour\n") == 2);
  CHECK(writer.error() == EFBIG);
  CHECK(writer.write("five\n") == 1);
  max_bytes(13);  // a little of the rest
  CHECK(writer.write("six\n") == 1);
  max_bytes(before.rlim_cur);
  CHECK(writer.write("seven\n") == 0);
  CHECK(writer.error() == 0);
  std::array<char, 100> text{};
  const ssize_t size = pread(fileno(file.get()), text.data(), text.size(), 0);
  CHECK(std::string(text.data(), static_cast<size_t>(size)) == "one\ntwo two two\nseven\n");
}

TEST_CASE("a record is bounded, whatever callers and targets send, and no half of a secret is left at its end") {
  World world;
  world.log->mask({"provider-secret"});
  const std::string long_name = std::string(1015, 'n') + "provider-secret" + std::string(5000, 'n');
  observe::AccessRecord record;
  record.method = "POST";
  for (std::string_view* text :
       {&record.request_id, &record.peer, &record.key, &record.path, &record.model, &record.target,
        &record.answered_model, &record.target_request_id, &record.reason, &record.target_code}) {
    *text = long_name;
  }
  world.access_log->add(record);
  std::string line;
  for (int i = 0; i < 10 && (line.empty() || line.back() != '\n'); ++i) line += world.records();
  CHECK(line.size() > 10'000);
  CHECK(line.size() < 12'000);
  CHECK(line.find("provi") == line.npos);
}

TEST_CASE("a value in a line of the log is bounded, too") {
  const std::string line = observe::log_line(true, 0, observe::Level::info, "x", {{"count", 3}, {"text", "3"}});
  CHECK(line.find(R"("count":3,"text":"3"})") != line.npos);
  World world;
  world.log->warn("long", {{"reason", std::string(1'000'000, 'r')}});
  world.access_log->add({});
  std::string text;
  for (int i = 0; i < 10 && text.find(" access ") == text.npos; ++i) text += world.records();
  CHECK(text.size() < 6'000);
}

}  // namespace
}  // namespace sluice::gateway
