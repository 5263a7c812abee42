// Requests of Anthropic callers in the neutral form.
#include <catch2/catch.hpp>
#include <deque>
#include <functional>

#include "translation/anthropic_support.h"

using namespace sluice;
using namespace sluice::test::messages;

namespace {

// The body is kept alive because a request holds views of it.
std::unique_ptr<api::Request> read(const std::string& text) {
  static std::deque<std::string> bodies;
  const std::string& body = bodies.emplace_back(text);
  INFO(body);
  auto request = anthropic_room().read_request(body, {});
  if (!request) FAIL(request.error().message);
  return std::move(*request);
}

std::string left_behind(const api::Request& request) {
  api::Dropped dropped;
  CHECK(api::leave_behind(request, dropped));
  return dropped.text(10000);
}

// As Claude Code sends it, shortened.
const std::string agent_request = R"({"model":"claude-opus-4-8","max_tokens":64000,"stream":true,
  "system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2; cch=f00;"},
            {"type":"text","text":"You are an agent.","cache_control":{"type":"ephemeral","ttl":"1h"}}],
  "messages":[{"role":"user","content":[{"type":"text","text":"<reminder>"},{"type":"text","text":"fix it","cache_control":{"type":"ephemeral"}}]},
    {"role":"system","content":"be brief","clear_at":"never"},
    {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"text","text":"ok"},
      {"type":"tool_use","id":"toolu_1","name":"Read","input":{"path" : "a"},"caller":{"type":"direct"}},
      {"type":"tool_use","id":"toolu_2","name":"Read","input":{}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"text"},
      {"type":"tool_result","tool_use_id":"toolu_2","is_error":true,"cache_control":{"type":"ephemeral"},"content":[{"type":"text","text":"no"},
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}}]},
      {"type":"text","text":"go on"}]}],
  "tools":[{"name":"Read","description":"reads","input_schema":{"type":"object","properties":{}},"defer_loading":true,"eager_input_streaming":true},
           {"type":"web_search_20250305","name":"web_search","max_uses":5}],
  "tool_choice":{"type":"auto","disable_parallel_tool_use":true},
  "metadata":{"user_id":"{\"device\":\"1\"}"},
  "thinking":{"type":"adaptive","display":"summarized","block_binding":{}},"output_config":{"effort":"high","task_budget":{"type":"tokens","total":1}},
  "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
  "mcp_servers":[{"type":"url","url":"https://a","name":"m"}],"container":"c1","speed":"fast"})";

}  // namespace

TEST_CASE("anthropic: an agent's request is read whole") {
  const auto request = read(agent_request);
  CHECK(request->model.escaped == "claude-opus-4-8");
  CHECK(request->max_output_tokens == 64000);
  CHECK(request->stream);
  REQUIRE(request->system.size() == 1);
  CHECK(request->system[0].text.escaped == "You are an agent.");
  CHECK(request->system[0].cache_mark == R"({"type":"ephemeral","ttl":"1h"})");
  REQUIRE(request->messages.size() == 5);
  const std::vector<api::Message>& messages = request->messages;
  CHECK(messages[0].role == api::Role::user);
  CHECK(messages[0].parts.size() == 2);
  CHECK(messages[1].role == api::Role::system);
  CHECK(messages[1].was_string);
  CHECK(messages[2].role == api::Role::assistant);
  CHECK(messages[2].parts[0].kind == api::PartKind::thinking);
  CHECK(messages[2].parts[0].opaque.data.escaped == "c2ln");
  CHECK(messages[2].parts[0].opaque.origin == api::Origin{Dialect::anthropic, ""});
  CHECK(messages[2].parts[2].arguments == R"({"path" : "a"})");
  CHECK(messages[3].role == api::Role::tool);
  REQUIRE(messages[3].parts.size() == 2);
  CHECK(messages[3].parts[0].parts[0].text.escaped == "text");
  CHECK(messages[3].parts[0].parts[0].raw.empty());
  CHECK_FALSE(messages[3].parts[0].is_error);
  CHECK(messages[3].parts[1].is_error == true);
  CHECK(messages[3].parts[1].parts[1].kind == api::PartKind::image);
  CHECK(messages[4].role == api::Role::user);
  CHECK(messages[4].joined);
  CHECK(messages[4].parts[0].text.escaped == "go on");
  REQUIRE(request->tools.size() == 2);
  CHECK(request->tools[0].schema == R"({"type":"object","properties":{}})");
  CHECK(request->tools[1].kind == api::ToolKind::other);
  CHECK(request->tools[1].other_type == "web_search_20250305");
  CHECK(request->tool_choice.parallel == false);
  CHECK(request->user.escaped == R"({\"device\":\"1\"})");
  CHECK(request->reasoning.mode == api::Reasoning::Mode::adaptive);
  CHECK(request->reasoning.effort == "high");
  CHECK(request->reasoning.summary == "auto");
  CHECK(left_behind(*request) ==
        "context_management=unsupported, mcp_servers=unsupported, container=unsupported, speed=unsupported, "
        "system[0]=unsupported, thinking.block_binding=unsupported, output_config.task_budget=unsupported, "
        "messages[1].clear_at=unsupported, tools[0].defer_loading=unsupported, "
        "tools[0].eager_input_streaming=unsupported");

  api::Dropped dropped;
  api::WrittenRequest written;
  REQUIRE(anthropic_room().write_request(*request, anthropic_facts("other"), dropped, written));
  json expected = json::parse(agent_request);
  expected["model"] = "other";
  CHECK(json::parse(written.body) == expected);
  CHECK(dropped.empty());
}

