// Requests for targets of chat completions, and recorded requests read and written back.
#include <catch2/catch.hpp>
#include <functional>

#include "api/corpus.h"
#include "translation/openai_tools.h"

using namespace sluice;
using namespace sluice::api;
using namespace sluice::test;

namespace {

// A request treated as another dialect's: read from `body`, written from the neutral form.
Written carried(const std::string& body, const TargetFacts& facts) {
  const auto request = read_chat(body);
  if (!request) return {{}, {}, {}, request.error().message};
  (*request)->from = Dialect::anthropic;
  return write_chat(**request, facts);
}

std::string messages_for(const std::string& messages, const TargetFacts& facts) {
  const Written written = carried(R"({"messages":[)" + messages + "]}", facts);
  return written.error.empty() ? written.body["messages"].dump() : written.error;
}

const TargetFacts makers = chat_facts("gpt-4o", true), thinker = chat_facts("gpt-5", true),
                  late_thinker = chat_facts("gpt-5.2", true), imitator = chat_facts("some-model", false);

}  // namespace

TEST_CASE("chat: messages for a target") {
  const struct {
    const char* messages;
    const TargetFacts& facts;
    const char* expected;
  } rows[] = {
      {R"({"role":"system","content":"a"},{"role":"system","content":"b"},{"role":"user","content":[{"type":"text","text":"c"}]})",
       imitator, R"([{"content":"a\n\nb","role":"system"},{"content":"c","role":"user"}])"},
      {R"({"role":"system","content":"a"},{"role":"system","content":"b"},{"role":"user","content":"c"})", makers,
       R"([{"content":[{"text":"a","type":"text"},{"text":"b","type":"text"}],"role":"system"},{"content":"c","role":"user"}])"},
      {R"({"role":"user","content":"a"},{"role":"developer","content":"b"})", makers,
       R"([{"content":"a","role":"user"},{"content":"b","role":"developer"}])"},
      {R"({"role":"user","content":"a"},{"role":"developer","content":"b"})", imitator,
       R"([{"content":"a","role":"user"},{"content":"b","role":"system"}])"},
      {R"({"role":"assistant","content":"","tool_calls":[{"id":"x","function":{"name":"f","arguments":""}}]},{"role":"tool","tool_call_id":"x","content":"r"})",
       makers,
       R"([{"content":null,"role":"assistant","tool_calls":[{"function":{"arguments":"{}","name":"f"},"id":"x","type":"function"}]},)"
       R"({"content":"r","role":"tool","tool_call_id":"x"}])"},
      {R"({"role":"assistant","tool_calls":[{"id":"x","function":{"name":"f","arguments":"oops"}}]})", makers,
       R"([{"content":null,"role":"assistant","tool_calls":[{"function":{"arguments":"{\"input\":\"oops\"}","name":"f"},"id":"x","type":"function"}]}])"},
      {R"({"role":"assistant","tool_calls":[{"id":"x","type":"custom","custom":{"name":"p","input":"a\"b"}}]})", makers,
       R"([{"content":null,"role":"assistant","tool_calls":[{"custom":{"input":"a\"b","name":"p"},"id":"x","type":"custom"}]}])"},
      {R"({"role":"assistant","tool_calls":[{"id":"x","type":"custom","custom":{"name":"p","input":"a\"b"}}]})",
       imitator,
       R"([{"content":null,"role":"assistant","tool_calls":[{"function":{"arguments":"{\"input\":\"a\\\"b\"}","name":"p"},"id":"x","type":"function"}]}])"},
      {R"({"role":"assistant","content":"a","reasoning_content":"hm"})", imitator,
       R"([{"content":"a","reasoning_content":"hm","role":"assistant"}])"},
      {R"({"role":"assistant","content":"a","reasoning_content":"hm"})", makers,
       R"([{"content":"a","role":"assistant"}])"},
      {R"({"role":"assistant","content":"a","refusal":"no"})", imitator,
       R"([{"content":"a\n\nno","role":"assistant"}])"},
      {R"({"role":"user","content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,AA"}},{"type":"input_audio","input_audio":{"data":"BB","format":"wav"}}]})",
       makers,
       R"([{"content":[{"file":{"file_data":"data:application/pdf;base64,AA","filename":"document.pdf"},"type":"file"},)"
       R"({"input_audio":{"data":"BB","format":"wav"},"type":"input_audio"}],"role":"user"}])"},
      {R"({"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]})", makers,
       "messages[0].content[0]: the target takes documents as base64 only, neither by URL nor by id"},
      {R"({"role":"user","content":[{"type":"hologram"}]})", makers,
       "messages[0].content[0]: the target has nothing like 'hologram'"},
      {R"({"role":"user","content":[{"type":"video_url","video_url":{"url":"http://v"}}]})", makers,
       "messages[0].content[0]: the target takes no video"},
      {R"({"role":"user","content":""},{"role":"assistant","content":""})", makers,
       R"([{"content":"","role":"user"}])"},
  };
  for (const auto& row : rows) CHECK(messages_for(row.messages, row.facts) == row.expected);
}

