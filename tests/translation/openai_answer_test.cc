// Answers as callers of chat completions and of the older completions get them.
#include <catch2/catch.hpp>
#include <functional>

#include "api/corpus.h"
#include "api/event_filter.h"
#include "translation/openai_tools.h"
#include "translation/schema.h"

using namespace sluice;
using namespace sluice::api;
using namespace sluice::test;

namespace {

struct Asked {
  const char* request = R"({"messages":[],"stream_options":{"include_usage":true}})";
  bool stream = true;
  const char* endpoint = "chat/completions";
};

std::unique_ptr<EventWriter> writer_for(const Asked& asked) {
  const auto request = read_chat(asked.request);
  REQUIRE(request);
  const AnswerShape shape{asked.endpoint, asked.stream, false, **request, "ID", 7, "asked", chat_target};
  return chat().make_writer(shape);
}

// The data of each frame.
std::vector<std::string> frames_of(const std::string& stream) {
  std::vector<std::string> frames;
  for (size_t at = 0; at < stream.size();) {
    REQUIRE(stream.substr(at, 6) == "data: ");
    const size_t end = stream.find("\n\n", at);
    REQUIRE(end != std::string::npos);
    frames.push_back(stream.substr(at + 6, end - at - 6));
    at = end + 2;
  }
  return frames;
}

// The deltas of a stream, one per line, followed by what differs from an ordinary chunk.
std::string deltas_of(const std::string& stream) {
  std::string out;
  for (const std::string& frame : frames_of(stream)) {
    if (frame == "[DONE]") {
      out += "DONE";
      continue;
    }
    const auto chunk = nlohmann::json::parse(frame);
    CHECK(chunk["id"] == "chatcmpl-ID");
    CHECK(chunk["object"] == "chat.completion.chunk");
    CHECK(chunk["created"] == 7);
    if (chunk["choices"].empty()) {
      out += chunk["usage"].dump() + "\n";
      continue;
    }
    const auto& choice = chunk["choices"][0];
    out += choice["delta"].dump();
    if (!choice["logprobs"].is_null()) out += " " + choice["logprobs"].dump();
    if (!choice["finish_reason"].is_null()) out += " " + choice["finish_reason"].get<std::string>();
    out += "\n";
  }
  return out;
}

using Tell = std::function<void(EventSink&)>;

std::string streamed(const Tell& tell, const Asked& asked = {}) {
  const auto writer = writer_for(asked);
  writer->on_start({JsonText{"x"}, JsonText{"m"}});
  tell(*writer);
  writer->end();
  const std::string all = deltas_of(writer->out), role = R"({"content":"","role":"assistant"})";
  REQUIRE(all.starts_with(role + "\n"));
  return all.substr(role.size() + 1);
}

nlohmann::json whole(const Tell& tell, Asked asked = {}) {
  asked.stream = false;
  const auto writer = writer_for(asked);
  writer->on_start({JsonText{"x"}, JsonText{"m"}});
  tell(*writer);
  CHECK(writer->out.empty());
  writer->end();
  return nlohmann::json::parse(writer->out);
}

void finish(EventSink& sink, FinishReason reason) { sink.on_finish({reason, {}, {}, {}, Dialect::anthropic}); }

const Opaque signature{JsonText{"s"}, {Dialect::anthropic, "77"}, {}};
const Opaque own_data{JsonText{"d"}, chat_target, JsonText{"v1__rs"}};

void tell_call(EventSink& sink, uint32_t part, const char* id, const char* arguments,
               CallKind kind = CallKind::function) {
  sink.on_call({part, JsonText{id}, JsonText{"f"}, kind, {}});
  if (*arguments != 0) sink.on_arguments(part, JsonText{arguments});
  sink.on_part_end(part);
}

}  // namespace

