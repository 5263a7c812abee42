// Requests of Ollama callers, read and written back unchanged.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "translation/ollama_room.h"

using namespace sluice;
using namespace sluice::api;
using namespace sluice::api::ollama_test;

namespace {

constexpr std::string_view everything = R"({"model":"llama3.2","options":{"num_ctx":8192,"temperature":0.70,
  "top_k":40,"top_p":0.9,"min_p":0.05,"repeat_penalty":1.1,"presence_penalty":0,"frequency_penalty":1e-1,"seed":7,
  "num_predict":128,"stop":["\n\n","END"],"mirostat":null,"num_thread":8},
  "messages":[{"role":"system","content":"Be brief."},
   {"role":"system","content":"Say \u00e9."},
   {"role":"user","content":"What is this?","images":["iVBORw0KGgoAAAA=","\/9j\/4AAQ"]},
   {"role":"assistant","content":"","thinking":"hm","tool_calls":[
     {"function":{"index":0,"name":"look","arguments":{"at": [1.0, "x"]}}},
     {"id":"call_0","function":{"name":"look","arguments":{}}}]},
   {"role":"tool","content":"a cat","tool_name":"look"},
   {"role":"tool","content":"a dog","tool_call_id":"call_0","images":["R0lGODlh"]},
   {"role":"system","content":"Now answer."},
   {"role":"USER","content":"go on","strange":{"a":1}}],
  "tools":[{"type":"function","function":{"name":"look","description":"Looks","parameters":{"type":"object",
    "properties":{"at":{"type":"array","items":{}}}}}},{"type":"strange","x":1}],
  "format":{"type":"object"},"think":"high","keep_alive":"5m","truncate":true,"logprobs":true,"top_logprobs":3,
  "stream":false,"unheard_of":[null]})";

}  // namespace

TEST_CASE("a request of Ollama's API is read") {
  const auto read_request = read(everything);
  REQUIRE(read_request);
  const Request& request = **read_request;
  CHECK(request.model.escaped == "llama3.2");
  CHECK_FALSE(request.stream);
  CHECK(request.usage_wanted);
  CHECK(request.sampling.temperature == "0.70");
  CHECK(request.sampling.top_k == "40");
  CHECK(request.sampling.top_p == "0.9");
  CHECK(request.sampling.min_p == "0.05");
  CHECK(request.sampling.repeat_penalty == "1.1");
  CHECK(request.sampling.presence_penalty == "0");
  CHECK(request.sampling.frequency_penalty == "1e-1");
  CHECK(request.sampling.seed == "7");
  CHECK(request.sampling.logprobs == true);
  CHECK(request.sampling.top_logprobs == 3);
  CHECK(request.max_output_tokens == 128);
  CHECK(request.stop == std::vector<JsonText>{JsonText{"\\n\\n"}, JsonText{"END"}});
  CHECK(request.response_format.kind == ResponseFormat::Kind::json_schema);
  CHECK(request.response_format.schema == R"({"type":"object"})");
  CHECK(request.reasoning.mode == Reasoning::Mode::on);
  CHECK(request.reasoning.effort == "high");
  REQUIRE(request.system.size() == 2);
  CHECK(request.system[1].text.escaped == "Say \\u00e9.");
  REQUIRE(request.messages.size() == 5);

  const Message& asked = request.messages[0];
  REQUIRE(asked.parts.size() == 3);
  CHECK(asked.parts[0].source.media_type == "image/png");
  CHECK(asked.parts[1].source.media_type == "image/jpeg");
  CHECK(asked.parts[1].source.data.escaped == "/9j/4AAQ");
  CHECK(asked.parts[2].text.escaped == "What is this?");

  const Message& turn = request.messages[1];
  REQUIRE(turn.parts.size() == 3);
  CHECK(turn.parts[0].kind == PartKind::thinking);
  CHECK(turn.parts[1].id.escaped == "call_1");  // generated, and distinct from the given one
  CHECK(turn.parts[1].arguments == R"({"at": [1.0, "x"]})");
  CHECK(turn.parts[2].id.escaped == "call_0");

  const Message& results = request.messages[2];
  CHECK(results.role == Role::tool);
  REQUIRE(results.parts.size() == 2);
  CHECK(results.parts[0].id.escaped == "call_1");
  CHECK(results.parts[0].name.escaped == "look");
  CHECK(results.parts[1].id.escaped == "call_0");
  REQUIRE(results.parts[1].parts.size() == 2);
  CHECK(results.parts[1].parts[0].source.media_type == "image/gif");
  CHECK(request.messages[3].role == Role::system);

  REQUIRE(request.tools.size() == 2);
  CHECK(request.tools[0].description.escaped == "Looks");
  CHECK(request.tools[1].kind == ToolKind::other);
  CHECK(request.tools[1].other_type == "strange");
  CHECK(request.demands.empty());

  Dropped dropped;
  REQUIRE(leave_behind(request, dropped));
  CHECK(dropped.text() ==
        "keep_alive=unsupported, unheard_of=unsupported, options.num_ctx=unsupported, "
        "options.num_thread=unsupported, messages[7].strange=unsupported");
}