TEST_CASE("anthropic: settings in the neutral form") {
  const std::string rest = R"("model":"m","messages":[])";
  using api::Reasoning;
  using api::ToolChoice;
  CHECK_FALSE(read("{" + rest + "}")->max_output_tokens);
  CHECK(read(R"({"max_tokens":0,)" + rest + "}")->max_output_tokens == 0);
  CHECK(read(R"({"temperature":0.70,)" + rest + "}")->sampling.temperature == "0.70");
  CHECK(read(R"({"stop_sequences":["a\nb"],)" + rest + "}")->stop[0].escaped == "a\\nb");
  CHECK(read(R"({"thinking":{"type":"disabled"},)" + rest + "}")->reasoning.mode == Reasoning::Mode::off);
  const auto enabled = read(R"({"thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted"},)" + rest + "}");
  CHECK(enabled->reasoning.mode == Reasoning::Mode::on);
  CHECK(enabled->reasoning.budget_tokens == 2000);
  CHECK(enabled->reasoning.summary == "none");
  const auto between = read(R"({"thinking":{"type":"between_tools"},)" + rest + "}");
  CHECK(left_behind(*between) == "thinking.type=unsupported");
  CHECK(read(R"({"output_config":{"effort":"low"},)" + rest + "}")->reasoning.mode == Reasoning::Mode::on);
  for (const char* name : {"\"output_config\":{\"format\":", "\"output_format\":"}) {
    const std::string closing = std::string(name).ends_with("{\"format\":") ? "}," : ",";
    const auto format =
        read("{" + std::string(name) + R"({"type":"json_schema","schema":{"type":"object"}})" + closing + rest + "}");
    CHECK(format->response_format.kind == api::ResponseFormat::Kind::json_schema);
    CHECK(format->response_format.schema == R"({"type":"object"})");
  }
  const auto tool = read(R"({"tool_choice":{"type":"tool","name":"f"},)" + rest + "}");
  CHECK(tool->tool_choice.mode == ToolChoice::Mode::required);
  CHECK(tool->tool_choice.allowed[0].escaped == "f");
  CHECK(read(R"({"tool_choice":{"type":"any"},)" + rest + "}")->tool_choice.mode == ToolChoice::Mode::required);
  CHECK(read(R"({"tool_choice":{"type":"none"},)" + rest + "}")->tool_choice.mode == ToolChoice::Mode::none);
  CHECK(read(R"({"service_tier":"standard_only",)" + rest + "}")->service_tier == "standard_only");
  CHECK(read(R"({"system":"be\tgood",)" + rest + "}")->system[0].text.escaped == "be\\tgood");
  CHECK(read(R"({"tools":[{"type":"custom","name":"f","strict":true}],)" + rest + "}")->tools[0].strict == true);
}

TEST_CASE("anthropic: what only this API can do is demanded of it") {
  for (const char* member : {R"("thread":{"id":"t"})", R"("compaction":{"type":"summarize"})"}) {
    const auto request = read(R"({"model":"m","messages":[],)" + std::string(member) + "}");
    api::Dropped dropped;
    const auto left = api::leave_behind(*request, dropped);
    REQUIRE_FALSE(left);
    CHECK(left.error().code == ErrorCode::untranslatable);
  }
}

