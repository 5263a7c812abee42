// Responses requests: read into the neutral form, and written from it for a target.
#include <catch2/catch.hpp>

#include "translation/responses_tools.h"

namespace sluice::test::responses {
namespace {

using nlohmann::json;

std::string refusal_of(const std::string& body) {
  const auto request = responses_room().read_request(body, {"responses"});
  return request ? "" : request.error().message;
}

// The request, with a word or two for each message and part.
std::string told(const api::Request& request) {
  constexpr std::string_view roles[] = {"system", "user", "assistant", "tool"};
  constexpr std::string_view kinds[] = {"text", "refusal", "image",    "document", "audio",      "video",
                                        "call", "result",  "thinking", "redacted", "compaction", "other"};
  std::string text;
  const auto tell = [&](const api::Part& part, const auto& self) -> void {
    text += " " + std::string(kinds[static_cast<size_t>(part.kind)]) + "(";
    text += part.text.escaped;
    text += part.source.data.escaped;
    text += part.id.escaped;
    if (!part.name.empty()) text += ":" + std::string(part.name.escaped);
    text += part.arguments;
    if (!part.opaque.empty()) {
      text += "+" + std::string(part.opaque.data.escaped) + "@" + std::string(name_of(part.opaque.origin.dialect));
      text += "#" + std::string(part.opaque.id.escaped);
    }
    for (const api::Part& inner : part.parts) self(inner, self);
    text += ")";
  };
  for (const api::Part& part : request.system) tell(part, tell);
  for (const api::Message& message : request.messages) {
    text += " | " + std::string(roles[static_cast<size_t>(message.role)]);
    for (const api::Part& part : message.parts) tell(part, tell);
  }
  return text;
}

json request_with(const std::string& input) { return {{"model", "m"}, {"input", json::parse(input)}}; }

}  // namespace

TEST_CASE("responses: the input as messages") {
  const std::pair<const char*, const char*> table[] = {
      {R"("hi")", " | user text(hi)"},
      {R"([{"role":"user","content":"hi"},{"role":"user","content":[{"type":"input_text","text":"a"}]}])",
       " | user text(hi) | user text(a)"},
      {R"([{"type":"message","role":"developer","content":"be"},{"role":"system","content":"good"},
           {"role":"user","content":"hi"},{"role":"developer","content":"now"}])",
       " text(be) text(good) | user text(hi) | system text(now)"},
      {R"([{"role":"developer","content":"alone"}])", " | system text(alone)"},
      // All that the assistant did in one turn is one message, and so are the results.
      {R"([{"role":"user","content":"hi"},
           {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],
            "encrypted_content":"gAAA"},
           {"type":"message","id":"msg_1","role":"assistant","status":"completed",
            "content":[{"type":"output_text","text":"x","annotations":[]},{"type":"refusal","refusal":"no"}]},
           {"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{\"a\":1}","status":"completed"},
           {"type":"custom_tool_call","id":"ctc_1","call_id":"c2","name":"patch","input":"*** \"x\""},
           {"type":"function_call_output","call_id":"c1","output":"one"},
           {"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"two"},
            {"type":"input_image","image_url":"data:image/png;base64,iVBO"}]},
           {"type":"message","role":"assistant","content":"bye"}])",
       R"( | user text(hi) | assistant thinking(a\n\nb+gAAA@responses#rs_1) text(x) refusal(no) call(c1:f{"a":1}))"
       R"( call(c2:patch"*** \"x\"") | tool result(c1 text(one)) result(c2 text(two) image(iVBO)) | assistant text(bye))"},
      {R"([{"role":"user","content":[{"type":"input_image","image_url":"https://x/y.png","detail":"low"},
           {"type":"input_file","file_data":"JVBERi0x","filename":"a.pdf"},{"type":"input_file","file_id":"file-1"},
           {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},{"type":"later","x":1}]}])",
       " | user image(https://x/y.png) document(JVBERi0x) document(file-1) audio(AAAA) other()"},
      {R"([{"type":"compaction","id":"cmp_1","encrypted_content":"gB"},{"role":"user","content":"go on"}])",
       " | assistant compaction(+gB@responses#cmp_1) | user text(go on)"},
      {R"([{"type":"local_shell_call","call_id":"s1","action":{"type":"exec","command":["ls"]},"status":"completed"},
           {"type":"local_shell_call_output","call_id":"s1","output":"a.txt"},
           {"type":"shell_call","call_id":"s2","action":{"commands":["ls"]}},
           {"type":"shell_call_output","call_id":"s2","output":[{"stdout":"b","stderr":""}]}])",
       R"( | assistant call(s1:local_shell{"command":["ls"],"type":"exec"}) | tool result(s1 text(a.txt)))"
       R"( | assistant call(s2:shell{"commands":["ls"]}) | tool result(s2 text([{\"stderr\":\"\",\"stdout\":\"b\"}])))"},
      // Calls that the provider ran are kept aside; an unknown kind is content.
      {R"([{"role":"user","content":"a"},{"type":"web_search_call","id":"ws_1","status":"completed"},
           {"type":"quantum_call","id":"q"},{"role":"user","content":"b"}])",
       " | user text(a) | assistant other() | user text(b)"},
      // Wrapped signatures of another dialect: of thinking, of redacted thinking, of a call.
      {R"([{"type":"reasoning","id":"rs_0","summary":[{"type":"summary_text","text":"hm"}],
            "encrypted_content":"sluice.anthropic.1f..SIG"},
           {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"sluice.anthropic.1f.redacted.RED"},
           {"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"sluice.gemini.1f.call.TS"},
           {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}])",
       " | assistant thinking(hm+SIG@anthropic#) redacted(+RED@anthropic#) call(c1:f{}+TS@gemini#)"},
  };
  for (const auto& [input, expected] : table) {
    INFO(input);
    const std::string body = request_with(input).dump();
    CHECK(told(*read_responses(body)) == expected);
  }
}

