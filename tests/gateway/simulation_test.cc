// Whole exchanges under a fake clock: callers that ask, dawdle and leave, targets that answer, stall, break and hang
// up, limits that delay and refuse. Everything follows from a seed, and nothing may be left over at the end.
// SLUICE_SIMULATIONS=1000000 build/release/tests/test_gateway '[simulation]' runs that many; SLUICE_SIMULATION_SEED=N
// runs one.
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <iostream>

#include "support/seeds.h"
#include "world.h"

namespace sluice::gateway {
namespace {

constexpr int max_callers = 4, max_steps = 40;
constexpr std::string_view route = "chat/completions";
const std::string answer = R"({"id":"x","choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":5}})";
const std::string frame = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
const std::string last_frame = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string sse_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

std::string chunk(std::string_view bytes) {
  char line[20];
  std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
  return line + std::string(bytes) + "\r\n";
}

size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

config::RateLimits limits_from(test::FakeRandom& random) {
  const auto one_of = [&random](std::initializer_list<uint32_t> choices) {
    return choices.begin()[random.below(choices.size())];
  };
  config::RateLimits limits;
  limits.requests_per_minute = one_of({0, 0, 60, 6000});
  limits.burst = limits.requests_per_minute != 0 ? one_of({0, 1}) : 0;
  limits.tokens_per_minute = one_of({0, 0, 600, 60'000});
  limits.concurrent = one_of({0, 1, 2});
  limits.queue_ms = one_of({0, 300, 5'000, 60'000});
  return limits;
}

config::Config config_from(test::FakeRandom& random) {
  config::Config config = World::plain_config();
  config::CallerKey team;
  team.name = "team";
  team.key = "team-key";
  team.limits = limits_from(random);
  config.keys = {team};
  config::Provider& lab = config.providers[0];
  lab.timeouts = {1'000, 2'000, 3'000, 500};
  lab.max_connections = static_cast<uint32_t>(random.below(3));
  if (random.below(2) == 0) lab.limits = limits_from(random);
  if (random.below(4) == 0) config.models[0].limits = limits_from(random);
  config::Model& fast = config.models[0];
  fast.drain_on_disconnect = random.below(2) == 0;
  if (random.below(2) == 0) fast.resume_ms = static_cast<uint32_t>(random.below(4'000) + 1);
  if (random.below(2) == 0) {
    config.providers.push_back(config.providers[0]);
    config.providers[1].name = "other";
    config.providers[1].limits = random.below(2) == 0 ? limits_from(random) : config::RateLimits();
    fast.targets.push_back({"other", "m"});
    if (random.below(2) == 0) fast.hedge = config::Hedge{static_cast<uint32_t>(random.below(600) + 1)};
  }
  config.limits.queue = static_cast<uint32_t>(random.below(3));
  return config;
}

// Counts the exchanges that begin.
struct Counted final : http::Service {
  explicit Counted(http::Service& to) : next(to) {}
  std::unique_ptr<http::RequestHandler> handle(const http::RequestHead& head, http::Responder& responder) override {
    ++begun;
    return next.handle(head, responder);
  }
  void render_error(const http::RequestHead& head, const Error& error, http::Fields& fields,
                    std::string& body) override {
    next.render_error(head, error, fields, body);
  }
  http::Service& next;
  int64_t begun = 0;
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : random_(seed), world_(config_from(random_)), counted_(*world_.dispatcher) {
    world_.context->access_log = nullptr;
    world_.context->exchanges = &exchanges_;
    connections_.emplace(world_.loop, counted_, http::InboundOptions{});
  }
  ~Simulation() { connections_.reset(); }  // must go before what its exchanges refer to

  // Returns "" or what is wrong.
  std::string run() {
    const size_t steps = random_.below(max_steps) + 1;
    for (size_t i = 0; i < steps; ++i) step();
    if (random_.below(8) == 0) return {};  // torn down in the middle
    return end();
  }

 private:
  struct Asker {
    std::unique_ptr<Peer> peer;
    size_t asked = 0;
    std::string rest;  // the part of a request that has not been sent yet
  };

  void step() {
    switch (random_.below(8)) {
      case 0:
      case 1:
        come();
        break;
      case 2:
        go_on();
        break;
      case 3:
        if (random_.below(3) == 0) leave();
        break;
      case 4:
        random_.below(3) == 0 ? world_.clock.pass_ms(random_.below(1'000))
                              : go_to_next_timer(world_.loop, world_.clock);
        break;
      default:
        answer_something();
    }
    world_.turn(static_cast<int>(random_.below(6)));
  }

  Asker* any_asker() { return askers_.empty() ? nullptr : &askers_[random_.below(askers_.size())]; }

  // A new or an earlier caller asks.
  void come() {
    if (askers_.size() < max_callers && (askers_.empty() || random_.below(2) == 0)) {
      auto [ours, theirs] = net::make_memory_pipe(world_.loop);
      askers_.push_back({std::make_unique<Peer>(std::move(ours)), 0, {}});
      connections_->add(std::move(theirs));
    }
    Asker& asker = *any_asker();
    if (!asker.rest.empty() || asker.peer->ended || asker.asked > 3) return;
    std::string body = R"({"model":"fast","stream":)";
    body += random_.below(2) == 0 ? "true" : "false";
    body += R"(,"messages":[{"role":"user","content":")" + std::string(random_.below(300), 'x') + "\"}]}";
    const bool knows_the_key = random_.below(10) != 0;
    std::string fields = knows_the_key ? "Authorization: Bearer team-key\r\n" : "Authorization: Bearer no\r\n";
    const std::string id(1, static_cast<char>('a' + random_.below(3)));
    if (random_.below(2) == 0) fields += "x-request-id: " + id + "\r\n";
    if (random_.below(3) == 0) {
      fields += "sluice-resume: " + id + "; after=" + std::to_string(random_.below(4)) + "\r\n";
    }
    std::string request = post("/v1/chat/completions", body, fields);
    const size_t cut = random_.below(3) == 0 ? random_.below(body.size()) : 0;
    asker.rest = request.substr(request.size() - cut);
    asker.peer->stream->write(std::string_view(request).substr(0, request.size() - cut));
    ++asker.asked;
  }

  // Sends the rest of a request.
  void go_on() {
    Asker* const asker = any_asker();
    if (asker == nullptr || asker->peer->ended) return;
    asker->peer->stream->write(std::exchange(asker->rest, {}));
  }

  void leave() {
    if (askers_.empty()) return;
    askers_.erase(askers_.begin() + static_cast<std::ptrdiff_t>(random_.below(askers_.size())));
  }

  void answer_something() {
    if (world_.targets.empty()) return;
    Peer& target = *world_.targets[random_.below(world_.targets.size())];
    if (!target.stream || target.ended) return;
    const bool streams = target.has("\"stream\":true");
    const uint64_t how = random_.below(16);
    if (how == 0) return target.stream.reset();  // hangs up
    if (how == 1) return target.stream->write("nonsense\r\n\r\n");
    if (target.text.empty()) return;
    if (how == 2) {
      target.stream->write("HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\n{}");
    } else if (how == 3) {
      target.stream->write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{");
    } else if (!streams) {
      target.stream->write(ok_json(answer));
    } else if (how < 7) {
      return target.stream->write(sse_head + chunk(frame));  // and may then stall
    } else if (how < 10) {
      return target.stream->write(chunk(frame));
    } else if (how < 13) {
      target.stream->write(chunk(last_frame) + chunk("data: [DONE]\n\n") + "0\r\n\r\n");
    } else {
      target.stream->write(sse_head + chunk(frame) + chunk(last_frame) + chunk("data: [DONE]\n\n") + "0\r\n\r\n");
    }
    target.text.clear();
  }

  // Lets time pass until every caller has an answer or was hung up on; then all leave.
  std::string end() {
    for (Asker& asker : askers_) {
      if (!asker.peer->ended) asker.peer->stream->write(std::exchange(asker.rest, {}));
    }
    world_.turn(8);
    for (int i = 0; i < 400 && exchanges_.size() != 0; ++i) {
      world_.clock.pass_ms(500);
      world_.turn(4);
    }
    if (exchanges_.size() != 0) {
      const ExchangeRow first = exchanges_.rows(1, world_.loop.now_ns())[0];
      return std::to_string(exchanges_.size()) + " exchanges never end, as " + first.json;
    }
    for (const Asker& asker : askers_) {
      const size_t answers = count_of(asker.peer->text, "HTTP/1.1 ");
      if (answers > asker.asked) return "more answers than requests: " + asker.peer->text;
      if (answers < asker.asked && !asker.peer->ended) return "a caller waits in vain: " + asker.peer->text;
    }
    askers_.clear();
    world_.turn(4);
    return what_is_left();
  }

  std::string what_is_left() {
    if (connections_->size() != 0) return "connections of callers that left are open";
    if (settled() != counted_.begun) {
      return std::to_string(counted_.begun) + " exchanges, but settled " + std::to_string(settled());
    }
    if (world_.context->users != 0) return "somebody holds the context";
    if (world_.buffers.used() != 0) return "the budget of bodies is not given back";
    if (world_.pools.waiting != 0 || world_.pools.open != world_.pools.idle) return "a connection is not given back";
    if (world_.cells().limit_waiting.get() != 0) return "the queue of limits is not empty";
    const auto plan = world_.router->plan("fast", {});
    for (const routing::Target& target : plan->targets) {
      if (target.health->in_flight() != 0) return "an attempt is under way for good at " + target.label();
    }
    if (!world_.limiter) return {};
    const config::Config& config = world_.config;
    for (policy::Limit* const limit :
         {world_.limiter->of(&config.keys[0]), world_.limiter->of(&config.providers.front()),
          world_.limiter->of(&config.providers.back()), world_.limiter->of(&config.models[0])}) {
      if (limit == nullptr) continue;
      const policy::LimitState state = limit->state(world_.loop.now_ns());
      if (state.in_use != 0) return "a slot of a limit is taken for good";
      if (state.waiting != 0) return "somebody waits for a limit for good";
    }
    return {};
  }

  int64_t settled() {
    int64_t count = 0;
    for (const std::string_view target : {"", "lab/real-model", "other/m"}) {
      const observe::Series* const series = world_.cells().find(route, target);
      for (size_t i = 0; series != nullptr && i <= series->duration.size(); ++i) count += series->duration.count(i);
    }
    return count;
  }

  test::FakeRandom random_;
  ExchangeList exchanges_;
  World world_;
  Counted counted_;
  std::optional<http::InboundConnections> connections_;
  std::vector<Asker> askers_;
};

TEST_CASE("whatever happens when, an exchange is settled once and nothing of it stays behind", "[simulation]") {
  const test::Seeds seeds = test::seeds("SLUICE_SIMULATION_SEED", "SLUICE_SIMULATIONS", test::schedules(1'000));
  const auto began = std::chrono::steady_clock::now();
  size_t wrong = 0;
  for (uint64_t seed = seeds.first; seed != seeds.last && wrong < 5; ++seed) {
    const std::string found = Simulation(seed).run();
    if (found.empty()) continue;
    ++wrong;
    FAIL_CHECK(found << "\nagain with SLUICE_SIMULATION_SEED=" << seed);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (wrong == 0) {
    std::cout << seeds.count() << " simulations, " << std::llround(static_cast<double>(seeds.count()) / seconds)
              << " a second\n";
  }
}

}  // namespace
}  // namespace sluice::gateway
