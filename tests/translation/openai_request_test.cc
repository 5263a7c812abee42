// Requests of chat completions in the neutral form.
#include <catch2/catch.hpp>

#include "translation/openai_tools.h"

using namespace sluice;
using namespace sluice::api;
using namespace sluice::test;

namespace {

// A message's parts, in a few letters each.
std::string parts_text(const std::vector<Part>& parts) {
  std::string out;
  for (const Part& part : parts) {
    if (!out.empty()) out += ' ';
    switch (part.kind) {
      case PartKind::text:
        out += "'" + std::string(part.text.escaped) + "'";
        break;
      case PartKind::refusal:
        out += "!" + std::string(part.text.escaped) + "!";
        break;
      case PartKind::image:
      case PartKind::document:
      case PartKind::audio:
      case PartKind::video:
        out += std::to_string(static_cast<int>(part.source.kind)) + ":" + std::string(part.source.media_type) + ":" +
               std::string(part.source.data.escaped) + ":" + std::string(part.detail) + std::string(part.title.escaped);
        break;
      case PartKind::tool_call:
        out += (part.call_kind == CallKind::custom ? "custom:" : "call:") + std::string(part.id.escaped) + ":" +
               std::string(part.name.escaped) + std::string(part.arguments);
        break;
      case PartKind::tool_result:
        out += "result:" + std::string(part.id.escaped) + "[" + parts_text(part.parts) + "]";
        break;
      case PartKind::thinking:
        out += (part.is_summary ? "sum(" : "(") + std::string(part.text.escaped) + ")";
        break;
      case PartKind::redacted:
        out += "redacted";
        break;
      case PartKind::compaction:
      case PartKind::other:
        out += "other:" + std::string(part.other_type);
        break;
    }
    if (!part.opaque.empty()) {
      out += "+" + std::string(part.opaque.data.escaped) + "@" + std::string(name_of(part.opaque.origin.dialect)) +
             "." + part.opaque.origin.maker + "#" + std::string(part.opaque.id.escaped);
    }
    if (!part.cache_mark.empty()) out += "|mark";
  }
  return out;
}

std::string messages_text(const Request& request) {
  constexpr char roles[] = {'s', 'u', 'a', 't'};
  std::string out = request.system.empty() ? "" : "S{" + parts_text(request.system) + "}";
  for (const Message& message : request.messages) {
    out += roles[static_cast<size_t>(message.role)];
    out += "{" + parts_text(message.parts) + "}";
  }
  return out;
}

std::string messages_of(const std::string& messages) {
  const std::string body = R"({"model":"m","messages":[)" + messages + "]}";
  const auto request = read_chat(body);
  return request ? messages_text(**request) : request.error().message;
}

std::string error_of(const std::string& body) {
  const auto request = read_chat(body);
  return request ? "" : request.error().message;
}

}  // namespace