TEST_CASE("responses: settings have their places, and what is not known is carried") {
  const std::string body = R"({"model":"m","instructions":"be good","input":"hi","stream":true,"store":false,
    "max_output_tokens":100,"temperature":0.50,"top_p":1,"top_logprobs":3,"parallel_tool_calls":false,
    "reasoning":{"effort":"high","summary":"auto","context":"all_turns"},
    "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true},"verbosity":"low"},
    "include":["reasoning.encrypted_content","message.output_text.logprobs","web_search_call.results"],
    "metadata":{"a":"b"},"user":"u","prompt_cache_key":"k","service_tier":"flex","client_metadata":{"x":"y"},
    "truncation":"auto","tool_choice":{"type":"function","name":"f"},
    "tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":false,"defer_loading":true},
             {"type":"custom","name":"p","format":{"type":"grammar","syntax":"lark","definition":"start: x"}},
             {"type":"web_search","search_context_size":"low"},
             {"type":"namespace","name":"mcp","description":"n","tools":[{"type":"function","name":"read"}]},
             {"type":"tool_search","execution":"client","description":"find","parameters":{"type":"object"}}]})";
  const auto request = read_responses(body);
  CHECK(request->system.at(0).text.escaped == "be good");
  CHECK(request->stream);
  CHECK(request->store == false);
  CHECK(request->max_output_tokens == 100);
  CHECK(request->sampling.temperature == "0.50");
  CHECK(request->sampling.top_logprobs == 3);
  CHECK(request->sampling.logprobs == true);
  CHECK(request->reasoning.mode == api::Reasoning::Mode::on);
  CHECK(request->reasoning.effort == "high");
  CHECK(request->reasoning.summary == "auto");
  CHECK(request->response_format.schema == R"({"type":"object"})");
  CHECK(request->response_format.strict == true);
  CHECK(request->verbosity == "low");
  CHECK(request->metadata == R"({"a":"b"})");
  CHECK(request->user.escaped == "u");
  CHECK(request->tool_choice.mode == api::ToolChoice::Mode::required);
  CHECK(request->tool_choice.allowed.at(0).escaped == "f");
  CHECK(request->tool_choice.parallel == false);
  std::string tools;
  for (const api::Tool& tool : request->tools) {
    tools += std::to_string(static_cast<int>(tool.kind)) + std::string(tool.name.escaped) + "/";
    tools += std::string(tool.other_type) + " ";
  }
  CHECK(tools == "0f/ 1p/ 2/web_search 0mcp.read/namespace 0tool_search/tool_search ");
  api::Dropped dropped;
  REQUIRE(api::leave_behind(*request, dropped));
  CHECK(dropped.text() ==
        "client_metadata=unsupported, truncation=unsupported, tools[3].description=unsupported, "
        "reasoning.context=unsupported, include=unsupported, tools[0].defer_loading=unsupported");
}

