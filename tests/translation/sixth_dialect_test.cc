// Tests docs/adding-a-dialect.md: a sixth dialect (toy/), unknown to src/, and each of the five read each other's
// requests and answers.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/answer.h"
#include "api/event_filter.h"
#include "api/frame_gatherer.h"
#include "translation/toy/translate.h"

using namespace sluice;
using namespace sluice::api;
using nlohmann::json;
namespace toy = sluice::test::toy;

namespace {

struct Caller {
  Dialect dialect;
  std::string_view body;  // rules "Be brief", then "Hi", room for 50
};
constexpr Caller callers[] = {
    {Dialect::openai,
     R"({"model":"m","max_tokens":50,"messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Hi"}]})"},
    {Dialect::responses, R"({"model":"m","max_output_tokens":50,"instructions":"Be brief","input":"Hi"})"},
    {Dialect::anthropic,
     R"({"model":"m","max_tokens":50,"system":"Be brief","messages":[{"role":"user","content":"Hi"}]})"},
    {Dialect::gemini,
     R"({"systemInstruction":{"parts":[{"text":"Be brief"}]},"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":50}})"},
    {Dialect::ollama,
     R"({"model":"m","stream":false,"messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Hi"}],"options":{"num_predict":50}})"},
};
constexpr std::string_view toy_body =
    R"({"model":"m","rules":"Be brief","say":[{"by":"user","words":"Hi"},{"by":"bot","words":"Yes?"},{"by":"user","words":"\u00e9"}],"room":50,"mood":"fine"})";

ReadContext context_of(Dialect dialect, bool stream) {
  if (dialect == Dialect::gemini) return {stream ? "streamGenerateContent" : "generateContent", "m", stream};
  return {room_of(dialect).translated.front(), {}, stream};
}

struct Frames final : FrameTaker {
  Frames(EventReader& reader_of_it, EventSink& sink_of_it, bool whole)
      : reader(reader_of_it), sink(sink_of_it), is_whole(whole) {}
  void on_frame(std::string_view event, std::string_view data) override {
    CHECK((is_whole ? reader.read_body(data, sink) : reader.read_frame(event, data, sink)));
  }
  EventReader& reader;
  EventSink& sink;
  bool is_whole;
};

// Reads an answer with that room's reader into a sink.
void read(const DialectRoom& room, bool stream, std::string_view text, EventSink& sink) {
  const auto reader = room.translation.make_reader({room.id, "a1"});
  Frames frames(*reader, sink, !stream);
  const StreamFormat format = !stream                     ? StreamFormat::none
                              : room.places.streams_lines ? StreamFormat::ndjson
                                                          : StreamFormat::sse;
  FrameGatherer gatherer(format, frames);
  REQUIRE(gatherer.feed(text));
  gatherer.finish();
  reader->end(sink);
}

Answer answer_in(const DialectRoom& room, bool stream, std::string_view text) {
  AnswerCollector collector;
  read(room, stream, text, collector);
  return std::move(collector.answer);
}

void check_answer(const Answer& answer) {
  REQUIRE(answer.pieces.size() == 1);
  CHECK(answer.pieces[0].text == "Hello you");
  CHECK(answer.finished);
  CHECK(answer.reason == FinishReason::length);
  CHECK(answer.usage.input() == 5);
  CHECK(answer.usage.counts.output == 7u);
}

constexpr std::string_view toy_plain = R"({"model":"m","words":"Hello you","over":"full","cost":{"in":5,"out":7}})";
constexpr std::string_view toy_live =
    "{\"model\":\"m\",\"words\":\"Hello\"}\n{\"words\":\" you\"}\n{\"over\":\"full\",\"cost\":{\"in\":5,\"out\":7}}\n";

}  // namespace

TEST_CASE("a sixth dialect: read, then written, a request is the same") {
  const auto request = toy::room.translation.read_request(toy_body, {"toy/talk"});
  REQUIRE(request.has_value());
  Dropped dropped;
  WrittenRequest written;
  REQUIRE(toy::room.translation.write_request(**request, {.model = "m"}, dropped, written));
  CHECK(json::parse(written.body) == json::parse(toy_body));
  CHECK(dropped.empty());
}

TEST_CASE("a sixth dialect: its requests go to targets of the five, and what is its own is named") {
  for (const DialectRoom* const to : rooms()) {
    INFO(name_of(to->id));
    const auto request = toy::room.translation.read_request(toy_body, {"toy/talk"});
    Dropped dropped;
    REQUIRE(leave_behind(**request, dropped));
    WrittenRequest written;
    REQUIRE(to->translation.write_request(**request, facts_for("m", {to->id, "a1"}, false), dropped, written));
    CHECK(dropped.text() == "mood=unsupported");
    const auto back = to->translation.read_request(written.body, context_of(to->id, false));
    REQUIRE(back.has_value());
    CHECK((*back)->max_output_tokens == 50u);
    CHECK(written.body.find("Be brief") != std::string::npos);
    REQUIRE((*back)->messages.size() >= 3);
    CHECK((*back)->messages.back().parts.back().text.escaped == R"(\u00e9)");
  }
  const auto bound = toy::room.translation.read_request(R"({"model":"m","say":[],"as_last_time":true})", {"toy/talk"});
  Dropped dropped;
  CHECK(leave_behind(**bound, dropped).error().code == ErrorCode::untranslatable);
}

