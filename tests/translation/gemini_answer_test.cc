// Answers of Gemini targets as events, and events as answers for Gemini's callers.
#include "api/event_filter.h"
#include "api/gemini/signature.h"
#include "gemini_support.h"

using namespace sluice;
using namespace sluice::api;
using namespace sluice::test;
using nlohmann::json;

namespace {

std::string frame(const std::string& parts, const std::string& more = {}) {
  return R"({"candidates":[{"content":{"role":"model","parts":[)" + parts + "]}" + more + "}]}";
}

struct StreamCase {
  std::vector<std::string> frames;
  std::string told;
};

CallStart call_start(uint32_t part, const char* id, const char* name, Opaque opaque = {}) {
  return {part, JsonText{id}, JsonText{name}, CallKind::function, std::move(opaque)};
}

std::vector<json> chunks_of(const EventWriter& writer) {
  std::vector<json> chunks;
  for (const std::string& one : frames_of(writer.out)) chunks.push_back(json::parse(one));
  return chunks;
}

json parts_of(const json& chunk) { return chunk["candidates"][0]["content"]["parts"]; }

}  // namespace

TEST_CASE("gemini answers: streams and bodies tell the same") {
  const std::string stop = R"(,"finishReason":"STOP")";
  const StreamCase cases[] = {
      {{frame(R"({"text":"a"})"), frame("{\"text\":\"\u00e9\\n\"}"), frame(R"({"text":""})", stop)},
       "text a\u00e9\\n\nusage - - - - -\nstop STOP "},
      {{frame(R"({"text":"h","thought":true})"), frame(R"({"text":"m","thought":true})"),
        frame(R"({"functionCall":{"id":"c","name":"f","args":{"a":"\"x"}},"thoughtSignature":"QQ=="})"),
        frame(R"({"functionCall":{"name":"g"}})", stop)},
       "thinking hm\ncall f <{\"a\":\"\\\"x\"}> sig:QQ==\ncall g\nusage - - - - -\ntool_calls STOP "},
      {{frame(R"({"text":"a"})"), frame(R"({"text":"","thoughtSignature":"QQ=="})", stop)},
       "text a\nredacted  sig:QQ==\nusage - - - - -\nstop STOP "},
      {{frame(R"({"text":"a","thoughtSignature":"QQ=="})"), frame(R"({"text":"b"})", stop)},
       "text a\nredacted  sig:QQ==\ntext b\nusage - - - - -\nstop STOP "},
      {{frame(R"({"text":"t","thought":true,"thoughtSignature":"QQ=="})"), frame(R"({"text":"b"})", stop)},
       "thinking t sig:QQ==\ntext b\nusage - - - - -\nstop STOP "},
      {{frame(R"({"inlineData":{"mimeType":"image/png","data":"AA-_"}})"),
        frame(R"({"executableCode":{"code":"1"}})", R"(,"finishReason":"MAX_TOKENS")")},
       "media  image/png:AA+/\nother  {executableCode}\nusage - - - - -\nlength MAX_TOKENS "}};
  for (const StreamCase& one : cases) {
    INFO(one.told);
    CHECK(told_of(read_stream(one.frames)) == one.told);
    json whole = json::parse(one.frames.back());
    json parts = json::array();
    for (const std::string& each : one.frames) {
      for (const json& part : parts_of(json::parse(each))) parts.push_back(part);
    }
    whole["candidates"][0]["content"]["parts"] = parts;
    CHECK(told_of(read_body(whole.dump())) == one.told);
  }
}

