// 20,000 keys in a file of one line took 54 s to read, 100,000 keys by their digests 30 s: each token counted its
// line's characters again, and each key and each name in an object was compared with all before it.
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "config/parse.h"

namespace sluice::config {
namespace {

std::optional<std::string> nothing_set(std::string_view) { return std::nullopt; }

struct Read {
  bool fine = false;
  size_t problems = 0, keys = 0, models = 0, providers = 0;
  std::string first;
  double seconds = 0;
};

Read read(const std::string& text) {
  const auto began = std::chrono::steady_clock::now();
  const auto config = parse(text, "sluice.json", nothing_set);
  Read read;
  read.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  read.fine = config.has_value();
  if (config) {
    read.keys = config->keys.size();
    read.models = config->models.size();
    read.providers = config->providers.size();
  } else {
    read.problems = config.error().size();
    read.first = describe(config.error().front());
  }
  return read;
}

// `open`, then `each` called `count` times and joined with commas, then `close`.
std::string list(std::string_view open, size_t count, const std::function<std::string(size_t)>& each,
                 std::string_view close) {
  std::string text(open);
  for (size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ",") + each(i);
  return text.append(close);
}

std::string padded(size_t i) {
  const std::string digits = std::to_string(i);
  return std::string(64 - digits.size(), '0') + digits;
}

constexpr size_t many = 20'000;
// A debug build with a sanitizer on a busy machine stays below this; quadratic work does not.
constexpr double max_seconds = 15;

TEST_CASE("20,000 keys in one line are read within seconds") {
  const auto clear = [](size_t i) {
    return R"({"name":"k)" + std::to_string(i) + R"(","key":"sk-)" + padded(i) + "\"}";
  };
  const auto digest = [](size_t i) {
    return R"({"name":"k)" + std::to_string(i) + R"(","sha256":")" + padded(i + 1) + "\"}";
  };
  for (const auto& each : {std::function<std::string(size_t)>(clear), std::function<std::string(size_t)>(digest)}) {
    const Read all = read(list(R"({"keys":[)", many, each, "]}"));
    CHECK(all.fine);
    CHECK(all.keys == many);
    CHECK(all.seconds < max_seconds);
    const auto last_twice = [&](size_t i) { return each(i + 1 == many ? 0 : i); };
    const Read twice = read(list(R"({"keys":[)", many, last_twice, "]}"));
    CHECK(twice.problems == 2);  // the name, and the key
    CHECK(twice.seconds < max_seconds);
  }
}

TEST_CASE("20,000 models and 2,000 providers are read within seconds, right or wrong") {
  const std::string providers =
      list(R"({"providers":{)", 2'000,
           [](size_t i) { return "\"p" + std::to_string(i) + R"(":{"base_url":"http://h"})"; }, "},");
  const auto with_models = [&](std::string_view target) {
    return providers + list(R"("models":{)", many,
                            [&](size_t i) {
                              return "\"m" + std::to_string(i) + "\":\"" + std::string(target) +
                                     std::to_string(i % 2'000) + "/x\"";
                            },
                            "}}");
  };
  const Read right = read(with_models("p"));
  CHECK(right.fine);
  CHECK(right.models == many);
  CHECK(right.providers == 2'000);
  CHECK(right.seconds < max_seconds);
  const Read wrong = read(with_models("provider"));
  CHECK(wrong.problems == max_problems);
  CHECK(wrong.first.find("no provider is called provider0") != std::string::npos);
  CHECK(wrong.first.size() < 2'000);
  CHECK(wrong.seconds < max_seconds);
}

TEST_CASE("20,000 names that stand twice, or that nobody knows, are read within seconds") {
  const Read twice = read(
      list(R"({"models":{)", 2 * many, [](size_t i) { return "\"m" + std::to_string(i % many) + R"(":"p/x")"; }, "}}"));
  CHECK(twice.problems == max_problems);
  CHECK(twice.first.find("is repeated; first in line 1") != std::string::npos);
  CHECK(twice.seconds < max_seconds);
  const Read unknown = read(list(
      "{", many, [](size_t i) { return "\"field" + std::to_string(i) + "\":1"; }, "}"));
  CHECK(unknown.problems == max_problems);
  CHECK(unknown.seconds < max_seconds);
}

TEST_CASE("places are told right in long lines, after characters of several bytes and over line ends") {
  CHECK(read("{\"models\":{\"\xc3\xa9\xe2\x82\xac\":\"p/x\",\"a\":5}}").first ==
        "sluice.json:1:27: models.a: found 5 (allowed: \"provider/model\" or {\"targets\": [{\"model\": "
        "\"provider/model\"}]})");
  CHECK(read("{\n \"models\": {\"a\": \"p/x\",\n  \"a\": \"p/y\"}}").first ==
        "sluice.json:3:3: models.a: is repeated; first in line 2");
}

}  // namespace
}  // namespace sluice::config