TEST_CASE("anthropic: kinds of content") {
  const auto part = [](const std::string& block, const char* role = "user") {
    const auto request =
        read(R"({"model":"m","messages":[{"role":")" + std::string(role) + R"(","content":[)" + block + "]}]}");
    const api::Part& read_part = request->messages.at(0).parts.at(0);
    CHECK(read_part.raw == block);
    return std::string(std::to_string(static_cast<int>(read_part.kind)) + "|" +
                       std::string(read_part.source.media_type) + "|" + std::string(read_part.source.data.escaped) +
                       "|" + std::string(read_part.text.escaped) + "|" + std::string(read_part.title.escaped) + "|" +
                       std::string(read_part.context.escaped) + "|" + std::string(read_part.other_type)) +
           "|" + left_behind(*request);
  };
  const auto kind = [](api::PartKind k) { return std::to_string(static_cast<int>(k)); };
  using enum api::PartKind;
  CHECK(
      part(
          R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"x"},"title":"t","context":"c","citations":{"enabled":true}})") ==
      kind(document) + "|text/plain|x||t|c||messages[0].content[0].citations=unsupported");
  CHECK(
      part(
          R"({"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}})") ==
      kind(document) + "||a\\nb|||||");
  CHECK(part(R"({"type":"search_result","source":"https://a","title":"t","content":[{"type":"text","text":"a"}]})") ==
        kind(document) + "|text/plain|a||t|https://a||");
  CHECK(part(R"({"type":"image","source":{"type":"file","file_id":"f1","x":1}})") ==
        kind(image) + "||f1|||||messages[0].content[0].source.x=unsupported");
  CHECK(part(R"({"type":"image","source":{"type":"later","at":"a"}})") == kind(other) + "||||||image|");
  CHECK(part(R"({"type":"tool_reference","tool_name":"f"})") == kind(text) + "|||f||||");
  CHECK(part(R"({"type":"container_upload","file_id":"f"})") == kind(other) + "||||||container_upload|");
  CHECK(part(R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}})", "assistant") ==
        kind(other) + "||||||server_tool_use|");
  CHECK(part(R"({"type":"compaction","content":"so far","encrypted_content":"e"})", "assistant") ==
        kind(compaction) + "|||so far||||");
}

TEST_CASE("anthropic: what steers the maker's machinery is for the maker only") {
  const auto request = read(
      R"({"model":"m","messages":[{"role":"user","content":"a"},{"role":"system","content":[{"type":"text","text":"b"},
      {"type":"tool_addition","tool":{"type":"tool_reference","name":"f"}}]}]})");
  CHECK(request->messages[1].parts.size() == 1);
  CHECK(left_behind(*request) == "messages[1].content[1]=unsupported");
}

TEST_CASE("anthropic: results in several messages of the user are one turn") {
  const std::string body =
      R"({"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]} ,
      {"role":"user","content":[{"type":"text","text":"x"},{"type":"tool_result","tool_use_id":"b"}],"more":1},{"role":"user","content":"y"}]})";
  const auto request = read(body);
  REQUIRE(request->messages.size() == 4);
  CHECK(request->messages[1].parts.size() == 2);
  CHECK(request->messages[2].joined);
  CHECK(left_behind(*request) == "messages[1].more=unsupported");
  api::Dropped dropped;
  api::WrittenRequest written;
  REQUIRE(anthropic_room().write_request(*request, anthropic_facts("m"), dropped, written));
  CHECK(json::parse(written.body) == json::parse(body));
}