TEST_CASE("gemini answers: how they end") {
  struct Case {
    const char *body, *told;
  };
  const Case cases[] = {
      {R"({"promptFeedback":{"blockReason":"SAFETY","safetyRatings":[1]}})",
       "usage - - - - -\nrefusal SAFETY {\"safetyRatings\":[1]}"},
      {R"({"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"bad \"call\""}]})",
       "usage - - - - -\nerror MALFORMED_FUNCTION_CALL: bad \"call\""},
      {R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"MALFORMED_FUNCTION_CALL"}]})",
       "text x\nusage - - - - -\nstop MALFORMED_FUNCTION_CALL "},
      {R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"CONTINUATION"}]})",
       "text x\nusage - - - - -\npause CONTINUATION "},
      {R"({"candidates":[{"finishReason":"RECITATION","finishMessage":"m"}]})",
       "usage - - - - -\nrefusal RECITATION {\"finishMessage\":\"m\"}"},
      {R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"LATER"}]})",
       "text x\nusage - - - - -\nstop LATER "},
      {R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"slow","details":[{"retryDelay":"1.5s"}]}})",
       "usage - - - - -\nerror RESOURCE_EXHAUSTED: slow"},
      {R"([{"error":{"code":503,"status":"UNAVAILABLE","message":"busy"}}])",
       "usage - - - - -\nerror UNAVAILABLE: busy"}};
  for (const Case& one : cases) {
    INFO(one.body);
    CHECK(told_of(read_body(one.body)) == one.told);
    CHECK(told_of(read_stream({one.body})) == one.told);
  }
  const Answer limited = read_body(cases[6].body);
  CHECK(limited.error->status == 429);
  CHECK(limited.error->retry_after_s == 2);
}

TEST_CASE("gemini answers: counts are set, and the thoughts are part of the output") {
  const Answer answer = read_stream(
      {R"({"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":60,"toolUsePromptTokenCount":5,
          "promptTokensDetails":[{"modality":"AUDIO","tokenCount":9}]},"modelVersion":"m","responseId":"r"})",
       R"({"candidates":[],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":7,"thoughtsTokenCount":30}})",
       R"({"usageMetadata":{"promptTokenCount":0,"candidatesTokenCount":8}})"});
  CHECK(told_of(answer) == "usage 45 60 38 30 5\nstop  ");
  CHECK(answer.usage.audio_input == 9);
  CHECK(answer.id == "r");
  CHECK(answer.model == "m");
}

TEST_CASE("gemini answers: arguments that come in patches") {
  const auto patch = [](const std::string& patches, bool more) {
    return frame(R"({"functionCall":{"partialArgs":[)" + patches + "]" + (more ? R"(,"willContinue":true}})" : "}}"));
  };
  const Answer answer = read_stream(
      {frame(R"({"functionCall":{"id":"c","name":"f","willContinue":true}})"),
       patch(R"({"jsonPath":"$.city","stringValue":"New ","willContinue":true})", true),
       patch(R"({"jsonPath":"$.city","stringValue":"Y\"k"},{"jsonPath":"$.days[1].n","numberValue":2.50})", true),
       patch(R"({"jsonPath":"$['a b']","boolValue":true},{"jsonPath":"$.none","nullValue":"NULL_VALUE"})", true),
       frame(R"({"functionCall":{}})"), frame(R"({"functionCall":{"name":"g","args":{}}})")});
  CHECK(told_of(answer) ==
        "call f <{\"city\":\"New Y\\\"k\",\"days\":[null,{\"n\":2.5}],\"a b\":true,\"none\":null}>\ncall g <{}>\n"
        "usage - - - - -\ntool_calls  ");
  // Nonsense and excessive paths are left out.
  for (const char* path : {"", "city", "$", "$.", "$[", "$[x]", "$[99999999999]", "$[20000]", "$['a", "$[-1]"}) {
    INFO(path);
    const Answer left = read_stream({frame(R"({"functionCall":{"name":"f","willContinue":true}})"),
                                     patch(R"({"jsonPath":")" + std::string(path) + R"(","stringValue":"x"})", false)});
    CHECK(told_of(left) == "call f\nusage - - - - -\ntool_calls  ");
  }
}

TEST_CASE("gemini answers: sources and probabilities") {
  const Answer answer = read_body(R"({"candidates":[{"content":{"parts":[{"text":"Paris is"}]},"finishReason":"STOP",
    "groundingMetadata":{"groundingChunks":[{"web":{"uri":"u0","title":"t0"}},{"web":{"uri":"u1"}}],
    "groundingSupports":[{"segment":{"endIndex":5,"text":"Paris"},"groundingChunkIndices":[1,0,7]}]},
    "citationMetadata":{"citationSources":[{"startIndex":1,"endIndex":3,"uri":"u2"}]},
    "logprobsResult":{"chosenCandidates":[{"token":"P","logProbability":-0.5}],
    "topCandidates":[{"candidates":[{"token":"Q","logProbability":-2}]}]}}]})");
  REQUIRE(answer.pieces.size() == 1);
  const auto& notes = answer.pieces[0].notes;
  REQUIRE(notes.size() == 4);
  CHECK(notes[0].url == "u1");
  CHECK(notes[0].quote == "Paris");
  CHECK(notes[0].begin == 0);
  CHECK(notes[0].end == 5);
  CHECK(notes[1].title == "t0");
  CHECK(notes[2].url == "u2");
  CHECK(notes[3].raw ==
        R"([{"token":"P","logprob":-0.5,"bytes":null,"top_logprobs":[{"token":"Q","logprob":-2,"bytes":null}]}])");
  REQUIRE(answer.extras.size() == 1);
  CHECK(answer.extras[0].type == "groundingMetadata");
}