TEST_CASE("responses: tools that stand in the input are tools of the request") {
  const std::string body = request_with(R"([
    {"type":"additional_tools","id":"at_1","role":"developer","tools":[{"type":"namespace","name":"n","description":"d",
     "tools":[{"type":"custom","name":"patch","format":{"type":"text"}}]}]},
    {"type":"configuration_update","reasoning":{"effort":"low"}},
    {"role":"user","content":"hi"},
    {"type":"tool_search_call","call_id":"s1","execution":"client","arguments":{"queries":["x"]}},
    {"type":"tool_search_output","call_id":"s1","execution":"client","tools":[{"type":"function","name":"g"}]}])")
                               .dump();
  const auto request = read_responses(body);
  REQUIRE(request->tools.size() == 2);
  CHECK(request->tools[0].name.escaped == "n.patch");
  CHECK(request->tools[0].kind == api::ToolKind::custom);
  CHECK(request->tools[1].name.escaped == "g");
  CHECK(told(*request) == R"( | user text(hi) | assistant call(s1:tool_search{"queries":["x"]}) | tool result(s1:)"
                          R"(tool_search text([{\"name\":\"g\",\"type\":\"function\"}])))");
  api::Dropped dropped;
  REQUIRE(api::leave_behind(*request, dropped));
  CHECK(dropped.text() == "input[0].tools[0].description=unsupported, messages[1].configuration_update=unsupported");
}

TEST_CASE("responses: what only its provider has is a demand") {
  const std::pair<const char*, const char*> table[] = {
      {R"({"model":"m","input":"x","previous_response_id":"resp_1"})", "previous_response_id"},
      {R"({"model":"m","input":"x","conversation":"conv_1"})", "conversation"},
      {R"({"model":"m","prompt":{"id":"p"}})", "prompt"},
      {R"({"model":"m","input":"x","background":true})", "background"},
      {R"({"model":"m","input":[{"type":"item_reference","id":"rs_1"}]})", "input[0]"},
      {R"({"model":"m","input":[{"id":"rs_1"}]})", "input[0]"},
      {R"({"model":"m","input":[{"type":"compaction_trigger"},{"role":"user","content":"x"}]})", "input[0]"}};
  for (const auto& [text, path] : table) {
    INFO(text);
    const std::string body = text;
    const auto request = read_responses(body);
    REQUIRE(request->demands.size() == 1);
    CHECK(request->demands[0].path == path);
    api::Dropped dropped;
    const auto left = api::leave_behind(*request, dropped);
    REQUIRE_FALSE(left);
    CHECK(left.error().code == ErrorCode::untranslatable);
    CHECK(write_responses(*request, responses_facts("m")).body == json::parse(body));
  }
  const std::string plain = R"({"model":"m","input":"x","background":false,"previous_response_id":null})";
  CHECK(read_responses(plain)->demands.empty());
}