TEST_CASE("a request of Ollama's API comes out as it went in, but for the model") {
  const std::pair<const char*, std::string_view> bodies[] = {
      {"ollama/chat", everything},
      {"ollama/chat", R"({"model":"m","messages":[{"role":"user","content":"hi"}]})"},
      {"ollama/chat", R"({"model":"m","messages":[],"keep_alive":0})"},
      {"ollama/chat", R"({"model":"m"})"},
      {"ollama/chat",
       R"({"name":"m","messages":null,"options":null,"tools":[],"format":"","think":null,"stream":null})"},
      {"ollama/chat", R"({"model":"m","messages":[{"role":"user","content":"a"}],"options":{},"format":"json",
         "think":false,"stream":true})"},
      {"ollama/chat", R"({"model":"m","messages":[{"role":"assistant","content":"a"},{"role":"assistant","content":"b",
         "x":1} , {"role":"user","content":""}],"options":{"num_predict":-1,"stop":[]},"think":true})"},
      {"ollama/generate", R"({"model":"m","prompt":"Why?","system":"S","images":["iVBORw0KGgo"],"raw":false,
         "template":"{{ .Prompt }}","suffix":"","context":[],"options":{"num_predict":0}})"},
      {"ollama/generate", R"({"model":"m","prompt":"a","suffix":"b","raw":true,"context":[1,2],"steps":3})"},
      {"ollama/generate", R"({"model":"m","prompt":"","keep_alive":-1})"},
      {"ollama/generate", R"({"model":"m","stream":false})"},
  };
  for (const auto& [endpoint, body] : bodies) {
    INFO(body);
    const auto request = read(body, endpoint);
    REQUIRE(request);
    const Outcome outcome = write(**request, facts_of("other"));
    Json expected = Json::parse(body);
    for (const char* const name : {"model", "name"}) {
      if (expected.contains(name)) expected[name] = "other";
    }
    if (!expected.contains("model")) expected["model"] = "other";
    CHECK(outcome.body == expected);
    CHECK(outcome.dropped.empty());
    CHECK(outcome.error.empty());
  }
}

TEST_CASE("what is changed in a request of Ollama's API is written, the rest stays") {
  const auto read_request = read(everything);
  REQUIRE(read_request);
  Request& request = **read_request;
  request.max_output_tokens = 64;
  request.stream = true;
  request.messages.push_back(message_of(Role::assistant, {text_part("As far as I")}));
  const Outcome outcome = write(request, facts_of("m"));
  Json expected = Json::parse(everything);
  expected["model"] = "m";
  expected["stream"] = true;
  expected["options"]["num_predict"] = 64;
  expected["messages"].push_back({{"role", "assistant"}, {"content", "As far as I"}});
  CHECK(outcome.body == expected);
}

TEST_CASE("/api/generate becomes one message of a user") {
  const auto request = read(R"({"model":"m","prompt":"What is it?","system":"Be kind.","images":["UklGRiQAAABXRUJQ"],
    "think":true})",
                            "ollama/generate");
  REQUIRE(request);
  const Request& asked = **request;
  CHECK(asked.stream);
  REQUIRE(asked.system.size() == 1);
  CHECK(asked.system[0].text.escaped == "Be kind.");
  REQUIRE(asked.messages.size() == 1);
  REQUIRE(asked.messages[0].parts.size() == 2);
  CHECK(asked.messages[0].role == Role::user);
  CHECK(asked.messages[0].parts[0].source.media_type == "image/webp");
  CHECK(asked.messages[0].parts[1].text.escaped == "What is it?");
  CHECK(asked.demands.empty());
  CHECK(asked.bag.empty());
}

