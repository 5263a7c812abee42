#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <map>
#include <set>

#include "base/mix.h"
#include "support.h"

namespace sluice::routing {
namespace {

using config::Order;
using test::model;
using test::text_of;
using test::why_of;

Asking at(uint64_t now_ms, uint64_t chance = 1) {
  Asking asking;
  asking.now_ms = now_ms;
  asking.chance = chance;
  return asking;
}

TEST_CASE("targets stand as they are listed, behind them those of the fallbacks, each once") {
  config::Config config = test::four_providers();
  config.models = {model("smart", {{"a", "x"}, {"b", "y"}}, Order::listed, {"fast", "d/z"}),
                   model("fast", {{"c", "w"}, {"a", "x"}}, Order::listed, {"slow"}),
                   model("slow", {{"d", "v"}, {"b", "y"}})};
  const Router router(config);
  const Result<Plan> plan = router.plan("smart", at(0));
  CHECK(text_of(plan) == "a/x b/y c/w d/v d/z");
  CHECK(why_of(plan) == "listed, listed, fallback, fallback, fallback");
  CHECK(plan->entry == &config.models[0]);
  CHECK(plan->retry == &config.models[0].retry);
  CHECK(plan->targets[0].entry == &config.models[0]);
  CHECK(plan->targets[2].entry == &config.models[1]);
  CHECK(plan->targets[4].entry == nullptr);
  CHECK(router.entry_of("smart") == &config.models[0]);
  CHECK(router.entry_of("a/x") == nullptr);
}

TEST_CASE("a loop of fallbacks ends, though the configuration's check was left out") {
  config::Config config = test::four_providers();
  config.models = {model("one", {{"a", "x"}}, Order::listed, {"two"}),
                   model("two", {{"b", "y"}}, Order::listed, {"one"})};
  CHECK(text_of(Router(config).plan("one", at(0))) == "a/x b/y");
}

TEST_CASE("other names are planned, too, with a health of their own where a list has them") {
  config::Config config = test::four_providers();
  config.providers[0].models = {"listed"};
  config.models = {model("smart", {{"b", "y"}})};
  const Router router(config);
  const Result<Plan> listed = router.plan("a/listed", at(0)), made_up = router.plan("a/made-up", at(0));
  CHECK(why_of(listed) == "only one");
  CHECK(listed->entry == nullptr);
  CHECK(listed->retry->attempts == 4);
  CHECK(listed->targets[0].health->label() == "a/listed");
  CHECK(made_up->targets[0].health->label() == "a");
  CHECK(router.plan("listed", at(0))->targets[0].health == listed->targets[0].health);
  CHECK(router.plan("b/y", at(0))->targets[0].health == router.plan("smart", at(0))->targets[0].health);
  CHECK(text_of(router.plan("nobody/x", at(0))).starts_with("unknown_model: "));
  CHECK(text_of(router.plan("a\nb", at(0))).starts_with("bad_request: "));
}

TEST_CASE("a weight is a share, of the first place and of the next") {
  config::Config config = test::four_providers();
  config.models = {model("smart", {{"a", "x", 6}, {"b", "x", 3}, {"c", "x", 1}, {"d", "x", 0}}, Order::weighted)};
  const Router router(config);
  constexpr int rounds = 100'000;
  std::map<std::string, int> first, second;
  for (uint64_t i = 0; i < rounds; ++i) {
    const Result<Plan> plan = router.plan("smart", at(0, mixed(i)));
    ++first[plan->targets[0].provider->name];
    ++second[plan->targets[0].provider->name + plan->targets[1].provider->name];
    REQUIRE(plan->targets[3].provider->name == "d");  // without weight: last
    REQUIRE(plan->targets[0].why == "weight");
  }
  const auto near = [](int count, double share) {
    const double sigma = std::sqrt(rounds * share * (1 - share));
    return std::abs(count - rounds * share) < 5 * sigma;
  };
  CHECK(near(first["a"], 0.6));
  CHECK(near(first["b"], 0.3));
  CHECK(near(first["c"], 0.1));
  CHECK(near(second["ab"], 0.6 * 0.75));
  CHECK(near(second["ca"], 0.1 * 6 / 9));
}

TEST_CASE("consecutive numbers are chance enough") {
  config::Config config = test::four_providers();
  config.models = {model("smart", {{"a", "x"}, {"b", "x"}}, Order::weighted)};
  const Router router(config);
  int first = 0;
  for (uint64_t i = 0; i < 10'000; ++i)
    first += router.plan("smart", at(0, i))->targets[0].provider->name == "a" ? 1 : 0;
  CHECK(first > 4'750);
  CHECK(first < 5'250);
}

TEST_CASE("the least busy is who has the least under way for its weight") {
  config::Config config = test::four_providers();
  config.models = {model("smart", {{"a", "x", 1}, {"b", "x", 4}}, Order::least_busy)};
  const Router router(config);
  TargetHealth& b = *router.plan("b/x", at(0))->targets[0].health;
  CHECK(text_of(router.plan("smart", at(0))) == "b/x a/x");
  for (int i = 0; i < 2; ++i) b.began();
  CHECK(text_of(router.plan("smart", at(0))) == "b/x a/x");  // 3/4
  for (int i = 0; i < 2; ++i) b.began();
  CHECK(text_of(router.plan("smart", at(0))) == "a/x b/x");  // 5/4
  b.ended(), b.ended();
  CHECK(text_of(router.plan("smart", at(0))) == "b/x a/x");
  CHECK(why_of(router.plan("smart", at(0))) == "least busy, least busy");
}

TEST_CASE("equals share, whatever the order") {
  config::Config config = test::four_providers();
  for (const Order order : {Order::weighted, Order::least_busy, Order::fastest}) {
    config.models = {model("smart", {{"a", "x"}, {"b", "x"}, {"c", "x"}}, order)};
    const Router router(config);
    std::map<std::string, int> first;
    for (uint64_t i = 0; i < 3'000; ++i) ++first[router.plan("smart", at(0, mixed(i)))->targets[0].provider->name];
    for (const char* name : {"a", "b", "c"}) CHECK(std::abs(first[name] - 1'000) < 150);
  }
}

TEST_CASE("the fastest is asked first, who is not known yet before, and who was slow again after a while") {
  config::Config config = test::four_providers();
  config.models = {model("smart", {{"a", "x"}, {"b", "x"}, {"c", "x"}}, Order::fastest)};
  const Router router(config);
  const auto health = [&](const char* name) -> TargetHealth& { return *router.plan(name, at(0))->targets[0].health; };
  TargetHealth &a = health("a/x"), &b = health("b/x"), &c = health("c/x");
  a.succeeded(1'000, 300'000);
  b.succeeded(1'000, 200'000);
  CHECK(text_of(router.plan("smart", at(1'000))) == "c/x b/x a/x");  // c has not been tried yet
  c.began();
  CHECK(text_of(router.plan("smart", at(1'000))) == "b/x a/x c/x");  // one attempt is enough for that
  c.succeeded(1'000, 900'000);
  c.ended();
  CHECK(text_of(router.plan("smart", at(1'000))) == "b/x a/x c/x");
  b.began();
  CHECK(text_of(router.plan("smart", at(1'000))) == "a/x b/x c/x");  // 200 ms twice
  b.succeeded(1'100, 2'000'000);                                     // one slow answer counts immediately
  b.ended();
  CHECK(text_of(router.plan("smart", at(1'100))) == "a/x c/x b/x");
  // Only a is asked, and keeps its latency; the others' slowness is forgotten gradually.
  for (uint64_t now = 2'000; now <= 60'000; now += 1'000) a.succeeded(now, 300'000);
  CHECK(text_of(router.plan("smart", at(60'000))) == "c/x b/x a/x");
}

TEST_CASE("what belongs together goes to the same target, by any router, and only a share moves") {
  config::Config config = test::four_providers();
  config.models = {model("smart", {{"a", "x"}, {"b", "x"}, {"c", "x"}, {"d", "x"}}, Order::weighted)};
  config::Config smaller = config;
  smaller.models[0].targets.pop_back();
  const Router one(config, {}, 1), other(config, {}, 2), less(smaller, {}, 3);
  std::map<std::string, int> first;
  int moved = 0;
  for (uint64_t i = 0; i < 4'000; ++i) {
    const std::string affinity = "session-" + std::to_string(i);
    Asking asking = at(0, mixed(i));
    asking.affinity = affinity;
    const std::string order = text_of(one.plan("smart", asking));
    asking.chance = mixed(i + 1'000'000), asking.now_ms = 77;
    REQUIRE(text_of(other.plan("smart", asking)) == order);
    const std::string of_less = text_of(less.plan("smart", asking));
    ++first[order.substr(0, 3)];
    if (of_less.substr(0, 3) == order.substr(0, 3)) continue;
    ++moved;
    REQUIRE(order.substr(0, 3) == "d/x");                 // only what was at d moves,
    REQUIRE(of_less.substr(0, 3) == order.substr(4, 3));  // to the target that was second
  }
  for (const char* label : {"a/x", "b/x", "c/x", "d/x"}) CHECK(std::abs(first[label] - 1'000) < 150);
  CHECK(moved == first["d/x"]);
  Asking asking = at(0);
  asking.affinity = "s";
  CHECK(one.plan("smart", asking)->targets[0].why == "affinity");
}

TEST_CASE("affinity follows weights") {
  config::Config config = test::four_providers();
  config.models = {model("smart", {{"a", "x", 3}, {"b", "x", 1}, {"c", "x", 0}})};
  const Router router(config);
  std::map<std::string, int> first;
  for (uint64_t i = 0; i < 4'000; ++i) {
    const std::string affinity = std::to_string(i);
    Asking asking = at(0);
    asking.affinity = affinity;
    ++first[router.plan("smart", asking)->targets[0].provider->name];
  }
  CHECK(std::abs(first["a"] - 3'000) < 150);
  CHECK(first["c"] == 0);
}

TEST_CASE("who is left alone stands behind, and is asked all the same when nothing else is left") {
  config::Config config = test::four_providers();
  config.models = {model("smart", {{"a", "x"}, {"b", "x"}, {"c", "x", 1, 2}}, Order::listed, {"d/x"})};
  const Router router(config);
  const Result<Plan> plan = router.plan("smart", at(0));
  REQUIRE(text_of(plan) == "a/x b/x c/x d/x");
  TargetHealth &a = *plan->targets[0].health, &b = *plan->targets[1].health, &c = *plan->targets[2].health,
               &d = *plan->targets[3].health;
  a.leave_alone(1'000);
  CHECK(text_of(router.plan("smart", at(999))) == "b/x c/x d/x a/x");
  CHECK(text_of(router.plan("smart", at(1'000))) == "a/x b/x c/x d/x");
  for (int i = 0; i < 5; ++i) b.failed(0, {});
  CHECK(text_of(router.plan("smart", at(500))) == "c/x d/x a/x b/x");  // the fallback goes before these two
  c.began(), c.began();                                                // as many as are allowed
  CHECK(text_of(router.plan("smart", at(500))) == "d/x c/x a/x b/x");
  d.bench_credential(5'000);
  CHECK(text_of(router.plan("smart", at(500))) == "c/x a/x b/x d/x");
  CHECK(text_of(router.plan("smart", at(2'000))) == "a/x c/x b/x d/x");
  CHECK(text_of(router.plan("smart", at(5'000))) == "a/x b/x d/x c/x");  // b is half open: it gets a probe
  REQUIRE(b.take_probe(5'000));
  CHECK(text_of(router.plan("smart", at(5'000))) == "a/x d/x c/x b/x");
}

TEST_CASE("drained targets are not asked at all") {
  config::Config config = test::four_providers();
  config.models = {model("smart", {{"a", "x"}, {"b", "x"}})};
  const Router router(config);
  const Result<Plan> plan = router.plan("smart", at(0));
  std::vector<LeftOut> left_out;
  plan->targets[0].health->drain();
  CHECK(text_of(router.plan("smart", at(0), &left_out)) == "b/x");
  REQUIRE(left_out.size() == 1);
  CHECK(left_out[0].target.label() == "a/x");
  CHECK(left_out[0].why == "drained by an operator");
  plan->targets[1].health->drain();
  CHECK(text_of(router.plan("smart", at(0))) == "overloaded: all targets of 'smart' have been drained by an operator");
  plan->targets[0].health->free();
  CHECK(text_of(router.plan("smart", at(0))) == "a/x");
}

TEST_CASE("who is known not to take what is asked is left out, unless nobody does") {
  config::Config config = test::four_providers();
  config.models = {model("smart", {{"a", "x"}, {"b", "x"}, {"c", "x"}}), model("small", {{"a", "x"}})};
  const Fits fits = [](const config::Provider& provider, std::string_view, uint32_t) -> ModelFit {
    if (provider.name == "a") return {1'000, true, false, true, false};  // small, without images and sounds
    if (provider.name == "b") return {8'000, true, true, false, true};   // without tools
    return {};                                                           // nothing is known
  };
  const Router router(config, {}, 0, nullptr, fits);
  const auto plan_of = [&](uint64_t tokens, bool images, bool tools, bool audio, const char* name = "smart") {
    Asking asking = at(0);
    asking.estimated_tokens = tokens, asking.images = images, asking.tools = tools, asking.audio = audio;
    std::vector<LeftOut> left_out;
    std::string text = text_of(router.plan(name, asking, &left_out));
    for (const LeftOut& one : left_out) text += "; " + one.target.label() + ": " + std::string(one.why);
    return text;
  };
  CHECK(plan_of(1'000, false, false, false) == "a/x b/x c/x");
  CHECK(plan_of(1'001, false, false, false) == "b/x c/x; a/x: its context window is too small");
  CHECK(plan_of(9'000, false, false, false) ==
        "c/x; a/x: its context window is too small; b/x: its context window is too small");
  CHECK(plan_of(0, true, false, false) == "b/x c/x; a/x: it takes no images");
  CHECK(plan_of(0, false, true, false) == "a/x c/x; b/x: it takes no tools");
  CHECK(plan_of(0, false, false, true) == "b/x c/x; a/x: it takes no audio");
  CHECK(plan_of(9'000, true, true, true, "small") == "a/x");
}

TEST_CASE("what a request holds is looked at only where it can matter") {
  config::Config config = test::four_providers();
  config.models = {model("small alone", {{"a", "x"}}),
                   model("small or other", {{"a", "x"}, {"c", "x"}}),
                   model("known to take all", {{"b", "x"}, {"c", "x"}}),
                   model("other", {{"c", "x"}}),
                   model("with a fallback", {{"c", "x"}}, Order::weighted, {"small alone"}),
                   model("with a name", {{"a", "x"}}, Order::weighted, {"c/x"})};
  const Fits fits = [](const config::Provider& provider, std::string_view, uint32_t) -> ModelFit {
    if (provider.name == "a") return {1'000};
    return provider.name == "b" ? ModelFit{0, true, true, true, true} : ModelFit{};
  };
  const Router router(config, {}, 0, nullptr, fits);
  std::string weighed;
  for (const config::Model& one : config.models) weighed += router.bounds_of(one).tokens ? one.name + "; " : "";
  CHECK(weighed == "small or other; with a fallback; with a name; ");
  const Router without(config);
  for (const config::Model& one : config.models) CHECK_FALSE(without.bounds_of(one).tokens);
  const Bounds& all = router.bounds_of(config.models[1]);
  CHECK_FALSE((all.images || all.tools || all.audio));
  const Router deaf(config, {}, 0, nullptr, [](const auto&, auto, auto) {
    return ModelFit{0, true, true, true, false};
  });
  const Bounds& sounds = deaf.bounds_of(config.models[1]);
  CHECK((sounds.audio && !sounds.tokens && !sounds.images && !sounds.tools));
}

TEST_CASE("who may not answer a caller is left out, and where nobody may all stay") {
  config::Config config = test::four_providers();
  config.models = {model("smart", {{"a", "x"}, {"b", "x"}}, Order::listed, {"c/x"})};
  const Router router(config);
  const auto plan_of = [&](const std::function<bool(const Target&)>& allowed) {
    Asking asking = at(0);
    asking.allowed = &allowed;
    std::vector<LeftOut> left_out;
    std::string text = text_of(router.plan("smart", asking, &left_out));
    for (const LeftOut& one : left_out) text += "; " + one.target.label() + ": " + std::string(one.why);
    return text;
  };
  CHECK(plan_of([](const Target&) { return true; }) == "a/x b/x c/x");
  CHECK(plan_of([](const Target& one) { return one.provider->name != "a"; }) ==
        "b/x c/x; a/x: this key may not use it");
  CHECK(plan_of([](const Target&) { return false; }) == "a/x b/x c/x");
}

TEST_CASE("a plan holds a bounded number of targets") {
  config::Config config = test::four_providers();
  std::vector<config::TargetRef> many;
  for (int i = 0; i < 64; ++i) many.push_back({"a", std::to_string(i)});
  config.models = {model("smart", many, Order::weighted, {"b/x"})};
  CHECK(Router(config).plan("smart", at(0))->targets.size() == Plan::max_targets);
}

TEST_CASE("a plan costs the same however many targets are configured") {
  const auto time_of = [](size_t models) {
    config::Config config = test::four_providers();
    for (size_t i = 0; i < models; ++i) {
      const std::string name = "m" + std::to_string(i);
      config.models.push_back(model(name, {{"a", name}, {"b", name}}, Order::weighted));
    }
    const Router router(config);
    auto best = std::chrono::nanoseconds::max();
    for (int round = 0; round < 20; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      for (uint64_t i = 0; i < 500; ++i) REQUIRE(router.plan("m1", at(0, i))->targets.size() == 2);
      best = std::min(best, std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin));
    }
    return static_cast<double>(best.count());
  };
  const double few = time_of(2), many = time_of(5'000);
  INFO(few << " ns, " << many << " ns");
  CHECK(many < 3 * few);
}

}  // namespace
}  // namespace sluice::routing
