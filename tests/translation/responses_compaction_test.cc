// Conversations compacted for targets that cannot compact: a summary, as one item that any target can read. And answers
// that are written to be kept.
#include <catch2/catch.hpp>

#include "api/dropped.h"
#include "translation/responses_tools.h"

namespace sluice::api {
namespace {

using namespace sluice::test;
using namespace sluice::test::responses;
using nlohmann::json;

const std::string compact_body = R"({"model":"m","input":[{"role":"user","content":"a b"}],)"
                                 R"("tools":[{"type":"function","name":"f"}]})";

void tell_summary(EventWriter& writer) {
  writer.on_start({JsonText{"c1"}, JsonText{"claude"}});
  writer.on_thinking(0, JsonText{"hm"}, false);
  writer.on_part_end(0);
  writer.on_text(1, JsonText{R"(all \"of\")"});
  writer.on_text(1, JsonText{R"( it \u00e9)"});
  writer.on_part_end(1);
  AnswerUsage usage;
  usage.counts.input_uncached = 5;
  usage.counts.output = 3;
  writer.on_usage(usage);
  writer.on_finish({});
  writer.end();
}

std::string compacted(const std::string& body, std::string_view endpoint, bool stream) {
  const auto request = responses_room().read_request(body, {endpoint});
  REQUIRE(request.has_value());
  CHECK((*request)->compacts);
  const AnswerShape shape{endpoint,
                          stream,
                          false,
                          **request,
                          "0123456789abcdefghijABCD",
                          1700000000,
                          "asked-model",
                          {Dialect::anthropic, "b2"}};
  const auto writer = responses_room().make_writer(shape);
  tell_summary(*writer);
  return writer->out;
}

TEST_CASE("responses/compact: one compaction item, valid by the specification") {
  const json answer = json::parse(compacted(compact_body, "responses/compact", false));
  CHECK(OpenAiSchemas().fault("CompactResource", answer) == "");
  CHECK(answer["object"] == "response.compaction");
  REQUIRE(answer["output"].size() == 1);
  CHECK(answer["output"][0]["type"] == "compaction");
  CHECK(answer["output"][0]["encrypted_content"].get<std::string>().rfind("sluice.anthropic.b2.summary.", 0) == 0);
  CHECK(answer["usage"]["input_tokens"] == 5);
  CHECK(answer["usage"]["total_tokens"] == 8);
}

TEST_CASE("responses: an input that ends with a trigger is answered by one compaction item, streamed too") {
  const std::string body = R"({"model":"m","input":[{"role":"user","content":"x"},{"type":"compaction_trigger"}]})";
  const json answer = json::parse(compacted(body, "responses", false));
  CHECK(answer["object"] == "response");
  REQUIRE(answer["output"].size() == 1);
  CHECK(answer["output"][0]["type"] == "compaction");
  std::vector<std::string> types;
  for (const Frame& frame : frames_of(compacted(body, "responses", true))) types.push_back(frame.event);
  CHECK(types == std::vector<std::string>{"response.created", "response.in_progress", "response.output_item.added",
                                          "response.output_item.done", "response.completed"});
}

TEST_CASE("responses: a summary of ours comes back as words of the user's, for every target") {
  const json item = json::parse(compacted(compact_body, "responses/compact", false))["output"][0];
  const std::string body = json{{"model", "m"}, {"input", {item, {{"role", "user"}, {"content", "go on"}}}}}.dump();
  const auto request = read_responses(body);
  REQUIRE(request->messages.size() == 2);
  CHECK(request->messages[0].role == Role::user);
  REQUIRE(request->messages[0].parts.size() == 1);
  CHECK(request->messages[0].parts[0].kind == PartKind::text);
  CHECK(json::parse('"' + std::string(request->messages[0].parts[0].text.escaped) + '"') ==
        "Summary of the conversation so far:\n\nall \"of\" it \u00e9");
  for (const DialectRoom* const room : rooms()) {
    if (room->id == Dialect::responses) continue;  // gets its own items unchanged
    Dropped dropped;
    WrittenRequest written;
    REQUIRE(room->translation.write_request(*request, facts_for("m", {room->id, "c3"}, false), dropped, written));
    CHECK(written.body.find(R"(all \"of\" it)") != std::string::npos);
    CHECK_FALSE(dropped.loses());
  }
}

TEST_CASE("responses: what only looks like a summary of ours stays opaque") {
  for (const char* content : {"gAAAAA", "sluice.anthropic.b2.summary.%%%", "sluice.anthropic.b2..YQ=="}) {
    const std::string body =
        json{{"model", "m"}, {"input", {{{"type", "compaction"}, {"encrypted_content", content}}}}}.dump();
    CHECK(read_responses(body)->messages.at(0).parts.at(0).kind == PartKind::compaction);
  }
}

TEST_CASE("a summary is asked for behind the conversation, and no tool may be called for it") {
  const auto request = read_responses(compact_body);
  ask_for_summary(*request);
  REQUIRE(request->messages.size() == 2);
  CHECK(request->messages[1].role == Role::user);
  CHECK(request->messages[1].parts[0].text.escaped.rfind("Summarize", 0) == 0);
  CHECK(request->tool_choice.mode == ToolChoice::Mode::none);
}

// --- kept answers ---

void tell_tool_loop(EventWriter& writer) {
  writer.on_start({JsonText{"c1"}, JsonText{"claude"}});
  writer.on_signature(0, {JsonText{"RED"}, {Dialect::anthropic, "b2"}, {}}, true);
  writer.on_part_end(0);
  writer.on_call({1, {}, JsonText{"f"}, CallKind::function, {JsonText{"SIG"}, {Dialect::gemini, "b2"}, {}}});
  writer.on_part_end(1);
  writer.on_thinking(2, JsonText{"hm"}, false);
  writer.on_signature(2, {JsonText{"SIG2"}, {Dialect::anthropic, "b2"}, {}}, false);
  writer.on_part_end(2);
  writer.on_call({3, {}, JsonText{"g"}, CallKind::function, {}});
  writer.on_part_end(3);
  writer.on_finish({});
  writer.end();
}

TEST_CASE("responses: the copy that is kept has all that is opaque, and all else under the same ids") {
  const std::string body = R"({"model":"m","input":"x"})";
  const auto request = read_responses(body);
  const auto output = [&](bool keeps_opaque) {
    AnswerShape shape{"responses",
                      false,
                      false,
                      *request,
                      "0123456789abcdefghijABCD",
                      1700000000,
                      "asked-model",
                      {Dialect::anthropic, "b2"}};
    shape.stored = true;
    shape.keeps_opaque = keeps_opaque;
    const auto writer = responses_room().make_writer(shape);
    tell_tool_loop(*writer);
    const json answer = json::parse(writer->out);
    CHECK(answer["store"] == true);
    return answer["output"];
  };
  const json told = output(false), kept = output(true);
  REQUIRE(told.size() == 3);  // a call, thinking, a call
  REQUIRE(kept.size() == 5);
  CHECK(told.dump().find("encrypted_content") == std::string::npos);
  size_t at = 0;
  for (json item : kept) {
    if (item["type"] == "reasoning" && item["summary"].empty()) {
      CHECK(item.contains("encrypted_content"));
      continue;
    }
    if (item["type"] == "reasoning") CHECK(item.erase("encrypted_content") == 1);
    CHECK(item == told[at++]);
  }
  CHECK(at == told.size());
}

}  // namespace
}  // namespace sluice::api