TEST_CASE("what other providers have no like of is refused there") {
  const std::pair<const char*, std::string_view> bodies[] = {
      {"prompt", R"({"model":"m"})"},
      {"suffix", R"({"model":"m","prompt":"a","suffix":"b"})"},
      {"raw", R"({"model":"m","prompt":"a","raw":true})"},
      {"context", R"({"model":"m","prompt":"a","context":[1]})"},
      {"_debug_render_only", R"({"model":"m","prompt":"a","_debug_render_only":true})"},
  };
  for (const auto& [path, body] : bodies) {
    INFO(body);
    const auto request = read(body, "ollama/generate");
    REQUIRE(request);
    REQUIRE((*request)->demands.size() == 1);
    CHECK((*request)->demands[0].path == path);
    Dropped dropped;
    CHECK_FALSE(leave_behind(**request, dropped));
  }
  const auto empty = read(R"({"model":"m","messages":[]})");
  REQUIRE(empty);
  CHECK((*empty)->demands.at(0).path == "messages");
}

TEST_CASE("results without ids are linked to their calls by name and order") {
  const auto request = read(R"({"model":"m","messages":[
    {"role":"assistant","content":"","tool_calls":[{"function":{"name":"a","arguments":{}}},
      {"function":{"name":"b","arguments":{}}},{"function":{"name":"a","arguments":{"n":2}}}]},
    {"role":"tool","content":"of b","name":"b"},{"role":"tool","content":"of a"},
    {"role":"tool","content":"of a too","tool_name":"a"},{"role":"tool","content":"of none","tool_name":"c"},
    {"role":"assistant","tool_calls":[{"function":{"name":"a"}}]},{"role":"tool","content":"third","tool_name":"a"}]})");
  REQUIRE(request);
  const std::vector<Message>& messages = (*request)->messages;
  REQUIRE(messages.size() == 4);
  std::vector<std::string> ids;
  for (const Message& message : messages) {
    for (const Part& part : message.parts) ids.emplace_back(part.id.escaped);
  }
  CHECK(ids == std::vector<std::string>{"call_0", "call_1", "call_2", "call_1", "call_0", "call_2", "call_3", "call_4",
                                        "call_4"});
}

TEST_CASE("requests of the wrong shape are refused by the place that is wrong") {
  const std::pair<std::string_view, std::string_view> bodies[] = {
      {R"([])", "the body"},
      {R"({"messages":[]})", "model:"},
      {R"({"model":7})", "model:"},
      {R"({"model":"m","model":"n"})", "model: occurs twice"},
      {R"({"model":"m","stream":"no"})", "stream:"},
      {R"({"model":"m","messages":{}})", "messages:"},
      {R"({"model":"m","messages":[1]})", "messages[0]:"},
      {R"({"model":"m","messages":[{"content":"a"}]})", "messages[0].role:"},
      {R"({"model":"m","messages":[{"role":"judge"}]})", "messages[0].role:"},
      {R"({"model":"m","messages":[{"role":"user","content":"a","content":"b"}]})",
       "messages[0].content: occurs twice"},
      {R"({"model":"m","messages":[{"role":"user","content":[]}]})", "messages[0].content:"},
      {R"({"model":"m","messages":[{"role":"user","images":"x"}]})", "messages[0].images:"},
      {R"({"model":"m","messages":[{"role":"user","images":["x",1]}]})", "messages[0].images[1]:"},
      {R"({"model":"m","messages":[{"role":"assistant","thinking":1}]})", "messages[0].thinking:"},
      {R"({"model":"m","messages":[{"role":"assistant","tool_calls":{}}]})", "messages[0].tool_calls:"},
      {R"({"model":"m","messages":[{"role":"assistant","tool_calls":[7]}]})", "messages[0].tool_calls[0].function:"},
      {R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{}}]}]})",
       "messages[0].tool_calls[0].function.name:"},
      {R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"a","arguments":"{}"}}]}]})",
       "messages[0].tool_calls[0].function.arguments:"},
      {R"({"model":"m","messages":[{"role":"tool","tool_name":[]}]})", "messages[0].tool_name:"},
      {R"({"model":"m","tools":{}})", "tools:"},
      {R"({"model":"m","tools":["x"]})", "tools[0]:"},
      {R"({"model":"m","tools":[{"type":"function"}]})", "tools[0].function:"},
      {R"({"model":"m","tools":[{"function":{"name":""}}]})", "tools[0].function.name:"},
      {R"({"model":"m","tools":[{"function":{"name":"a","parameters":[]}}]})", "tools[0].function.parameters:"},
      {R"({"model":"m","options":[]})", "options:"},
      {R"({"model":"m","options":{"temperature":"hot"}})", "options.temperature:"},
      {R"({"model":"m","options":{"temperature":1e999}})", "options.temperature:"},
      {R"({"model":"m","options":{"num_predict":1.5}})", "options.num_predict:"},
      {R"({"model":"m","options":{"seed":1,"seed":2}})", "options.seed: occurs twice"},
      {R"({"model":"m","options":{"stop":"x"}})", "options.stop:"},
      {R"({"model":"m","options":{"stop":[1]}})", "options.stop:"},
      {R"({"model":"m","format":"yaml"})", "format:"},
      {R"({"model":"m","think":1})", "think:"},
      {R"({"model":"m","logprobs":1})", "logprobs:"},
      {R"({"model":"m","top_logprobs":-1})", "top_logprobs:"},
      {R"({"model":"m")", "byte "},
  };
  for (const auto& [body, message] : bodies) {
    INFO(body);
    const auto request = read(body);
    REQUIRE_FALSE(request);
    CHECK(request.error().code == ErrorCode::bad_request);
    CHECK(request.error().message.find(message) != std::string::npos);
  }
  const std::pair<std::string_view, std::string_view> prompts[] = {{R"({"model":"m","prompt":["a"]})", "prompt:"},
                                                                   {R"({"model":"m","system":1})", "system:"},
                                                                   {R"({"model":"m","raw":"yes"})", "raw:"},
                                                                   {R"({"model":"m","context":"x"})", "context:"},
                                                                   {R"({"model":"m","images":[[]]})", "images[0]:"}};
  for (const auto& [body, message] : prompts) {
    INFO(body);
    const auto request = read(body, "ollama/generate");
    REQUIRE_FALSE(request);
    CHECK(request.error().message.find(message) == 0);
  }
}

