// With 2,000 keys in clear text, searching each record for them cost 650 us per request; with 20,000, no record was
// written any more. Names were looked up one by one in `models`, `providers` and a key's model list.
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "base/recycled.h"
#include "observe/secret_mask.h"
#include "policy/caller_keys.h"
#include "routing/router.h"

namespace sluice {
namespace {

// Microseconds per call, the best of three rounds.
template <typename Call>
double us_of(int calls, Call&& call) {
  using Clock = std::chrono::steady_clock;
  double best = 1e12;
  for (int round = 0; round < 3; ++round) {
    const auto began = Clock::now();
    for (int i = 0; i < calls; ++i) call(i);
    const std::chrono::duration<double, std::micro> took = Clock::now() - began;
    best = std::min(best, took.count() / calls);
  }
  return best;
}

// Where many should cost as much as few: the factor allowed for a busy machine and a sanitizer's checks. It is still a
// hundredth of what it was before.
constexpr double noise = 20;

// How many times slower computing is under sanitizers, for bounds in microseconds.
#if SLUICE_SEES_USE_AFTER_FREE
constexpr double sanitized = 3;
#else
constexpr double sanitized = 1;
#endif

std::string key_text(size_t i) { return "sk-" + std::to_string(i * 7'919) + "-0123456789abcdef0123456789abcdef"; }

TEST_CASE("a record is masked as quickly with 20,000 keys as with one") {
  const auto cost = [](size_t count) {
    std::vector<std::string> keys;
    for (size_t i = 0; i < count; ++i) keys.push_back(key_text(i));
    const observe::SecretMask mask(keys);
    std::string line =
        R"(2026-01-01T00:00:00.000Z access id=0123456789abcdef0123456789abcdef peer=127.0.0.1:4711 key=)";
    line +=
        R"(team-1 method=POST path=/v1/chat/completions model=fast target=openai/gpt-5 status=200 duration_us=1234567)";
    std::string scratch;
    CHECK(mask.apply(line + " " + key_text(count - 1), scratch) == line + " ***");
    return us_of(200, [&](int) { CHECK(mask.apply(line, scratch).data() == line.data()); });
  };
  CHECK(cost(20'000) < noise * cost(1));
}

TEST_CASE("a name is found as quickly among 10,000 models and 1,000 providers as among few") {
  const auto make = [](size_t models, size_t providers) {
    config::Config config;
    for (size_t i = 0; i < providers; ++i) {
      config::Provider provider;
      provider.name = "provider-" + std::to_string(i);
      provider.dialects = {Dialect::openai};
      provider.models = {"listed-" + std::to_string(i), "family-" + std::to_string(i) + "-*"};
      config.providers.push_back(std::move(provider));
    }
    for (size_t i = 0; i < models; ++i) {
      const std::string number = std::to_string(i % providers);
      config.models.push_back({"model-" + std::to_string(i), {{"provider-" + number, "m"}}});
    }
    return config;
  };
  const config::Config few = make(10, 2), many = make(10'000, 1'000);
  const routing::Router few_router(few), many_router(many);
  struct Row {
    std::string few, many, target;
  };
  for (const Row& row : std::vector<Row>{{"model-9", "model-9999", "provider-999/m"},
                                         {"provider-1/x", "provider-999/x", "provider-999/x"},
                                         {"listed-1", "listed-999", "provider-999/listed-999"},
                                         {"family-1-x", "family-999-x", "provider-999/family-999-x"}}) {
    CAPTURE(row.many);
    CHECK(many_router.route(row.many, Dialect::openai)->label() == row.target);
    const double cost = us_of(500, [&](int) { (void)few_router.route(row.few, Dialect::openai); });
    CHECK(us_of(500, [&](int) { (void)many_router.route(row.many, Dialect::openai); }) < noise * cost);
  }
  // An unknown name is answered with the nearest ones, found among thousands within a few milliseconds.
  CHECK(us_of(3, [&](int) { CHECK_FALSE(many_router.route("modell-12345", Dialect::openai)); }) < sanitized * 100'000);
  CHECK(many_router.route("nobody", Dialect::openai).error().message.size() < 2'000);
}

TEST_CASE("a key that is held to 10,000 models is let in as quickly as one that is held to one") {
  const auto make = [](size_t count) {
    config::CallerKey key;
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) names.push_back("model-" + std::to_string(i) + (i % 2 == 0 ? "" : "/*"));
    key.models = names;
    return key;
  };
  const config::CallerKey few = make(2), many = make(10'000);
  CHECK(policy::may_use(many, "model-9999/x", ""));
  CHECK(policy::may_use(many, "model-9998", ""));
  CHECK_FALSE(policy::may_use(many, "model-9998/x", "p/model-9998"));
  const double cost = us_of(1'000, [&](int) { (void)policy::may_use(few, "model-1/x", "p/m"); });
  CHECK(us_of(1'000, [&](int) { (void)policy::may_use(many, "model-9999/x", "p/m"); }) < noise * cost);
}

}  // namespace
}  // namespace sluice
