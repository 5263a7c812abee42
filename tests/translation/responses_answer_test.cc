// Responses answers: a target's as events, and events as a caller gets them.
#include <catch2/catch.hpp>
#include <set>

#include "translation/responses_tools.h"
#include "translation/schema.h"

namespace sluice::test::responses {
namespace {

using api::CallKind;
using api::EventWriter;
using api::JsonText;
using nlohmann::json;

std::string events_of(const std::vector<const char*>& frames) {
  EventText events;
  const auto reader = responses_room().make_reader(responses_target);
  for (const char* const frame : frames) {
    INFO(frame);
    CHECK(reader->read_frame("", frame, events));
  }
  reader->end(events);
  return events.told;
}
std::string events_of_body(const std::string& body) {
  EventText events;
  const auto reader = responses_room().make_reader(responses_target);
  const auto done = reader->read_body(body, events);
  return done ? events.told : "refused: " + done.error().message;
}

constexpr const char* asked_body = R"({"model":"m","input":"?","store":false,"tools":[{"type":"function","name":"f"},
  {"type":"namespace","name":"mcp","description":"","tools":[{"type":"function","name":"read"}]},
  {"type":"tool_search","execution":"client","parameters":{}}]})";

// The events of a stream, each checked against the specification.
std::vector<json> checked_stream(const std::string& out) {
  static const OpenAiSchemas schemas;
  std::vector<json> events;
  for (const Frame& frame : frames_of(out)) {
    const json event = json::parse(frame.data);
    INFO(frame.data);
    CHECK(event.at("type") == frame.event);
    CHECK(event.at("sequence_number") == events.size());
    if (frame.event != "error") CHECK(schemas.fault("ResponseStreamEvent", event) == "");
    events.push_back(event);
  }
  return events;
}
std::string types_of(const std::vector<json>& events) {
  std::string types;
  for (const json& event : events) {
    std::string type = event.at("type");
    if (type.rfind("response.", 0) == 0) type = type.substr(9);
    types += (types.empty() ? "" : " ") + type;
  }
  return types;
}

void tell_all(EventWriter& writer) {
  writer.on_start({JsonText{"chatcmpl-1"}, JsonText{"claude"}});
  writer.on_thinking(0, JsonText{"h"}, false);
  writer.on_thinking(0, JsonText{"m"}, false);
  writer.on_signature(0, {JsonText{"SIG"}, {Dialect::anthropic, "b2"}, {}}, false);
  writer.on_part_end(0);
  writer.on_text(1, JsonText{"a\\n"});
  writer.on_text(1, JsonText{"b"});
  writer.on_part_end(1);
  writer.on_call({2, JsonText{"c1"}, JsonText{"f"}, CallKind::function, {}});
  writer.on_arguments(2, JsonText{R"({\"x\":)"});
  writer.on_arguments(2, JsonText{"1}"});
  writer.on_part_end(2);
  writer.on_call({3, {}, JsonText{"g"}, CallKind::function, {}});
  writer.on_part_end(3);
  api::Finish finish;
  finish.reason = api::FinishReason::tool_calls;
  finish.from = Dialect::anthropic;
  writer.on_finish(finish);
  api::AnswerUsage usage;
  usage.counts = {10, 4, 2, 20, 5};
  writer.on_usage(usage);
  writer.end();
}

std::string body_of_end(api::FinishReason reason, bool with_text = true) {
  return written_answer(asked_body, false, [&](EventWriter& writer) {
    if (with_text) writer.on_text(0, JsonText{"x"});
    api::Finish finish;
    finish.reason = reason;
    finish.from = Dialect::gemini;
    writer.on_finish(finish);
    writer.end();
  });
}

}  // namespace

