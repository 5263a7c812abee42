#include "observe/access_record.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <limits>
#include <regex>
#include <set>

#include "observe/log.h"
#include "observe/metrics.h"
#include "observe/pipe.h"
#include "support/fake_clock.h"

namespace sluice::observe {
namespace {

AccessRecord full_record() {
  AccessRecord record;
  record.time_ms = 1767225600123;
  record.request_id = "req-1";
  record.peer = "127.0.0.1:5000";
  record.key = "team a";
  record.key_secret = 2;
  record.key_sha256 = "0a1b";
  record.method = "POST";
  record.path = "/v1/chat/completions";
  record.route = "chat/completions";
  record.dialect = "openai";
  record.model = "fast";
  record.target = "openai/gpt-4o-mini";
  record.answered_model = "gpt-4o-mini-2024-07-18";
  record.target_request_id = "abc";
  record.target_key = 2;
  record.dropped = "top_k=unsupported";
  record.rescued = true;
  record.resumed = true;
  record.failed_attempts = "a/m target_error 503 12ms busy";
  record.status = 502;
  record.outcome = "target_cut";
  record.target_code = "busy";
  record.reason = "the answer ended \"early\"\n";
  record.stream = true;
  record.attempts = 2;
  record.target_status = 200;
  record.duration_us = 1'234'567;
  record.overhead_us = 89;
  record.first_byte_us = 0;
  record.bytes_in = 1000;
  record.bytes_out = 2000;
  record.input_tokens = 10;
  record.cache_read_tokens = 0;
  record.cache_write_tokens = 3;
  record.output_tokens = 20;
  record.reasoning_tokens = 5;
  return record;
}

AccessRecord least_record() {
  AccessRecord record;
  record.method = "GET";
  record.path = "/v1/x";
  record.status = 404;
  record.outcome = "unknown_path";
  return record;
}

std::string line_of(const AccessRecord& record, bool json) {
  std::string out;
  append_record(out, record, json);
  return out;
}

TEST_CASE("golden records") {
  CHECK(
      line_of(full_record(), true) ==
      "{\"time\":\"2026-01-01T00:00:00.123Z\",\"type\":\"access\",\"request_id\":\"req-1\",\"peer\":\"127.0.0.1:5000\","
      "\"key\":\"team "
      "a\",\"key_secret\":2,\"key_sha256\":\"0a1b\",\"method\":\"POST\",\"path\":\"/v1/chat/"
      "completions\",\"route\":\"chat/"
      "completions\","
      "\"dialect\":\"openai\",\"model\":\"fast\",\"target\":\"openai/gpt-4o-mini\","
      "\"answered_model\":\"gpt-4o-mini-2024-07-18\",\"target_request_id\":\"abc\",\"dropped\":\"top_k=unsupported\","
      "\"status\":502,\"outcome\":\"target_"
      "cut\","
      "\"target_code\":\"busy\",\"reason\":\"the answer ended "
      "\\\"early\\\"\\n\",\"stream\":true,\"rescued\":true,\"resumed\":true,\"attempts\":2,"
      "\"failed_attempts\":\"a/m target_error 503 12ms busy\",\"target_key\":2,\"target_status\":200,"
      "\"duration_us\":1234567,\"overhead_us\":89,\"first_byte_us\":0,\"bytes_in\":1000,\"bytes_out\":2000,"
      "\"input_tokens\":10,\"cache_read_tokens\":0,\"cache_write_tokens\":3,\"output_tokens\":20,\"reasoning_tokens\":"
      "5}\n");
  CHECK(
      line_of(full_record(), false) ==
      "2026-01-01T00:00:00.123Z access request_id=req-1 peer=127.0.0.1:5000 key=\"team a\" key_secret=2 "
      "key_sha256=0a1b "
      "method=POST "
      "path=/v1/chat/completions route=chat/completions dialect=openai model=fast target=openai/gpt-4o-mini "
      "answered_model=gpt-4o-mini-2024-07-18 target_request_id=abc dropped=\"top_k=unsupported\" status=502 "
      "outcome=target_cut "
      "target_code=busy reason=\"the answer ended \\\"early\\\"\\n\" stream=true rescued=true resumed=true attempts=2 "
      "failed_attempts=\"a/m target_error 503 12ms busy\" target_key=2 target_status=200 "
      "duration_us=1234567 "
      "overhead_us=89 first_byte_us=0 bytes_in=1000 bytes_out=2000 input_tokens=10 cache_read_tokens=0 "
      "cache_write_tokens=3 output_tokens=20 reasoning_tokens=5\n");
  CHECK(
      line_of(least_record(), true) ==
      "{\"time\":\"1970-01-01T00:00:00.000Z\",\"type\":\"access\",\"method\":\"GET\",\"path\":\"/v1/x\",\"status\":404,"
      "\"outcome\":\"unknown_path\",\"duration_us\":0,\"overhead_us\":0,\"bytes_in\":0,\"bytes_out\":0}\n");
  CHECK(line_of(least_record(), false) ==
        "1970-01-01T00:00:00.000Z access method=GET path=/v1/x status=404 outcome=unknown_path duration_us=0 "
        "overhead_us=0 bytes_in=0 bytes_out=0\n");
}

TEST_CASE("no value of a record can forge another") {
  AccessRecord record = least_record();
  record.path = "/v1/x status=200\n{\"time\":0}";
  record.model = "a\"b\\c\r\x1b\xff";
  CHECK(line_of(record, true)
            .find("\"path\":\"/v1/x status=200\\n{\\\"time\\\":0}\",\"model\":\"a\\\"b\\\\c\\r\\u001b\xef\xbf\xbd\"") !=
        std::string::npos);
  CHECK(line_of(record, false)
            .find("path=\"/v1/x status=200\\n{\\\"time\\\":0}\" model=\"a\\\"b\\\\c\\r\\u001b\xef\xbf\xbd\" ") !=
        std::string::npos);
}

TEST_CASE("a record of any length is whole") {
  // Around the size at which a record no longer fits into the usual buffer, with the bytes that need the most room.
  for (const size_t size : {100u, 490u, 500u, 510u, 520u, 600u, 700u, 10'000u, 100'000u}) {
    CAPTURE(size);
    AccessRecord record = least_record();
    const std::string path(size, '\x01');
    record.path = path;
    std::string escaped;
    for (size_t i = 0; i < size; ++i) escaped += "\\u0001";
    CHECK(line_of(record, true) ==
          "{\"time\":\"1970-01-01T00:00:00.000Z\",\"type\":\"access\",\"method\":\"GET\",\"path\":\"" + escaped +
              "\",\"status\":404,\"outcome\":\"unknown_path\",\"duration_us\":0,\"overhead_us\":0,\"bytes_in\":0,"
              "\"bytes_out\":0}\n");
  }
}

TEST_CASE("the longest numbers fit") {
  AccessRecord record = full_record();
  record.status = record.target_status = std::numeric_limits<int>::max();
  record.attempts = std::numeric_limits<uint32_t>::max();
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  record.duration_us = record.overhead_us = record.bytes_in = record.bytes_out = most;
  record.first_byte_us = record.input_tokens = record.cache_read_tokens = most;
  record.cache_write_tokens = record.output_tokens = record.reasoning_tokens = most;
  record.reason = "x";
  // The buffer must have room for everything but the text.
  const size_t text_bytes = 5 + 14 + 6 + 4 + 20 + 16 + 6 + 4 + 18 + 22 + 3 + 10 + 1;
  CHECK(line_of(record, true).size() - text_bytes < 1024);
  CHECK(line_of(record, true).find("\"reasoning_tokens\":18446744073709551615}\n") != std::string::npos);
}

TEST_CASE("records are handed over in batches") {
  test::Pipe pipe;
  Metrics metrics(1, sluice::test::fake_unix_ms);
  Log log({Level::info, true, pipe.write_fd(), sluice::test::fixed_time});
  AccessLog access(log, metrics.worker(0));
  CHECK(access.empty());
  access.add(least_record());
  CHECK_FALSE(access.empty());
  CHECK(pipe.held_bytes() == 0);
  access.flush();
  CHECK(access.empty());
  CHECK(pipe.read_lines(1) == line_of(least_record(), true));
  // The record that fills a batch hands it over.
  const size_t line_bytes = line_of(least_record(), true).size();
  const size_t batch = (AccessLog::batch_bytes + line_bytes - 1) / line_bytes;
  for (size_t i = 0; i + 1 < batch; ++i) access.add(least_record());
  CHECK_FALSE(access.empty());
  access.add(least_record());
  CHECK(access.empty());
  CHECK(pipe.read_lines(1 + batch).size() == (1 + batch) * line_bytes);
  CHECK(metrics.worker(0).records_lost_total.get() == 0);
}

TEST_CASE("the end of the access log hands over the rest") {
  test::Pipe pipe;
  Metrics metrics(1, sluice::test::fake_unix_ms);
  {
    Log log({Level::info, false, pipe.write_fd(), sluice::test::fixed_time});
    AccessLog access(log, metrics.worker(0));
    access.add(least_record());
    access.add(least_record());
  }
  CHECK(pipe.read_all() == line_of(least_record(), false) + line_of(least_record(), false));
}

TEST_CASE("records that the log cannot take are counted") {
  test::Pipe pipe;
  Metrics metrics(1, sluice::test::fake_unix_ms);
  Log log({Level::info, false, pipe.write_fd(), sluice::test::fixed_time});
  pipe.make_small();
  // More than a one-page pipe and the queue can hold, so that some are lost; each call hands over two records.
  constexpr int64_t calls = 2000;
  {
    AccessLog access(log, metrics.worker(0));
    AccessRecord record = least_record();
    const std::string path(2000, 'p');
    record.path = path;
    for (int64_t i = 0; i < calls; ++i) {
      access.add(record);
      access.add(record);
      access.flush();
    }
  }
  const int64_t dropped = metrics.worker(0).records_lost_total.get();
  CHECK(dropped >= 2 * (calls - static_cast<int64_t>(Log::max_queued) - 2));
  CHECK(dropped % 2 == 0);
  const auto kept = static_cast<size_t>(2 * calls - dropped);
  const std::string& text = pipe.read_lines(kept);
  CHECK(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) == kept);
}

TEST_CASE("docs/access-record.md names exactly the fields of a record, in order") {
  const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  std::ifstream file(root / "docs/access-record.md");
  REQUIRE(file);
  std::vector<std::string> documented, real;
  const std::regex row("^\\| `([a-z0-9_]+)` \\|.*"), name("\"([a-z0-9_]+)\":");
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (std::regex_match(line, match, row)) documented.push_back(match[1]);
  }
  const std::string json = line_of(full_record(), true);
  for (std::sregex_iterator i(json.begin(), json.end(), name), end; i != end; ++i) real.push_back((*i)[1]);
  CHECK(documented == real);
}

}  // namespace
}  // namespace sluice::observe
