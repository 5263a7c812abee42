// Requests of other dialects, written for Ollama.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "translation/ollama_room.h"

using namespace sluice;
using namespace sluice::api;
using namespace sluice::api::ollama_test;

namespace {

// As the reader of another dialect would produce it.
Request foreign() {
  Request request;
  request.from = Dialect::openai;
  request.model = JsonText{"gpt"};
  return request;
}

Part image_part(Source::Kind kind, std::string_view data) {
  Part part;
  part.kind = PartKind::image;
  part.source = {kind, "image/png", JsonText{data}};
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

Tool function_tool(std::string_view name, std::string_view schema) {
  Tool tool;
  tool.name = JsonText{name};
  tool.schema = schema;
  return tool;
}

}  // namespace

TEST_CASE("a conversation is written for Ollama") {
  Request request = foreign();
  request.system = {text_part("one"), text_part("two")};
  request.messages.push_back(message_of(
      Role::user, {text_part("What"), text_part("is it?"), image_part(Source::Kind::base64, "iVBORw0KGgo")}));
  Part thinking = text_part("hm");
  thinking.kind = PartKind::thinking;
  thinking.opaque = {JsonText{"c2ln"}, {Dialect::anthropic, "77"}, {}};
  request.messages.push_back(
      message_of(Role::assistant, {thinking, text_part("Let me "), text_part("look."),
                                   call_part("c1", "look", R"({"n": 1.0})"), call_part("c2", "look", "")}));
  request.messages.push_back(message_of(
      Role::tool,
      {result_part("c1", {text_part("a cat"), image_part(Source::Kind::base64, "R0lGOD")}), result_part("c2", {})}));
  request.messages.push_back(message_of(Role::system, {text_part("Hurry.")}));
  Part refusal = text_part("No.");
  refusal.kind = PartKind::refusal;
  request.messages.push_back(message_of(Role::assistant, {refusal}));
  const Outcome outcome = write(request, facts_of("llava"));
  CHECK(outcome.error.empty());
  CHECK(outcome.body == Json::parse(R"({"model":"llava","stream":false,"messages":[
    {"role":"system","content":"one"},{"role":"system","content":"two"},
    {"role":"user","content":"What\n\nis it?","images":["iVBORw0KGgo"]},
    {"role":"assistant","content":"Let me look.","thinking":"hm","tool_calls":[
      {"id":"c1","function":{"index":0,"name":"look","arguments":{"n":1.0}}},
      {"id":"c2","function":{"index":1,"name":"look","arguments":{}}}]},
    {"role":"tool","content":"a cat","images":["R0lGOD"],"tool_name":"look","tool_call_id":"c1"},
    {"role":"tool","content":"","tool_name":"look","tool_call_id":"c2"},
    {"role":"system","content":"Hurry."},{"role":"assistant","content":"No."}]})"));
  CHECK(outcome.dropped == "messages[1].content[0].signature=bound");
  CHECK(outcome.written.body.find(R"({"n": 1.0})") != std::string::npos);
}

TEST_CASE("content that Ollama takes none of is refused by its place") {
  Part document = image_part(Source::Kind::base64, "JVBERi0");
  document.kind = PartKind::document;
  Part audio = document, video = document, strange = document, compaction = document;
  audio.kind = PartKind::audio;
  video.kind = PartKind::video;
  strange.kind = PartKind::other;
  strange.other_type = "hologram";
  compaction.kind = PartKind::compaction;
  const std::pair<Part, std::string_view> parts[] = {{image_part(Source::Kind::url, "https://a/b.png"), "base64"},
                                                     {image_part(Source::Kind::file_id, "f1"), "base64"},
                                                     {document, "plain text"},
                                                     {audio, "sound"},
                                                     {video, "video"},
                                                     {compaction, "compacted"},
                                                     {strange, "hologram"}};
  for (const auto& [part, why] : parts) {
    Request request = foreign();
    request.messages.push_back(message_of(Role::user, {text_part("look"), part}));
    const Outcome outcome = write(request, facts_of("m"));
    CHECK(outcome.error.find("messages[0].content[1]: ") == 0);
    CHECK(outcome.error.find(why) != std::string::npos);
  }
  Request request = foreign();
  Part encoded = document, text_document = document;
  encoded.source = {Source::Kind::base64, "text/plain", JsonText{"IkEiCg=="}};
  text_document.source = {Source::Kind::text, "text/plain", JsonText{"Once"}};
  text_document.title = JsonText{"Tale"};
  request.messages.push_back(message_of(Role::user, {text_document, encoded, text_part("Sum it up.")}));
  const Outcome outcome = write(request, facts_of("m"));
  CHECK(outcome.body["messages"][0]["content"] == "Tale\n\nOnce\n\n\"A\"\n\n\nSum it up.");
  CHECK(outcome.dropped.empty());
}