TEST_CASE("responses: a target's stream as events") {
  CHECK(
      events_of(
          {R"({"type":"response.created","response":{"id":"r","model":"gpt"}})",
           R"({"type":"response.in_progress","response":{"id":"r","model":"gpt"}})",
           R"({"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}})",
           R"({"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"a"})",
           R"({"type":"response.reasoning_summary_text.done","output_index":0,"summary_index":0,"text":"a"})",
           R"({"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"b"})",
           R"({"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"gA"}})",
           R"({"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":""}})",
           R"({"type":"response.output_item.added","output_index":2,"item":{"type":"custom_tool_call","call_id":"c2","name":"p","input":""}})",
           R"({"type":"response.custom_tool_call_input.delta","output_index":2,"delta":"**"})",
           R"({"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"a\""})",
           R"({"type":"response.function_call_arguments.delta","output_index":1,"delta":":1}"})",
           R"({"type":"response.function_call_arguments.done","output_index":1,"arguments":"{\"a\":1}"})",
           R"({"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"}})",
           R"({"type":"response.custom_tool_call_input.done","output_index":2,"input":"**"})",
           R"({"type":"response.completed","response":{"status":"completed","output":[{"type":"message"}],"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":17}}})"}) ==
      R"(start:gpt 0summary(a) 0summary(\n\n) 0summary(b) 0signature:gA@responses.a1#rs_1 0end 1call:c1:f 2custom:c2:p )"
      R"(2<**> 1<{\"a\"> 1<:1}> 1end 2end usage:6/4/-/7/2 finish:2:completed)");
  // A target that sends no deltas, or only the end, is understood too.
  CHECK(
      events_of(
          {R"({"type":"response.output_text.done","output_index":0,"content_index":0,"text":"hi"})",
           R"({"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}})"}) ==
      "start: 0'hi' 1call:c:f 1<{}> 1end 0end finish:2:");
  CHECK(
      events_of(
          {R"({"type":"response.completed","response":{"model":"m","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"hi"}]}]}})"}) ==
      "start:m 0'hi' 0end finish:0:completed");
}

TEST_CASE("responses: a target's contents, annotations and refusals") {
  CHECK(
      events_of(
          {R"({"type":"response.created","response":{"model":"m"}})",
           R"({"type":"response.output_item.added","output_index":0,"item":{"type":"web_search_call","id":"ws"}})",
           R"({"type":"response.output_item.done","output_index":0,"item":{"type":"web_search_call","id":"ws","status":"completed"}})",
           R"({"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"a","logprobs":[{"token":"a"}]})",
           R"({"type":"response.output_text.annotation.added","output_index":1,"content_index":0,"annotation":{"type":"url_citation","url":"https://x","start_index":0}})",
           R"({"type":"response.content_part.done","output_index":1,"content_index":0,"part":{"type":"output_text","text":"a","annotations":[{"url":"https://x"}]}})",
           R"({"type":"response.refusal.delta","output_index":1,"content_index":1,"delta":"no"})",
           R"({"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"a"},{"type":"refusal","refusal":"no"}]}})",
           R"({"type":"response.completed","response":{"status":"completed","output":[]}})"}) ==
      "start:m extra:web_search_call 0end 1'a' extra:logprobs 1citation:https://x 1end 2!no! 2end finish:3:completed");
}

TEST_CASE("responses: a target's body as events") {
  CHECK(events_of_body(R"({"id":"r","model":"gpt","status":"completed","error":null,"output":[
      {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gA"},
      {"type":"reasoning","id":"rs_2","content":[{"type":"reasoning_text","text":"t"}],"summary":[]},
      {"type":"message","content":[{"type":"output_text","text":"hi","annotations":[]}]},
      {"type":"function_call","call_id":"c","namespace":"mcp","name":"read","arguments":""}]})") ==
        "start:gpt 0redacted:gA@responses.a1#rs_1 0end 1(t) 1end 2'hi' 2end 3call:c:mcp.read 3end finish:2:completed");
  CHECK(events_of_body(R"({"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]})") ==
        "start: finish:1:max_output_tokens");
  CHECK(events_of_body(R"({"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]})") ==
        "start: finish:3:content_filter");
  CHECK(events_of_body(R"({"status":"queued","output":[]})") == "start: finish:4:queued");
  CHECK(events_of_body(
            R"({"status":"failed","error":{"code":"rate_limit_exceeded","message":"slow\ndown"},"output":[]})") ==
        "start: error:429:rate_limit_exceeded:slow\ndown");
  CHECK(events_of_body(R"({"status":"cancelled","output":[]})").find("error:0:cancelled") != std::string::npos);
  CHECK(events_of_body(R"({"error":{"message":"bad","type":"invalid_request_error","code":null}})") ==
        "start: error:0:invalid_request_error:bad");
  CHECK(events_of_body("{}").find("refused") == 0);
  CHECK(events_of_body("[]").find("refused") == 0);
}

