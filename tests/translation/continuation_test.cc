// The request that asks another target for the rest of an answer.
#include "api/continuation.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/dialect.h"

using namespace sluice;
using namespace sluice::api;
using nlohmann::json;

namespace {

constexpr std::string_view question =
    "Your answer was cut off. Go on exactly where it stopped: do not repeat any of it, and do not comment on this.";

Delivered with_text(std::string text) {
  Delivered delivered;
  delivered.text = std::move(text);
  return delivered;
}

// A caller's request for the rest of an answer, as the target gets it.
json rest_of(Dialect from, Dialect to, const std::string& model, const std::string& body, const std::string& text,
             GoingOn how) {
  const auto request = room_of(from).translation.read_request(
      body, {from == Dialect::gemini ? "streamGenerateContent" : room_of(from).translated.front(),
             from == Dialect::gemini ? "m" : "", true});
  REQUIRE(request);
  CHECK(ask_for_rest(**request, with_text(text), how));
  TargetFacts facts = facts_for(model, {to, "77"}, false);
  if (to != Dialect::anthropic && how == GoingOn::by_prefix) {  // the provider's configuration may say so
    facts.takes_prefill = facts.continues_prefix = true;
  }
  CHECK(continues_prefix(**request, facts) == facts.continues_prefix);
  Dropped dropped;
  WrittenRequest written;
  REQUIRE(room_of(to).translation.write_request(**request, facts, dropped, written));
  INFO(written.body);
  return json::parse(written.body);
}

const std::string chat =
    R"({"model":"m","stream":true,"messages":[{"role":"user","content":"?"}],"max_tokens":100,"x":1})";
const std::string claude =
    R"({"model":"m","stream":true,"max_tokens":100,"messages":[{"role":"user","content":"?"}],"top_k":3})";
const std::string said = R"(Hel\"lo, \ud83d\ude00 w \n\t)";
const std::string plain = "Hel\"lo, \xF0\x9F\x98\x80 w";

}  // namespace

TEST_CASE("continuation: what was delivered is the last message, as each target takes it") {
  const json to_claude =
      rest_of(Dialect::openai, Dialect::anthropic, "claude-sonnet-4-5", chat, said, GoingOn::by_prefix);
  CHECK(to_claude["messages"].back() ==
        json({{"role", "assistant"}, {"content", json::array({{{"type", "text"}, {"text", plain}}})}}));
  CHECK(to_claude["max_tokens"] == 100 - 5);  // 23 bytes are estimated as 5 tokens

  const json own_claude =
      rest_of(Dialect::anthropic, Dialect::anthropic, "claude-sonnet-4-5", claude, said, GoingOn::by_prefix);
  CHECK(own_claude["messages"].size() == 2);
  CHECK(own_claude["messages"][0]["content"] == "?");
  CHECK(own_claude["messages"][1] == to_claude["messages"].back());
  CHECK(own_claude["max_tokens"] == 100 - 5);
  CHECK(own_claude["top_k"] == 3);

  const json deepseek = rest_of(Dialect::anthropic, Dialect::openai, "deepseek-chat", claude, said, GoingOn::by_prefix);
  CHECK(deepseek["messages"].back() == json({{"role", "assistant"}, {"content", plain}, {"prefix", true}}));
  CHECK(deepseek["max_tokens"] == 100 - 5);

  const json own_chat = rest_of(Dialect::openai, Dialect::openai, "served-by-vllm", chat, said, GoingOn::by_prefix);
  CHECK(own_chat["messages"].back() == json({{"role", "assistant"}, {"content", plain}}));
  CHECK(own_chat["continue_final_message"] == true);
  CHECK(own_chat["add_generation_prompt"] == false);
  CHECK(own_chat["x"] == 1);
  CHECK(own_chat["max_tokens"] == 100 - 5);

  const json ollama = rest_of(Dialect::openai, Dialect::ollama, "qwen3", chat, said, GoingOn::by_prefix);
  CHECK(ollama["messages"].back() == json({{"role", "assistant"}, {"content", plain}}));
  CHECK(ollama["options"]["num_predict"] == 100 - 5);
}

