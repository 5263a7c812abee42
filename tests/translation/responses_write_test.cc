// Requests of other dialects, written for a responses target.
#include <catch2/catch.hpp>

#include "translation/responses_tools.h"
#include "translation/schema.h"

namespace sluice::test::responses {
namespace {

using api::CallKind;
using api::JsonText;
using api::Part;
using api::PartKind;
using api::Role;
using api::Source;
using nlohmann::json;

Part text_part(std::string_view text) {
  Part part;
  part.text = JsonText{text};
  return part;
}
Part call_part(std::string_view id, std::string_view name, std::string_view arguments) {
  Part part;
  part.kind = PartKind::tool_call;
  part.id = JsonText{id};
  part.name = JsonText{name};
  part.arguments = arguments;
  return part;
}
Part result_part(std::string_view id, std::vector<Part> parts) {
  Part part;
  part.kind = PartKind::tool_result;
  part.id = JsonText{id};
  part.parts = std::move(parts);
  return part;
}
Part file_part(PartKind kind, Source::Kind source, std::string_view type, std::string_view data) {
  Part part;
  part.kind = kind;
  part.source = {source, type, JsonText{data}};
  return part;
}
Part thinking_part(std::string_view text, std::string_view data, Dialect dialect, std::string maker) {
  Part part;
  part.kind = PartKind::thinking;
  part.text = JsonText{text};
  part.opaque = {JsonText{data}, {dialect, std::move(maker)}, JsonText{"rs_1"}};
  return part;
}

api::Request asked(Dialect from = Dialect::anthropic) {
  api::Request request;
  request.from = from;
  request.model = JsonText{"theirs"};
  return request;
}
void say(api::Request& request, Role role, std::vector<Part> parts) {
  api::Message& message = request.messages.emplace_back();
  message.role = role;
  message.parts = std::move(parts);
}
api::Tool function(std::string_view name, std::string_view schema = "") {
  api::Tool tool;
  tool.name = JsonText{name};
  tool.schema = schema;
  return tool;
}

// The input written for a conversation.
json input_of(const api::Request& request) {
  const Written written = write_responses(request, responses_facts("gpt-5"));
  REQUIRE(written.error == "");
  static const OpenAiSchemas schemas;
  for (const json& item : written.body.at("input")) CHECK(schemas.fault("InputItem", item) == "");
  CHECK(schemas.fault("CreateResponse", written.body) == "");
  return written.body.at("input");
}

std::string refused(const api::Request& request, api::TargetFacts facts = responses_facts("gpt-5")) {
  return write_responses(request, facts).error;
}

}  // namespace

TEST_CASE("responses: a conversation of another dialect as items") {
  api::Request request = asked();
  request.system = {text_part("be"), text_part("good")};
  say(request, Role::user, {text_part("hi")});
  say(request, Role::assistant,
      {thinking_part("hm", "gAAA", Dialect::responses, "a1"), text_part("let me see"), text_part(""),
       call_part("toolu_1", "f", R"({"a": 1.0})"), call_part("toolu_2", "g", "")});
  say(request, Role::tool,
      {result_part("toolu_1", {text_part("one")}),
       result_part("toolu_2",
                   {text_part("two"), file_part(PartKind::image, Source::Kind::base64, "image/png", "iVBO")}),
       result_part("toolu_3", {})});
  say(request, Role::user,
      {text_part("and"), file_part(PartKind::image, Source::Kind::url, "", "https://x/y.png"),
       file_part(PartKind::document, Source::Kind::base64, "application/pdf", "JVBE"),
       file_part(PartKind::document, Source::Kind::text, "text/plain", "a text"),
       file_part(PartKind::document, Source::Kind::url, "", "https://x/y.pdf")});
  request.messages.back().parts[2].title = JsonText{"a.pdf"};
  say(request, Role::system, {text_part("now")});
  CHECK(input_of(request) == json::parse(R"([
    {"type":"message","role":"developer","content":[{"type":"input_text","text":"be"},{"type":"input_text","text":"good"}]},
    {"type":"message","role":"user","content":"hi"},
    {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAA"},
    {"type":"message","role":"assistant","content":"let me see"},
    {"type":"function_call","call_id":"toolu_1","name":"f","arguments":"{\"a\": 1.0}"},
    {"type":"function_call","call_id":"toolu_2","name":"g","arguments":"{}"},
    {"type":"function_call_output","call_id":"toolu_1","output":"one"},
    {"type":"function_call_output","call_id":"toolu_2","output":[{"type":"input_text","text":"two"},
     {"type":"input_image","image_url":"data:image/png;base64,iVBO","detail":"auto"}]},
    {"type":"function_call_output","call_id":"toolu_3","output":""},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"and"},
     {"type":"input_image","image_url":"https://x/y.png","detail":"auto"},
     {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"},
     {"type":"input_text","text":"a text"},{"type":"input_file","file_url":"https://x/y.pdf"}]},
    {"type":"message","role":"developer","content":"now"}])"));
}