TEST_CASE("what stood in another order, and what is bound elsewhere, is named") {
  Part thinking = text_part("hm"), redacted;
  thinking.kind = PartKind::thinking;
  redacted.kind = PartKind::redacted;
  redacted.opaque = {JsonText{"eA"}, {Dialect::anthropic, ""}, {}};
  Request request = foreign();
  request.messages.push_back(
      message_of(Role::assistant, {redacted, text_part("a"), thinking, call_part("1", "f", "[1]"), text_part("b")}));
  request.messages.push_back(
      message_of(Role::user, {text_part("a"), image_part(Source::Kind::base64, "iVBORw0KGgo"), text_part("b")}));
  Part marked = text_part("x");
  marked.cache_mark = R"({"type":"ephemeral"})";
  marked.citations = "[]";
  request.messages.push_back(message_of(Role::user, {marked}));
  request.messages.back().name = JsonText{"Bob"};
  Part failed = result_part("1", {text_part("no")});
  failed.is_error = true;
  request.messages.push_back(message_of(Role::tool, {failed}));
  Part picture = image_part(Source::Kind::base64, "iVBORw0KGgo");
  picture.detail = "low";
  request.messages.push_back(message_of(Role::user, {picture}));
  const Outcome outcome = write(request, facts_of("m"));
  CHECK(outcome.dropped ==
        "messages[0].content[0]=bound, messages[0].content=changed, messages[0].content[3].arguments=changed, "
        "messages[1].content=changed, messages[2].name=unsupported, "
        "messages[2].content[0].cache_control=unsupported, messages[2].content[0].citations=unsupported, "
        "messages[3].content[0].is_error=unsupported, messages[4].content[0].detail=unsupported");
  CHECK(outcome.body["messages"][0]["content"] == "ab");
  CHECK(outcome.body["messages"][0]["tool_calls"][0]["function"]["arguments"] == Json{{"input", "[1]"}});
}

TEST_CASE("results go to Ollama in the order of their calls") {
  Request request = foreign();
  for (int turn = 0; turn < 2; ++turn) {  // ids may repeat
    request.messages.push_back(message_of(Role::assistant, {call_part("1", "f", "{}"), call_part("2", "f", "{}")}));
    request.messages.push_back(message_of(
        Role::tool,
        {result_part("9", {text_part("x")}), result_part("2", {text_part("b")}), result_part("1", {text_part("a")})}));
  }
  const Outcome outcome = write(request, facts_of("m"));
  std::string told;
  for (const Json& message : outcome.body["messages"]) {
    if (message["role"] == "tool") told += message["content"].get<std::string>();
  }
  CHECK(told == "abxabx");
}

TEST_CASE("tools are written for Ollama, and only those that may be called") {
  using Mode = ToolChoice::Mode;
  Request request = foreign();
  const std::string long_name(80, 'x');
  request.tools = {function_tool("a", R"({"type":"object", "properties":{}})"), function_tool(long_name, ""),
                   function_tool("mine", "")};
  request.tools[0].description = JsonText{"does \\\"a\\\""};
  request.tools[0].strict = true;
  request.tools[0].cache_mark = "{}";
  request.tools[2].kind = ToolKind::custom;
  request.tools[2].format = R"({"type":"grammar"})";
  Tool other;
  other.kind = ToolKind::other;
  request.tools.push_back(other);
  Part custom_call = call_part("c", "mine", R"("a\nb")");
  custom_call.call_kind = CallKind::custom;
  request.messages.push_back(message_of(Role::assistant, {custom_call, call_part("d", long_name, "{}")}));
  const Outcome all = write(request, facts_of("m"));
  CHECK(all.dropped ==
        "tools[0].strict=unsupported, tools[0].cache_control=unsupported, "
        "tools[2].format=unsupported, tools[3]=unsupported");
  REQUIRE(all.body["tools"].size() == 3);
  CHECK(all.body["tools"][0] == Json::parse(R"({"type":"function","function":{"name":"a","description":"does \"a\"",
    "parameters":{"type":"object","properties":{}}}})"));
  CHECK(all.body["tools"][1]["function"]["parameters"] == Json::parse(R"({"type":"object","properties":{}})"));
  CHECK(all.body["tools"][2]["function"]["parameters"]["required"][0] == "input");
  const std::string sent = all.body["tools"][1]["function"]["name"];
  CHECK(sent.size() == 64);
  CHECK(all.written.names.restore(JsonText{sent}).escaped == long_name);
  CHECK(all.written.names.is_custom(JsonText{"mine"}));
  const Json& calls = all.body["messages"][0]["tool_calls"];
  CHECK(calls[0]["function"]["arguments"] == Json{{"input", "a\nb"}});
  CHECK(calls[1]["function"]["name"] == sent);

  request.messages.clear();
  request.tools.resize(1);
  request.tools[0].strict = std::nullopt;
  request.tools[0].cache_mark = "";
  request.tools.push_back(function_tool("b", ""));
  const auto chosen = [&](Mode mode, std::vector<JsonText> allowed) {
    request.tool_choice = {mode, std::move(allowed), std::nullopt};
    const Outcome outcome = write(request, facts_of("m"));
    return std::to_string(outcome.body.contains("tools") ? outcome.body["tools"].size() : 0) + " " + outcome.dropped;
  };
  CHECK(chosen(Mode::absent, {}) == "2 ");
  CHECK(chosen(Mode::automatic, {}) == "2 ");
  CHECK(chosen(Mode::none, {}) == "0 tool_choice=changed");
  CHECK(chosen(Mode::required, {}) == "2 tool_choice=unsupported");
  CHECK(chosen(Mode::required, {JsonText{"b"}}) == "1 tool_choice=unsupported");
  CHECK(chosen(Mode::automatic, {JsonText{"a"}}) == "1 tool_choice=changed");
  request.tool_choice.parallel = false;
  CHECK(write(request, facts_of("m")).dropped == "parallel_tool_calls=unsupported, tool_choice=changed");
}