TEST_CASE("chat: a picture in a tool's result follows all results of the turn") {
  const std::string messages =
      R"({"role":"assistant","tool_calls":[{"id":"x","function":{"name":"f","arguments":"{}"}},{"id":"y","function":{"name":"f","arguments":"{}"}}]},)"
      R"({"role":"tool","tool_call_id":"x","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]},)"
      R"({"role":"tool","tool_call_id":"y","content":"r"})";
  const std::string shown =
      R"x({"content":"(what it returned follows in the next message)","role":"tool","tool_call_id":"x"},)x"
      R"({"content":"r","role":"tool","tool_call_id":"y"},)"
      R"({"content":[{"text":"Returned by the tool call x:","type":"text"},{"image_url":{"url":"data:image/png;base64,AA"},"type":"image_url"})";
  CHECK(messages_for(messages, makers).find(shown + R"(],"role":"user"}])") != std::string::npos);
  CHECK(messages_for(messages + R"(,{"role":"user","content":"go"})", makers)
            .find(shown + R"(,{"text":"go","type":"text"}],"role":"user"}])") != std::string::npos);
  CHECK(messages_for(messages + R"(,{"role":"assistant","content":"ok"})", makers)
            .find(shown + R"(],"role":"user"},{"content":"ok","role":"assistant"}])") != std::string::npos);
}

TEST_CASE("chat: settings for a target") {
  const struct {
    const char* members;
    const TargetFacts& facts;
    const char* expected;
    const char* dropped;
  } rows[] = {
      {R"("max_tokens":5)", makers, R"({"max_completion_tokens":5})", ""},
      {R"("max_tokens":5)", imitator, R"({"max_tokens":5})", ""},
      {R"("max_tokens":0)", makers, R"({"max_completion_tokens":1})", "max_tokens=clamped"},
      {R"("temperature":0.50,"top_p":0.9,"stop":"x")", makers, R"({"stop":["x"],"temperature":0.5,"top_p":0.9})", ""},
      {R"("temperature":0.50,"top_p":0.9,"stop":"x")", thinker, "{}",
       "temperature=unsupported, top_p=unsupported, stop=unsupported"},
      {R"("temperature":3)", makers, R"({"temperature":2})", "temperature=clamped"},
      {R"("top_k":3,"min_p":0.1)", imitator, "{}", "top_k=unsupported, min_p=unsupported"},
      {R"("stop":["1","2","3","4","5"])", makers, R"({"stop":["1","2","3","4"]})", "stop=clamped"},
      {R"("reasoning_effort":"max")", thinker, R"({"reasoning_effort":"high"})", "reasoning.effort=clamped"},
      {R"("reasoning_effort":"max")", imitator, R"({"reasoning_effort":"high"})", "reasoning.effort=clamped"},
      {R"("reasoning_effort":"low")", makers, "{}", "reasoning=unsupported"},
      {R"("reasoning":{"max_tokens":3000})", thinker, R"({"reasoning_effort":"high"})", ""},
      {R"("thinking":{"type":"adaptive"})", thinker, R"({"reasoning_effort":"medium"})", ""},
      {R"("thinking":{"type":"enabled"})", thinker, "{}", ""},
      {R"("thinking":{"type":"enabled"})", late_thinker, R"({"reasoning_effort":"medium"})", ""},
      {R"("reasoning_effort":"none")", thinker, R"({"reasoning_effort":"minimal"})", "reasoning=changed"},
      {R"("verbosity":"low")", thinker, R"({"verbosity":"low"})", ""},
      {R"("verbosity":"low")", makers, "{}", "verbosity=unsupported"},
      {R"("stream":true)", makers, R"({"stream":true,"stream_options":{"include_usage":true}})", ""},
      {R"("response_format":{"type":"json_object"})", makers, R"({"response_format":{"type":"json_object"}})", ""},
      {R"("response_format":{"type":"json_schema","json_schema":{"schema":{"a":1}}})", makers,
       R"({"response_format":{"json_schema":{"name":"answer","schema":{"a":1}},"type":"json_schema"}})", ""},
      {R"("user":"u","prompt_cache_key":"k","service_tier":"standard_only","metadata":{"a":"b"})", makers,
       R"({"prompt_cache_key":"k","service_tier":"default","user":"u"})", "metadata=unsupported"},
      {R"("user":"u","prompt_cache_key":"k","service_tier":"flex","store":false)", imitator, R"({"user":"u"})",
       "prompt_cache_key=unsupported, service_tier=unsupported"},
      {R"("tool_choice":"auto","parallel_tool_calls":false)", makers, "{}", ""},
  };
  for (const auto& row : rows) {
    INFO(row.members);
    Written written = carried(R"({"messages":[],)" + std::string(row.members) + "}", row.facts);
    written.body.erase("model");
    written.body.erase("messages");
    CHECK(written.body.dump() == row.expected);
    CHECK(written.dropped == row.dropped);
  }
  const Written long_user = carried(R"({"messages":[],"user":")" + std::string(100, 'u') + "\"}", makers);
  CHECK(long_user.body["user"].get<std::string>().size() == 64);
}