TEST_CASE("responses: a target's failures") {
  CHECK(events_of({R"({"type":"error","code":"server_error","message":"oh","param":null})",
                   R"({"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"late"})"}) ==
        "start: error:500:server_error:oh");
  CHECK(
      events_of(
          {R"({"type":"response.failed","response":{"status":"failed","output":[],"error":{"code":"x","message":"y"}}})"}) ==
      "start: error:0:x:y");
  CHECK(events_of({R"({"error":{"message":"gone","code":"z"}})"}) == "start: error:0:z:gone");
  EventText events;
  const auto reader = responses_room().make_reader(responses_target);
  for (const char* const frame : {"", "{", "[]", "7", "{\"type\":\"response.completed\""}) {
    CHECK_FALSE(reader->read_frame("", frame, events));
  }
  CHECK(reader->read_frame("", R"({"type":"response.later","x":{}})", events));
  CHECK(events.told.empty());
}

TEST_CASE("responses: what a caller is streamed is complete") {
  const std::vector<json> events = checked_stream(written_answer(asked_body, true, tell_all));
  CHECK(types_of(events) ==
        "created in_progress output_item.added reasoning_summary_part.added reasoning_summary_text.delta "
        "reasoning_summary_text.delta reasoning_summary_text.done reasoning_summary_part.done output_item.done "
        "output_item.added content_part.added output_text.delta output_text.delta output_text.done content_part.done "
        "output_item.done output_item.added function_call_arguments.delta function_call_arguments.delta "
        "function_call_arguments.done output_item.done output_item.added function_call_arguments.delta "
        "function_call_arguments.done output_item.done completed");
  const json& answer = events.back()["response"];
  CHECK(answer["id"] == "resp_0123456789abcdefghijABCD");
  CHECK(answer["model"] == "claude");
  CHECK(answer["status"] == "completed");
  CHECK(answer["tools"].size() == 3);
  CHECK(answer["tools"][0]["strict"].is_null());
  CHECK(answer["usage"] ==
        json::parse(R"({"input_tokens":16,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},
    "output_tokens":20,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":36})"));
  // The items are those that the stream reported as done.
  std::vector<json> done;
  for (const json& event : events) {
    if (event["type"] == "response.output_item.done") done.push_back(event["item"]);
  }
  CHECK(answer["output"] == json(done));
  CHECK(done[0]["summary"][0]["text"] == "hm");
  CHECK(done[0]["encrypted_content"] == "sluice.anthropic.b2..SIG");
  CHECK(done[1]["content"][0]["text"] == "a\nb");
  CHECK(done[2]["arguments"] == R"({"x":1})");
  CHECK(done[2]["call_id"] == "c1");
  CHECK(done[3]["arguments"] == "{}");
  CHECK_FALSE(done[3]["call_id"].get<std::string>().empty());
  for (const json& event : events) {
    if (event["type"] != "response.output_item.added" || event["item"]["type"] != "function_call") continue;
    CHECK(event["item"]["arguments"] == "");
    CHECK(event["item"]["status"] == "in_progress");
  }
}

TEST_CASE("responses: a plain answer is what the stream's end says") {
  const OpenAiSchemas schemas;
  const json body = json::parse(written_answer(asked_body, false, tell_all));
  CHECK(body == checked_stream(written_answer(asked_body, true, tell_all)).back()["response"]);
  CHECK(schemas.fault("Response", body) == "");
}

TEST_CASE("responses: what the caller asked is repeated in its answer") {
  const json body =
      json::parse(written_answer(R"({"model":"m","input":"?","instructions":"be","temperature":0.5,"top_p":0.9,
    "parallel_tool_calls":false,"metadata":{"a":"b"},"text":{"verbosity":"low"},"reasoning":{"effort":"low"},"user":"u",
    "tool_choice":{"type":"function","name":"f"},"max_output_tokens":99,"tools":[{"type":"function","name":"f"}]})",
                                 false, [](EventWriter& writer) {
                                   writer.on_text(0, JsonText{"x"});
                                   writer.on_finish({});
                                   writer.end();
                                 }));
  CHECK(body["instructions"] == "be");
  CHECK(body["temperature"] == 0.5);
  CHECK(body["parallel_tool_calls"] == false);
  CHECK(body["metadata"] == json::parse(R"({"a":"b"})"));
  CHECK(body["text"] == json::parse(R"({"verbosity":"low","format":{"type":"text"}})"));
  CHECK(body["tool_choice"]["name"] == "f");
  CHECK(body["max_output_tokens"] == 99);
  CHECK(body["model"] == "asked-model");
  CHECK_FALSE(body.contains("usage"));
}