TEST_CASE("chat: a text for a caller, with usage behind the end") {
  const Tell tell = [](EventSink& sink) {
    sink.on_text(0, JsonText{"a\\n"});
    sink.on_text(0, JsonText{"b"});
    sink.on_part_end(0);
    finish(sink, FinishReason::stop);
    AnswerUsage usage;
    usage.counts = {10, 4, 1, 3, 2};
    sink.on_usage(usage);
  };
  const std::string usage =
      R"({"completion_tokens":3,"completion_tokens_details":{"reasoning_tokens":2},"prompt_tokens":15,)"
      R"("prompt_tokens_details":{"cache_write_tokens":1,"cached_tokens":4},"total_tokens":18})";
  const std::string text = "{\"content\":\"a\\n\"}\n{\"content\":\"b\"}\n{} stop\n";
  CHECK(streamed(tell) == text + usage + "\nDONE");
  CHECK(streamed(tell, {R"({"messages":[]})"}) == text + "DONE");
  const auto body = whole(tell);
  CHECK(body["id"] == "chatcmpl-ID");
  CHECK(body["object"] == "chat.completion");
  CHECK(body["model"] == "m");
  CHECK(
      body["choices"].dump() ==
      R"([{"finish_reason":"stop","index":0,"logprobs":null,"message":{"content":"a\nb","refusal":null,"role":"assistant"}}])");
  CHECK(body["usage"].dump() == usage);
}

TEST_CASE("chat: calls for a caller are counted by themselves, and have ids and arguments") {
  const Tell tell = [](EventSink& sink) {
    sink.on_thinking(0, JsonText{"hm"}, false);
    sink.on_part_end(0);
    sink.on_text(1, JsonText{"t"});
    sink.on_part_end(1);
    sink.on_call({2, JsonText{"x"}, JsonText{"f"}, CallKind::function, {}});
    sink.on_arguments(2, JsonText{""});
    sink.on_arguments(2, JsonText{R"({\"a\")"});
    sink.on_arguments(2, JsonText{":1}"});
    sink.on_part_end(2);
    tell_call(sink, 3, "", "");
    tell_call(sink, 4, "z", "free", CallKind::custom);
    finish(sink, FinishReason::stop);
  };
  const Asked asked{R"({"messages":[]})"};
  CHECK(streamed(tell, asked) ==
        R"({"reasoning_content":"hm","reasoning_details":[{"index":0,"text":"hm","type":"reasoning.text"}]})"
        "\n"
        R"({"content":"t"})"
        "\n"
        R"({"tool_calls":[{"function":{"arguments":"","name":"f"},"id":"x","index":0,"type":"function"}]})"
        "\n"
        R"({"tool_calls":[{"function":{"arguments":"{\"a\""},"index":0}]})"
        "\n"
        R"({"tool_calls":[{"function":{"arguments":":1}"},"index":0}]})"
        "\n"
        R"({"tool_calls":[{"function":{"arguments":"","name":"f"},"id":"call_ID2","index":1,"type":"function"}]})"
        "\n"
        R"({"tool_calls":[{"function":{"arguments":"{}"},"index":1}]})"
        "\n"
        R"({"tool_calls":[{"custom":{"input":"","name":"f"},"id":"z","index":2,"type":"custom"}]})"
        "\n"
        R"({"tool_calls":[{"custom":{"input":"free"},"index":2}]})"
        "\n{} tool_calls\nDONE");
  const auto message = whole(tell, asked)["choices"][0]["message"];
  CHECK(message["content"] == "t");
  CHECK(
      message["tool_calls"].dump() ==
      R"([{"function":{"arguments":"{\"a\":1}","name":"f"},"id":"x","type":"function"},)"
      R"({"function":{"arguments":"{}","name":"f"},"id":"call_ID2","type":"function"},{"custom":{"input":"free","name":"f"},"id":"z","type":"custom"}])");
}

TEST_CASE("chat: content is null where there are calls only") {
  const Tell tell = [](EventSink& sink) {
    tell_call(sink, 0, "x", "{}");
    finish(sink, FinishReason::tool_calls);
  };
  CHECK(whole(tell)["choices"][0]["message"]["content"].is_null());
  CHECK(whole([](EventSink& sink) { finish(sink, FinishReason::stop); })["choices"][0]["message"]["content"] == "");
}

TEST_CASE("chat: callers that know functions only get one, in their form") {
  const Tell tell = [](EventSink& sink) {
    tell_call(sink, 0, "x", "{}");
    tell_call(sink, 1, "y", "{}");
    finish(sink, FinishReason::tool_calls);
  };
  const Asked asked{R"({"messages":[],"functions":[{"name":"f"}]})"};
  CHECK(streamed(tell, asked) ==
        "{\"function_call\":{\"arguments\":\"\",\"name\":\"f\"}}\n{\"function_call\":{\"arguments\":\"{}\"}}\n{} "
        "function_call\nDONE");
  const auto choice = whole(tell, asked)["choices"][0];
  CHECK(choice["message"]["function_call"].dump() == R"({"arguments":"{}","name":"f"})");
  CHECK(choice["finish_reason"] == "function_call");
}

