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
  CHECK(ask(anthropic, body, ollama).dropped.find("tools[1]=unsupported") != std::string::npos);
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

TEST_CASE("values that change nothing are not named as dropped") {
  struct Row {
    Dialect from;
    std::string_view more;
  };
  constexpr Row rows[] = {
      {responses, R"("truncation":"disabled","background":false,"top_logprobs":0,"service_tier":"auto","stream":true,
                     "stream_options":{"include_obfuscation": false},"parallel_tool_calls":true,"include":[],"metadata":{},
                     "store":false,"temperature":1,"top_p":1.0,"text":{"verbosity":"medium"})"},
      {openai, R"("n":1,"presence_penalty":0,"frequency_penalty":0.0,"logit_bias":{},"logprobs":false,"top_logprobs":0,
                  "service_tier":"default","stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},
                  "parallel_tool_calls":true,"verbosity":"medium","functions":[],"modalities":["text"],"temperature":1,
                  "top_p":1,"min_p":0,"top_k":0,"repetition_penalty":1.0,"safety_identifier":"","metadata":{},"transforms":[])"},
      {anthropic,
       R"("max_tokens":99,"service_tier":"standard_only","speed":"standard","mcp_servers":[],"temperature":1.0,
                     "stop_sequences":[],"tools":[{"name":"f","input_schema":{"type":"object"},"defer_loading":false,
                     "strict":false,"allowed_callers":["direct"]}])"},
      {gemini, R"("store":false,"safetySettings":[],"serviceTier":"standard","generationConfig":{"candidateCount":1,
                  "presencePenalty":0,"frequencyPenalty":0,"responseLogprobs":false,"responseModalities":["TEXT"],
                  "temperature":1,"enableEnhancedCivicAnswers":false})"},
      {ollama, R"("truncate":true,"shift":true,"options":{"presence_penalty":0,"repeat_penalty":1.0,"mirostat":0,
                  "typical_p":1.0,"min_p":0.0,"temperature":1,"top_p":1})"}};
  for (const Row& row : rows) {
    const std::string input = row.from == responses ? R"("model":"m","input":"a")"
                              : row.from == gemini  ? R"("contents":[{"role":"user","parts":[{"text":"a"}]}])"
                                                    : R"("model":"m","messages":[{"role":"user","content":"a"}])";
    for (const Dialect to : {openai, responses, anthropic, gemini, ollama}) {
      if (to == row.from) continue;
      INFO(name_of(row.from) << " to " << name_of(to));
      std::string dropped = ask(row.from, "{" + input + "," + std::string(row.more) + "}", to).dropped;
      INFO(dropped);
      CHECK((dropped.empty() || dropped.ends_with("=invented")));
    }
  }
  const std::string_view truncates = R"({"model":"m","input":"a","truncation":"auto","top_logprobs":0})";
  CHECK(ask(responses, truncates, gemini).dropped == "truncation=unsupported");
  CHECK_FALSE(ask(responses, truncates, gemini).told["generationConfig"].contains("responseLogprobs"));
}

TEST_CASE("a data: URL that is not base64 is sent as the bytes or the text that it holds") {
  constexpr std::string_view picture = "iVBORw0KGgo=";  // the bytes below
  constexpr std::string_view url = "data:image/png,%89PNG%0D%0A%1A%0a";
  const std::string chat =
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":")" +
      std::string(url) + R"("}}]}]})";
  const std::string items = R"({"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":")" +
                            std::string(url) + R"("}]}]})";
  const std::string blocks =
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":")" +
      std::string(url) + R"("}}]}]})";
  const std::string parts =
      R"({"contents":[{"role":"user","parts":[{"fileData":{"fileUri":")" + std::string(url) + R"("}}]}]})";
  const std::string lines =
      R"({"model":"m","messages":[{"role":"user","content":"","images":[")" + std::string(url) + R"("]}]})";
  const std::pair<Dialect, std::string> pictures[] = {
      {openai, chat}, {responses, items}, {anthropic, blocks}, {gemini, parts}, {ollama, lines}};
  for (const auto& [from, body] : pictures) {
    for (const Dialect to : {openai, responses, anthropic, gemini, ollama}) {
      if (to == from) continue;
      INFO(name_of(from) << " to " << name_of(to));
      const std::string told = ask(from, body, to).told.dump();
      INFO(told);
      CHECK(told.find(picture) != told.npos);
      CHECK(told.find("%89") == told.npos);
    }
  }
  const std::string file =
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"n","file_data":"data:,a%20b%3b \u00e9\/%"}}]}]})";
  const std::string file_url =
      R"({"model":"m","input":[{"role":"user","content":[{"type":"input_file","file_url":"data:text/plain;charset=utf-8,a b; %C3%A9/%"}]}]})";
  for (const Dialect to : {openai, responses, anthropic, gemini, ollama}) {
    INFO(name_of(to));
    if (to != openai) CHECK(ask(openai, file, to).told.dump().find("a b; \u00e9/%") != std::string::npos);
    if (to != responses) CHECK(ask(responses, file_url, to).told.dump().find("a b; \u00e9/%") != std::string::npos);
  }
  CHECK(
      ask(openai,
          R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image\/png;BASE64,iVBORw0KGgo%3D"}}]}]})",
          anthropic)
          .told["messages"][0]["content"][0]["source"] ==
      json({{"type", "base64"}, {"media_type", "image/png"}, {"data", picture}}));
}

TEST_CASE("tools are told by the caller's own path, also where one entry holds several") {
  CHECK(ask(gemini,
            R"({"contents":[{"role":"user","parts":[{"text":"a"}]}],"tools":[{"googleSearch":{},"functionDeclarations":[
                {"name":"f"},{"name":"g","behavior":"BLOCKING"}]},{"codeExecution":{}}]})",
            openai)
            .dropped ==
        "tools[0].functionDeclarations[1].behavior=unsupported, tools[0].googleSearch=unsupported, "
        "tools[1]=unsupported");
  CHECK(ask(responses,
            R"({"model":"m","input":"a","tools":[{"type":"namespace","name":"n","description":"d","tools":[
                {"type":"function","name":"f"},{"type":"function","name":"g","defer_loading":true}]},
                {"type":"web_search"}]})",
            anthropic)
            .dropped ==
        "tools[0].description=unsupported, tools[0].tools[1].defer_loading=unsupported, "
        "max_output_tokens=invented, tools[1]=unsupported");
}