TEST_CASE("responses: how an answer ends") {
  using Reason = api::FinishReason;
  const auto end = [](const std::string& text) {
    const json body = json::parse(text);
    return body["status"].get<std::string>() + " " + body["incomplete_details"].dump();
  };
  CHECK(end(body_of_end(Reason::stop)) == "completed null");
  CHECK(end(body_of_end(Reason::pause)) == "completed null");
  CHECK(end(body_of_end(Reason::length)) == R"(incomplete {"reason":"max_output_tokens"})");
  CHECK(end(body_of_end(Reason::refusal)) == R"(incomplete {"reason":"content_filter"})");
  CHECK(json::parse(body_of_end(Reason::length))["output"][0]["status"] == "incomplete");
  CHECK(json::parse(body_of_end(Reason::refusal, false))["output"].empty());
  const std::string refusal = written_answer(asked_body, true, [](EventWriter& writer) {
    writer.on_refusal(0, JsonText{"no"});
    writer.on_part_end(0);
    api::Finish finish;
    finish.reason = Reason::refusal;
    writer.on_finish(finish);
    writer.end();
  });
  CHECK(types_of(checked_stream(refusal)) ==
        "created in_progress output_item.added content_part.added refusal.delta refusal.done content_part.done "
        "output_item.done completed");
}

TEST_CASE("responses: calls get the caller's own form") {
  const std::vector<json> events = checked_stream(written_answer(asked_body, true, [](EventWriter& writer) {
    writer.on_call({0, JsonText{"c0"}, JsonText{"mcp.read"}, CallKind::function, {}});
    writer.on_arguments(0, JsonText{"{}"});
    writer.on_part_end(0);
    writer.on_call({1, JsonText{"c1"}, JsonText{"tool_search"}, CallKind::function, {}});
    writer.on_arguments(1, JsonText{R"({\"queries\":[\"x\"]})"});
    writer.on_part_end(1);
    writer.on_call({2, JsonText{"c2"}, JsonText{"patch"}, CallKind::custom, {}});
    writer.on_arguments(2, JsonText{R"(a\nb)"});
    writer.on_part_end(2);
    writer.on_call(
        {3, JsonText{"c3"}, JsonText{"f"}, CallKind::function, {JsonText{"TS"}, {Dialect::gemini, "b2"}, {}}});
    writer.on_part_end(3);
    writer.on_finish({});
    writer.end();
  }));
  const json& output = events.back()["response"]["output"];
  CHECK(output[0]["namespace"] == "mcp");
  CHECK(output[0]["name"] == "read");
  CHECK(output[1]["type"] == "tool_search_call");
  CHECK(output[1]["arguments"] == json::parse(R"({"queries":["x"]})"));
  CHECK(output[2]["input"] == "a\nb");
  CHECK(output[3]["encrypted_content"] == "sluice.gemini.b2.call.TS");
  CHECK(output[4]["name"] == "f");
  // All of it can be sent back with the history.
  const std::string back = json({{"model", "m"}, {"input", output}}).dump();
  const auto request = read_responses(back);
  REQUIRE(request->messages.size() == 1);
  CHECK(request->messages[0].parts.size() == 4);
  CHECK(request->messages[0].parts[0].name.escaped == "mcp.read");
  CHECK(request->messages[0].parts[3].opaque.data.escaped == "TS");
  CHECK(request->messages[0].parts[3].opaque.origin == api::Origin{Dialect::gemini, "b2"});
}

TEST_CASE("responses: encrypted thinking is given to who asked for it") {
  const auto tell = [](EventWriter& writer) {
    writer.on_signature(0, {JsonText{"RED"}, {Dialect::anthropic, "b2"}, {}}, true);
    writer.on_part_end(0);
    writer.on_thinking(1, JsonText{"hm"}, true);
    writer.on_signature(1, {JsonText{"gA"}, responses_target, JsonText{"rs_9"}}, false);
    writer.on_part_end(1);
    writer.on_finish({});
    writer.end();
  };
  const json given = json::parse(written_answer(asked_body, false, tell, responses_target))["output"];
  // An id that is known only at the end is used from the item's beginning.
  std::set<std::string> ids;
  for (const json& event : checked_stream(written_answer(asked_body, true, tell, responses_target))) {
    if (event.contains("item")) ids.insert(event["item"]["id"]);
    if (event.contains("item_id")) ids.insert(event["item_id"]);
  }
  CHECK(ids.size() == 2);
  CHECK(ids.contains("rs_9"));
  CHECK(given[0]["encrypted_content"] == "sluice.anthropic.b2.redacted.RED");
  CHECK(given[0]["summary"].empty());
  CHECK(given[1]["encrypted_content"] == "gA");
  CHECK(given[1]["id"] == "rs_9");
  const json kept = json::parse(written_answer(R"({"model":"m","input":"?"})", false, tell))["output"];
  REQUIRE(kept.size() == 1);
  CHECK(kept[0]["summary"][0]["text"] == "hm");
  CHECK_FALSE(kept[0].contains("encrypted_content"));
}