TEST_CASE("responses: ids of calls fit, and calls that nobody named find their results") {
  api::Request request = asked(Dialect::gemini);
  const std::string long_id(70, 'x');
  say(request, Role::assistant, {call_part("", "f", "{}"), call_part("", "f", "{}"), call_part(long_id, "g", "{}")});
  say(request, Role::tool,
      {result_part("", {text_part("1")}), result_part("", {text_part("2")}), result_part(long_id, {text_part("3")})});
  const json input = input_of(request);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(input[i]["call_id"] == input[i + 3]["call_id"]);
    CHECK(input[i]["call_id"].get<std::string>().size() <= 64);
  }
  CHECK(input[0]["call_id"] != input[1]["call_id"]);
}

TEST_CASE("responses: free-text calls stay what they are") {
  api::Request request = asked(Dialect::openai);
  Part call = call_part("c1", "patch", R"("*** \"x\"")");
  call.call_kind = CallKind::custom;
  say(request, Role::assistant, {call});
  say(request, Role::tool, {result_part("c1", {text_part("done")})});
  api::Tool tool = function("patch");
  tool.kind = api::ToolKind::custom;
  tool.format = R"({"type":"grammar","grammar":{"syntax":"lark","definition":"start: x"}})";
  request.tools.push_back(tool);
  request.tool_choice.mode = api::ToolChoice::Mode::required;
  request.tool_choice.allowed = {JsonText{"patch"}};
  CHECK(input_of(request) == json::parse(R"([
    {"type":"custom_tool_call","call_id":"c1","name":"patch","input":"*** \"x\""},
    {"type":"custom_tool_call_output","call_id":"c1","output":"done"}])"));
  const json body = write_responses(request, responses_facts("gpt-5")).body;
  CHECK(body["tools"] == json::parse(R"([{"type":"custom","name":"patch",
    "format":{"type":"grammar","syntax":"lark","definition":"start: x"}}])"));
  CHECK(body["tool_choice"] == json::parse(R"({"type":"custom","name":"patch"})"));
}

TEST_CASE("responses: what is bound to another origin stays behind") {
  api::Request request = asked();
  Part call = call_part("c1", "f", "{}");
  call.opaque = {JsonText{"TS"}, {Dialect::gemini, "b2"}, {}};
  Part bare = thinking_part("hm", "", Dialect::responses, "");
  say(request, Role::assistant,
      {thinking_part("a", "SIG", Dialect::anthropic, "b2"), thinking_part("b", "gA", Dialect::responses, "b2"), bare,
       thinking_part("c", "gB", Dialect::responses, ""), call});
  request.messages[0].parts[3].opaque.id = {};
  const Written written = write_responses(request, responses_facts("gpt-5"));
  CHECK(written.body["input"][0] ==
        json::parse(R"({"type":"reasoning","summary":[{"type":"summary_text","text":"c"}],"encrypted_content":"gB"})"));
  CHECK(written.dropped ==
        "messages[0].content[0].thinking=bound, messages[0].content[1].thinking=bound, "
        "messages[0].content[2].thinking=unsupported, messages[0].content[4].signature=bound");

  api::Request compacted = asked(Dialect::responses);
  Part part = thinking_part("", "gC", Dialect::responses, "b2");
  part.kind = PartKind::compaction;
  say(compacted, Role::assistant, {part});
  CHECK(refused(compacted).find("messages[0].content[0]") == 0);
}

TEST_CASE("responses: of the own dialect, what belongs to others is left out of the items") {
  const std::string body = R"({"model":"m","input":[{"role":"user","content":"hi"},
    {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"sluice.anthropic.b2..SIG"},
    {"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"gAAA"},
    {"type":"message","role":"assistant","content":"x"}],"store":false})";
  const Written written = write_responses(*read_responses(body), responses_facts("gpt-5"));
  CHECK(written.text == R"({"model":"gpt-5","input":[{"role":"user","content":"hi"},)"
                        R"({"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"gAAA"},)"
                        R"({"type":"message","role":"assistant","content":"x"}],"store":false})");
  CHECK(written.dropped == "input.encrypted_content=bound");
}