TEST_CASE("chat: thinking and its signatures come back with the history") {
  const Tell tell = [](EventSink& sink) {
    sink.on_thinking(0, JsonText{"h"}, false);
    sink.on_thinking(0, JsonText{"m"}, false);
    sink.on_signature(0, signature, false);
    sink.on_part_end(0);
    sink.on_signature(1, signature, true);
    sink.on_part_end(1);
    sink.on_thinking(2, JsonText{"sum"}, true);
    sink.on_signature(2, own_data, false);
    sink.on_part_end(2);
    sink.on_call({3, JsonText{"x"}, JsonText{"f"}, CallKind::function, signature});
    sink.on_part_end(3);
    finish(sink, FinishReason::tool_calls);
  };
  const auto message = whole(tell)["choices"][0]["message"];
  CHECK(message["reasoning_content"] == "hmsum");
  CHECK(
      message["reasoning_details"].dump() ==
      R"([{"index":0,"text":"hm","type":"reasoning.text"},{"index":0,"signature":"sluice.anthropic.77..s","type":"reasoning.text"},)"
      R"({"data":"sluice.anthropic.77..s","index":1,"type":"reasoning.encrypted"},{"index":2,"summary":"sum","type":"reasoning.summary"},)"
      R"({"data":"d","format":"v1","id":"rs","index":2,"type":"reasoning.encrypted"}])");
  CHECK(message["tool_calls"][0]["extra_content"].dump() ==
        R"({"google":{"thought_signature":"sluice.anthropic.77..s"}})");

  // A caller may send the deltas back joined, or keep them separate.
  const Tell nothing = [](EventSink&) {};
  auto joined = message;
  auto apart = message;
  apart["reasoning_details"] = nlohmann::json::array();
  const auto writer = writer_for({});
  writer->on_start({});
  tell(*writer);
  for (const std::string& frame : frames_of(writer->out)) {
    const auto delta = nlohmann::json::parse(frame)["choices"][0]["delta"];
    for (const auto& entry : delta.value("reasoning_details", nlohmann::json::array()))
      apart["reasoning_details"].push_back(entry);
  }
  for (const auto& back : {joined, apart}) {
    const std::string body = nlohmann::json{{"messages", {back}}}.dump();
    const auto request = read_chat(body);
    REQUIRE(request);
    const std::vector<Part>& parts = (*request)->messages.front().parts;
    REQUIRE(parts.size() == 4);
    CHECK(parts[0].text.escaped == "hm");
    CHECK(parts[0].opaque.data == signature.data);
    CHECK(parts[0].opaque.origin == signature.origin);
    CHECK(parts[1].kind == PartKind::redacted);
    CHECK(parts[1].opaque.origin == signature.origin);
    CHECK(parts[2].is_summary);
    CHECK(parts[2].opaque.data.escaped == "d");
    CHECK(parts[2].opaque.id.escaped == "v1__rs");
    CHECK(parts[3].opaque.origin == signature.origin);
  }
}

TEST_CASE("chat: refusals, citations, chances, pictures, and what cannot be told") {
  const Tell tell = [](EventSink& sink) {
    sink.on_text(0, JsonText{"\\u00e4b"});
    sink.on_part_end(0);
    sink.on_text(1, JsonText{"cd\\ud83d\\ude00"});
    sink.on_citation(1, {JsonText{"http://u"}, JsonText{"t"}, {}, {}, {}, {}, Dialect::anthropic});
    sink.on_citation(1, {{}, JsonText{"a document"}, {}, {}, {}, {}, Dialect::anthropic});
    sink.on_extra({Extra::Kind::logprobs, 1, Dialect::openai, {}, R"([{"token":"c"}])"});
    sink.on_extra({Extra::Kind::hosted_item, 9, Dialect::anthropic, "x", "{}"});
    sink.on_part_end(1);
    sink.on_media(2, PartKind::image, {Source::Kind::base64, "image/png", JsonText{"AA"}});
    sink.on_part_end(2);
    sink.on_refusal(3, JsonText{"no"});
    sink.on_part_end(3);
    finish(sink, FinishReason::refusal);
  };
  const Asked asked{R"({"messages":[]})"};
  CHECK(
      streamed(tell, asked) ==
      "{\"content\":\"\xc3\xa4"
      "b\"}\n{\"content\":\"cd\xf0\x9f\x98\x80\"}\n"
      R"({"annotations":[{"type":"url_citation","url_citation":{"end_index":5,"start_index":2,"title":"t","url":"http://u"}}]})"
      "\n{} {\"content\":[{\"token\":\"c\"}],\"refusal\":null}\n"
      R"({"images":[{"image_url":{"url":"data:image/png;base64,AA"},"type":"image_url"}]})"
      "\n{\"refusal\":\"no\"}\n{} content_filter\nDONE");
  const auto choice = whole(tell, asked)["choices"][0];
  CHECK(choice["message"]["annotations"][0]["url_citation"]["end_index"] == 5);
  CHECK(choice["message"]["refusal"] == "no");
  CHECK(choice["logprobs"].dump() == R"({"content":[{"token":"c"}],"refusal":null})");
  const auto writer = writer_for(asked);
  writer->on_start({});
  tell(*writer);
  CHECK(writer->untold.text() == "answer.citation=unsupported, answer.x=unsupported");
}