TEST_CASE("continuation: where a target goes on with nothing, the user asks it to") {
  for (const Dialect from : {Dialect::openai, Dialect::anthropic}) {
    const std::string& body = from == Dialect::openai ? chat : claude;
    const json own = rest_of(from, from, "claude-opus-4-7", body, said, GoingOn::by_asking);
    CHECK(own["messages"].size() == 3);
    CHECK(own["messages"][1]["role"] == "assistant");
    CHECK(own["messages"][2]["role"] == "user");
    CHECK(own["messages"][2].dump().find(question) != std::string::npos);
    const json gemini = rest_of(from, Dialect::gemini, "gemini-2.5-flash", body, said, GoingOn::by_asking);
    CHECK(gemini["contents"][1] == json::parse(R"({"role":"model","parts":[{"text":)" + json(plain).dump() + "}]}"));
    CHECK(gemini["contents"][2]["role"] == "user");
    CHECK(gemini["contents"][2]["parts"][0]["text"] == question);
    const json responses = rest_of(from, Dialect::responses, "gpt-5", body, said, GoingOn::by_asking);
    CHECK(responses["input"][1]["content"] == plain);
    CHECK(responses["input"][2]["content"] == question);
    CHECK(responses["max_output_tokens"] == 100 - 5);
  }
  const json items = rest_of(Dialect::responses, Dialect::responses, "gpt-5",
                             R"({"model":"m","input":"?","stream":true})", said, GoingOn::by_asking);
  CHECK(items["input"].size() == 3);
  CHECK(items["input"][0]["content"] == "?");
  const json contents = rest_of(Dialect::gemini, Dialect::gemini, "gemini-3",
                                R"({"contents":[{"role":"user","parts":[{"text":"?"}]}]})", said, GoingOn::by_asking);
  CHECK(contents["contents"].size() == 3);
}

TEST_CASE("continuation: what the caller had begun and what was delivered are one message") {
  const std::string begun =
      R"({"model":"m","max_tokens":2,"messages":[{"role":"user","content":"?"},{"role":"assistant","content":"Well, "}]})";
  for (const Dialect to : {Dialect::anthropic, Dialect::ollama}) {
    const json asked =
        rest_of(Dialect::anthropic, to, "claude-sonnet-4-5", begun, "I think \\ud83d", GoingOn::by_prefix);
    CHECK(asked["messages"].size() == 2);
    const json& content = asked["messages"][1]["content"];
    CHECK((content.is_string() ? content : content[0]["text"]) == "Well, I think");
    CHECK((to == Dialect::ollama ? asked["options"]["num_predict"] : asked["max_tokens"]) == 1);
  }
}

TEST_CASE("continuation: nothing is asked where no text was delivered, or where the target would think first") {
  Request request;
  request.max_output_tokens = 5;
  CHECK_FALSE(ask_for_rest(request, with_text(""), GoingOn::by_prefix));
  CHECK_FALSE(ask_for_rest(request, with_text(" \\n\\u0020"), GoingOn::by_asking));
  CHECK(request.messages.empty());
  CHECK(request.max_output_tokens == 5);
  TargetFacts facts;
  CHECK_FALSE(continues_prefix(request, facts));
  facts.continues_prefix = true;
  CHECK(continues_prefix(request, facts));
  request.reasoning.mode = Reasoning::Mode::on;
  CHECK_FALSE(continues_prefix(request, facts));
  CHECK_FALSE(facts_for("deepseek-chat", {Dialect::openai, "7"}, false).continues_prefix);
  CHECK_FALSE(facts_for("qwen3", {Dialect::ollama, "7"}, true).continues_prefix);
  CHECK(facts_for("claude-sonnet-4-5", {Dialect::anthropic, "7"}, true).continues_prefix);
  CHECK_FALSE(facts_for("claude-opus-4-7", {Dialect::anthropic, "7"}, true).continues_prefix);
  CHECK_FALSE(facts_for("gemini-2.5-flash", {Dialect::gemini, "7"}, true).continues_prefix);
}