TEST_CASE("a sixth dialect: requests of the five go to its targets") {
  for (const Caller& caller : callers) {
    INFO(name_of(caller.dialect));
    const auto request =
        room_of(caller.dialect).translation.read_request(caller.body, context_of(caller.dialect, false));
    REQUIRE(request.has_value());
    Dropped dropped;
    REQUIRE(leave_behind(**request, dropped));
    WrittenRequest written;
    REQUIRE(toy::room.translation.write_request(**request, {.model = "toy-1"}, dropped, written));
    CHECK(json::parse(written.body) ==
          json::parse(R"({"model":"toy-1","rules":"Be brief","say":[{"by":"user","words":"Hi"}],"room":50})"));
    CHECK(dropped.empty());
  }
}

TEST_CASE("a sixth dialect: what it cannot take is refused, what it cannot be told is named") {
  const auto refused =
      room_of(Dialect::openai)
          .translation.read_request(
              R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y.png"}}]}]})",
              context_of(Dialect::openai, false));
  Dropped dropped;
  WrittenRequest written;
  const auto done = toy::room.translation.write_request(**refused, {.model = "toy-1"}, dropped, written);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::untranslatable);
  CHECK(done.error().message == "messages[0].content[0]: the target takes words only");
  const auto hot = room_of(Dialect::openai)
                       .translation.read_request(
                           R"({"model":"m","temperature":1,"stop":"x","messages":[{"role":"user","content":"Hi"}]})",
                           context_of(Dialect::openai, false));
  WrittenRequest second;
  REQUIRE(toy::room.translation.write_request(**hot, {.model = "toy-1"}, dropped, second));
  CHECK(dropped.text() == "temperature=unsupported, stop=unsupported");
}

TEST_CASE("a sixth dialect: its answers reach callers of the five, whole and streamed") {
  for (const Caller& caller : callers) {
    for (const bool stream : {false, true}) {
      INFO(name_of(caller.dialect) << " " << stream);
      const DialectRoom& room = room_of(caller.dialect);
      const ReadContext context = context_of(caller.dialect, stream);
      auto asked = room.translation.read_request(caller.body, context);
      REQUIRE(asked.has_value());
      (*asked)->usage_wanted = true;
      const auto writer = room.translation.make_writer(
          {context.endpoint, stream, false, **asked, "0123456789abcdef01234567", 1767225600, "m", {toy::own, ""}});
      read(toy::room, stream, stream ? toy_live : toy_plain, *writer);
      writer->end();
      INFO(writer->out);
      check_answer(answer_in(room, stream, writer->out));
    }
  }
}

TEST_CASE("a sixth dialect: answers of the five reach its callers, whole and streamed") {
  for (const Caller& target : callers) {
    for (const bool stream : {false, true}) {
      INFO(name_of(target.dialect) << " " << stream);
      // An answer of the target, in its own dialect.
      const DialectRoom& room = room_of(target.dialect);
      const ReadContext context = context_of(target.dialect, stream);
      auto asked = room.translation.read_request(target.body, context);
      (*asked)->usage_wanted = true;
      const auto targets = room.translation.make_writer(
          {context.endpoint, stream, false, **asked, "0123456789abcdef01234567", 1767225600, "m", {room.id, "a1"}});
      read(toy::room, stream, stream ? toy_live : toy_plain, *targets);
      targets->end();
      const auto request = toy::room.translation.read_request(toy_body, {"toy/talk"});
      const auto writer = toy::room.translation.make_writer(
          {"toy/talk", stream, false, **request, "0123456789abcdef01234567", 1767225600, "m", {room.id, "a1"}});
      PartSequencer sequencer(*writer);
      read(room, stream, targets->out, sequencer);
      writer->end();
      INFO(writer->out);
      check_answer(answer_in(toy::room, stream, writer->out));
      CHECK(writer->untold.text() == "");
    }
  }
}

TEST_CASE("a sixth dialect: errors end its streams in its own words, and its own reach others") {
  const auto request = toy::room.translation.read_request(toy_body, {"toy/talk"});
  const auto writer = toy::room.translation.make_writer(
      {"toy/talk", true, false, **request, "0123456789abcdef01234567", 1767225600, "m", {Dialect::openai, "a1"}});
  writer->on_text(0, JsonText{"Hel"});
  writer->fail({ErrorCode::target_cut, "it broke off"}, {});
  writer->end();
  CHECK(writer->out == "{\"model\":\"m\",\"words\":\"Hel\"}\n{\"wrong\":\"it broke off\"}\n");
  AnswerCollector collector;
  read(toy::room, true, "{\"words\":\"Hel\"}\n{\"wrong\":\"no more\"}\n", collector);
  REQUIRE(collector.answer.error.has_value());
  CHECK(collector.answer.error->message == "no more");
  CHECK_FALSE(collector.answer.finished);
}