TEST_CASE("gemini answers: a body without candidates is none, whatever else it tells") {
  for (const char* body : {R"({"candidates":[]})", R"({"usageMetadata":{"promptTokenCount":9},"modelVersion":"m"})",
                           R"({"promptFeedback":{"safetyRatings":[]}})", R"({"responseId":"r"})"}) {
    INFO(body);
    AnswerCollector collector;
    const Result<void> done = gemini_room().make_reader({Dialect::gemini, "77"})->read_body(body, collector);
    REQUIRE_FALSE(done);
    CHECK(done.error().message == "the answer has no candidates");
    CHECK_FALSE(collector.answer.finished);
  }
}

TEST_CASE("gemini answers: malformed frames tell nothing") {
  for (const char* data : {"", "{", "[DONE]", "1", "[]", "{}", R"({"candidates":{}})", R"([{"candidates":[]},1])",
                           R"({"choices":[]})", "null", "\"\xff\""}) {
    INFO(data);
    const auto reader = gemini_room().make_reader({Dialect::gemini, "77"});
    AnswerCollector collector;
    CHECK_FALSE(reader->read_frame("", data, collector));
    CHECK(collector.answer.pieces.empty());
    CHECK_FALSE(collector.answer.finished);
    CHECK(reader->read_frame("", frame(R"({"text":"on"})"), collector));
    reader->end(collector);
    CHECK(told_of(collector.answer) == "text on\nusage - - - - -\nstop  ");
  }
}

TEST_CASE("gemini answers: any value anywhere in a frame does no harm") {
  const json whole = json::parse(R"({"candidates":[{"index":0,"content":{"parts":[{"text":"a","thought":false},
    {"functionCall":{"id":"c","name":"f","args":{},"partialArgs":[{"jsonPath":"$.a","stringValue":"x"}]},
    "thoughtSignature":"QQ=="},{"inlineData":{"mimeType":"a/b","data":"AA=="}}]},"finishReason":"STOP",
    "groundingMetadata":{"groundingChunks":[{"web":{"uri":"u"}}],"groundingSupports":[{"segment":{"endIndex":1},
    "groundingChunkIndices":[0]}]},"logprobsResult":{"chosenCandidates":[{"token":"a","logProbability":1}]}}],
    "usageMetadata":{"promptTokenCount":1,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":1}]}})");
  const json flat = whole.flatten();
  std::vector<std::string> places;
  for (const auto& [place, value] : flat.items()) {
    for (std::string at = place; !at.empty(); at.resize(at.rfind('/'))) places.push_back(at);
  }
  size_t read = 0;
  for (const std::string& place : places) {
    for (const char* value : {"null", "true", "-1.5", "\"\"", "\"\\ud800\"", "[]", "{}", "[[{}]]"}) {
      json changed = whole;
      changed[json::json_pointer(place)] = "PLACE";
      std::string text = changed.dump();
      text.replace(text.find("\"PLACE\""), 7, value);
      const auto reader = gemini_room().make_reader({Dialect::gemini, "77"});
      const auto writer = gemini_writer(true);
      if (!reader->read_body(text, *writer)) continue;
      ++read;
      writer->end();
      for (const std::string& chunk : frames_of(writer->out)) {
        JsonDocument document;
        CHECK(document.parse(chunk));
      }
    }
  }
  CHECK(read > 100);
}

// --- written ---