TEST_CASE("chat: an answer of the older completions") {
  const Tell tell = [](EventSink& sink) {
    sink.on_text(0, JsonText{"a"});
    sink.on_part_end(0);
    AnswerUsage usage;
    usage.counts.input_uncached = 1;
    sink.on_usage(usage);
    finish(sink, FinishReason::length);
  };
  const auto body = whole(tell, {R"({"messages":[]})", false, "completions"});
  CHECK(body["object"] == "text_completion");
  CHECK(body["id"] == "cmpl-ID");
  CHECK(body["choices"].dump() == R"([{"finish_reason":"length","index":0,"logprobs":null,"text":"a"}])");
  CHECK(body["usage"]["prompt_tokens"] == 1);
  const auto writer = writer_for({R"({"messages":[],"stream_options":{"include_usage":true}})", true, "completions"});
  writer->on_start({});
  tell(*writer);
  writer->end();
  const std::vector<std::string> frames = frames_of(writer->out);
  REQUIRE(frames.size() == 4);
  CHECK(nlohmann::json::parse(frames[0])["choices"][0]["text"] == "a");
  CHECK(nlohmann::json::parse(frames[1])["choices"][0]["finish_reason"] == "length");
  CHECK(nlohmann::json::parse(frames[2])["usage"]["total_tokens"] == 1);
  CHECK(frames[3] == "[DONE]");
}

TEST_CASE("chat: an error ends a stream without a sign of success") {
  const auto writer = writer_for({});
  writer->on_start({});
  writer->on_text(0, JsonText{"a"});
  writer->out.clear();
  writer->on_error({429, "too_many", "slow \"down\"", {}});
  CHECK(writer->out ==
        "data: {\"error\":{\"message\":\"slow "
        "\\\"down\\\"\",\"type\":\"rate_limit_error\",\"param\":null,\"code\":\"too_many\"}}\n\n");
  writer->out.clear();
  writer->fail({ErrorCode::target_cut, "it was cut"}, "r");
  CHECK(writer->out.starts_with("data: {\"error\":{\"message\":\"it was cut\""));
  CHECK(writer->out.ends_with("}}\n\n"));
}

namespace {

// Feeds an answer to a reader: a whole body, or the first `frames` frames.
void read_answer(const std::string& body, bool stream, EventSink& sink, size_t frames = SIZE_MAX) {
  const auto reader = chat().make_reader(chat_target);
  if (!stream) {
    (void)reader->read_body(body, sink);
  } else {
    for (size_t at = 0; at < body.size() && frames != 0;) {
      const size_t end = std::min(body.find('\n', at), body.size());
      if (body.compare(at, 6, "data: ") == 0) {
        (void)reader->read_frame("", std::string_view(body).substr(at + 6, end - at - 6), sink);
        --frames;
      }
      at = end + 1;
    }
  }
  reader->end(sink);
}

std::string answer_text(const Answer& answer) {
  EventText text;
  replay(answer, text);
  return text.told;
}

}  // namespace

