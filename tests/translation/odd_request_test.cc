// What targets of other dialects are sent, and what is said to be dropped, for odd but legal members of requests.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/dialect.h"
#include "api/history.h"

using namespace sluice;
using namespace sluice::api;
using nlohmann::json;

namespace {

constexpr Dialect openai = Dialect::openai, responses = Dialect::responses, anthropic = Dialect::anthropic,
                  gemini = Dialect::gemini, ollama = Dialect::ollama;

std::string_view model_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::openai:
    case Dialect::responses:
      return "gpt-4o";
    case Dialect::anthropic:
      return "claude-sonnet-4-5";
    case Dialect::gemini:
      return "gemini-2.5-flash";
    default:
      return "qwen3";
  }
}

struct Asked {
  json told{};
  std::string dropped{};
};

// The whole body for that target.
Asked ask(Dialect from, std::string_view body, Dialect to) {
  const bool is_gemini = from == Dialect::gemini;
  const ReadContext context{is_gemini ? "generateContent" : room_of(from).translated.front(), is_gemini ? "m" : "",
                            false};
  auto request = room_of(from).translation.read_request(body, context);
  REQUIRE(request);
  const TargetFacts facts = facts_for(model_of(to), {to, "77"}, true);
  Dropped dropped;
  WrittenRequest written;
  REQUIRE(fit_to(facts, **request, dropped));
  REQUIRE(room_of(to).translation.write_request(**request, facts, dropped, written));
  dropped.put_into(room_of(from).translation.words);
  return {json::parse(written.body), dropped.text()};
}

}  // namespace

TEST_CASE("a choice that names a tool which only the caller's provider has lets none be called") {
  constexpr std::string_view body =
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"tool_choice":{"type":"tool","name":"web_search"},
          "tools":[{"name":"f","input_schema":{"type":"object"}},{"type":"web_search_20250305","name":"web_search"}]})";
  CHECK(ask(anthropic, body, openai).told["tool_choice"] == "none");
  CHECK(ask(anthropic, body, responses).told["tool_choice"] == "none");
  CHECK(ask(anthropic, body, gemini).told["toolConfig"]["functionCallingConfig"] == json{{"mode", "NONE"}});
  CHECK(ask(anthropic, body, gemini).dropped.find("tool_choice=unsupported") != std::string::npos);
}

TEST_CASE("a member that is null was not given, and is not named as dropped") {
  CHECK(ask(openai,
            R"({"model":"m","messages":[{"role":"user","content":"a"}],"web_search_options":null,"unheard":null})",
            gemini)
            .dropped == "");
  CHECK(ask(anthropic, R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"container":null})",
            openai)
            .dropped == "");
}

TEST_CASE("what a target refuses when empty is not sent empty") {
  CHECK(ask(openai, R"({"model":"m","messages":[{"role":"user","content":""}]})", gemini).told["contents"] ==
        json::parse(R"([{"role":"user","parts":[{"text":"Begin."}]}])"));
  CHECK(ask(openai, R"({"model":"m","messages":[{"role":"user","content":""}]})", responses).told["input"] ==
        json::parse(R"([{"type":"message","role":"user","content":""}])"));
  const json alone = ask(openai, R"({"model":"m","messages":[{"role":"system","content":"s"}]})", responses).told;
  CHECK(alone["input"] ==
        json::parse(R"([{"type":"message","role":"developer","content":[{"type":"input_text","text":"s"}]}])"));
  CHECK_FALSE(alone.contains("instructions"));
  const json tools =
      ask(openai,
          R"({"model":"m","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f","parameters":{ }}}]})",
          gemini)
          .told["tools"];
  CHECK(tools == json::parse(R"([{"functionDeclarations":[{"name":"f"}]}])"));
}

TEST_CASE("paths are told in the caller's words and by its own indexes") {
  CHECK(
      ask(gemini,
          R"({"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"functionCall":{"name":"f"}}]},
                {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"r"}}},{"text":"b","extra":1}]}]})",
          openai)
          .dropped == "contents[2].parts[1].extra=unsupported");
  CHECK(ask(anthropic,
            R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"system":[
                {"type":"text","text":"x-anthropic-billing-header: c"},
                {"type":"text","text":"s","cache_control":{"type":"ephemeral"}}]})",
            openai)
            .dropped == "system[0]=unsupported, system[1].cache_control=unsupported");
  CHECK(ask(openai,
            R"({"model":"m","messages":[{"role":"system","content":"s"},{"role":"assistant","content":"b",
                "tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"no"}}]},{"role":"user","content":"c"}]})",
            ollama)
            .dropped == "messages[1].tool_calls[0].arguments=changed");
}

TEST_CASE("Gemini's bare words as an answer are named as dropped, and so is their schema") {
  CHECK(ask(gemini,
            R"({"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"responseMimeType":"text/x.enum",
                "responseSchema":{"type":"STRING","enum":["A"]}}})",
            openai)
            .dropped == "generationConfig.responseMimeType=unsupported, generationConfig.responseSchema=unsupported");
}

TEST_CASE("o1-mini and o1-preview are not told how much to think") {
  for (const std::string_view model : {"o1-mini", "o1-preview-2024-09-12"}) {
    const TargetFacts facts = facts_for(model, {openai, "77"}, true);
    CHECK_FALSE(facts.reasons);
    CHECK_FALSE(facts.takes_sampling);
  }
  CHECK(facts_for("o1", {openai, "77"}, true).reasons);
  CHECK(facts_for("o3-mini", {responses, "77"}, true).reasons);
}