TEST_CASE("gemini callers: an answer of another dialect, as a stream and as a body") {
  const auto tell = [](EventSink& sink) {
    sink.on_start({JsonText{"msg_1"}, JsonText{"claude"}});
    sink.on_thinking(0, JsonText{"hm"}, false);
    sink.on_signature(0, {JsonText{"U0lH"}, {Dialect::anthropic, "1f"}, {}}, false);
    sink.on_part_end(0);
    sink.on_text(1, JsonText{"a\\n"});
    sink.on_text(1, JsonText{""});
    sink.on_text(1, JsonText{"b"});
    sink.on_part_end(1);
    sink.on_call(call_start(2, "toolu_1", "f"));
    sink.on_arguments(2, JsonText{R"({\"a\":)"});
    sink.on_arguments(2, JsonText{"1.0}"});
    sink.on_part_end(2);
    sink.on_call(call_start(3, "", "g"));
    sink.on_part_end(3);
    AnswerUsage usage;
    usage.counts = {10, 5, 2, 20, 8};
    sink.on_usage(usage);
    sink.on_finish({FinishReason::tool_calls, JsonText{"tool_use"}, {}, {}, Dialect::anthropic});
  };
  const std::string signature = gemini::signature_of({JsonText{"U0lH"}, {Dialect::anthropic, "1f"}, {}}, false);
  const json call = {{"functionCall", {{"id", "toolu_1"}, {"name", "f"}, {"args", {{"a", 1.0}}}}},
                     {"thoughtSignature", signature}};
  const json second = {{"functionCall", {{"id", "call_abcdefghijkl_1"}, {"name", "g"}, {"args", json::object()}}}};
  const json usage = json::parse(R"({"promptTokenCount":17,"cachedContentTokenCount":5,"candidatesTokenCount":12,
    "thoughtsTokenCount":8,"totalTokenCount":37})");
  const json expected[] = {{{{"text", "hm"}, {"thought", true}}},
                           {{{"text", "a\n"}}},
                           {{{"text", "b"}}},
                           json::array({call}),
                           json::array({second})};

  for (const bool array : {false, true}) {
    const auto writer = gemini_writer(true, array);
    tell(*writer);
    writer->end();
    CHECK(writer->out.substr(0, array ? 2 : 7) == (array ? "[{" : "data: {"));
    CHECK(writer->out.ends_with(array ? "}]" : "}\n\n"));
    const std::vector<json> chunks = chunks_of(*writer);
    REQUIRE(chunks.size() == 6);
    for (size_t i = 0; i < 5; ++i) {
      CHECK(parts_of(chunks[i]) == expected[i]);
      CHECK(chunks[i]["responseId"] == "abcdefghijkl");
      CHECK(chunks[i]["modelVersion"] == "claude");
      CHECK_FALSE(chunks[i].contains("usageMetadata"));
      CHECK_FALSE(chunks[i]["candidates"][0].contains("finishReason"));
    }
    CHECK(chunks[5]["candidates"][0]["finishReason"] == "STOP");
    CHECK(chunks[5]["usageMetadata"] == usage);
    CHECK(writer->untold.text() == "");
  }

  const auto writer = gemini_writer(false);
  tell(*writer);
  CHECK(writer->out.empty());
  writer->end();
  const json body = json::parse(writer->out);
  CHECK(parts_of(body) == json{{{"text", "hm"}, {"thought", true}}, {{"text", "a\nb"}}, call, second});
  CHECK(body["usageMetadata"] == usage);

  // Thoughts go only to callers who asked for them; signed parts go to all.
  const auto plain = gemini_writer(false, false, false);
  tell(*plain);
  plain->end();
  CHECK(parts_of(json::parse(plain->out)) == json{{{"text", "a\nb"}}, call, second});
}