TEST_CASE("anthropic: what answers of other providers left in the history is taken apart again") {
  const std::string body =
      R"({"model":"m","messages":[{"role":"user","content":"q"},{"role":"assistant","content":[
        {"type":"thinking","thinking":"t","signature":"sluice.openai.00bb.rs_1.enc"},
        {"type":"text","text":"a","citations":[{"type":"web_search_result_location","url":"u","title":"t","cited_text":"","encrypted_index":"sluice.openai..."}],"cache_control":{"type":"ephemeral"}},
        {"type":"redacted_thinking","data":"sluice.gemini.00cc.call.sig"},
        {"type":"tool_use","id":"c1","name":"f","input":{}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1"}]}]})";
  const auto request = read(body);
  const std::vector<api::Part>& parts = request->messages[1].parts;
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].opaque.origin == api::Origin{Dialect::openai, "00bb"});
  CHECK(parts[0].opaque.id.escaped == "rs_1");
  CHECK(parts[2].opaque.data.escaped == "sig");
  CHECK(parts[2].opaque.origin == api::Origin{Dialect::gemini, "00cc"});
  CHECK(parts[2].opaque.id.empty());

  api::Dropped dropped;
  api::WrittenRequest written;
  REQUIRE(anthropic_room().write_request(*request, anthropic_facts("m"), dropped, written));
  CHECK(json::parse(written.body)["messages"][1]["content"] ==
        json::parse(R"([{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},
                        {"type":"tool_use","id":"c1","name":"f","input":{}}])"));
  CHECK(dropped.text() ==
        "messages[1].content[0]=bound, messages[1].content[1].citations=bound, messages[1].content[2]=bound");
}

TEST_CASE("anthropic: requests that are wrong are refused with the place") {
  const std::pair<const char*, const char*> rows[] = {
      {"[]", "the body must be a JSON object"},
      {R"({"messages":[]})", "'model' must be a string"},
      {R"({"model":1,"messages":[]})", "'model' must be a string"},
      {R"({"model":"m"})", "messages: a list is needed"},
      {R"({"model":"m","messages":{}})", "messages: a list is needed"},
      {R"({"model":"m","messages":[],"messages":[]})", "'messages' occurs twice"},
      {R"({"model":"m","messages":[1]})", "messages[0]: an object is needed"},
      {R"({"model":"m","messages":[{"role":"tool","content":""}]})",
       "messages[0].role: it must be 'user', 'assistant' or 'system'"},
      {R"({"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":null}]})",
       "messages[1].content: a string or a list is needed"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":1}]}]})",
       "messages[0].content[0]: 'text' must be a string"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a","text":"b"}]}]})",
       "messages[0].content[0]: 'text' occurs twice"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"text":"a"}]}]})",
       "messages[0].content[0]: 'type' must be a string"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"image"}]}]})",
       "messages[0].content[0]: 'source' must be an object"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","content":"a"}]}]})",
       "messages[0].content[0]: 'tool_use_id' must be a string"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"tool_result","tool_use_id":"b"}]}]}]})",
       "messages[0].content[0]: a tool result contains another one"},
      {R"({"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_result","tool_use_id":"a"}]}]})",
       "messages[0].content: only a user message may contain tool results"},
      {R"({"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"{}"}]}]})",
       "messages[0].content[0]: 'input' must be an object"},
      {R"({"model":"m","messages":[],"max_tokens":"many"})", "'max_tokens' must be a number"},
      {R"({"model":"m","messages":[],"max_tokens":-1})", "'max_tokens' must be a whole number, and not negative"},
      {R"({"model":"m","messages":[],"max_tokens":1e99})", "'max_tokens' must be a whole number, and not negative"},
      {R"({"model":"m","messages":[],"stream":"yes"})", "'stream' must be a boolean"},
      {R"({"model":"m","messages":[],"system":1})", "system: a string or a list is needed"},
      {R"({"model":"m","messages":[],"tools":[{"name":1}]})", "tools[0]: 'name' must be a string"},
      {R"({"model":"m","messages":[],"tools":[{"name":"f","input_schema":[]}]})",
       "tools[0]: 'input_schema' must be an object"},
      {R"({"model":"m","messages":[],"tool_choice":"auto"})", "'tool_choice' must be an object"},
      {R"({"model":"m","messages":[],"thinking":{"budget_tokens":1}})", "thinking: 'type' must be a string"},
      {R"({"model":"m","messages":[],"stop_sequences":[1]})", "stop_sequences: they must be strings"},
      {R"({"model":"m","messages":[],"metadata":{"user_id":1}})", "metadata: 'user_id' must be a string"},
  };
  for (const auto& [body, message] : rows) {
    INFO(body);
    const std::string text = body;
    const auto request = anthropic_room().read_request(text, {});
    REQUIRE_FALSE(request);
    CHECK(request.error().code == ErrorCode::bad_request);
    CHECK(request.error().message == message);
  }
}

// --- hostile input ---