TEST_CASE("chat: messages in their normal form") {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"role":"system","content":"a"},{"role":"developer","content":[{"type":"text","text":"b"}]},{"role":"user","content":"c"},)"
       R"({"role":"system","content":"d"})",
       "S{'a' 'b'}u{'c'}s{'d'}"},
      {R"({"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},)"
       R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AA","detail":"low"}},{"type":"image_url","image_url":"http://i"}]})",
       "u{'a'|mark 1:image/png:AA:low 2::http://i:}"},
      {R"({"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA","format":"mp3"}},)"
       R"({"type":"file","file":{"file_data":"data:application/pdf;base64,BB","filename":"n"}},{"type":"file","file":{"file_id":"f"}},)"
       R"({"type":"file","file":{"file_data":"JVBERi0x"}},{"type":"document_url","document_url":"http://d"},{"type":"video_url","video_url":{"url":"http://v"}}]})",
       "u{1:audio/mpeg:AA: 1:application/pdf:BB:n 4::f: 1:application/pdf:JVBERi0x: 2::http://d: 2::http://v:}"},
      {R"({"role":"assistant","content":"","tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}},)"
       R"({"id":"y","type":"custom","custom":{"name":"p","input":"q\"r"}}]},{"role":"tool","tool_call_id":"y","content":"1"},)"
       R"({"role":"tool","tool_call_id":"x","content":[{"type":"text","text":"2"}]},{"role":"user","content":"go"})",
       R"(a{call:x:f{"a": 1} custom:y:p"q\"r"}t{result:y['1'] result:x['2']}u{'go'})"},
      {R"({"role":"assistant","content":null,"function_call":{"name":"f","arguments":""}},{"role":"function","name":"f","content":"1"})",
       "a{call:call_made_0:f}t{result:call_made_0['1']}"},
      {R"({"role":"assistant","tool_calls":[{"id":"","function":{"name":"f","arguments":"{}"}},{"function":{"name":"g","arguments":{"b":2}}}]},)"
       R"({"role":"tool","content":"1"},{"role":"tool","tool_call_id":"","content":"2"})",
       R"(a{call:call_made_0:f{} call:call_made_1:g{"b":2}}t{result:call_made_0['1'] result:call_made_1['2']})"},
      {R"({"role":"assistant","content":"a","refusal":"no","reasoning_content":"hm"})", "a{(hm) 'a' !no!}"},
      {R"({"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"},)"
       R"({"type":"refusal","refusal":"no"}]})",
       "a{(hm) 'a' !no!}"},
      {R"({"role":"assistant","content":"a","reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"h","index":0},)"
       R"({"type":"reasoning.text","text":"m","index":0},{"type":"reasoning.text","signature":"sluice.anthropic.77..s","index":0},)"
       R"({"type":"reasoning.encrypted","data":"sluice.anthropic.77..r","index":1}]})",
       "a{(hm)+s@anthropic.77# redacted+r@anthropic.77# 'a'}"},
      {R"({"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.summary","summary":"s","index":0,"format":"v1"},)"
       R"({"type":"reasoning.encrypted","data":"d","id":"rs","index":0,"format":"v1"}]})",
       "a{sum(s)+d@openai.#v1__rs 'a'}"},
      {R"({"role":"assistant","tool_calls":[{"id":"x","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"sluice.gemini.77..s"}}}]})",
       "a{call:x:f{}+s@gemini.77#}"},
      {R"({"role":"assistant","tool_calls":[{"id":"x","function":{"name":"f","arguments":"{}"}}],"reasoning_details":[{"type":"reasoning.encrypted","id":"x","data":"d"}]})",
       "a{call:x:f{}+d@openai.#x}"},
      {R"({"role":"assistant","audio":{"id":"au"}},{"role":"user","content":[{"type":"hologram","x":1}]})",
       "a{other:audio}u{other:hologram}"},
  };
  for (const auto& [messages, expected] : rows) CHECK(messages_of(messages) == expected);
}

TEST_CASE("chat: settings in their places") {
  const std::string body =
      R"({"model":"m\u0041","messages":[],"temperature":0.50,"top_p":1,"top_k":40,"min_p":0.1,"frequency_penalty":0.1,)"
      R"("presence_penalty":-1,"repetition_penalty":1.1,"seed":7,"logit_bias":{"5":1},"logprobs":true,"top_logprobs":3,)"
      R"("stop":["a","b"],"max_tokens":5,"max_completion_tokens":6,"reasoning_effort":"xhigh","verbosity":"low","stream":true,)"
      R"("stream_options":{"include_usage":true,"x":1},"user":"u","metadata":{"k":"v"},"service_tier":"flex","prompt_cache_key":"p",)"
      R"("store":false,"parallel_tool_calls":false,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},)"
      R"("strict":true,"y":2}},"provider":{"order":[]},"n":null})";
  const auto read = read_chat(body);
  REQUIRE(read);
  const Request& request = **read;
  CHECK(request.model.escaped == "m\\u0041");
  CHECK(request.sampling.temperature == "0.50");
  CHECK(request.sampling.top_k == "40");
  CHECK(request.sampling.repeat_penalty == "1.1");
  CHECK(request.sampling.presence_penalty == "-1");
  CHECK(request.sampling.logit_bias == R"({"5":1})");
  CHECK(request.sampling.top_logprobs == 3);
  CHECK(request.stop.size() == 2);
  CHECK(request.max_output_tokens == 6);
  CHECK(request.reasoning.mode == Reasoning::Mode::on);
  CHECK(request.reasoning.effort == "xhigh");
  CHECK(request.verbosity == "low");
  CHECK(request.stream);
  CHECK(request.usage_wanted);
  CHECK(request.user.escaped == "u");
  CHECK(request.metadata == R"({"k":"v"})");
  CHECK(request.service_tier == "flex");
  CHECK(request.store == false);
  CHECK(request.tool_choice.parallel == false);
  CHECK(request.response_format.name.escaped == "n");
  CHECK(request.response_format.schema == R"({"type":"object"})");
  CHECK(request.response_format.strict == true);
  Dropped dropped;
  REQUIRE(leave_behind(request, dropped));
  CHECK(dropped.text() ==
        "provider=unsupported, response_format.json_schema.y=unsupported, stream_options.x=unsupported");
}