TEST_CASE("a member that nobody knows comes out again, or is named") {
  // In each object of the request in turn.
  const std::string body(everything);
  constexpr std::string_view wholes[] = {"\"arguments\":", "\"strange\":", "\"parameters\":", "\"properties\":",
                                         "\"at\":",        "\"items\":",   "\"format\":",     "}}}}},"};
  size_t planted = 0;
  for (size_t at = body.find('{'); at != std::string::npos; at = body.find('{', at + 1)) {
    std::string with = body;
    const bool is_empty = body[body.find_first_not_of(" \n", at + 1)] == '}';
    with.insert(at + 1, is_empty ? R"("zz_new":{"a":"\n"})" : R"("zz_new":{"a":"\n"},)");
    INFO(with);
    const auto request = read(with);
    REQUIRE(request);
    const Outcome outcome = write(**request, facts_of("llama3.2"));
    CHECK(outcome.body == Json::parse(with));
    Dropped dropped;
    REQUIRE(leave_behind(**request, dropped));
    // Schemas, arguments, and unknown tools and members are carried as a whole.
    const bool goes_as_one = std::any_of(std::begin(wholes), std::end(wholes), [&](std::string_view before) {
      return with.find(std::string(before) + R"({"zz_new")") != with.npos;
    });
    CHECK(goes_as_one != (dropped.text().find("zz_new=unsupported") != std::string::npos));
    ++planted;
  }
  CHECK(planted > 20);
}

TEST_CASE("a document among Ollama's pictures is read as one") {
  const auto request = read(R"({"model":"m","messages":[{"role":"user","images":["JVBERi0xLjQK","iVBORw0KGgo"]}]})");
  REQUIRE(request);
  const std::vector<Part>& parts = (*request)->messages[0].parts;
  CHECK(parts[0].kind == PartKind::document);
  CHECK(parts[0].source.media_type == "application/pdf");
  CHECK(parts[1].kind == PartKind::image);
}

TEST_CASE("requests that are no text as it should be do no harm") {
  std::string deep =
      R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"a","arguments":)";
  deep += std::string(400, '[');
  CHECK_FALSE(read(deep));
  const auto half = read(R"({"model":"m","messages":[{"role":"user","content":"\ud83d"}],"options":{"seed":-9e99}})");
  REQUIRE(half);
  Dropped dropped;
  WrittenRequest written;
  REQUIRE(ollama().write_request(**half, facts_of("m"), dropped, written));
  CHECK(written.body.find(R"("\ud83d"}],"options":{"seed":-9e99})") != std::string::npos);
  for (size_t cut = 0; cut < everything.size(); ++cut) CHECK_FALSE(read(everything.substr(0, cut)));
}
