// Counting a conversation's tokens, asked by callers of one dialect of targets of another; and what sluice knows about
// targets.
#include <catch2/catch.hpp>

#include "gateway/known_facts.h"
#include "world.h"

namespace sluice::gateway {
namespace {

config::Config config_of(Dialect dialect, std::string_view model) {
  config::Config config = World::plain_config();
  config.providers.front().dialects = {dialect};
  config.models.front().targets.front().model = model;
  return config;
}

constexpr std::string_view count_body = R"({"model":"fast","messages":[{"role":"user","content":"Say hi"}]})";

TEST_CASE("a target that counts tokens is asked for the count") {
  World world(config_of(Dialect::gemini, "gemini-2.5-flash"));
  world.say(post("/v1/messages/count_tokens", count_body));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has("/v1beta/models/gemini-2.5-flash:countTokens"));
  CHECK(world.target().has(R"({"generateContentRequest":{"model":"models/gemini-2.5-flash","contents":[)"));
  world.target_says(ok_json(R"({"totalTokens":31,"promptTokensDetails":[]})"));
  CHECK(world.caller->has("\r\n\r\n{\"input_tokens\":31}"));
  CHECK_FALSE(world.caller->has("sluice-estimated"));
}

TEST_CASE("a pause is told as a stop to who knows no pause, and named") {
  World world(config_of(Dialect::anthropic, "claude-sonnet-4-5"));
  world.say(post("/v1/chat/completions",
                 R"({"model":"fast","max_tokens":9,"seed":1,"messages":[{"role":"user","content":"Say hi"}]})"));
  REQUIRE(world.targets.size() == 1);
  world.target_says(ok_json(
      R"({"id":"m","type":"message","role":"assistant","model":"r","content":[{"type":"text","text":"a"}],"stop_reason":"pause_turn","usage":{"input_tokens":1,"output_tokens":1}})"));
  CHECK(world.caller->has(R"("finish_reason":"stop")"));
  CHECK(world.caller->has("sluice-dropped: finish_reason=changed, seed=unsupported\r\n"));
}

TEST_CASE("a target of Anthropic's API is told its version, the configuration's if there is one") {
  constexpr std::string_view body =
      R"({"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"Say hi"}]})";
  World usual(config_of(Dialect::anthropic, "claude-sonnet-4-5"));
  usual.say(post("/v1/chat/completions", body));
  REQUIRE(usual.targets.size() == 1);
  CHECK(usual.target().has("anthropic-version: 2023-06-01\r\n"));
  config::Config config = config_of(Dialect::anthropic, "claude-sonnet-4-5");
  config.providers.front().headers = {{"anthropic-version", "2026-10-21"}};
  World newer(config);
  newer.say(post("/v1/chat/completions", body));
  REQUIRE(newer.targets.size() == 1);
  CHECK(newer.target().has("anthropic-version: 2026-10-21\r\n"));
  CHECK_FALSE(newer.target().has("2023-06-01"));
  const routing::Target target{&config.providers.front(), "claude-sonnet-4-5"};
  CHECK(facts_of(target, Dialect::anthropic).api_version == "2026-10-21");
}

