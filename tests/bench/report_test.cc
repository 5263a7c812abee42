#include "bench/report.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::bench {
namespace {

Options options_of(bool stream = false) {
  Options options;
  options.target = *target_from("http://[::1]:8000");
  options.connections = 4;
  options.stream = stream;
  return options;
}

Summary summary_of(const std::string& secret = "") {
  Summary summary;
  summary.model = "demo/\"demo\"";
  summary.elapsed_ns = 2'000'000'000;
  summary.connections_made = 4;
  summary.tally = std::make_unique<Tally>(secret);
  return summary;
}

TEST_CASE("times in the unit they are read in") {
  for (const auto& [us, text] : {std::pair{uint64_t{0}, "0 us"},
                                 {999, "999 us"},
                                 {1'000, "1.00 ms"},
                                 {1'204, "1.20 ms"},
                                 {9'994, "9.99 ms"},
                                 {9'996, "10.0 ms"},
                                 {99'940, "99.9 ms"},
                                 {99'960, "100 ms"},
                                 {999'400, "999 ms"},
                                 {999'600, "1.00 s"},
                                 {12'340'000, "12.3 s"},
                                 {3'600'000'000, "3600 s"}}) {
    CAPTURE(us);
    REQUIRE(time_text(us) == text);
  }
}

TEST_CASE("a run of streams with failures, as text") {
  Options options = options_of(true);
  options.key_variable = "MINE";
  options.key = "sk-planted";
  Summary summary = summary_of(options.key);
  summary.models_listed = 3;
  summary.unfinished = 1;
  summary.interrupted = true;
  Tally& tally = *summary.tally;
  tally.answered = 1234;
  tally.bytes_in = 5'600'000;
  tally.output_tokens = 9000;
  tally.with_tokens = 1000;
  tally.latency_us.record(1500);
  tally.first_text_us.record(420);
  tally.between_frames_us.record(0);
  tally.failures.add({"HTTP 429", "slow down, sk-planted\n\x1b[31m"});
  tally.failures.add({"HTTP 429", "another text"});
  tally.failures.add({"timeout", "the answer had not begun after 100 ms"});
  REQUIRE(report_text(options, summary) ==
          R"(POST http://[::1]:8000/v1/chat/completions
model demo/"demo", chosen of 3 listed, streams, key from $MINE
1,237 requests in 2.00 s, 4 callers, 4 connections made, interrupted

answered                  1,234  617/s
failed                        3
cut by the end                1
received                5.60 MB  2.80 MB/s
output tokens             9,000  4,500/s, as 1,000 answers report

                         p50       p90       p99       max
latency              1.50 ms   1.50 ms   1.50 ms   1.50 ms
to the first text     420 us    420 us    420 us    420 us
between frames          0 us      0 us      0 us      0 us

failures
           2  HTTP 429           slow down, *** [31m
           1  timeout            the answer had not begun after 100 ms
)");
}

TEST_CASE("a run without an answer, as text") {
  REQUIRE(report_text(options_of(), summary_of()) == R"(POST http://[::1]:8000/v1/chat/completions
model demo/"demo", whole answers, no key
0 requests in 2.00 s, 4 callers, 4 connections made

answered                      0  0.00/s
failed                        0
received                    0 B  0 B/s
)");
}

TEST_CASE("the same for machines") {
  Summary summary = summary_of("sk-planted");
  Tally& tally = *summary.tally;
  tally.answered = 10;
  tally.output_tokens = 30;
  tally.with_tokens = 10;
  tally.bytes_in = 1000;
  tally.latency_us.record(1500);
  tally.failures.add({"HTTP 500", "a \"quoted\" sk-planted"});
  const std::string text = report_json(options_of(), summary);
  REQUIRE(text.find("planted") == std::string::npos);
  REQUIRE(text.find('\n') == text.size() - 1);
  const auto document = nlohmann::json::parse(text);
  REQUIRE(document["url"] == "http://[::1]:8000/v1/chat/completions");
  REQUIRE(document["model"] == "demo/\"demo\"");
  REQUIRE(document["dialect"] == "openai");
  REQUIRE(document["requests"] == 11);
  REQUIRE(document["answered"] == 10);
  REQUIRE(document["failed"] == 1);
  REQUIRE(document["answered_per_s"] == 5.0);
  REQUIRE(document["output_tokens_per_s"] == 15.0);
  REQUIRE(document["latency_ms"] == nlohmann::json({{"p50", 1.5}, {"p90", 1.5}, {"p99", 1.5}, {"max", 1.5}}));
  REQUIRE_FALSE(document.contains("first_text_ms"));
  REQUIRE(document["failures"][0] ==
          nlohmann::json({{"reason", "HTTP 500"}, {"message", "a \"quoted\" ***"}, {"count", 1}}));
}

TEST_CASE("a line of progress") {
  const Summary summary = summary_of();
  summary.tally->answered = 12'345;
  summary.tally->failures.add({"x", ""});
  REQUIRE(progress_line(*summary.tally, 2'000'000'000) == "2 s  12,346 requests  6,173/s  1 failed");
}

TEST_CASE("groups of failures are bounded, and none is lost") {
  Failures failures("");
  for (int i = 0; i < 1000; ++i) failures.add({"reason " + std::to_string(i), "text"});
  REQUIRE(failures.groups().size() == Failures::max_groups);
  REQUIRE(failures.groups().back().reason == "other");
  REQUIRE(failures.count() == 1000);
  uint64_t sum = 0;
  for (const auto& group : failures.groups()) sum += group.count;
  REQUIRE(sum == 1000);
}

TEST_CASE("texts of others are shown in one line, bounded, and without the key") {
  for (const auto& [text, clean] : {
           std::pair<std::string, std::string>{"plain", "plain"},
           {"a\r\n\tb", "a b"},
           {"\x1b[2Jx", "[2Jx"},
           {"\xc2\x9b"
            "1mx",
            "1mx"},
           {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
           {"\xff\xfe!", "!"},
           {"key sk-1234, sk-1234", "key ***, ***"},
           {std::string(16, 'x'), std::string(16, 'x')},
           {std::string(17, 'x'), std::string(13, 'x') + "..."},
           {std::string(12, 'x') + "\xc3\xbc\xc3\xbc\xc3\xbc", std::string(12, 'x') + "..."},
           {std::string(12, 'x') + "sk-1234", std::string(12, 'x') + "***"},
           {R"(sk-\u0031234 sk\-1234)", "*** ***"},
           {R"(sk-\u003)", R"(sk-\u003)"},  // only three bytes of the key: too few to matter
           {"cut: sk-12", "cut: ***"},
           {R"(cut: sk-1\u003)", "cut: ***"},
       }) {
    CAPTURE(text);
    REQUIRE(shown(text, "sk-1234", 16) == clean);
  }
}

TEST_CASE("what an error says") {
  for (const auto& [body, text] : {
           std::pair<std::string, std::string>{R"({"error":{"message":"a\nb","type":"x"}})", "a\nb"},
           {R"({"error" : "plain"})", "plain"},
           {R"({"error":{"code":1}})", R"({"error":{"code":1}})"},
           {R"({"message":{"content":"x"},"error":{"message":"boom"}})", "boom"},
           {R"({"message":"cut of)", "cut of"},
           {R"({"message":"cut of\)", "cut of"},
           {R"({"message")", R"({"message")"},
           {"", ""},
           {"<html>", "<html>"},
       }) {
    CAPTURE(body);
    REQUIRE(error_text(body) == text);
  }
}

}  // namespace
}  // namespace sluice::bench
