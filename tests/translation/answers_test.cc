// How answers change between two dialects, from the target's body or frames to the caller's.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/dialect.h"
#include "api/event_filter.h"

using namespace sluice;
using namespace sluice::api;
using nlohmann::json;

namespace {

struct Crossed {
  std::string text{}, untold{};
};

struct Way {
  Dialect from, to;
  bool stream = false;  // whether the caller gets a stream
};

// `frames`: a single one is a whole body, several are the frames of a stream.
Crossed cross(const Way& way, std::initializer_list<std::string_view> frames) {
  const TranslationRoom& callers = room_of(way.to).translation;
  Request asked;
  asked.from = way.to;
  asked.usage_wanted = true;
  const Origin origin{way.from, "77"};
  const auto writer = callers.make_writer(
      {room_of(way.to).translated.front(), way.stream, false, asked, "ID", 1767225600, "asked", origin});
  const ToolNames names;
  PartSequencer sequencer(*writer);
  CallRestorer restorer(names, sequencer);
  EndGuard guard(restorer);
  const auto reader = room_of(way.from).translation.make_reader(origin);
  for (const std::string_view frame : frames) {
    REQUIRE((frames.size() == 1 ? reader->read_body(frame, guard) : reader->read_frame({}, frame, guard)));
  }
  reader->end(guard);
  writer->end();
  return {writer->out, writer->untold.text()};
}

json body_of(const Way& way, std::string_view body) { return json::parse(cross(way, {body}).text); }

}  // namespace

TEST_CASE("answers: a picture that a target made is one in each dialect that has a place for it, else it is named") {
  constexpr std::string_view made =
      R"({"id":"r","object":"response","status":"completed","model":"m","output":[
          {"type":"image_generation_call","id":"ig","status":"completed","result":"iVBORw0KGgo=","revised_prompt":"p"},
          {"type":"message","id":"i","role":"assistant","content":[{"type":"output_text","text":"b","annotations":[]}]}]})";
  using enum Dialect;
  CHECK(body_of({responses, gemini}, made)["candidates"][0]["content"]["parts"] ==
        json::parse(R"([{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}},{"text":"b"}])"));
  CHECK(body_of({responses, openai}, made)["choices"][0]["message"]["images"] ==
        json::parse(R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}])"));
  CHECK(body_of({responses, ollama}, made)["message"]["images"] == json::parse(R"(["iVBORw0KGgo="])"));
  CHECK(cross({responses, anthropic}, {made}).untold == "answer.image=unsupported");
  CHECK(cross({responses, gemini}, {made}).untold == "");
  // Unchanged for its own dialect.
  CHECK(body_of({responses, responses}, made)["output"][0] == json::parse(made)["output"][0]);

  // Streamed.
  const Crossed streamed = cross(
      {responses, gemini, true},
      {R"({"type":"response.created","response":{"id":"r","model":"m"}})",
       R"({"type":"response.output_item.added","output_index":0,"item":{"type":"image_generation_call","id":"ig","status":"in_progress","result":null}})",
       R"({"type":"response.image_generation_call.partial_image","output_index":0,"partial_image_b64":"AAAA"})",
       R"({"type":"response.output_item.done","output_index":0,"item":{"type":"image_generation_call","id":"ig","status":"completed","result":"iVBORw0KGgo="}})",
       R"({"type":"response.completed","response":{"status":"completed","output":[]}})"});
  CHECK(streamed.text.find(R"("inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="})") != std::string::npos);
  CHECK(streamed.text.find("AAAA") == std::string::npos);

  // The opposite direction.
  const json items = body_of(
      {gemini, responses},
      R"({"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]},"finishReason":"STOP"}]})");
  CHECK(items["output"][0] ==
        json::parse(R"({"id":"ig_ID0","type":"image_generation_call","status":"completed","result":"iVBORw0KGgo="})"));
}

TEST_CASE("answers: of a second answer that a target gives unasked it is named that it was there") {
  using enum Dialect;
  for (const Dialect to : {responses, anthropic, gemini, ollama}) {
    INFO(name_of(to));
    for (const bool stream : {false, true}) {
      const Crossed chunks = cross(
          {openai, to, stream},
          {R"({"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"one"}},
                     {"index":1,"delta":{"content":"two"}}]})",
           R"({"id":"c","model":"m","choices":[{"index":1,"delta":{"content":"more"},"finish_reason":"length"}]})",
           R"({"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"});
      CHECK(chunks.untold == "answer.choice=unsupported");
      CHECK(chunks.text.find("one") != std::string::npos);
      CHECK(chunks.text.find("two") == std::string::npos);
      CHECK(chunks.text.find("more") == std::string::npos);
    }
  }
  const Crossed whole =
      cross({openai, anthropic}, {R"({"choices":[{"index":0,"message":{"content":"one"},"finish_reason":"stop"},
                                              {"index":1,"message":{"content":"two"},"finish_reason":"stop"}]})"});
  CHECK(whole.untold == "answer.choice=unsupported");
  for (const Dialect to : {openai, responses, anthropic, ollama}) {
    INFO(name_of(to));
    CHECK(cross({gemini, to}, {R"({"candidates":[{"index":0,"content":{"parts":[{"text":"one"}]},"finishReason":"STOP"},
                                  {"index":1,"content":{"parts":[{"text":"two"}]},"finishReason":"STOP"}]})"})
              .untold == "answer.candidate=unsupported");
  }
}

TEST_CASE("answers: an end that is none in truth is named, where some words came before it") {
  for (const std::string_view word : {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "OTHER"}) {
    const std::string body =
        R"({"candidates":[{"content":{"parts":[{"text":"I will"}]},"finishReason":")" + std::string(word) + "\"}]}";
    for (const Dialect caller : {Dialect::openai, Dialect::responses, Dialect::anthropic, Dialect::ollama}) {
      INFO(word << " for " << name_of(caller));
      CHECK(cross({Dialect::gemini, caller}, {body}).untold == "finish_reason=changed");
      CHECK(cross({Dialect::gemini, caller, true}, {body}).untold == "finish_reason=changed");
    }
  }
  CHECK(cross({Dialect::gemini, Dialect::openai},
              {R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}]})"})
            .untold.empty());
}