TEST_CASE("chat: recorded answers are the same when they are written and read again") {
  const OpenAiSchemas schemas;
  size_t count = 0;
  for (const Exchange& exchange : corpus()) {
    if (exchange.dialect != Dialect::openai || exchange.status != 200) continue;
    INFO(exchange.name);
    AnswerCollector once;
    read_answer(exchange.body, exchange.stream, once);
    if (once.answer.error) {
      CHECK_FALSE(once.answer.error->message.empty());
      continue;
    }
    if (!exchange.stream) CHECK(once.answer.finished);
    for (const bool stream : {false, true}) {
      const auto writer = writer_for({R"({"messages":[],"stream_options":{"include_usage":true}})", stream});
      PartSequencer sequencer(*writer);
      read_answer(exchange.body, exchange.stream, sequencer);
      if (once.answer.finished) writer->end();
      AnswerCollector twice;
      read_answer(writer->out, stream, twice);
      for (size_t i = 0; i < once.answer.pieces.size() && i < twice.answer.pieces.size(); ++i) {
        if (once.answer.pieces[i].id.empty())
          once.answer.pieces[i].id = twice.answer.pieces[i].id;  // the writer generated one
      }
      if (!once.answer.finished) continue;
      CHECK(answer_text(once.answer) == answer_text(twice.answer));
      if (!stream) {
        nlohmann::json body = nlohmann::json::parse(writer->out);
        auto& message = body["choices"][0]["message"];
        if (exchange.body.find("\"type\": \"file\"") != std::string::npos)
          message.erase("annotations");  // OpenRouter's
        CHECK(schemas.fault("CreateChatCompletionResponse", body) == "");
      } else {
        for (const std::string& frame : frames_of(writer->out)) {
          if (frame == "[DONE]") continue;
          nlohmann::json chunk = nlohmann::json::parse(frame);
          if (chunk.contains("usage") && chunk["usage"].is_null())
            chunk.erase("usage");  // the specification does not allow null here
          CHECK(schemas.fault("CreateChatCompletionStreamResponse", chunk) == "");
        }
      }
    }
    ++count;
  }
  std::cout << "answers of chat written and read again: " << count << "\n";
}

TEST_CASE("chat: answers that are cut anywhere never break the reader") {
  for (const Exchange& exchange : corpus()) {
    if (exchange.dialect != Dialect::openai) continue;
    const std::string& body = exchange.body;
    if (exchange.stream) {
      for (size_t frames = 0; frames < 60; ++frames) {
        EventText text;
        read_answer(body, true, text, frames);
        CHECK(text.told.find("bad") == std::string::npos);
      }
    } else {
      for (size_t bytes = 0; bytes < body.size(); bytes += 97) {
        EventText text;
        read_answer(body.substr(0, bytes), false, text);
        CHECK(text.told.empty());
      }
    }
  }
}

TEST_CASE("chat: values of any type anywhere in an answer never break the reader") {
  const nlohmann::json answer = nlohmann::json::parse(
      R"({"id":"i","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":[{"type":"text","text":"a"},)"
      R"({"type":"thinking","thinking":[{"text":"t"}]}],"reasoning_details":[{"type":"reasoning.text","text":"t","index":0,"signature":"s"},)"
      R"({"type":"reasoning.encrypted","data":"d","index":1}],"tool_calls":[{"index":0,"id":"x","function":{"name":"f","arguments":"{}"},)"
      R"("extra_content":{"google":{"thought_signature":"s"}}}],"annotations":[{"type":"url_citation","url_citation":{"url":"u"}}]},)"
      R"("finish_reason":"stop","logprobs":{"content":[{"token":"a"}]}}],"usage":{"prompt_tokens":1,"completion_tokens":2,)"
      R"("prompt_tokens_details":{"cached_tokens":1}}})");
  const nlohmann::json others[] = {
      nullptr, true, -7, 1e300, "x", "{\"\\", nlohmann::json::array({1}), nlohmann::json::object(), {{"a", 1}}};
  const nlohmann::json flat = answer.flatten();
  size_t told = 0;
  for (const auto& [path, value] : flat.items()) {
    for (nlohmann::json::json_pointer pointer(path); !pointer.empty(); pointer.pop_back()) {
      for (const nlohmann::json& other : others) {
        nlohmann::json changed = answer;
        changed[pointer] = other;
        const auto writer = writer_for({});
        PartSequencer sequencer(*writer);
        const auto reader = chat().make_reader(chat_target);
        if (reader->read_body(changed.dump(), sequencer)) ++told;
        reader->end(sequencer);
        writer->end();
        for (const std::string& frame : frames_of(writer->out))
          CHECK((frame == "[DONE]" || nlohmann::json::accept(frame)));
      }
    }
  }
  CHECK(told > 100);
}
