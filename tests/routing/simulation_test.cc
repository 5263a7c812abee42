// Thousands of requests through routing, retries, breakers and budgets, with targets that fail in every way, under a
// fake clock. A schedule follows from its seed alone:
//   SLUICE_SEED=7 test_routing "what is promised holds whatever targets do"   runs that one
//   SLUICE_SCHEDULES=1000000 test_routing ...                                  runs that many
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "base/mix.h"
#include "config/model_route.h"
#include "routing/retry.h"
#include "support.h"
#include "support/seeds.h"

namespace sluice::routing {
namespace {

using Code = ErrorCode;

struct Fault {
  Code code;
  int status;
  const char* word;
  int retry_after_ms;  // -1: none
};

constexpr std::array faults = std::to_array<Fault>({
    {Code::target_refused, 0, "", -1},
    {Code::target_broke, 0, "", -1},
    {Code::target_timeout, 0, "", -1},
    {Code::target_stalled, 0, "", -1},
    {Code::target_error, 500, "", -1},
    {Code::target_error, 503, "", -1},
    {Code::target_error, 503, "", 400},
    {Code::target_error, 529, "overloaded_error", -1},
    {Code::target_rate_limited, 429, "", -1},
    {Code::target_rate_limited, 429, "", 1'000},
    {Code::target_rate_limited, 429, "", 30'000},
    {Code::target_unauthorized, 401, "", -1},
    {Code::target_quota, 429, "insufficient_quota", 20'000},
    {Code::target_rejected, 400, "context_length_exceeded", -1},
    {Code::target_rejected, 400, "invalid_request_error", -1},
    {Code::target_error, 200, "overloaded_error", -1},
});

// A period in which a target fails.
struct Storm {
  uint64_t begin_ms, end_ms;
  uint32_t percent;
  size_t fault;
};

struct FakeTarget {
  TargetHealth* health = nullptr;
  uint32_t latency_ms = 0;
  std::vector<Storm> storms;
  // What the checks look at.
  uint32_t under_way = 0, most_under_way = 0, probes = 0;
  uint64_t first_attempts = 0, repeats = 0;

  const Storm* storm_at(uint64_t now_ms) const {
    for (const Storm& storm : storms) {
      if (now_ms >= storm.begin_ms && now_ms < storm.end_ms) return &storm;
    }
    return nullptr;
  }
};

enum class End : unsigned char { under_way, answered, failed };

// One request, as it goes from target to target.
struct Request {
  Plan plan;
  size_t at = 0;
  uint64_t asked = 0, larger_than = 0;
  uint32_t attempts = 0, tries = 0;
  bool probes = false;
  End end = End::under_way;
  size_t fault = faults.size();  // of the current attempt; faults.size(): it will answer
  bool leaves = false;           // its caller does, during the next attempt
};

class World {
 public:
  // With a random configuration, or with the given one and healthy targets.
  explicit World(uint64_t seed, bool tell = false) : random_(seed), tell_(tell) {
    make_config();
    begin_world(seed, true);
  }
  World(uint64_t seed, config::Config config) : random_(seed), tell_(false), config_(std::move(config)) {
    begin_world(seed, false);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void begin_world(uint64_t seed, bool with_storms) {
    router_ = std::make_unique<Router>(config_, std::span<const ToldNames>(), seed);
    make_targets(with_storms);
  }

  // Requests whose number and times are random.
  void run() {
    const size_t count = 4 + draw(28);
    for (size_t i = 0; i < count; ++i) at(draw(60'000), i, true);
    requests_.resize(count);
    turn_all();
  }
  // `count` requests, evenly spaced.
  void run_evenly(size_t count, uint64_t every_ms) {
    requests_.resize(count);
    for (size_t i = 0; i < count; ++i) at(i * every_ms, i, true);
    turn_all();
  }

  void check_end() {
    for (const Request& request : requests_) expect(request.end != End::under_way, "a request has no end");
    for (const auto& [label, target] : targets_) {
      expect(target.health->in_flight() == 0, "an attempt is under way for ever");
      expect(target.repeats <= target.first_attempts / 5 + 10 * (now_ms_ / RetryBudget::window_ms + 1),
             "more repeats than the budget allows");
    }
    // Once all targets are well, every breaker closes within the longest cooldown (or bench) and one request.
    for (auto& [label, target] : targets_) target.storms.clear();
    now_ms_ += std::max<uint64_t>(config_.models[0].breaker.max_cooldown_ms, max_bench_ms);
    for (auto& [label, target] : targets_) {
      const Standing standing = target.health->standing(now_ms_);
      expect(may_be_asked(standing), "a target is left alone for ever");
      expect(target.health->take_probe(now_ms_), "a probe is lost");
      target.health->succeeded(now_ms_, 1'000);
      expect(target.health->standing(now_ms_) == Standing::closed, "a target stays open");
    }
  }

  const std::string& problem() const { return problem_; }
  uint64_t trace() const { return trace_; }
  uint64_t attempts() const { return attempts_; }
  size_t answered() const { return count(End::answered); }
  size_t requests() const { return requests_.size(); }
  FakeTarget& target(const std::string& label) { return targets_.at(label); }

 private:
  struct Event {
    uint64_t at_ms, order;
    size_t request;
    bool begins;
    bool operator>(const Event& other) const {
      return at_ms != other.at_ms ? at_ms > other.at_ms : order > other.order;
    }
  };

  uint64_t draw(uint64_t below) { return below == 0 ? 0 : random_() % below; }
  bool chance(uint32_t percent) { return draw(100) < percent; }
  void expect(bool holds, const char* what) {
    if (!holds && problem_.empty()) problem_ = std::string(what) + " at " + std::to_string(now_ms_) + " ms";
  }
  void at(uint64_t at_ms, size_t request, bool begins) { events_.push({at_ms, ++order_, request, begins}); }
  size_t count(End end) const {
    return static_cast<size_t>(
        std::count_if(requests_.begin(), requests_.end(), [end](const Request& one) { return one.end == end; }));
  }
  void note(const std::string& what) {
    for (const char c : what) trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    if (tell_) UNSCOPED_INFO(std::to_string(now_ms_) + " ms: " + what);
  }

  void make_config() {
    config_ = test::four_providers();
    config::Model smart = test::model("smart", {});
    const size_t targets = 1 + draw(4);
    for (size_t i = 0; i < targets; ++i) {
      const uint32_t concurrent = chance(20) ? 1 + static_cast<uint32_t>(draw(3)) : 0;
      smart.targets.push_back(
          {config_.providers[draw(4)].name, "m" + std::to_string(i), static_cast<uint32_t>(draw(4)), concurrent});
    }
    smart.order = static_cast<config::Order>(draw(4));
    smart.retry.attempts = 1 + static_cast<uint32_t>(draw(5));
    smart.retry.wait_ms = static_cast<uint32_t>(draw(3)) * 1'000;
    smart.breaker.failures = 1 + static_cast<uint32_t>(draw(6));
    if (chance(50)) smart.fallbacks.emplace_back("other");
    config_.models.push_back(smart);
    config_.models.push_back(test::model("other", {{"d", "f"}}));
  }

  void make_targets(bool with_storms) {
    for (const config::Model& model : config_.models) {
      for (const config::TargetRef& ref : model.targets) {
        const std::string label = ref.provider + "/" + ref.model;
        FakeTarget& target = targets_[label];
        target.health = router_->plan(label, {})->targets[0].health;
        target.latency_ms = 5 + static_cast<uint32_t>(draw(with_storms ? 3'000 : 100));
        if (!with_storms) continue;
        leaves_percent_ = 5, failure_ms_ = 2'000;
        for (size_t i = draw(4); i > 0; --i) {
          const uint64_t begin = draw(60'000);
          target.storms.push_back(
              {begin, begin + draw(40'000), 20 + static_cast<uint32_t>(draw(81)), draw(faults.size())});
        }
      }
    }
  }

  void turn_all() {
    while (!events_.empty() && problem_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now_ms_ = event.at_ms;
      Request& request = requests_[event.request];
      if (event.begins && request.attempts == 0) {
        begin(request, event.request);
      } else if (event.begins) {
        ask(request, event.request);
      } else {
        end_attempt(request, event.request);
      }
    }
  }

  void begin(Request& request, size_t number) {
    Asking asking;
    asking.now_ms = now_ms_;
    asking.chance = random_();
    request.leaves = chance(leaves_percent_);
    request.plan = *router_->plan("smart", asking);
    const auto& targets = request.plan.targets;
    const auto fine = [this](const Target& target) { return may_be_asked(target.health->standing(now_ms_)); };
    expect(fine(targets.front()) || std::none_of(targets.begin(), targets.end(), fine),
           "who is left alone is asked before who is not");
    ask(request, number);
  }

  void ask(Request& request, size_t number) {
    const Target& target = request.plan.targets[request.at];
    FakeTarget& fake = targets_.at(target.label());
    if (!target.health->begin_below(target.concurrent)) return move_on(request, number);
    request.asked |= uint64_t{1} << request.at;
    ++request.attempts, ++request.tries, ++attempts_;
    expect(request.attempts <= request.plan.retry->attempts, "more attempts than are allowed");
    request.probes = target.health->standing(now_ms_) == Standing::half_open && target.health->take_probe(now_ms_);
    if (request.probes) expect(++fake.probes == 1, "two probes at one target");
    if (request.tries == 1) target.health->budget().asked(now_ms_);
    ++(request.tries == 1 ? fake.first_attempts : fake.repeats);
    expect(target.concurrent == 0 || ++fake.under_way <= target.concurrent, "more under way than may be");
    const Storm* const storm = fake.storm_at(now_ms_);
    request.fault = storm != nullptr && chance(storm->percent) ? storm->fault : faults.size();
    note(std::to_string(number) + " asks " + target.label());
    at(now_ms_ + (request.fault == faults.size() ? fake.latency_ms : 1 + draw(failure_ms_)), number, false);
  }

  void end_attempt(Request& request, size_t number) {
    const Target& target = request.plan.targets[request.at];
    FakeTarget& fake = targets_.at(target.label());
    target.health->ended();
    if (target.concurrent != 0) --fake.under_way;
    const bool probed = std::exchange(request.probes, false);
    if (probed) --fake.probes;
    if (request.leaves) {
      if (probed) target.health->give_back_probe();
      return finish(request, End::failed, "its caller leaves");
    }
    if (request.fault == faults.size()) {
      target.health->succeeded(now_ms_, uint64_t{fake.latency_ms} * 1'000);
      return finish(request, End::answered, "is answered");
    }
    fail(request, number, probed);
  }

  void fail(Request& request, size_t number, bool probed) {
    const Target& target = request.plan.targets[request.at];
    const Fault& fault = faults[request.fault];
    Outcome outcome{fault.code, fault.status, fault.word, "", {}, false};
    if (fault.retry_after_ms >= 0) outcome.retry_after_ms = static_cast<uint32_t>(fault.retry_after_ms);
    const Verdict verdict = judge(outcome, request.tries, *request.plan.retry, random_());
    if (verdict.blame == Blame::target) {
      target.health->failed(now_ms_, config_.models[0].breaker);
    } else if (verdict.blame == Blame::nobody && verdict.bench_ms == 0) {
      target.health->answered(now_ms_);
    } else if (probed) {
      target.health->give_back_probe();
    }
    if (verdict.bench_ms != 0) {
      const uint64_t until = now_ms_ + verdict.bench_ms;
      verdict.blame == Blame::credential ? target.health->bench_credential(until) : target.health->leave_alone(until);
    }
    note(std::to_string(number) + " fails: " + std::string(fault_name(outcome)));
    if (verdict.next == Next::give_up) return finish(request, End::failed, "is given up");
    if (request.attempts == request.plan.retry->attempts) return finish(request, End::failed, "has had its attempts");
    if (verdict.larger_window) request.larger_than = target.fit.context_tokens;
    const bool again = verdict.next == Next::again ||
                       (verdict.or_again && !request.plan.next(request.asked, now_ms_, request.larger_than));
    // A target whose breaker is open by then is not asked again for this request.
    const Standing later = target.health->standing(now_ms_ + verdict.wait_ms);
    if (again && (later == Standing::closed || later == Standing::half_open) && target.health->take_repeat(now_ms_)) {
      return at(now_ms_ + verdict.wait_ms, number, true);
    }
    move_on(request, number);
  }

  void move_on(Request& request, size_t number) {
    request.asked |= uint64_t{1} << request.at;
    const std::optional<size_t> next = request.plan.next(request.asked, now_ms_, request.larger_than);
    if (!next) return finish(request, End::failed, "has nobody left");
    request.at = *next;
    request.tries = 0;
    ask(request, number);
  }

  void finish(Request& request, End end, const char* how) {
    expect(request.end == End::under_way, "a request ends twice");
    request.end = end;
    note(how);
  }

  std::mt19937_64 random_;
  const bool tell_;
  config::Config config_;
  std::unique_ptr<Router> router_;
  std::map<std::string, FakeTarget> targets_;
  std::vector<Request> requests_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  uint32_t leaves_percent_ = 0;
  uint64_t failure_ms_ = 5;
  uint64_t now_ms_ = 0, order_ = 0, attempts_ = 0, trace_ = 0xcbf29ce484222325;
  std::string problem_;
};

std::string problem_of(uint64_t seed, bool tell = false) {
  World world(seed, tell);
  world.run();
  if (world.problem().empty()) world.check_end();
  return world.problem();
}

TEST_CASE("what is promised holds whatever targets do") {
  const auto seeds = sluice::test::seeds("SLUICE_SEED", "SLUICE_SCHEDULES", sluice::test::schedules(20'000), 1);
  for (uint64_t seed = seeds.first; seed != seeds.last; ++seed) {
    const std::string problem = problem_of(seed, seeds.count() == 1);
    INFO("again with SLUICE_SEED=" << seed);
    REQUIRE(problem == "");
  }
}

TEST_CASE("a schedule replays from its seed") {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    World one(seed), other(seed);
    one.run(), other.run();
    REQUIRE(one.trace() == other.trace());
    REQUIRE(one.attempts() == other.attempts());
  }
}

config::Config three_targets(config::Order order) {
  config::Config config = test::four_providers();
  config.models = {test::model("smart", {{"a", "x"}, {"b", "x"}, {"c", "x"}}, order)};
  return config;
}

constexpr size_t refused = 0, busy = 5;  // indices into `faults`
constexpr uint64_t for_ever = 10'000'000;

TEST_CASE("where one of three targets is well, hardly anybody is refused") {
  for (const config::Order order :
       {config::Order::weighted, config::Order::listed, config::Order::least_busy, config::Order::fastest}) {
    World world(7, three_targets(order));
    world.target("a/x").storms = {{0, for_ever, 100, refused}};
    world.target("b/x").storms = {{0, for_ever, 100, busy}};
    world.run_evenly(5'000, 2);
    world.check_end();
    INFO(config::word_of(order) << ": " << world.answered() << " answered, " << world.attempts() << " attempts");
    CHECK(world.problem() == "");
    CHECK(world.answered() >= 4'995);
    CHECK(world.attempts() < 5'200);  // the breakers keep them off the other two
  }
}

TEST_CASE("where all targets are down, each request costs one attempt, and they are back within one cooldown") {
  for (const size_t fault : {refused, busy}) {
    World world(9, three_targets(config::Order::weighted));
    constexpr uint64_t storm_ms = 60'000;
    for (const char* label : {"a/x", "b/x", "c/x"}) world.target(label).storms = {{0, storm_ms, 100, fault}};
    constexpr size_t requests = 60'000;  // 500 a second for two minutes
    world.run_evenly(requests, 2);
    INFO(world.attempts() << " attempts, " << world.answered() << " answered");
    CHECK(world.problem() == "");
    CHECK(static_cast<double>(world.attempts()) <= 1.2 * requests);
    // 30,000 arrived after the storm; most of those during the last cooldown, at most 30 s, were still sent to a
    // target.
    CHECK(world.answered() >= 29'900);
  }
}

}  // namespace
}  // namespace sluice::routing