TEST_CASE("responses: thinking that nobody signed says so in a signature's place") {
  const auto tell = [](EventWriter& writer) {
    writer.on_thinking(0, JsonText{"hm"}, false);
    writer.on_part_end(0);
    writer.on_finish({});
    writer.end();
  };
  const auto given = [&](const std::string& asked, const api::Origin& origin) {
    return json::parse(written_answer(asked, false, tell, origin))["output"][0].value("encrypted_content", "");
  };
  CHECK(given(asked_body, {Dialect::ollama, "b2"}) == "sluice.ollama.b2.unsigned.unsigned");
  CHECK(given(asked_body, responses_target).empty());
  CHECK(given(R"({"model":"m","input":"?"})", {Dialect::ollama, "b2"}).empty());
}

TEST_CASE("responses: citations, logprobs and media of others") {
  std::string untold;
  const std::vector<json> events = checked_stream(written_answer(asked_body, true, [&](EventWriter& writer) {
    writer.on_text(0, JsonText{"a"});
    writer.on_citation(0, {JsonText{"https://x"}, JsonText{"X"}, {}, 0, 1, "{}", Dialect::gemini});
    writer.on_citation(0, {{}, JsonText{"no url"}, {}, {}, {}, "{}", Dialect::anthropic});
    writer.on_extra({api::Extra::Kind::logprobs, 0, Dialect::openai, "logprobs",
                     R"([{"token":"a","logprob":-0.1,"bytes":[97],"top_logprobs":[]}])"});
    writer.on_extra({api::Extra::Kind::other, 0, Dialect::gemini, "safetyRatings", "[]"});
    writer.on_part_end(0);
    writer.on_media(1, api::PartKind::image, {api::Source::Kind::base64, "image/png", JsonText{"iVBO"}});
    writer.on_part_end(1);
    writer.on_media(2, api::PartKind::audio, {api::Source::Kind::base64, "audio/wav", JsonText{"AAAA"}});
    writer.on_text(3, JsonText{"b"});
    writer.on_finish({});
    writer.end();
    untold = writer.untold.text();
  }));
  CHECK(untold == "answer.citation=unsupported, answer.safetyRatings=unsupported, answer.audio=unsupported");
  const json& output = events.back()["response"]["output"];
  CHECK(output[0]["content"][0]["annotations"] ==
        json::parse(R"([{"type":"url_citation","url":"https://x","title":"X","start_index":0,"end_index":1}])"));
  CHECK(output[0]["content"][0]["logprobs"][0]["token"] == "a");
  CHECK(output[1]["result"] == "iVBO");
  CHECK(output[2]["content"][0]["text"] == "b");
}

TEST_CASE("responses: an error ends the stream in this API's words, without a sign of success") {
  const auto tell = [](EventWriter& writer) {
    writer.on_text(0, JsonText{"a"});
    writer.on_error({429, "slow_down_please", "too \"much\"", {}});
    writer.end();
  };
  const std::vector<json> events = checked_stream(written_answer(asked_body, true, tell));
  CHECK(types_of(events) == "created in_progress output_item.added content_part.added output_text.delta error failed");
  CHECK(events[5]["code"] == "slow_down_please");
  CHECK(events[5]["message"] == "too \"much\"");
  CHECK(events[6]["response"]["error"]["code"] == "rate_limit_exceeded");
  CHECK(json::parse(written_answer(asked_body, false, tell))["error"]["message"] == "too \"much\"");

  const std::vector<json> cut = checked_stream(written_answer(asked_body, true, [](EventWriter& writer) {
    writer.on_text(0, JsonText{"a"});
    writer.fail({ErrorCode::target_cut, "it was cut"}, "req_1");
  }));
  CHECK(types_of(cut) == "created in_progress output_item.added content_part.added output_text.delta error failed");
  CHECK(cut[6]["response"]["status"] == "failed");
}

}  // namespace sluice::test::responses