TEST_CASE("chat: how much to think, in each host's words") {
  using enum Reasoning::Mode;
  const struct {
    const char* member;
    Reasoning::Mode mode;
    std::string_view effort;
    std::optional<uint64_t> budget;
  } rows[] = {
      {R"("reasoning_effort":"none")", off, "none", {}},
      {R"("reasoning_effort":"low")", on, "low", {}},
      {R"("reasoning":{"effort":"high","exclude":true})", on, "high", {}},
      {R"("reasoning":{"max_tokens":2000})", on, "", 2000},
      {R"("reasoning":{"enabled":false})", off, "", {}},
      {R"("thinking":{"type":"enabled","budget_tokens":1024})", on, "", 1024},
      {R"("thinking":{"type":"disabled"})", off, "", {}},
      {R"("enable_thinking":true)", on, "", {}},
      {R"("seed":1)", absent, "", {}},
  };
  for (const auto& row : rows) {
    const std::string body = R"({"messages":[],)" + std::string(row.member) + "}";
    INFO(body);
    const auto request = read_chat(body);
    REQUIRE(request);
    CHECK((*request)->reasoning.mode == row.mode);
    CHECK((*request)->reasoning.effort == row.effort);
    CHECK((*request)->reasoning.budget_tokens == row.budget);
  }
}

TEST_CASE("chat: tools and which of them may be called") {
  const std::string tools =
      R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true,"z":1},"defer":2},)"
      R"({"type":"custom","custom":{"name":"p","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}}},)"
      R"({"type":"web_search"},{"function":{"name":"g"}}])";
  const std::string body = R"({"messages":[],)" + tools + "}";
  const auto read = read_chat(body);
  REQUIRE(read);
  const std::vector<Tool>& all = (*read)->tools;
  REQUIRE(all.size() == 4);
  CHECK(all[0].name.escaped == "f");
  CHECK(all[0].schema == R"({"type":"object"})");
  CHECK(all[0].strict == true);
  CHECK(all[0].bag.size() == 2);
  CHECK(all[1].kind == ToolKind::custom);
  CHECK(all[1].format == R"({"type":"grammar","syntax":"lark","definition":"x"})");
  CHECK(all[2].kind == ToolKind::other);
  CHECK(all[2].other_type == "web_search");
  CHECK(all[3].name.escaped == "g");
  CHECK(all[3].schema.empty());

  using enum ToolChoice::Mode;
  const struct {
    const char* member;
    ToolChoice::Mode mode;
    size_t allowed;
  } rows[] = {
      {R"("tool_choice":"auto")", automatic, 0},
      {R"("tool_choice":"any")", required, 0},
      {R"("tool_choice":"required")", required, 0},
      {R"("tool_choice":"none")", none, 0},
      {R"("tool_choice":{"type":"function","function":{"name":"f"}})", required, 1},
      {R"("tool_choice":{"type":"custom","custom":{"name":"p"}})", required, 1},
      {R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]}})",
       automatic, 2},
      {R"("function_call":{"name":"f"})", required, 1},
      {R"("function_call":"auto")", automatic, 0},
      {R"("tool_choice":null)", absent, 0},
  };
  for (const auto& row : rows) {
    const std::string with = R"({"messages":[],)" + std::string(row.member) + "," + tools + "}";
    INFO(row.member);
    const auto request = read_chat(with);
    REQUIRE(request);
    CHECK((*request)->tool_choice.mode == row.mode);
    CHECK((*request)->tool_choice.allowed.size() == row.allowed);
  }
}

TEST_CASE("chat: a prompt of the older completions is what a user says") {
  const std::string body = R"({"model":"m","prompt":["Once"],"max_tokens":5,"logprobs":2,"suffix":null,"echo":false})";
  const auto request = read_chat(body, "completions");
  REQUIRE(request);
  CHECK(messages_text(**request) == "u{'Once'}");
  CHECK((*request)->demands.empty());
  const char* const demands[] = {R"({"prompt":["a","b"]})", R"({"prompt":[1,2]})", R"({"prompt":"a","suffix":"b"})",
                                 R"({"prompt":"a","echo":true})", R"({"prompt":"a","n":2})"};
  for (const char* const text : demands) {
    const auto other = read_chat(text, "completions");
    REQUIRE(other);
    Dropped dropped;
    const auto left = leave_behind(**other, dropped);
    REQUIRE_FALSE(left);
    CHECK(left.error().code == ErrorCode::untranslatable);
  }
}

