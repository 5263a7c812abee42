// Rate limits through whole exchanges: what is let in, what waits, what is refused, and what is given back.
#include <catch2/catch.hpp>

#include "policy/hold.h"
#include "world.h"

namespace sluice::gateway {
namespace {

const std::string chat = R"({"model":"fast","messages":[]})";
const std::string answer = R"({"id":"x","model":"m","usage":{"prompt_tokens":5,"completion_tokens":7}})";
const std::string sse_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const std::string as_team = "Authorization: Bearer team-key\r\n";
const std::string frame = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";

std::string chunk(std::string_view bytes) {
  char line[20];
  std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
  return line + std::string(bytes) + "\r\n";
}

// A key "team" with these limits, and one without.
config::Config keyed(const config::RateLimits& limits) {
  config::Config config = World::plain_config();
  config.keys.resize(2);
  config.keys[0].name = "team";
  config.keys[0].key = "team-key";
  config.keys[0].limits = limits;
  config.keys[1].name = "free";
  config.keys[1].key = "free-key";
  return config;
}

// Requests a minute, tokens a minute, concurrent requests, and the longest wait.
config::RateLimits limits_of(uint32_t requests, uint32_t tokens, uint32_t concurrent, uint32_t queue_ms = 0) {
  config::RateLimits limits;
  limits.requests_per_minute = requests;
  limits.tokens_per_minute = tokens;
  limits.concurrent = concurrent;
  limits.queue_ms = queue_ms;
  return limits;
}

struct LimitWorld : World {
  using World::World;
  policy::LimitState team() { return limiter->of(&this->config.keys[0])->state(loop.now_ns()); }
  void ask(const std::string& body = chat, const std::string& path = "/v1/chat/completions") {
    say(post(path, body, as_team));
  }
  // A request on a new connection; returns the caller before it.
  std::unique_ptr<Peer> another(const std::string& body = chat) {
    std::unique_ptr<Peer> earlier = std::move(caller);
    connect();
    ask(body);
    std::swap(earlier, caller);
    return earlier;
  }
  int64_t refused(LimitSubject subject, LimitKind kind) {
    return cells().limit_refused[static_cast<size_t>(subject) * 3 + static_cast<size_t>(kind)].get();
  }
  int64_t waited() {
    int64_t sum = 0;
    for (const observe::Cell& cell : cells().limit_waited) sum += cell.get();
    return sum;
  }
};

TEST_CASE("a key's requests are counted down, and refused with 429 when they are used up") {
  LimitWorld world(keyed(limits_of(2, 0, 0)));
  for (const char* left : {"1", "0"}) {
    world.caller->text.clear();
    world.ask();
    world.target_says(ok_json(answer,
                              "x-ratelimit-limit-requests: 9999\r\nX-RateLimit-Remaining-Tokens: 77\r\n"
                              "anthropic-ratelimit-tokens-limit: 5\r\nopenai-version: 1\r\n"));
    INFO(world.caller->text);
    CHECK(world.caller->has("HTTP/1.1 200 OK\r\n"));
    CHECK(world.caller->has("\r\nx-ratelimit-limit-requests: 2\r\nx-ratelimit-remaining-requests: " +
                            std::string(left) + "\r\nx-ratelimit-reset-requests: "));
    CHECK(world.caller->has("openai-version: 1"));
    for (const char* theirs : {": 9999\r\n", ": 77\r\n", "anthropic-ratelimit", "-tokens"})
      CHECK_FALSE(world.caller->has(theirs));
  }
  world.caller->text.clear();
  world.ask();
  INFO(world.caller->text);
  CHECK(world.caller->has("HTTP/1.1 429 Too Many Requests\r\n"));
  CHECK(world.caller->has("\"type\":\"rate_limit_error\""));
  CHECK(world.caller->has("key 'team' has used up its limit of 2 requests per minute; try again in "));
  CHECK((world.caller->has("retry-after: 30\r\n") || world.caller->has("retry-after: 29\r\n")));
  CHECK(world.caller->has("x-ratelimit-remaining-requests: 0\r\n"));
  CHECK(world.targets.size() == 1);
  CHECK(world.refused(LimitSubject::key, LimitKind::requests) == 1);
  CHECK(world.team().refused_total == 1);
  CHECK(world.records().find("status=429 outcome=rate_limited") != std::string::npos);
}

TEST_CASE("an anthropic caller reads its limits in anthropic's fields and its refusal in anthropic's words") {
  LimitWorld world(keyed(limits_of(1, 60, 0)));
  const std::string body = R"({"model":"fast","max_tokens":10,"messages":[]})";  // 12 + 10
  world.ask(body, "/v1/messages");
  world.target_says(ok_json(R"({"usage":{"input_tokens":5,"output_tokens":7}})",
                            "anthropic-ratelimit-requests-limit: 4000\r\nrequest-id: r\r\n"));
  INFO(world.caller->text);
  CHECK(
      world.caller->has("anthropic-ratelimit-requests-limit: 1\r\nanthropic-ratelimit-requests-remaining: 0\r\n"
                        "anthropic-ratelimit-requests-reset: 20"));
  CHECK(world.caller->has("anthropic-ratelimit-tokens-limit: 60\r\nanthropic-ratelimit-tokens-remaining: 38\r\n"));
  CHECK_FALSE(world.caller->has(": 4000\r\n"));
  CHECK_FALSE(world.caller->has("x-ratelimit"));
  world.caller->text.clear();
  world.ask(body, "/v1/messages");
  CHECK(world.caller->has("HTTP/1.1 429 "));
  CHECK(world.caller->has(R"({"type":"error","error":{"type":"rate_limit_error")"));
  CHECK(world.caller->has("retry-after: "));
  CHECK(world.caller->has("anthropic-ratelimit-requests-remaining: 0\r\n"));
  CHECK(world.team().tokens.remaining >= 48);  // only used tokens are gone, not those of refused requests
}

TEST_CASE("every answer of a limited key has the fields, others have their target's") {
  LimitWorld world(keyed(limits_of(600, 0, 0)));
  world.ask(R"({"model":"nope"})");
  CHECK(world.caller->has("HTTP/1.1 404 "));
  CHECK(world.caller->has("x-ratelimit-remaining-requests: 600\r\n"));
  world.caller->text.clear();
  world.say(post("/v1/chat/completions", chat, "Authorization: Bearer free-key\r\n"));
  world.target_says(ok_json(answer, "x-ratelimit-remaining-requests: 77\r\n"));
  CHECK(world.caller->has("x-ratelimit-remaining-requests: 77\r\n"));
  CHECK_FALSE(world.caller->has("x-ratelimit-limit-requests"));
  // An answer to an unknown key is not the limited key's.
  world.caller->text.clear();
  world.say(post("/v1/chat/completions", chat, "Authorization: Bearer wrong\r\n"));
  CHECK(world.caller->has("HTTP/1.1 401 "));
  CHECK_FALSE(world.caller->has("x-ratelimit"));
}

TEST_CASE("providers and models have limits of their own, for callers without a key too") {
  config::Config config = World::plain_config();
  config.models.push_back({"slow", {{"lab", "other-model"}}});
  config.models[0].limits = limits_of(0, 0, 1);
  config.providers[0].limits = limits_of(3, 0, 0);
  LimitWorld world(config);
  world.ask();
  const auto first = std::move(world.caller);
  world.connect();
  world.ask();
  CHECK(world.caller->has("model 'fast' has reached its limit of 1 concurrent requests"));
  CHECK(world.caller->has("retry-after: 1\r\n"));
  world.target_says(ok_json(answer, "x-ratelimit-limit-requests: 9999\r\n"));
  CHECK(first->has("x-ratelimit-limit-requests: 9999\r\n"));
  world.ask(R"({"model":"slow"})");
  world.target_says(ok_json(answer));
  world.ask();
  world.target_says(ok_json(answer));
  world.caller->text.clear();
  world.ask(R"({"model":"lab/anything"})");
  CHECK(world.caller->has("provider 'lab' has used up its limit of 3 requests per minute"));
  CHECK(world.refused(LimitSubject::model, LimitKind::concurrent) == 1);
  CHECK(world.refused(LimitSubject::provider, LimitKind::requests) == 1);
}

TEST_CASE("tokens are settled by what the target reports, be it late or cut off") {
  const std::string body = R"({"model":"fast","stream":true,"max_tokens":400})";  // 12 + 400
  const std::string usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":2000}}\n\n";
  struct Row {
    std::string answer;
    bool hangs_up, caller_leaves;
    uint32_t used;
  };
  for (const Row& row : std::vector<Row>{
           {sse_head + chunk(frame) + chunk(usage) + chunk("data: [DONE]\n\n") + "0\r\n\r\n", false, false, 2030},
           {sse_head + chunk(frame) + chunk(usage), true, false, 2030},  // target hangs up after the usage
           {sse_head + chunk(frame) + chunk(usage), false, true, 2030},  // caller leaves after it
           {sse_head + chunk(std::string(200 * frame.size(), '\n') + frame), false, true,
            412},                                           // caller leaves before it
           {sse_head + chunk(frame), true, false, 12 + 8},  // target hangs up before it
           {"", true, false, 0},                            // no answer costs nothing
           {"", false, true, 0},
           {"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\n{}", false, false, 0}}) {
    LimitWorld world(keyed(limits_of(0, 6000, 4)));
    const uint64_t begun_ns = world.loop.now_ns();
    const auto flowed_in = [&] { return static_cast<uint32_t>((world.loop.now_ns() - begun_ns) / 10'000'000 + 1); };
    world.ask(body);
    REQUIRE(world.targets.size() == 1);
    CHECK(world.team().tokens.remaining <= 5588 + flowed_in());
    CHECK(world.team().in_use == 1);
    if (!row.answer.empty()) world.target_says(row.answer);
    if (row.hangs_up) world.target().stream.reset();
    if (row.caller_leaves) world.caller->stream.reset();
    world.turn();
    INFO(row.answer << row.hangs_up << row.caller_leaves);
    CHECK(world.team().in_use == 0);
    const uint32_t left = world.team().tokens.remaining;
    CHECK(left >= 6000 - row.used);
    CHECK(left <= std::min(6000u, 6000 - row.used + flowed_in()));
  }
}

TEST_CASE("a request that is too large for what is left is refused for its tokens") {
  LimitWorld world(keyed(limits_of(0, 60, 0)));
  world.ask(R"({"model":"fast","max_tokens":50})");
  world.target_says(ok_json(answer));
  world.caller->text.clear();
  world.ask(R"({"model":"fast","max_tokens":50})");
  INFO(world.caller->text);
  CHECK(world.caller->has("HTTP/1.1 429 "));
  CHECK(world.caller->has("key 'team' has too little left of its limit of 60 tokens per minute"));
  CHECK(world.caller->has("x-ratelimit-limit-tokens: 60\r\n"));
  CHECK(world.refused(LimitSubject::key, LimitKind::tokens) == 1);
}

TEST_CASE("a place is given back however an exchange ends") {
  config::Config config = keyed(limits_of(0, 0, 1));
  config.providers[0].timeouts = {1000, 300, 300, 300};
  LimitWorld world(config);
  const auto free_again = [&] { return world.team().in_use == 0; };
  world.ask();
  CHECK(world.team().in_use == 1);
  auto refused = world.another();
  CHECK(refused->has("HTTP/1.1 429 "));
  CHECK(refused->has("has reached its limit of 1 concurrent requests; try again in 1 s"));
  CHECK(world.team().in_use == 1);
  world.target_says(ok_json(answer));
  CHECK(free_again());
  world.ask();
  CHECK(world.until(free_again));  // the target stays silent
  CHECK(world.caller->has("HTTP/1.1 504 "));
  world.ask();
  world.target_says("nonsense\r\n\r\n");
  CHECK(free_again());
  CHECK(world.caller->has("HTTP/1.1 502 "));
  world.ask();
  world.caller->stream.reset();
  world.turn();
  CHECK(free_again());
  world.connect();
  world.ask(R"({"model":"fast","stream":true})");
  world.target_says(sse_head + chunk(frame));
  CHECK(world.team().in_use == 1);
  world.target().stream.reset();
  world.turn();
  CHECK(free_again());
  // Torn down mid-request.
  world.connect();
  world.ask();
  CHECK(world.team().in_use == 1);
}

TEST_CASE("with queue_s requests wait in order and go on when a place is free") {
  LimitWorld world(keyed(limits_of(0, 0, 1, 60'000)));
  world.ask(R"({"model":"fast","n":1})");
  const auto second = world.another(R"({"model":"fast","n":2})");
  const auto third = world.another(R"({"model":"fast","n":3})");
  CHECK(world.cells().limit_waiting.get() == 2);
  CHECK(world.team().waiting == 2);
  CHECK(world.targets.size() == 1);
  for (int n = 1; n <= 3; ++n) {
    CHECK(world.target().has("\"n\":" + std::to_string(n)));
    world.target().text.clear();
    world.target_says(ok_json(answer));
  }
  for (const Peer* peer : {world.caller.get(), second.get(), third.get()}) CHECK(peer->has("HTTP/1.1 200 OK\r\n"));
  CHECK(world.cells().limit_waiting.get() == 0);
  CHECK(world.team().waiting == 0);
  CHECK(world.team().in_use == 0);
  CHECK(world.waited() == 2);
  CHECK(world.refused(LimitSubject::key, LimitKind::concurrent) == 0);
}

TEST_CASE("what waits for requests goes on when they have flowed in") {
  config::RateLimits limits = limits_of(6000, 0, 0, 5'000);  // one every 10 ms
  limits.burst = 1;
  LimitWorld world(keyed(limits));
  world.ask();
  world.target_says(ok_json(answer));
  const auto second = world.another(R"({"model":"fast","n":2})");
  CHECK(world.until([&] { return world.target().has("\"n\":2"); }));
  world.target_says(ok_json(answer));
  CHECK(second->has("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("what another worker gives back lets those in who wait here") {
  LimitWorld world(keyed(limits_of(0, 0, 1, 60'000)));
  policy::Hold elsewhere;
  elsewhere.be_under(world.limiter->of(&world.config.keys[0]), nullptr, nullptr);
  REQUIRE_FALSE(elsewhere.take(0, world.loop.now_ns()));
  world.ask();
  CHECK(world.targets.empty());
  elsewhere.give_back(0, world.loop.now_ns());
  CHECK(world.until([&] { return !world.targets.empty(); }));
}

TEST_CASE("waiting has an end, and the queue a bound") {
  config::Config config = keyed(limits_of(0, 0, 1, 300));
  config.limits.queue = 1;
  LimitWorld world(config);
  world.ask();
  const auto second = world.another();
  const auto third = world.another();
  CHECK(third->has("HTTP/1.1 429 "));  // immediately
  CHECK_FALSE(second->has("HTTP/1.1 "));
  CHECK(world.until([&] { return second->has("HTTP/1.1 429 "); }));
  CHECK(second->has("retry-after: 1\r\n"));
  CHECK(world.team().waiting == 0);
  CHECK(world.cells().limit_waiting.get() == 0);
  CHECK(world.refused(LimitSubject::key, LimitKind::concurrent) == 2);
  CHECK(world.waited() == 1);
  world.target_says(ok_json(answer));
  CHECK(world.caller->has("HTTP/1.1 200 OK\r\n"));
  CHECK(world.targets.size() == 1);
}

TEST_CASE("a caller that leaves is out of the queue at once") {
  LimitWorld world(keyed(limits_of(0, 0, 1, 60'000)));
  world.ask();
  auto second = world.another();
  const auto third = world.another(R"({"model":"fast","n":3})");
  second->stream.reset();
  world.turn();
  CHECK(world.cells().limit_waiting.get() == 1);
  CHECK(world.team().waiting == 1);
  world.target().text.clear();
  world.target_says(ok_json(answer));
  CHECK(world.target().has("\"n\":3"));
  CHECK(world.team().in_use == 1);
  CHECK(world.records().find("outcome=caller_gone") != std::string::npos);
}

TEST_CASE("nobody passes those who wait for the same limit, others go on") {
  config::Config config = keyed(limits_of(0, 0, 1, 60'000));
  config.keys[1].limits = limits_of(600, 0, 0);
  LimitWorld world(config);
  world.ask(R"({"model":"fast","n":1})");
  const auto second = world.another(R"({"model":"fast","n":2})");
  world.target_says(ok_json(answer));  // the second one's turn: a new one must not overtake it
  const auto third = world.another(R"({"model":"fast","n":3})");
  CHECK(world.target().has("\"n\":2"));
  CHECK_FALSE(world.target().has("\"n\":3"));
  world.connect();
  world.say(post("/v1/chat/completions", R"({"model":"fast","n":4})", "Authorization: Bearer free-key\r\n"));
  REQUIRE(world.targets.size() == 2);
  CHECK(world.target().has("\"n\":4"));
}

TEST_CASE("an upload waits with its body held back, and goes on whole") {
  LimitWorld world(keyed(limits_of(0, 0, 1, 60'000)));
  world.ask();
  const auto first = std::move(world.caller);
  world.connect();
  const std::string head =
      "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nfast\r\n--b\r\n"
      "content-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
  const std::string file(2 << 20, 'f'), tail = "\r\n--b--\r\n";
  const size_t size = head.size() + file.size() + tail.size();
  world.say("POST /v1/audio/transcriptions HTTP/1.1\r\nHost: s\r\n" + as_team +
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
            head);
  world.say(file + tail);
  world.turn(300);
  CHECK(world.targets.size() == 1);
  CHECK(world.caller->stream->pending_bytes() > (1 << 20));  // the bytes wait at the caller
  world.target_says(ok_json(answer));
  world.turn(1000);
  CHECK(world.target().text.ends_with(file + tail));
  world.target_says(ok_json(R"({"text":"hm"})"));
  CHECK(world.caller->has(R"({"text":"hm"})"));
  CHECK(world.team().in_use == 0);
}

}  // namespace
}  // namespace sluice::gateway