TEST_CASE("settings are written for Ollama") {
  Request request = foreign();
  request.stream = true;
  request.sampling.temperature = "1.50";
  request.sampling.top_p = "0.9";
  request.sampling.top_k = "4";
  request.sampling.seed = "1";
  request.sampling.logit_bias = "{}";
  request.sampling.logprobs = true;
  request.sampling.top_logprobs = 2;
  request.stop = {JsonText{"\\n"}};
  request.max_output_tokens = 0;
  request.response_format.kind = ResponseFormat::Kind::json_schema;
  request.response_format.name = JsonText{"x"};
  request.response_format.schema = R"({"type": "object"})";
  request.verbosity = "low";
  request.user = JsonText{"u"};
  request.metadata = "{}";
  request.service_tier = "flex";
  request.prompt_cache_key = JsonText{"k"};
  request.store = true;
  const Outcome outcome = write(request, facts_of("m"));
  CHECK(outcome.body == Json::parse(R"({"model":"m","messages":[],"stream":true,"logprobs":true,"top_logprobs":2,
    "format":{"type":"object"},
    "options":{"num_predict":1,"temperature":1.5,"top_p":0.9,"top_k":4,"seed":1,"stop":["\n"]}})"));
  CHECK(outcome.dropped ==
        "max_tokens=clamped, logit_bias=unsupported, verbosity=unsupported, user=unsupported, metadata=unsupported, "
        "service_tier=unsupported, prompt_cache_key=unsupported, store=unsupported");
  TargetFacts fixed = facts_of("m");
  fixed.takes_sampling = false;
  Request plain = foreign();
  plain.sampling.temperature = "1";
  plain.response_format.kind = ResponseFormat::Kind::json_object;
  plain.store = false;
  plain.service_tier = "auto";
  const Outcome less = write(plain, fixed);
  CHECK(less.dropped == "temperature=unsupported");
  CHECK(less.body == Json::parse(R"({"model":"m","messages":[],"stream":false,"format":"json"})"));
}

TEST_CASE("reasoning is told to Ollama as far as the model can be told") {
  using Mode = Reasoning::Mode;
  const auto told = [](std::string_view model, Mode mode, std::string_view effort, std::optional<uint64_t> budget) {
    Request request = foreign();
    request.reasoning = {mode, effort, budget, {}};
    const Outcome outcome = write(request, facts_of(model));
    return (outcome.body.contains("think") ? outcome.body["think"].dump() : "-") + " " + outcome.dropped;
  };
  CHECK(told("qwen3", Mode::absent, "", {}) == "- ");
  CHECK(told("qwen3", Mode::off, "", {}) == "false ");
  CHECK(told("qwen3", Mode::on, "", {}) == "true ");
  CHECK(told("qwen3", Mode::adaptive, "", {}) == "true ");
  CHECK(told("qwen3", Mode::on, "high", {}) == "true reasoning.effort=changed");
  CHECK(told("qwen3", Mode::on, "", 5000) == "true reasoning.budget_tokens=changed");
  CHECK(told("gpt-oss:20b", Mode::on, "high", {}) == "\"high\" ");
  CHECK(told("gpt-oss:20b", Mode::on, "xhigh", {}) == "\"high\" reasoning.effort=clamped");
  CHECK(told("gpt-oss:20b", Mode::on, "minimal", {}) == "\"low\" reasoning.effort=clamped");
  CHECK(told("gpt-oss:20b", Mode::on, "", 1024) == "\"low\" reasoning.budget_tokens=changed");
  CHECK(told("gpt-oss:20b", Mode::adaptive, "", {}) == "\"medium\" ");
  TargetFacts facts = facts_of("llama3");
  facts.reasons = false;
  Request request = foreign();
  request.reasoning.mode = Mode::on;
  const Outcome outcome = write(request, facts);
  CHECK_FALSE(outcome.body.contains("think"));
  CHECK(outcome.dropped == "reasoning=unsupported");
}
