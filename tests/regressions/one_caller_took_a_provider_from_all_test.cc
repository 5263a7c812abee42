// A request that the target rejected for what was in it (words about money that the error quoted, another
// organisation, a file of somebody else's, a scope that the key does not have) took the provider's key from all
// callers for minutes, at all its models, and nothing but time gave it back. A Retry-After for one kind of request kept
// all others away from its target for as long.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

const std::string key_one = "sk-first-0001", key_two = "sk-second-0002";

// "fast": "a" with two keys, the second used only while the first is benched. "other": another model of "a".
config::Config two_keys() {
  config::Config config = World::plain_config();
  config.providers[0].name = "a";
  config.providers[0].api_key = key_one;
  config.providers[0].api_keys = {{key_one, 1}, {key_two, 0}};
  config.models = {{"fast", {{"a", "m"}}}, {"other", {{"a", "n"}}}};
  return config;
}

std::string chat(const std::string& model) {
  return post("/v1/chat/completions", R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}]})");
}

std::string refusal(int status, std::string_view body, std::string_view type = "application/json") {
  return "HTTP/1.1 " + std::to_string(status) + " No\r\ncontent-type: " + std::string(type) +
         "\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// Answers as the target that was asked last, whichever of the open connections that is on.
void answer(World& world, std::string_view text) {
  for (const auto& target : world.targets) {
    if (target->text.empty()) continue;
    target->text.clear();
    target->stream->write(text);
    break;
  }
  world.turn();
}

// The key with which `request` is sent; it is answered with success.
std::string key_of(World& world, const std::string& request) {
  world.connect();
  for (const auto& target : world.targets) target->text.clear();
  world.say(request);
  std::string key = "none";
  for (const std::string& one : {key_one, key_two}) {
    if (world.target().has("Bearer " + one)) key = one;
  }
  world.target_says(ok_json(any_answer));
  return key;
}

TEST_CASE("words about money that an error quotes from the request bench no key") {
  for (const char* const said :
       {R"({"error":{"message":"Invalid value: 'your credit balance is too low'.","param":"reasoning_effort"}})",
        R"({"error":{"message":"`Insufficient Balance` is not one of the models"}})",
        R"({"error":{"message":"tool 'specified api usage limits' is twice there"}})"}) {
    World world(two_keys());
    INFO(said);
    world.say(chat("fast"));
    world.target_says(refusal(400, said));
    CHECK(world.caller->has("HTTP/1.1 400 "));
    CHECK(world.caller->has("sluice-attempts: 1\r\n"));
    CHECK(key_of(world, chat("fast")) == key_one);
    CHECK(world.records().find("target_quota") == std::string::npos);
  }
  World world(two_keys());  // the request's own keys within FastAPI's error
  world.say(chat("fast"));
  world.target_says(refusal(422, R"({"detail":[{"msg":"no","input":{"code":"insufficient_quota"}}]})"));
  CHECK(key_of(world, chat("fast")) == key_one);
}

TEST_CASE("the name of a model that tells of money says nothing of the provider's") {
  World world(two_keys());
  world.say(chat("a/Insufficient Balance"));
  world.target_says(refusal(400, R"({"error":{"message":"Insufficient Balance is not a valid model ID"}})"));
  CHECK(world.caller->has("HTTP/1.1 400 "));
  CHECK(key_of(world, chat("fast")) == key_one);
}

TEST_CASE("an organisation, project or account of the caller's does not go with the provider's key") {
  for (const std::string name : {"OpenAI-Organization", "OpenAI-Project", "X-Goog-User-Project"}) {
    INFO(name);
    const std::string request = post("/v1/chat/completions", R"({"model":"fast","messages":[]})", name + ": mine\r\n");
    World world(two_keys());
    world.say(request);
    REQUIRE(world.targets.size() == 1);
    CHECK_FALSE(world.target().has(name));
    config::Config of_callers = two_keys();
    of_callers.providers[0].api_key.clear();
    of_callers.providers[0].api_keys.clear();
    of_callers.providers[0].caller_key = true;
    World own(std::move(of_callers));
    own.say(request);
    REQUIRE(own.targets.size() == 1);
    CHECK(own.target().has(name + ": mine\r\n"));
  }
}

TEST_CASE("a refusal that may be about the request rests the key at that model only, and shortly") {
  const std::vector<std::string> answers = {
      refusal(401, R"({"error":{"message":"Missing scopes: model.request","type":"invalid_request_error"}})"),
      refusal(403, R"({"error":{"code":403,"message":"no permission","status":"PERMISSION_DENIED"}})"),
      refusal(403, "<html><title>Request blocked</title></html>", "text/html"),
  };
  for (const std::string& answer : answers) {
    INFO(answer);
    World world(two_keys());
    world.say(chat("fast"));
    world.target_says(answer);
    CHECK(world.target().has("Bearer " + key_two));
    world.target_says(ok_json(any_answer));
    CHECK(key_of(world, chat("other")) == key_one);
    CHECK(key_of(world, chat("fast")) == key_two);
    world.clock.pass_ms(10'000);
    CHECK(key_of(world, chat("fast")) == key_one);
  }
}

TEST_CASE("a request that names no model benches no key") {
  for (const int status : {401, 403}) {
    World world(two_keys());
    world.say("GET /providers/a/files HTTP/1.1\r\nhost: x\r\n\r\n");
    for (int i = 0; i < 2; ++i) {
      world.target_says(refusal(status, R"({"error":{"message":"no","code":"invalid_api_key"}})"));
      world.turn();
    }
    CHECK(world.caller->has("HTTP/1.1 " + std::to_string(status) + " "));
    CHECK(key_of(world, chat("fast")) == key_one);
  }
}

TEST_CASE("a success with a benched key gives it back") {
  config::Config config = World::plain_config();
  config.providers[0].name = "a";
  config.providers.push_back(config.providers[0]);
  config.providers[1].name = "b";
  config.models = {{"fast", {{"a", "m"}, {"b", "m"}}}, {"other", {{"a", "n"}}}};
  config.models[0].order = config::Order::listed;
  World world(std::move(config));
  const auto answered_by = [&](const std::string& model) {
    world.connect();
    world.say(chat(model));
    answer(world, ok_json(any_answer));
    const std::string& text = world.caller->text;
    const size_t at = text.find("sluice-target: ");
    return at == text.npos ? text : text.substr(at + 15, 3);
  };
  world.say(chat("fast"));
  answer(world, refusal(401, R"({"error":{"message":"no","code":"invalid_api_key"}})"));
  answer(world, ok_json(any_answer));
  CHECK(answered_by("fast") == "b/m");
  CHECK(answered_by("other") == "a/n");  // it has no other target
  CHECK(answered_by("fast") == "a/m");
}

TEST_CASE("a long Retry-After keeps others away for 60 s, and for longer once it is said again") {
  for (const std::string status : {"429", "503"}) {
    config::Config config = World::plain_config();
    config.providers[0].name = "a";
    config.providers.push_back(config.providers[0]);
    config.providers[1].name = "b";
    config.models = {{"fast", {{"a", "m"}, {"b", "m"}}}};
    config.models[0].order = config::Order::listed;
    World world(std::move(config));
    INFO(status);
    const auto ask = [&](bool limited) {
      world.connect();
      world.say(chat("fast"));
      if (limited) answer(world, "HTTP/1.1 " + status + " No\r\nretry-after: 900\r\ncontent-length: 2\r\n\r\n{}");
      answer(world, ok_json(any_answer));
      const std::string& text = world.caller->text;
      const size_t at = text.find("sluice-target: ");
      return at == text.npos ? text : text.substr(at + 15, 3);
    };
    for (int i = 0; i < 2; ++i) {  // a success in between: it is one request again
      CHECK(ask(true) == "b/m");
      world.clock.pass_ms(59'900);
      CHECK(ask(false) == "b/m");
      world.clock.pass_ms(100);
      if (i == 0) CHECK(ask(false) == "a/m");
    }
    CHECK(ask(true) == "b/m");
    world.clock.pass_ms(899'900);
    CHECK(ask(false) == "b/m");
    world.clock.pass_ms(100);
    CHECK(ask(false) == "a/m");
  }
}

}  // namespace
}  // namespace sluice::gateway