TEST_CASE("a count that no bound of the output is named for") {
  World world(config_of(Dialect::anthropic, "claude-sonnet-4-5"));
  world.say(post("/v1beta/models/fast:countTokens", R"({"contents":[{"parts":[{"text":"Say hi"}]}]})"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has(
      R"({"model":"claude-sonnet-4-5","messages":[{"role":"user","content":[{"type":"text","text":"Say hi"}]}]})"));
  world.target_says(ok_json(R"({"input_tokens":31})"));
  CHECK(world.caller->has("\r\n\r\n{\"totalTokens\":31}"));
  CHECK_FALSE(world.caller->has("sluice-dropped"));
}

TEST_CASE("where the target counts nothing, a count is estimated and says so") {
  World world(config_of(Dialect::openai, "gpt-4o"));
  world.say(post("/v1/messages/count_tokens", count_body));
  CHECK(world.targets.empty());
  CHECK(world.caller->has("HTTP/1.1 200 OK\r\n"));
  CHECK(world.caller->has("sluice-estimated: true\r\n"));
  CHECK(world.caller->has("\r\n\r\n{\"input_tokens\":" + std::to_string((count_body.size() + 3) / 4) + "}"));
  CHECK(world.records().find("status=200") != std::string::npos);
}

TEST_CASE("an error of a count is the provider's") {
  World world(config_of(Dialect::gemini, "gemini-2.5-flash"));
  world.say(post("/v1/messages/count_tokens", count_body));
  REQUIRE(world.targets.size() == 1);
  world.target_says(
      "HTTP/1.1 403 Forbidden\r\ncontent-length: 67\r\n\r\n"
      R"({"error":{"code":403,"message":"no no","status":"PERMISSION_DENIED"}})");
  CHECK(world.caller->has("HTTP/1.1 403 "));
  CHECK(world.caller->has("no no"));
}

TEST_CASE("vectors are had from a target of another dialect") {
  World world(config_of(Dialect::ollama, "nomic-embed-text"));
  world.say(post("/v1/embeddings", R"({"model":"fast","input":["x","y"]})"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has("/api/embed"));
  CHECK(world.target().has(R"({"model":"nomic-embed-text","input":["x","y"]})"));
  world.target_says(ok_json(R"({"model":"nomic-embed-text","embeddings":[[1,2],[3,4]],"prompt_eval_count":2})"));
  CHECK(world.caller->has(
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,2]},{"object":"embedding","index":1,"embedding":[3,4]}],"model":"nomic-embed-text","usage":{"prompt_tokens":2,"total_tokens":2}})"));
}

TEST_CASE("vectors have no equal at a target without them") {
  World world(config_of(Dialect::anthropic, "claude-sonnet-4-5"));
  world.say(post("/v1/embeddings", R"({"model":"fast","input":"x"})"));
  CHECK(world.targets.empty());
  CHECK(world.caller->has("HTTP/1.1 400 "));
  CHECK(world.caller->has("has no equivalent in anthropic"));
}

TEST_CASE("facts of a target: its family, its provider's list, the configuration") {
  config::Config config = World::plain_config();
  config::Provider& provider = config.providers.front();
  provider.facts.push_back({.models = "*", .max_output_tokens = 100, .takes_sampling = false});
  provider.facts.push_back({.models = "big-*", .max_output_tokens = 200, .max_tool_name = 20});
  provider.facts.push_back({.models = "big-1",
                            .strict_tools = false,
                            .max_tokens_field = "max_tokens",
                            .reasoning_field = "reasoning_details"});
  const auto facts = [&provider](std::string_view model, api::ModelFacts told = {}) {
    return facts_of({&provider, std::string(model)}, Dialect::openai, told);
  };
  api::ModelFacts told;
  told.context_window = 1234;
  told.max_output_tokens = 55;
  CHECK(facts("small", told).context_window == 1234);
  CHECK(facts("small", told).max_output_tokens == 100);
  CHECK_FALSE(facts("small").takes_sampling);
  CHECK(facts("small").max_tool_name_bytes == 64);
  CHECK(facts("big-2").max_output_tokens == 200);
  CHECK(facts("big-2").strict_tools);
  CHECK(facts("big-1").max_tool_name_bytes == 20);
  CHECK_FALSE(facts("big-1").strict_tools);
  CHECK(facts("big-1").reasoning_field == api::TargetFacts::ReasoningField::reasoning_details);
  provider.facts.clear();
  CHECK(facts("small", told).max_output_tokens == 55);
  CHECK(facts("gpt-4o").is_makers_own);
  CHECK_FALSE(facts("gpt-oss-20b").is_makers_own);
  CHECK_FALSE(facts("openai/gpt-4o").is_makers_own);
  CHECK_FALSE(facts("small").continues_prefix);
  provider.continues_prefix = true;
  CHECK(facts("small").continues_prefix);
}

}  // namespace
}  // namespace sluice::gateway