namespace {

// Replaces each value of a document in turn.
void each_value(json& root, json& at, const std::function<void()>& seen, const json& instead) {
  const json before = at;
  at = instead;
  seen();
  at = before;
  if (!at.is_structured()) return;
  for (json& inner : at) each_value(root, inner, seen, instead);
}

void each_object(json& at, const std::string& path, const std::function<void(json&, const std::string&)>& seen) {
  if (at.is_object()) seen(at, path);
  if (at.is_object()) {
    for (auto& [key, inner] : at.items()) each_object(inner, path.empty() ? key : path + "." + key, seen);
  } else if (at.is_array()) {
    for (json& inner : at) each_object(inner, path, seen);
  }
}

// Carried as raw JSON and not inspected.
bool is_carried_whole(const std::string& path) {
  for (const char* name : {"input", "input_schema", "cache_control", "context_management", "mcp_servers", "task_budget",
                           "block_binding", "caller"}) {
    if (path.find(name) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("anthropic: a member that is not known comes out again, or is named") {
  json body = json::parse(agent_request);
  size_t planted = 0;
  each_object(body, "", [&](json& object, const std::string& path) {
    object["planted"] = json::parse(R"({"a":[1]})");
    INFO(path);
    const std::string text = body.dump();
    const auto request = read(text);
    api::Dropped dropped;
    api::WrittenRequest written;
    REQUIRE(anthropic_room().write_request(*request, anthropic_facts("claude-opus-4-8"), dropped, written));
    CHECK(json::parse(written.body) == body);
    const bool is_other_tool = object.value("type", "") == "web_search_20250305";
    const bool is_attribution = object.value("text", "").starts_with("x-anthropic-");
    if (!is_carried_whole(path) && !is_other_tool && !is_attribution) {
      CHECK(left_behind(*request).find("planted") != std::string::npos);
      ++planted;
    }
    object.erase("planted");
  });
  CHECK(planted > 15);
}

TEST_CASE("anthropic: any value may be wrong") {
  json body = json::parse(agent_request);
  const std::string hostile[] = {
      "null", "0", "-1", "1e400", R"("")", R"("\ud800")", "[]", "{}", "[[]]", "true", R"([{"type":"text"}])"};
  for (const std::string& value : hostile) {
    const json instead = json::parse(R"("planted-here")");
    each_value(
        body, body,
        [&] {
          std::string text = body.dump();
          text.replace(text.find(instead.dump()), instead.dump().size(), value);
          const auto request = anthropic_room().read_request(text, {});
          if (!request) {
            CHECK(request.error().code == ErrorCode::bad_request);
            return;
          }
          for (const Dialect from : {Dialect::anthropic, Dialect::openai}) {
            (*request)->from = from;
            api::Dropped dropped;
            api::WrittenRequest written;
            if (anthropic_room().write_request(**request, anthropic_facts("claude-sonnet-4-5"), dropped, written)) {
              api::JsonDocument document;
              CHECK(document.parse(written.body));
            }
          }
        },
        instead);
  }
  const std::string deep = R"({"model":"m","messages":)" + std::string(5000, '[');
  CHECK_FALSE(anthropic_room().read_request(deep, {}));
}

// Callers seldom return thinking that has no signature.
TEST_CASE("anthropic: what stands for the signature of a thinking that nobody signed goes to no target") {
  const api::Origin origin{Dialect::ollama, "1f"};
  CHECK(api::wrap_unsigned(origin, Dialect::ollama).empty());
  const std::string body =
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[)"
      R"({"type":"thinking","thinking":"hm","signature":")" +
      api::wrap_unsigned(origin, Dialect::anthropic) +
      R"("},{"type":"text","text":"b"}]},{"role":"user","content":"c"}]})";
  const auto request = read(body);
  api::Dropped dropped;
  api::WrittenRequest own;
  REQUIRE(anthropic_room().write_request(*request, anthropic_facts("claude-sonnet-4-5"), dropped, own));
  CHECK(dropped.text() == "messages[1].content[0]=bound");
  CHECK(own.body.find("thinking") == std::string::npos);
  api::forget_unsigned(*request);
  const api::Part& part = request->messages[1].parts[0];
  CHECK(part.kind == api::PartKind::thinking);
  CHECK(part.text.escaped == "hm");
  CHECK(part.opaque.empty());
}