TEST_CASE("responses: wrong types are refused with their place") {
  const std::pair<const char*, const char*> table[] = {
      {"[]", "not a JSON object"},
      {R"({"input":"x"})", "model: is missing"},
      {R"({"model":"m"})", "input: is missing"},
      {R"({"model":"m","input":7})", "input: expected"},
      {R"({"model":"m","model":"n","input":"x"})", "model: occurs twice"},
      {R"({"model":"m","input":["x"]})", "input[0]: expected an object"},
      {R"({"model":"m","input":[{"role":"robot","content":"x"}]})", "input[0].role: expected"},
      {R"({"model":"m","input":[{"role":"user","content":7}]})", "input[0].content: expected"},
      {R"({"model":"m","input":[{"role":"user","content":["x"]}]})", "input[0].content[0]: expected an object"},
      {R"({"model":"m","input":[{"role":"user","content":[{"type":"input_text"}]}]})", "input[0].content[0].text"},
      {R"({"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":{}}]}]})",
       "input[0].content[0].image_url: expected a string"},
      {R"({"model":"m","input":[{"type":"function_call","call_id":"c","name":"f"}]})", "input[0].arguments: expected"},
      {R"({"model":"m","input":[{"type":"function_call_output","call_id":7,"output":""}]})", "input[0].call_id"},
      {R"({"model":"m","input":[{"type":"function_call_output","call_id":"c","output":7}]})", "input[0].output"},
      {R"({"model":"m","input":[{"type":"reasoning","summary":["x"]}]})", "input[0].summary: expected"},
      {R"({"model":"m","input":[{"type":"additional_tools","tools":{}}]})", "input[0].tools: expected a list"},
      {R"({"model":"m","input":"x","stream":"yes"})", "stream: expected true or false"},
      {R"({"model":"m","input":"x","max_output_tokens":-1})", "max_output_tokens: expected"},
      {R"({"model":"m","input":"x","max_output_tokens":1e99})", "max_output_tokens: expected"},
      {R"({"model":"m","input":"x","temperature":"hot"})", "temperature: expected a number"},
      {R"({"model":"m","input":"x","tools":{}})", "tools: expected a list"},
      {R"({"model":"m","input":"x","tools":[{"name":"f"}]})", "tools[0].type: expected"},
      {R"({"model":"m","input":"x","tools":[{"type":"function"}]})", "tools[0].name: expected"},
      {R"({"model":"m","input":"x","tools":[{"type":"function","name":"f","parameters":[]}]})", "tools[0].parameters"},
      {R"({"model":"m","input":"x","tools":[{"type":"namespace","name":"f","tools":7}]})", "tools[0].tools: expected"},
      {R"({"model":"m","input":"x","tool_choice":"maybe"})", "tool_choice: expected"},
      {R"({"model":"m","input":"x","text":{"format":{"type":"yaml"}}})", "text.format.type: expected"},
      {R"({"model":"m","input":"x","text":{"format":{"type":"json_schema","name":"n"}}})", "text.format.schema"},
      {R"({"model":"m","input":"x","reasoning":"hard"})", "reasoning: expected an object"},
      {R"({"model":"m","input":"x","metadata":[]})", "metadata: expected an object"}};
  for (const auto& [body, expected] : table) {
    INFO(body);
    CHECK(refusal_of(body).find(expected) != std::string::npos);
  }
  CHECK_FALSE(refusal_of(R"({"model":"m","input":)" + std::string(300, '[') + std::string(300, ']') + "}").empty());
  // A caller may send a lone surrogate; null counts as absent.
  const std::string odd = R"({"model":"m","input":"\ud800","tools":null,"text":null,"stream":null,"user":null})";
  CHECK(told(*read_responses(odd)) == R"( | user text(\ud800))");
}

TEST_CASE("responses: whatever type stands where another is expected, nothing breaks") {
  const json whole = json::parse(R"({"model":"m","instructions":"i","input":[
      {"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"u"},
       {"type":"input_file","file_data":"x","filename":"f"},{"type":"input_audio","input_audio":{"data":"x","format":"mp3"}}]},
      {"type":"reasoning","id":"r","summary":[{"text":"s"}],"content":[],"encrypted_content":"e"},
      {"type":"message","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[]}]},
      {"type":"function_call","call_id":"c","name":"f","namespace":"n","arguments":"{}"},
      {"type":"custom_tool_call","call_id":"c","name":"f","input":""},
      {"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"x"}]},
      {"type":"computer_call_output","call_id":"c","output":{"type":"computer_screenshot","image_url":"u"}},
      {"type":"tool_search_call","call_id":"c","execution":"client","arguments":{}},
      {"type":"tool_search_output","call_id":"c","execution":"client","tools":[]},
      {"type":"compaction","encrypted_content":"e"},{"type":"item_reference","id":"x"},{"type":"mcp_call","id":"x"}],
    "tools":[{"type":"function","name":"f","parameters":{},"strict":true},{"type":"custom","name":"p","format":{}},
      {"type":"namespace","name":"n","tools":[{"type":"function","name":"g"}]},{"type":"web_search"}],
    "tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]},
    "text":{"format":{"type":"json_schema","name":"n","schema":{}}},"reasoning":{"effort":"low"},
    "include":["x"],"metadata":{}})");
  const json others[] = {nullptr,
                         true,
                         7,
                         -0.5,
                         "",
                         "word",
                         json::array(),
                         json::array({7}),
                         json::object(),
                         json::parse(R"({"type":7})")};
  size_t read = 0;
  const json flat = whole.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    for (std::string at = pointer; !at.empty(); at = at.substr(0, at.rfind('/'))) {
      for (const json& other : others) {
        json changed = whole;
        changed[json::json_pointer(at)] = other;
        const std::string body = changed.dump();
        const auto request = responses_room().read_request(body, {"responses"});
        if (!request) {
          CHECK_FALSE(request.error().message.empty());
          continue;
        }
        ++read;
        changed["model"] = "m";
        CHECK(write_responses(**request, responses_facts("m")).body == changed);
      }
    }
  }
  CHECK(read > 100);
}

}  // namespace sluice::test::responses