TEST_CASE("responses: a conversation that goes on here keeps what stood in the caller's body") {
  const std::string body = R"({"model":"m","input":"hi","max_output_tokens":50,"x":1})";
  const auto request = read_responses(body);
  say(*request, Role::assistant, {text_part("so far")});
  request->max_output_tokens = 40;
  request->stream = true;
  CHECK(write_responses(*request, responses_facts("gpt-5")).body == json::parse(R"({"model":"gpt-5","x":1,
    "input":[{"type":"message","role":"user","content":"hi"},{"type":"message","role":"assistant","content":"so far"}],
    "max_output_tokens":40,"stream":true})"));
}

TEST_CASE("responses: content that the target does not take is refused") {
  const std::pair<Part, const char*> table[] = {
      {file_part(PartKind::audio, Source::Kind::base64, "audio/wav", "x"), "sound"},
      {file_part(PartKind::video, Source::Kind::url, "", "x"), "video"},
      {file_part(PartKind::image, Source::Kind::file_id, "", "x"), "its own provider"},
      {file_part(PartKind::document, Source::Kind::file_id, "", "x"), "its own provider"},
      {file_part(PartKind::image, Source::Kind::none, "", ""), "no data"},
      {file_part(PartKind::other, Source::Kind::none, "", ""), "no such content"}};
  for (const auto& [part, expected] : table) {
    api::Request request = asked();
    say(request, Role::user, {text_part("see"), part});
    CHECK(refused(request).find(expected) != std::string::npos);
    CHECK(refused(request).find("messages[0].content[1]: ") == 0);
    request.messages[0].role = Role::assistant;
    CHECK_FALSE(refused(request).empty());
  }
  api::Request request = asked();
  say(request, Role::user, {file_part(PartKind::image, Source::Kind::url, "", "https://x")});
  api::TargetFacts facts = responses_facts("gpt-5");
  facts.takes_image_urls = false;
  CHECK(refused(request, facts).find("by URL") != std::string::npos);
}

TEST_CASE("responses: settings of another dialect") {
  api::Request request = asked();
  say(request, Role::user, {text_part("hi")});
  request.system = {text_part("be good")};
  request.stream = true;
  request.max_output_tokens = 5;
  request.sampling.temperature = "3.5";
  request.sampling.top_p = "0.90";
  request.sampling.top_k = "4";
  request.sampling.seed = "1";
  request.stop = {JsonText{"END"}};
  request.tools = {
      function("f", R"({"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false})"),
      function("a.b")};
  request.tools[0].strict = true;
  request.tools[0].cache_mark = "{}";
  api::Tool hosted;
  hosted.kind = api::ToolKind::other;
  hosted.other_type = "web_search_20250305";
  request.tools.push_back(hosted);
  request.tool_choice.mode = api::ToolChoice::Mode::automatic;
  request.tool_choice.parallel = false;
  request.response_format = {api::ResponseFormat::Kind::json_schema, {}, {}, R"({"type":"object"})", {}};
  request.reasoning.mode = api::Reasoning::Mode::on;
  request.reasoning.budget_tokens = 4000;
  request.service_tier = "standard_only";
  const std::string user(100, 'u');
  request.user = JsonText{user};
  const Written written = write_responses(request, responses_facts("gpt-4o"));
  json body = written.body;
  const std::string short_name = body["tools"][1]["name"];
  CHECK(short_name.find('.') == std::string::npos);
  CHECK(body["user"].get<std::string>().size() <= 64);
  body.erase("user");
  CHECK(body == json::parse(R"({"model":"gpt-4o","instructions":"be good","stream":true,"store":false,
    "input":[{"type":"message","role":"user","content":"hi"}],"max_output_tokens":16,"temperature":2,"top_p":0.90,
    "tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false},"strict":true},
             {"type":"function","name":")" +
                            short_name + R"(","parameters":{"type":"object","properties":{}},"strict":false}],
    "tool_choice":"auto","parallel_tool_calls":false,"service_tier":"default",
    "text":{"format":{"type":"json_schema","name":"response","schema":{"type":"object"}}}})"));
  CHECK(written.dropped ==
        "tools[0].cache_control=unsupported, tools[2]=unsupported, max_output_tokens=clamped, "
        "temperature=clamped, top_k=unsupported, seed=unsupported, stop=unsupported, reasoning=unsupported, "
        "user=changed");
  const OpenAiSchemas schemas;
  CHECK(schemas.fault("CreateResponse", written.body) == "");

  const Written thinking = write_responses(request, responses_facts("gpt-5"));
  CHECK(thinking.body["reasoning"] == json::parse(R"({"effort":"high"})"));
  CHECK(thinking.body["include"] == json::parse(R"(["reasoning.encrypted_content"])"));
  CHECK_FALSE(thinking.body.contains("temperature"));
  CHECK(thinking.dropped.find("temperature=unsupported, top_p=unsupported") != std::string::npos);
}