TEST_CASE("gemini callers: what thinking of another dialect is signed with comes back in its place") {
  for (const bool stream : {true, false}) {
    const auto writer = gemini_writer(stream);
    const Origin origin{Dialect::anthropic, "1f"};
    writer->on_start({JsonText{"m"}, JsonText{"x"}});
    writer->on_thinking(0, JsonText{"one"}, false);
    writer->on_signature(0, {JsonText{"MQ"}, origin, {}}, false);
    writer->on_signature(0, {JsonText{"=="}, origin, {}}, false);
    writer->on_part_end(0);
    writer->on_text(1, JsonText{"text"});
    writer->on_part_end(1);
    writer->on_thinking(2, JsonText{"two"}, false);
    writer->on_signature(2, {JsonText{"Mg=="}, origin, {}}, false);
    writer->on_part_end(2);
    writer->on_signature(3, {JsonText{"Mw=="}, origin, {}}, true);
    writer->on_part_end(3);
    writer->on_call(call_start(4, "c", "f"));
    writer->on_part_end(4);
    writer->on_finish({});
    writer->end();
    json parts = json::array();
    if (stream) {
      for (const json& chunk : chunks_of(*writer)) {
        for (const json& part : parts_of(chunk)) parts.push_back(part);
      }
    } else {
      parts = parts_of(json::parse(writer->out));
    }
    INFO(parts.dump());
    const std::string body = json{{"contents", {{{"role", "model"}, {"parts", parts}}}}}.dump();
    const auto request = read_gemini(body);
    REQUIRE(request->messages.size() == 1);
    std::string told;
    for (const Part& part : request->messages[0].parts) {
      if (part.kind == PartKind::text && part.text.empty()) continue;
      told += kind_word(part.kind) + ":" + std::string(part.text.escaped) + std::string(part.opaque.data.escaped) + " ";
      if (!part.opaque.empty()) CHECK(part.opaque.origin == origin);
    }
    CHECK(told == "thinking:oneMQ== text:text thinking:twoMg== redacted:Mw== call: ");
  }
}

TEST_CASE("gemini callers: sources, pictures, and what cannot be told") {
  const auto writer = gemini_writer(false);
  writer->on_start({{}, {}});
  writer->on_text(0, JsonText{"x"});
  writer->on_citation(0, {JsonText{"https://a"}, JsonText{"A"}, JsonText{"x"}, {}, {}, "{}", Dialect::openai});
  writer->on_extra({Extra::Kind::logprobs, 0, Dialect::openai, "",
                    R"([{"token":"x","logprob":-1,"bytes":[1],"top_logprobs":[{"token":"y","logprob":-2}]}])"});
  writer->on_part_end(0);
  writer->on_media(1, PartKind::image, {Source::Kind::base64, "", JsonText{"iVBORw0KGgo="}});
  writer->on_part_end(1);
  writer->on_extra({Extra::Kind::hosted_item, 2, Dialect::responses, "web_search_call", "{}"});
  writer->on_part_end(2);
  writer->on_finish({FinishReason::pause, JsonText{"pause_turn"}, {}, {}, Dialect::anthropic});
  writer->end();
  const json body = json::parse(writer->out);
  CHECK(parts_of(body)[1] == json::parse(R"({"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}})"));
  const json& candidate = body["candidates"][0];
  CHECK(candidate["groundingMetadata"] == json::parse(R"({"groundingChunks":[{"web":{"uri":"https://a","title":"A"}}],
    "groundingSupports":[{"segment":{"text":"x"},"groundingChunkIndices":[0]}]})"));
  CHECK(candidate["logprobsResult"] == json::parse(R"({"chosenCandidates":[{"token":"x","logProbability":-1}],
    "topCandidates":[{"candidates":[{"token":"y","logProbability":-2}]}]})"));
  CHECK(candidate["finishReason"] == "STOP");
  CHECK(body["modelVersion"] == "gemini-2.5-flash");
  CHECK(writer->untold.text() == "answer.web_search_call=unsupported, finish_reason=changed");
}

TEST_CASE("gemini callers: errors in every form of an answer") {
  for (const int form : {0, 1, 2}) {
    for (const bool begun : {false, true}) {
      const auto failed = gemini_writer(form != 0, form == 2);
      const auto refused = gemini_writer(form != 0, form == 2);
      for (EventWriter* writer : {failed.get(), refused.get()}) {
        writer->on_start({{}, {}});
        if (begun) writer->on_text(0, JsonText{"x"});
      }
      failed->fail({ErrorCode::target_cut, "cut"}, "req_1");
      ProviderError error;
      error.status = 529;
      error.code = "overloaded_error";
      error.message = "busy";
      error.retry_after_s = 3;
      refused->on_error(error);
      refused->end();
      const auto last = [form](const EventWriter& writer) {
        return form == 0 ? json::parse(writer.out) : json::parse(frames_of(writer.out).back());
      };
      CHECK(last(*failed)["error"]["message"] == "cut");
      CHECK(last(*refused)["error"] == json::parse(R"({"code":503,"message":"busy","status":"UNAVAILABLE","details":[
        {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"overloaded_error"},
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3s"}]})"));
      CHECK(refused->out.find("finishReason") == std::string::npos);
    }
  }
}
