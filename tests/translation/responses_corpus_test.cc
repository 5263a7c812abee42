// Every recorded responses exchange: requests are written back as they were; answers say the same after being written
// and read back, and conform to the specification.
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "api/corpus.h"
#include "translation/responses_tools.h"
#include "translation/schema.h"

namespace sluice::test::responses {
namespace {

using nlohmann::json;

auto recorded() { return corpus_of(Dialect::responses); }

// The content of an answer: its pieces, end and counts, however the events were cut.
std::string summary(const api::Answer& answer) {
  std::string text = answer.model;
  for (const api::Answer::Piece& piece : answer.pieces) {
    text += "\n" + std::to_string(static_cast<int>(piece.kind)) + " '" + piece.text + "' " + piece.id + " " +
            piece.name + " " + piece.arguments + " " + piece.opaque + "#" + piece.opaque_id;
    for (const api::Answer::Note& note : piece.notes) {
      text += "\n  " + note.type + note.url + (note.type == "logprobs" ? "" : json::parse(note.raw).dump());
    }
  }
  const auto count = [](const std::optional<uint64_t>& number) { return number ? std::to_string(*number) : "0"; };
  text += "\n" + count(answer.usage.counts.input_uncached) + " " + count(answer.usage.counts.cache_read) + " " +
          count(answer.usage.counts.output) + " " + count(answer.usage.counts.reasoning);
  text += "\n" + std::to_string(static_cast<int>(answer.reason)) + " " +
          (answer.word == "complete" ? "completed" : answer.word);  // some recordings were made by hand
  if (answer.error) text += "\nerror " + answer.error->code + answer.error->message;
  return text;
}

// Checks a stream against each event's schema and its sequence numbers; returns the fault.
std::string stream_fault(const OpenAiSchemas& schemas, const std::string& stream) {
  uint64_t number = 0;
  for (const Frame& frame : frames_of(stream)) {
    const json event = json::parse(frame.data);
    if (event.at("type") != frame.event) return "the event's name is not its type: " + frame.data;
    if (event.at("sequence_number") != number++) return "out of sequence: " + frame.data;
    if (std::string fault = schemas.fault("ResponseStreamEvent", event); !fault.empty()) return fault + frame.data;
  }
  return "";
}

}  // namespace

TEST_CASE("responses: recorded requests come out as they went in, but for the model") {
  size_t seen = 0;
  for (const Exchange& exchange : recorded()) {
    if (!exchange.request.is_object()) continue;
    INFO(exchange.name);
    const std::string body = exchange.request.dump();
    const auto request = read_responses(body);
    json expected = exchange.request;
    expected["model"] = "the-target";
    const Written written = write_responses(*request, responses_facts("the-target"));
    CHECK(written.error.empty());
    CHECK(written.body == expected);
    CHECK(written.dropped.empty());
    ++seen;
  }
  CHECK((seen == 0 || seen > 100));
}

TEST_CASE("responses: recorded answers say the same when they are written and read again") {
  const OpenAiSchemas schemas;
  for (const Exchange& exchange : recorded()) {
    if (exchange.status != 200) continue;
    INFO(exchange.name);
    api::AnswerCollector first;
    REQUIRE(read_answer(exchange.body, exchange.stream, first) == 0);
    json asked = exchange.request.is_object() ? exchange.request : json::object();
    asked["include"] = json::array({"reasoning.encrypted_content"});
    if (!asked.contains("input")) asked["input"] = "?";
    if (!asked.contains("model")) asked["model"] = "?";
    for (const bool stream : {true, false}) {
      const auto tell = [&](api::EventWriter& writer) {
        api::replay(first.answer, writer);
        writer.end();
      };
      const std::string out = written_answer(asked.dump(), stream, tell, responses_target);
      api::AnswerCollector second;
      REQUIRE(read_answer(out, stream, second) == 0);
      CHECK(summary(second.answer) == summary(first.answer));
      if (stream) {
        const std::string fault = stream_fault(schemas, out);
        // One recorded search has a source that is not a page, which the specification does not define.
        if (fault.find("sources") == fault.npos) CHECK(fault == "");
      } else if (!first.answer.error) {
        const std::string fault = schemas.fault("Response", json::parse(out));
        if (fault.find("sources") == fault.npos) CHECK(fault == "");
      }
    }
  }
}

TEST_CASE("responses: streams and bodies cut anywhere never crash") {
  std::mt19937 random(7);
  for (const Exchange& exchange : recorded()) {
    if (exchange.stream) {
      const std::vector<Frame> frames = frames_of(exchange.body);
      for (size_t count = 0; count <= frames.size(); count += 1 + frames.size() / 40) {
        api::AnswerCollector collector;
        const auto reader = responses_room().make_reader(responses_target);
        for (size_t i = 0; i < count; ++i) CHECK(reader->read_frame(frames[i].event, frames[i].data, collector));
        reader->end(collector);
        for (const api::Answer::Piece& piece : collector.answer.pieces) CHECK(piece.ended);
      }
      for (const Frame& frame : frames) {  // each frame alone, and cut
        api::AnswerCollector collector;
        const auto reader = responses_room().make_reader(responses_target);
        CHECK(reader->read_frame(frame.event, frame.data, collector));
        CHECK_FALSE(reader->read_frame(frame.event, frame.data.substr(0, random() % frame.data.size()), collector));
        reader->end(collector);
      }
    } else if (!exchange.body.empty()) {
      for (int i = 0; i < 10; ++i) {
        api::AnswerCollector collector;
        const auto reader = responses_room().make_reader(responses_target);
        const std::string cut = exchange.body.substr(0, random() % exchange.body.size());
        CHECK_FALSE(reader->read_body(cut, collector));
        CHECK(collector.answer.pieces.empty());
      }
    }
  }
}

TEST_CASE("responses: a member that is not known comes out again, or is named as dropped") {
  size_t planted = 0;
  for (const Exchange& exchange : recorded()) {
    if (!exchange.request.is_object()) continue;
    INFO(exchange.name);
    const json flat = exchange.request.flatten();
    std::set<std::string> objects{""};
    for (const auto& [pointer, value] : flat.items()) {
      const std::string object = pointer.substr(0, pointer.rfind('/'));
      // Schemas, metadata and other JSON of the caller's are not objects of the API.
      if (object.find("/parameters") == object.npos && object.find("/schema") == object.npos) objects.insert(object);
    }
    for (const std::string& pointer : objects) {
      json changed = exchange.request;
      json& object = changed[json::json_pointer(pointer)];
      if (!object.is_object()) continue;
      INFO(pointer);
      object["a_new_thing"] = 7;
      const std::string body = changed.dump();
      const auto request = read_responses(body);
      changed["model"] = "m";
      CHECK(write_responses(*request, responses_facts("m")).body == changed);
      request->demands.clear();
      api::Dropped dropped;
      REQUIRE(api::leave_behind(*request, dropped));
      std::string named = dropped.text(100000);
      for (const api::CarriedMember& member : request->bag) named += member.value;
      for (const api::Message& message : request->messages) {
        for (const api::CarriedMember& member : message.bag) named += member.value;
        for (const api::Part& part : message.parts) {
          named += part.kind == api::PartKind::other ? part.raw : "";
          if (part.kind == api::PartKind::tool_call) named += part.arguments;
          for (const api::Part& inner : part.parts) named += inner.text.escaped;
        }
      }
      for (const api::Tool& tool : request->tools) named += tool.kind == api::ToolKind::other ? tool.raw : "";
      CHECK(named.find("a_new_thing") != named.npos);
      ++planted;
    }
  }
  CHECK((planted == 0 || planted > 300));
}

}  // namespace sluice::test::responses