TEST_CASE("chat: tools for a target") {
  const std::string tools =
      R"({"messages":[],"tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"p","description":"d",)"
      R"("format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}}},{"type":"web_search"},{"type":"function",)"
      R"("function":{"name":"mcp.a/b","parameters":{"type":"object","x":[1, 2],"additionalProperties":false},"strict":true},"cache_control":{"type":"ephemeral"}}])";
  const Written own = carried(tools + "}", makers);
  CHECK(own.dropped == "tools[2]=unsupported, tools[3].cache_control=unsupported");
  REQUIRE(own.body["tools"].size() == 3);
  CHECK(own.body["tools"][0].dump() ==
        R"({"function":{"name":"f","parameters":{"properties":{},"type":"object"}},"type":"function"})");
  CHECK(
      own.body["tools"][1].dump() ==
      R"({"custom":{"description":"d","format":{"grammar":{"definition":"x","syntax":"lark"},"type":"grammar"},"name":"p"},"type":"custom"})");
  CHECK(own.body["tools"][2]["function"]["name"].get<std::string>().starts_with("mcp_a_b_"));
  CHECK(
      own.text.find(
          R"("parameters":{"type":"object","x":[1, 2],"additionalProperties":false,"properties":{}},"strict":true)") !=
      std::string::npos);
  CHECK(carried(tools + "}", chat_facts("x/claude-5", false)).body["tools"][2].contains("cache_control"));

  const Written other = carried(tools + "}", imitator);
  CHECK(
      other.body["tools"][1].dump() ==
      R"({"function":{"description":"d","name":"p","parameters":{"properties":{"input":{"type":"string"}},"required":["input"],"type":"object"}},"type":"function"})");
  CHECK(other.dropped.find("tools[1].format=changed") != std::string::npos);

  const auto choice = [&](const std::string& json, const TargetFacts& facts) {
    return carried(tools + R"(,"tool_choice":)" + json + "}", facts).body;
  };
  CHECK(choice(R"("any")", makers)["tool_choice"] == "required");
  CHECK(choice(R"("none")", makers)["tool_choice"] == "none");
  CHECK(choice(R"({"type":"custom","custom":{"name":"p"}})", makers)["tool_choice"].dump() ==
        R"({"custom":{"name":"p"},"type":"custom"})");
  CHECK(choice(R"({"type":"custom","custom":{"name":"p"}})", imitator)["tool_choice"].dump() ==
        R"({"function":{"name":"p"},"type":"function"})");
  const std::string some =
      R"({"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"p"}}]}})";
  CHECK(
      choice(some, makers)["tool_choice"].dump() ==
      R"({"allowed_tools":{"mode":"required","tools":[{"function":{"name":"f"},"type":"function"},{"custom":{"name":"p"},"type":"custom"}]},"type":"allowed_tools"})");
  CHECK(choice(some, imitator)["tool_choice"] == "required");
  CHECK(choice(some, imitator)["tools"].size() == 2);
}