TEST_CASE("responses: how much a target is told to think") {
  using Mode = api::Reasoning::Mode;
  struct Row {
    const char* model;
    api::Reasoning reasoning;
    const char* expected;  // "": absent
  };
  const Row table[] = {{"gpt-5", {Mode::off, {}, {}, {}}, R"({"effort":"minimal"})"},
                       {"gpt-5.1", {Mode::off, {}, {}, {}}, R"({"effort":"none"})"},
                       {"o3", {Mode::off, {}, {}, {}}, R"({"effort":"low"})"},
                       {"gpt-4o", {Mode::off, {}, {}, {}}, ""},
                       {"gpt-5", {Mode::on, {}, {}, {}}, ""},
                       {"gpt-5", {Mode::on, {}, {}, "auto"}, R"({"summary":"auto"})"},
                       {"gpt-5.2", {Mode::on, {}, {}, "auto"}, R"({"effort":"medium","summary":"auto"})"},
                       {"gpt-5", {Mode::adaptive, {}, {}, "none"}, R"({"effort":"medium"})"},
                       {"gpt-5.2", {Mode::adaptive, "xhigh", {}, {}}, R"({"effort":"xhigh"})"},
                       {"gpt-5", {Mode::adaptive, "xhigh", {}, {}}, R"({"effort":"high"})"},
                       {"gpt-5", {Mode::on, {}, 1024, {}}, R"({"effort":"low"})"}};
  for (const Row& row : table) {
    INFO(row.model << " " << row.expected);
    api::Request request = asked();
    say(request, Role::user, {text_part("hi")});
    request.reasoning = row.reasoning;
    const json body = write_responses(request, responses_facts(row.model)).body;
    CHECK((body.contains("reasoning") ? body["reasoning"].dump() : "") == row.expected);
  }
}

TEST_CASE("responses: the choice of tools") {
  using Mode = api::ToolChoice::Mode;
  const std::tuple<Mode, std::vector<JsonText>, const char*> table[] = {
      {Mode::absent, {}, "null"},
      {Mode::automatic, {}, R"("auto")"},
      {Mode::required, {}, R"("required")"},
      {Mode::none, {JsonText{"f"}}, R"("none")"},
      {Mode::required, {JsonText{"f"}}, R"({"type":"function","name":"f"})"},
      {Mode::automatic,
       {JsonText{"f"}},
       R"({"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]})"},
      {Mode::required,
       {JsonText{"f"}, JsonText{"g"}},
       R"({"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"},{"type":"function","name":"g"}]})"}};
  for (const auto& [mode, allowed, expected] : table) {
    api::Request request = asked();
    say(request, Role::user, {text_part("hi")});
    request.tools = {function("f"), function("g")};
    request.tool_choice.mode = mode;
    request.tool_choice.allowed = allowed;
    CHECK(write_responses(request, responses_facts("gpt-5")).body["tool_choice"] == json::parse(expected));
    request.tools.clear();
    CHECK_FALSE(write_responses(request, responses_facts("gpt-5")).body.contains("tool_choice"));
  }
}

TEST_CASE("responses: a target that imitates the API gets one text of instructions") {
  api::Request request = asked();
  request.system = {text_part("be"), text_part("good")};
  say(request, Role::user, {text_part("hi")});
  const json body = write_responses(request, responses_facts("qwen", false)).body;
  CHECK(body["instructions"] == "be\n\ngood");
  CHECK(body["input"].size() == 1);
  CHECK(responses_room().path("x", true) == "/responses");
}

}  // namespace sluice::test::responses
