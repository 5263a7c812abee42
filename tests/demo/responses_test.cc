// The demo provider's responses dialect: events, sequence numbers, stored answers.
#include <catch2/catch.hpp>

#include "harness.h"

using namespace sluice;
using namespace sluice::test;

namespace {

std::vector<std::string> numbered_types_of(const std::vector<Frame>& frames) {
  std::vector<std::string> types;
  for (size_t i = 0; i < frames.size(); ++i) {
    const Json event = frames[i].json();
    CHECK(event["type"] == frames[i].event);
    CHECK(event["sequence_number"] == i);
    if (types.empty() || types.back() != frames[i].event) types.push_back(frames[i].event);
  }
  return types;
}

}  // namespace

TEST_CASE("responses: a text stream has every event, numbered, and ends with the full object") {
  World world;
  const auto exchange =
      world.post("/v1/responses", R"({"model":"m","stream":true,"instructions":"be brief","input":"hello there"})");
  const std::vector<Frame> frames = sse_frames(exchange->responder.body);
  CHECK(numbered_types_of(frames) ==
        std::vector<std::string>{"response.created", "response.in_progress", "response.output_item.added",
                                 "response.content_part.added", "response.output_text.delta",
                                 "response.output_text.done", "response.content_part.done", "response.output_item.done",
                                 "response.completed"});
  CHECK(frames.front().json()["response"]["status"] == "in_progress");
  CHECK(frames.front().json()["response"]["output"] == Json::array());
  std::string text;
  for (const Frame& frame : frames) {
    if (frame.event == "response.output_text.delta") text += frame.json()["delta"].get<std::string>();
  }
  CHECK(text == "You said: hello there");
  const Json response = frames.back().json()["response"];
  CHECK(response["id"] == frames.front().json()["response"]["id"]);
  CHECK(response["status"] == "completed");
  CHECK(response["instructions"] == "be brief");
  CHECK(response["tools"] == Json::array());
  CHECK(response["tool_choice"] == "auto");
  CHECK(response["output"][0]["content"][0]["text"] == text);
  CHECK(response["output"][0] == frames[frames.size() - 2].json()["item"]);
  CHECK(response["usage"]["input_tokens"] == 4);
  CHECK(response["usage"]["output_tokens"] == 4);
  CHECK(response["usage"]["input_tokens_details"]["cached_tokens"] == 0);
}

TEST_CASE("responses: calls stream their arguments, functions and freeform tools each in their words") {
  World world;
  const auto exchange = world.post(
      "/v1/responses",
      R"({"model":"m","stream":true,"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"shell and patch file.txt"}]}],
          "tools":[{"type":"function","name":"shell","parameters":{"type":"object","properties":{"command":{"type":"array","items":{"type":"string"}}}}},
                   {"type":"custom","name":"patch"},{"type":"web_search"}]})");
  const std::vector<Frame> frames = sse_frames(exchange->responder.body);
  CHECK(numbered_types_of(frames) ==
        std::vector<std::string>{"response.created", "response.in_progress", "response.output_item.added",
                                 "response.function_call_arguments.delta", "response.function_call_arguments.done",
                                 "response.output_item.done", "response.output_item.added",
                                 "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done",
                                 "response.output_item.done", "response.completed"});
  CHECK(frames[2].json()["item"]["arguments"] == "");
  CHECK(frames[2].json()["item"]["status"] == "in_progress");
  const Json output = frames.back().json()["response"]["output"];
  REQUIRE(output.size() == 2);
  CHECK(output[0]["type"] == "function_call");
  CHECK(output[0]["status"] == "completed");
  CHECK(Json::parse(output[0]["arguments"].get<std::string>()) == Json{{"command", {"file.txt"}}});
  CHECK(output[1]["type"] == "custom_tool_call");
  CHECK(output[1]["input"] == "file.txt");
  CHECK(output[0]["call_id"] != output[1]["call_id"]);
}

TEST_CASE("responses: a tool's output is said back; a limit makes it incomplete") {
  World world;
  const Json said =
      world
          .post(
              "/v1/responses",
              R"({"model":"m","input":[{"role":"user","content":"run it"},{"type":"function_call","call_id":"c","name":"it","arguments":"{}"},
          {"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"42"}]}],"tools":[{"type":"function","name":"it"}]})")
          ->json();
  CHECK(said["output"][0]["content"][0]["text"] == "The tool said: 42");
  const Json cut = world.post("/v1/responses", R"({"model":"m","input":"a b c","max_output_tokens":3})")->json();
  CHECK(cut["status"] == "incomplete");
  CHECK(cut["incomplete_details"]["reason"] == "max_output_tokens");
  CHECK(cut["output"][0]["content"][0]["text"] == "You said: a");
  const Json counted = world.post("/v1/responses/input_tokens", R"({"model":"m","input":"a b c"})")->json();
  CHECK(counted == Json{{"object", "response.input_tokens"}, {"input_tokens", 3}});
}

TEST_CASE("responses: stored ones can be fetched, listed, cancelled and deleted; others cannot") {
  World world;
  const bool stream = GENERATE(false, true);
  const auto first = world.post(
      "/v1/responses", std::string(R"({"model":"m","input":"keep me")") + (stream ? R"(,"stream":true})" : "}"));
  const Json created = stream ? sse_frames(first->responder.body).back().json()["response"] : first->json();
  const std::string path = "/v1/responses/" + created["id"].get<std::string>();
  CHECK(world.get(path)->json() == created);
  const Json items = world.get(path + "/input_items")->json();
  CHECK(items["data"][0]["content"][0]["text"] == "keep me");
  CHECK(items["first_id"] == items["data"][0]["id"]);
  CHECK(world.post(path + "/cancel", "{}")->json()["status"] == "cancelled");
  const std::string previous =
      R"({"model":"m","input":"more","previous_response_id":")" + created["id"].get<std::string>() + "\"}";
  CHECK(world.post("/v1/responses", previous)->responder.status == 200);

  Exchange deleted(world.provider, world.loop, world.clock, http::Method::del, path);
  CHECK(deleted.json()["deleted"] == true);
  CHECK(world.get(path)->responder.status == 404);
  CHECK(world.post("/v1/responses", previous)->responder.status == 400);

  const Json unstored = world.post("/v1/responses", R"({"model":"m","input":"forget me","store":false})")->json();
  CHECK(world.get("/v1/responses/" + unstored["id"].get<std::string>())->responder.status == 404);
}

TEST_CASE("memory: the oldest goes at the bound, and what is too large is not kept") {
  demo::DemoMemory memory;
  for (size_t i = 0; i < demo::DemoMemory::max_entries; ++i) memory.put({std::to_string(i), "{}", "[]"});
  CHECK(memory.size() == demo::DemoMemory::max_entries);
  CHECK(memory.find("0"));
  memory.put({"one more", "{}", "[]"});
  CHECK(memory.size() == demo::DemoMemory::max_entries);
  CHECK_FALSE(memory.find("0"));
  CHECK(memory.find("1"));
  memory.put({"at the bound", std::string(demo::DemoMemory::max_entry_bytes, ' '), ""});
  CHECK(memory.find("at the bound"));
  memory.put({"over it", std::string(demo::DemoMemory::max_entry_bytes, ' '), " "});
  CHECK_FALSE(memory.find("over it"));
  CHECK(memory.remove("at the bound"));
  CHECK_FALSE(memory.remove("at the bound"));
}