TEST_CASE("chat: what is opaque goes back to where it came from only") {
  TargetFacts facts = imitator;
  facts.reasoning_field = TargetFacts::ReasoningField::reasoning_details;
  const auto details = [&](const std::string& entries) {
    return carried(R"({"messages":[{"role":"assistant","content":"a","reasoning_details":[)" + entries + "]}]}", facts);
  };
  const Written own = details(
      R"({"type":"reasoning.text","text":"t","signature":"sluice.openai.a1.f-v1__i.s","index":0},)"
      R"({"type":"reasoning.summary","summary":"u","index":1},{"type":"reasoning.encrypted","data":"e","id":"j","index":1})");
  CHECK(
      own.body["messages"][0]["reasoning_details"].dump() ==
      R"([{"format":"f-v1","id":"i","index":0,"signature":"s","text":"t","type":"reasoning.text"},)"
      R"({"id":"j","index":1,"summary":"u","type":"reasoning.summary"},{"data":"e","id":"j","index":1,"type":"reasoning.encrypted"}])");
  CHECK(own.dropped == "messages[0]=changed");
  const Written other = details(R"({"type":"reasoning.text","text":"t","signature":"sluice.openai.b2..s","index":0})");
  CHECK_FALSE(other.body["messages"][0].contains("reasoning_details"));
  CHECK(other.dropped == "messages[0].content[0].signature=bound, messages[0]=changed");
  const Written call =
      carried(R"({"messages":[{"role":"assistant","tool_calls":[{"id":"x","function":{"name":"f","arguments":"{}"},)"
              R"("extra_content":{"google":{"thought_signature":"sluice.openai.a1..s"}}}]}]})",
              facts);
  CHECK(call.body["messages"][0]["tool_calls"][0]["extra_content"].dump() == R"({"google":{"thought_signature":"s"}})");
}

// What callers of responses see as a summary was text here, and its signature covers that text.
TEST_CASE("chat: a signed text comes back as one, whatever other dialects call it") {
  TargetFacts facts = imitator;
  facts.reasoning_field = TargetFacts::ReasoningField::reasoning_details;
  EventText events;
  const auto reader = room_of(Dialect::openai).translation.make_reader(facts.origin);
  REQUIRE(reader->read_body(R"({"choices":[{"message":{"reasoning_details":[)"
                            R"({"type":"reasoning.text","text":"t","signature":"s","format":"f-v1","id":"i"}]}}]})",
                            events));
  const std::string name = "f-v1__i__signed";
  CHECK_THAT(events.told, Catch::Contains("signature:s@openai.a1#" + name));
  Request request;
  request.from = Dialect::responses;
  Part& part = request.messages.emplace_back().parts.emplace_back();
  request.messages.back().role = Role::assistant;
  part.kind = PartKind::thinking;
  part.is_summary = true;
  part.text = JsonText{"t"};
  part.opaque = {JsonText{"s"}, facts.origin, JsonText{name}};
  Dropped dropped;
  WrittenRequest written;
  REQUIRE(room_of(Dialect::openai).translation.write_request(request, facts, dropped, written));
  CHECK_THAT(written.body, Catch::Contains(R"([{"type":"reasoning.text","text":"t","signature":"s",)"
                                           R"("format":"f-v1","id":"i","index":0}])"));
}

TEST_CASE("chat: ids that are too long are shortened alike in call and result") {
  const std::string id(60, 'x');
  const Written written =
      carried(R"({"messages":[{"role":"assistant","tool_calls":[{"id":")" + id +
                  R"(","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":")" + id +
                  R"(","content":"r"}]})",
              makers);
  const std::string sent = written.body["messages"][0]["tool_calls"][0]["id"];
  CHECK(sent.size() == 40);
  CHECK(written.body["messages"][1]["tool_call_id"] == sent);
}

TEST_CASE("chat: Mistral takes ids of calls with nine letters and digits only") {
  const Written written = carried(
      R"({"messages":[{"role":"assistant","tool_calls":[{"id":"toolu_01","function":{"name":"f","arguments":"{}"}},)"
      R"({"id":"Df1cqWOle","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"toolu_01","content":"r"},)"
      R"({"role":"tool","tool_call_id":"Df1cqWOle","content":"s"}]})",
      chat_facts("mistral-large-latest", false));
  const auto& messages = written.body["messages"];
  const std::string sent = messages[0]["tool_calls"][0]["id"];
  CHECK(sent.size() == 9);
  CHECK(sent.find_first_not_of("c0123456789abcdef") == std::string::npos);
  CHECK(messages[1]["tool_call_id"] == sent);
  CHECK(messages[0]["tool_calls"][1]["id"] == "Df1cqWOle");
  CHECK(messages[2]["tool_call_id"] == "Df1cqWOle");
}