TEST_CASE("chat: what is wrong in a request is told with its place") {
  const std::pair<const char*, const char*> rows[] = {
      {"[]", "the body must be a JSON object"},
      {"{}", "messages: is missing"},
      {R"({"messages":{}})", "messages: must be a list"},
      {R"({"messages":[1]})", "messages[0]: must be an object"},
      {R"({"messages":[{"role":"x"}]})", "messages[0].role: must be system, developer, user, assistant or tool"},
      {R"({"messages":[{"role":"user","content":7}]})", "messages[0].content: must be a string or a list of parts"},
      {R"({"messages":[{"role":"user","content":[{"type":"text","text":{}}]}]})",
       "messages[0].content[0].text: must be a string"},
      {R"({"messages":[{"role":"user","content":"a","content":"b"}]})", "messages[0].content: occurs twice"},
      {R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":7}]}]})",
       "messages[0].content[0].image_url: must be an object"},
      {R"({"messages":[{"role":"assistant","tool_calls":[{"id":"x","function":{"name":"","arguments":"{}"}}]}]})",
       "messages[0].tool_calls[0]: names no function"},
      {R"({"messages":[{"role":"tool","content":"a"}]})", "messages[0].tool_call_id: is missing"},
      {R"({"messages":[],"temperature":"1"})", "temperature: must be a number"},
      {R"({"messages":[],"temperature":1e999})", "temperature: must be a number"},
      {R"({"messages":[],"max_tokens":-1})", "max_tokens: must be a whole number, not below 0"},
      {R"({"messages":[],"stop":[1]})", "stop[0]: must be a string"},
      {R"({"messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":[]}}]})",
       "tools[0].function.parameters: must be an object"},
      {R"({"messages":[],"model":"a","model":"b"})", "model: occurs twice"},
      {R"({"messages":[],"mod\u0065l":"a","model":"b"})", "model: occurs twice"},
      {R"({"messages":[],"stream":"yes"})", "stream: must be true or false"},
      {R"({"messages":[],"response_format":{"type":"json_schema","json_schema":{"schema":1}}})",
       "response_format.json_schema.schema: must be an object"},
  };
  for (const auto& [body, expected] : rows) CHECK(error_of(body) == expected);
}

TEST_CASE("chat: values of any type anywhere never break the reader") {
  const std::string whole =
      R"({"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"a"},)"
      R"({"type":"image_url","image_url":{"url":"u"}},{"type":"file","file":{"file_id":"f"}}]},{"role":"assistant","content":"c",)"
      R"("reasoning_details":[{"type":"reasoning.text","text":"t","index":0}],"tool_calls":[{"id":"i","type":"function",)"
      R"("function":{"name":"n","arguments":"{}"}}]},{"role":"tool","tool_call_id":"i","content":"r"}],"tools":[{"type":"function",)"
      R"("function":{"name":"n","parameters":{}}}],"tool_choice":{"type":"function","function":{"name":"n"}},"stop":["s"],"stream":true,)"
      R"("stream_options":{"include_usage":true},"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}},"n":1})";
  const auto json = nlohmann::json::parse(whole);
  const nlohmann::json others[] = {nullptr,
                                   true,
                                   7,
                                   -1.5,
                                   1e300,
                                   "x",
                                   "\xed\x9f\xbf",
                                   nlohmann::json::array(),
                                   nlohmann::json::array({1, nullptr}),
                                   nlohmann::json::object(),
                                   {{"type", "x"}, {"id", 3}}};
  size_t read = 0, refused = 0;
  const nlohmann::json flat = json.flatten();
  for (const auto& [path, value] : flat.items()) {
    nlohmann::json::json_pointer pointer(path);
    for (; !pointer.empty(); pointer.pop_back()) {
      for (const nlohmann::json& other : others) {
        nlohmann::json changed = json;
        changed[pointer] = other;
        const std::string body = changed.dump();
        const auto request = read_chat(body);
        ++(request ? read : refused);
        if (!request) {
          CHECK(request.error().code == ErrorCode::bad_request);
          continue;
        }
        write_chat(**request, chat_facts("gpt-5", true));
        (*request)->from = Dialect::anthropic;
        write_chat(**request, chat_facts("any", false));
      }
    }
  }
  CHECK(read > 100);
  CHECK(refused > 100);
  const std::string deep = R"({"messages":)" + std::string(300, '[') + std::string(300, ']') + "}";
  CHECK(error_of(deep).find("nested too deep") != std::string::npos);
  CHECK(error_of(R"({"messages":[{"role":"user","content":"\ud800"}]})").empty());  // passed on as spelled
}