TEST_CASE("chat: the beginning of an answer that is to be gone on with is told as changed") {
  const char* const body = R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]})";
  CHECK(carried(body, makers).dropped == "messages[1]=changed");
  TargetFacts facts = imitator;
  facts.takes_prefill = true;
  CHECK(carried(body, facts).dropped.empty());
}

TEST_CASE("chat: recorded requests come out as they went in, but for the model") {
  size_t count = 0;
  for (const Exchange& exchange : corpus()) {
    if (exchange.dialect != Dialect::openai || !exchange.request.contains("messages")) continue;
    INFO(exchange.name);
    const std::string body = exchange.request.dump();
    const auto request = read_chat(body);
    REQUIRE(request);
    nlohmann::json expected = exchange.request;
    expected["model"] = "other";
    if (expected.value("stream", false)) expected["stream_options"]["include_usage"] = true;
    const Written written = write_chat(**request, chat_facts("other", true));
    CHECK(written.body == expected);
    CHECK(written.dropped.empty());
    (*request)->from = Dialect::gemini;
    (*request)->demands.clear();
    const Written carried_over = write_chat(**request, chat_facts("other", false));
    CHECK((carried_over.error.empty() || carried_over.error.find("the target ") != std::string::npos));
    ++count;
  }
  std::cout << "requests of chat read and written: " << count << "\n";
}

// An unknown member is added to each object of a request, one at a time: it is written back for the same dialect and
// reported as dropped for others. The caller's own JSON (a schema, metadata, provider-specific values) is carried with
// its container.
TEST_CASE("chat: no member is lost that is not known") {
  const std::string body =
      R"({"model":"m","messages":[{"role":"system","content":[{"type":"text","text":"s"}]},{"role":"user","content":[{"type":"text","text":"a"},)"
      R"({"type":"image_url","image_url":{"url":"u"}},{"type":"input_audio","input_audio":{"data":"d","format":"wav"}},{"type":"file","file":{"file_id":"f"}}]},)"
      R"({"role":"assistant","content":"c","reasoning_details":[{"type":"reasoning.text","text":"t"}],"tool_calls":[{"id":"i","type":"function",)"
      R"("function":{"name":"n","arguments":"{}"}},{"id":"j","type":"custom","custom":{"name":"o","input":"x"}}]},{"role":"tool","tool_call_id":"i",)"
      R"("content":[{"type":"text","text":"r"}]},{"role":"tool","tool_call_id":"j","content":"r"}],"tools":[{"type":"function","function":{"name":"n"}},)"
      R"({"type":"custom","custom":{"name":"o"}}],"tool_choice":{"type":"function","function":{"name":"n"}},"stream_options":{"include_usage":false},)"
      R"("response_format":{"type":"json_schema","json_schema":{"name":"n"}},"reasoning":{"effort":"low"},"thinking":{"type":"enabled"}})";
  const nlohmann::json whole = nlohmann::json::parse(body);
  size_t objects = 0;
  const std::function<void(const nlohmann::json&, const nlohmann::json::json_pointer&)> visit =
      [&](const nlohmann::json& value, const nlohmann::json::json_pointer& at) {
        if (value.is_array()) {
          for (size_t i = 0; i < value.size(); ++i) visit(value[i], at / i);
        }
        if (!value.is_object()) return;
        for (const auto& [key, inner] : value.items()) visit(inner, at / key);
        nlohmann::json planted = whole;
        planted[at]["planted_xyz"] = 7;
        const std::string text = planted.dump();
        INFO(at.to_string());
        const auto request = read_chat(text);
        REQUIRE(request);
        planted["model"] = "other";
        CHECK(write_chat(**request, chat_facts("other", true)).body == planted);
        Dropped dropped;
        REQUIRE(leave_behind(**request, dropped));
        CHECK(dropped.text().find("planted_xyz=unsupported") != std::string::npos);
        ++objects;
      };
  visit(whole, nlohmann::json::json_pointer());
  CHECK(objects == 31);
}
