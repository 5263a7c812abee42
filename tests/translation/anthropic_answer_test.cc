// Answers of Anthropic targets as events, and events as answers for its callers.
#include <catch2/catch.hpp>
#include <functional>

#include "translation/anthropic_support.h"

using namespace sluice;
using namespace sluice::test::messages;
using api::JsonText;

namespace {

struct Asked {
  std::string body =
      R"({"model":"m","max_tokens":10,"system":"abcd","messages":[{"role":"user","content":"abcdefgh"}]})";
  std::unique_ptr<api::Request> request = std::move(*anthropic_room().read_request(body, {}));
};

using Tell = std::function<void(api::EventSink&)>;

// The data of the frames, one per line.
std::string stream_of(const Tell& tell, std::string* untold = nullptr) {
  const Asked asked;
  const auto writer = anthropic_writer(*asked.request, true);
  tell(*writer);
  writer->end();
  if (untold != nullptr) *untold = writer->untold.text();
  std::string lines;
  for (const Frame& frame : frames_of(writer->out)) {
    CHECK(json::parse(frame.data).at("type") == frame.event);
    lines += frame.data + "\n";
  }
  return lines;
}

json body_of(const Tell& tell) {
  const Asked asked;
  const auto writer = anthropic_writer(*asked.request, false);
  tell(*writer);
  CHECK(writer->out.empty());
  writer->end();
  INFO(writer->out);
  return json::parse(writer->out);
}

api::AnswerUsage usage(uint64_t uncached, uint64_t read, uint64_t written, uint64_t output) {
  api::AnswerUsage usage;
  usage.counts = {uncached, read, written, output, 3};
  return usage;
}

constexpr std::string_view opening =
    R"({"type":"message_start","message":{"id":"msg_0123456789abcdefghijklmn","type":"message","role":"assistant","model":"gpt","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}
)";

std::string ending(const std::string& reason) {
  return R"({"type":"message_delta","delta":{"stop_reason":")" + reason +
         R"(","stop_sequence":null},"usage":{"input_tokens":7,"cache_creation_input_tokens":2,"cache_read_input_tokens":5,"output_tokens":11,"output_tokens_details":{"thinking_tokens":3}}}
{"type":"message_stop"}
)";
}

void tell_conversation(api::EventSink& sink) {
  sink.on_start({{"chatcmpl-1"}, {"gpt"}});
  sink.on_thinking(0, {"h\\n"}, false);
  sink.on_thinking(0, {"m"}, false);
  sink.on_signature(0, {{"enc"}, {Dialect::openai, "00bb"}, {"rs_1"}}, false);
  sink.on_part_end(0);
  sink.on_text(1, {"a\\\"b"});
  sink.on_text(1, {""});
  sink.on_text(1, {"c"});
  sink.on_part_end(1);
  sink.on_call({2, {"call_1"}, {"f"}, api::CallKind::function, {}});
  sink.on_arguments(2, {""});
  sink.on_arguments(2, {R"({\"a\":)"});
  sink.on_arguments(2, {"1}"});
  sink.on_part_end(2);
  sink.on_call({3, {}, {"g"}, api::CallKind::function, {{"sig"}, {Dialect::gemini, "00cc"}, {}}});
  sink.on_part_end(3);
  sink.on_finish({});
  sink.on_usage(usage(7, 5, 2, 11));
}

}  // namespace

TEST_CASE("anthropic: an answer of others as a stream") {
  CHECK(stream_of(tell_conversation) ==
        std::string(opening) +
            R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}
{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"h\n"}}
{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"m"}}
{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sluice.openai.00bb.rs_1.enc"}}
{"type":"content_block_stop","index":0}
{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}
{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a\"b"}}
{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"c"}}
{"type":"content_block_stop","index":1}
{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"call_1","name":"f","input":{}}}
{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}
{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"1}"}}
{"type":"content_block_stop","index":2}
{"type":"content_block_start","index":3,"content_block":{"type":"redacted_thinking","data":"sluice.gemini.00cc.call.sig"}}
{"type":"content_block_stop","index":3}
{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_0123456789abcdefghijklmn2","name":"g","input":{}}}
{"type":"content_block_stop","index":4}
)" + ending("tool_use"));
}

TEST_CASE("anthropic: an answer of others as a body") {
  CHECK(body_of(tell_conversation) == json::parse(R"({"id":"msg_0123456789abcdefghijklmn","type":"message",
    "role":"assistant","model":"gpt","content":[
      {"type":"thinking","thinking":"h\nm","signature":"sluice.openai.00bb.rs_1.enc"},{"type":"text","text":"a\"bc"},
      {"type":"tool_use","id":"call_1","name":"f","input":{"a":1}},
      {"type":"redacted_thinking","data":"sluice.gemini.00cc.call.sig"},
      {"type":"tool_use","id":"toolu_0123456789abcdefghijklmn2","name":"g","input":{}}],
    "stop_reason":"tool_use","stop_sequence":null,
    "usage":{"input_tokens":7,"cache_creation_input_tokens":2,"cache_read_input_tokens":5,"output_tokens":11,
      "output_tokens_details":{"thinking_tokens":3}}})"));
}

TEST_CASE("anthropic: thinking that nobody signed says so in a signature's place") {
  const Tell tell = [](api::EventSink& sink) {
    sink.on_thinking(0, api::JsonText{"hm"}, false);
    sink.on_part_end(0);
    sink.on_finish({});
  };
  const std::string stands_in = "sluice.openai.00bb.unsigned.unsigned";
  CHECK(body_of(tell)["content"][0]["signature"] == stands_in);
  api::Request request;
  const auto writer = anthropic_writer(request, true);
  tell(*writer);
  CHECK_THAT(writer->out, Catch::Contains(R"("delta":{"type":"signature_delta","signature":")" + stands_in + R"("}})"));
}

TEST_CASE("anthropic: how an answer ends") {
  using Reason = api::FinishReason;
  struct Row {
    api::Finish finish;
    const char* told;
  };
  const Dialect others = Dialect::gemini, own = Dialect::anthropic;
  const Row rows[] = {
      {{Reason::stop, {"STOP"}, {}, {}, others}, R"({"stop_reason":"end_turn","stop_sequence":null})"},
      {{Reason::stop, {"stop"}, {"END"}, {}, others}, R"({"stop_reason":"stop_sequence","stop_sequence":"END"})"},
      {{Reason::length, {"MAX_TOKENS"}, {}, "{}", others}, R"({"stop_reason":"max_tokens","stop_sequence":null})"},
      {{Reason::refusal, {"SAFETY"}, {}, {}, others}, R"({"stop_reason":"refusal","stop_sequence":null})"},
      {{Reason::pause, {"CONTINUATION"}, {}, {}, others}, R"({"stop_reason":"pause_turn","stop_sequence":null})"},
      {{Reason::length, {"model_context_window_exceeded"}, {}, {}, own},
       R"({"stop_reason":"model_context_window_exceeded","stop_sequence":null})"},
      {{Reason::refusal, {"refusal"}, {}, R"({"type":"refusal"})", own},
       R"({"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal"}})"},
  };
  for (const Row& row : rows) {
    const auto tell = [&row](api::EventSink& sink) {
      sink.on_start({{"x"}, {"y"}});
      sink.on_text(0, {"t"});
      sink.on_part_end(0);
      sink.on_finish(row.finish);
    };
    const json expected = json::parse(row.told);
    CHECK(stream_of(tell).find("\"delta\":" + std::string(row.told)) != std::string::npos);
    const json body = body_of(tell);
    for (const auto& [key, value] : expected.items()) CHECK(body[key] == value);
  }
  const json refused = body_of([](api::EventSink& sink) {
    sink.on_start({});
    sink.on_refusal(0, {"no"});
    sink.on_part_end(0);
    sink.on_finish({});
  });
  CHECK(refused["content"] == json::parse(R"([{"type":"text","text":"no"}])"));
  CHECK(refused["stop_reason"] == "refusal");
  CHECK(refused["model"] == "asked-model");
  CHECK(refused["usage"]["input_tokens"] == 3);
  CHECK(refused["usage"]["output_tokens"] == 1);
}

TEST_CASE("anthropic: citations, media and what the provider did itself") {
  std::string untold;
  const Tell tell = [](api::EventSink& sink) {
    sink.on_start({});
    sink.on_text(0, {"t"});
    sink.on_citation(0, {{"https://a"}, {"A"}, {"q"}, 0, 1, "{}", Dialect::openai});
    sink.on_citation(0, {{}, {}, {}, {}, {}, R"({"type":"char_location"})", Dialect::anthropic});
    sink.on_citation(0, {{}, {}, {}, {}, {}, "{}", Dialect::gemini});
    sink.on_part_end(0);
    sink.on_extra(
        {api::Extra::Kind::hosted_item, 1, Dialect::anthropic, "web_search_tool_result", R"({"type":"web"})"});
    sink.on_part_end(1);
    sink.on_extra({api::Extra::Kind::logprobs, 0, Dialect::openai, "", "[]"});
    sink.on_media(2, api::PartKind::image, {api::Source::Kind::base64, "image/png", {"iVBO"}});
    sink.on_finish({});
  };
  const std::string stream = stream_of(tell, &untold);
  CHECK(untold == "answer.citation=unsupported, answer.logprobs=unsupported, answer.image=unsupported");
  CHECK(
      stream.find(
          R"("delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://a","title":"A","cited_text":"q","encrypted_index":"sluice.openai..."}})") !=
      std::string::npos);
  CHECK(stream.find(R"("delta":{"type":"citations_delta","citation":{"type":"char_location"}})") != std::string::npos);
  CHECK(stream.find(R"({"type":"content_block_start","index":1,"content_block":{"type":"web"}})") != std::string::npos);
  const json body = body_of(tell);
  CHECK(body["content"][0]["citations"].size() == 2);
  CHECK(body["content"][1] == json::parse(R"({"type":"web"})"));
}

TEST_CASE("anthropic: free text of a call is its input") {
  const Tell tell = [](api::EventSink& sink) {
    sink.on_start({});
    sink.on_call({0, {"c"}, {"patch"}, api::CallKind::custom, {}});
    sink.on_arguments(0, {R"(a\"b\n)"});
    sink.on_part_end(0);
    sink.on_finish({});
  };
  CHECK(body_of(tell)["content"][0]["input"] == json::parse(R"({"input":"a\"b\n"})"));
  std::string partial;
  for (std::string lines = stream_of(tell); !lines.empty(); lines.erase(0, lines.find('\n') + 1)) {
    const json frame = json::parse(lines.substr(0, lines.find('\n')));
    if (frame["type"] == "content_block_delta") partial += frame["delta"]["partial_json"];
  }
  CHECK(json::parse(partial) == json::parse(R"({"input":"a\"b\n"})"));
}

TEST_CASE("anthropic: an error ends a stream without a sign of success") {
  const Asked asked;
  const auto writer = anthropic_writer(*asked.request, true);
  writer->on_start({{"x"}, {"y"}});
  writer->on_text(0, {"t"});
  writer->out.clear();
  SECTION("of the provider") {
    writer->on_error({503, "server_error", "too \"busy\"", {}});
    CHECK(writer->out ==
          "event: error\ndata: "
          R"({"type":"error","error":{"type":"overloaded_error","message":"too \"busy\""}})"
          "\n\n");
  }
  SECTION("of our own") {
    writer->fail({ErrorCode::target_cut, "cut"}, "req1");
    CHECK(writer->out.starts_with("event: error\ndata: {\"type\":\"error\""));
  }
  writer->out.clear();
  writer->on_text(0, {"more"});
  writer->on_error({500, "", "again", {}});
  writer->end();
  CHECK(writer->out.empty());
}

TEST_CASE("anthropic: an error instead of a body") {
  const Asked asked;
  const auto writer = anthropic_writer(*asked.request, false);
  writer->on_error({0, "overloaded_error", "busy", {}});
  writer->end();
  CHECK(json::parse(writer->out) ==
        json::parse(R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})"));
}

// --- reading ---

TEST_CASE("anthropic: what a target streams") {
  const std::string start =
      R"({"type":"message_start","message":{"id":"msg_1","model":"c","usage":{"input_tokens":9,"cache_read_input_tokens":4,"cache_creation_input_tokens":3,"cache_creation":{"ephemeral_1h_input_tokens":2,"ephemeral_5m_input_tokens":1},"output_tokens":1}}})";
  const auto told = [&start](const std::vector<std::string>& frames) {
    ToldAnswer answer;
    const auto reader = anthropic_room().make_reader({Dialect::anthropic, "00aa"});
    CHECK(reader->read_frame("message_start", start, answer));
    for (const std::string& frame : frames) CHECK(reader->read_frame("", frame, answer));
    reader->end(answer);
    return answer;
  };
  const auto block = [](int index, const std::string& content) {
    return R"({"type":"content_block_start","index":)" + std::to_string(index) + R"(,"content_block":)" + content + "}";
  };
  const auto delta = [](int index, const std::string& content) {
    return R"({"type":"content_block_delta","index":)" + std::to_string(index) + R"(,"delta":)" + content + "}";
  };
  const auto stop = [](int index) { return R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}"; };
  const std::string end =
      R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":20,"input_tokens":0}})";

  SECTION("usage is set, never taken back") {
    const ToldAnswer answer = told({end, R"({"type":"message_stop"})"});
    CHECK(answer.usage.counts.input_uncached == 9);
    CHECK(answer.usage.counts.cache_read == 4);
    CHECK(answer.usage.counts.cache_write == 3);
    CHECK(answer.usage.cache_write_1h == 2);
    CHECK(answer.usage.counts.output == 20);
    CHECK(answer.told == "start\nfinish 0 end_turn ");
  }
  SECTION("calls, with input in pieces, at once or none; a call turns stop into tool_calls") {
    const ToldAnswer answer = told({block(0, R"({"type":"tool_use","id":"a","name":"f","input":{}})"),
                                    delta(0, R"({"type":"input_json_delta","partial_json":""})"),
                                    delta(0, R"({"type":"input_json_delta","partial_json":"{\"x\":"})"),
                                    delta(0, R"({"type":"input_json_delta","partial_json":"1}"})"), stop(0),
                                    block(1, R"({"type":"tool_use","id":"b","name":"f","input":{"y":2}})"), stop(1),
                                    block(2, R"({"type":"tool_use","id":"c","name":"f","input":{}})"), stop(2), end,
                                    R"({"type":"message_stop"})"});
    CHECK(answer.told ==
          "start\n\ncall: a f\narguments: {\"x\":1}\nend\n\ncall: b f\narguments: {\"y\":2}\nend\n\ncall: c "
          "f\narguments: "
          "{}\nend\nfinish 2 end_turn ");
  }
  SECTION("thinking, redacted too, of the target's or of another's") {
    const ToldAnswer answer =
        told({block(0, R"({"type":"thinking","thinking":"","signature":""})"),
              delta(0, R"({"type":"thinking_delta","thinking":"a"})"),
              delta(0, R"({"type":"signature_delta","signature":"s"})"), stop(0),
              block(1, R"({"type":"redacted_thinking","data":"sluice.gemini.00cc..r"})"), stop(1), end});
    CHECK(answer.told ==
          "start\n\nthinking: a\nsignature: \nof anthropics\nend\n\nredacted: \nof geminir\nend\nfinish 0 end_turn ");
  }
  SECTION("what the provider did itself, whole") {
    const ToldAnswer answer =
        told({block(0, R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}})"),
              delta(0, R"({"type":"input_json_delta","partial_json":"{\"q\":\"a\\n\"}"})"), stop(0),
              block(1, R"({"type":"web_search_tool_result","tool_use_id":"s","content":[]})"), stop(1),
              block(2, R"({"type":"compaction","content":null})"),
              delta(2, R"({"type":"compaction_delta","content":"so far"})"), stop(2), end});
    CHECK(
        answer.told ==
        "start\n\nitem: {\"id\":\"s\",\"input\":{\"q\":\"a\\n\"},\"name\":\"web_search\",\"type\":\"server_tool_use\"}"
        "\nend\n\nitem: {\"content\":[],\"tool_use_id\":\"s\",\"type\":\"web_search_tool_result\"}"
        "\nend\n\nitem: {\"content\":\"so far\",\"type\":\"compaction\"}\nend\nfinish 0 end_turn ");
  }
  SECTION("how it ended") {
    const std::pair<const char*, const char*> rows[] = {{"max_tokens", "1"},    {"model_context_window_exceeded", "1"},
                                                        {"tool_use", "2"},      {"refusal", "3"},
                                                        {"pause_turn", "4"},    {"compaction", "4"},
                                                        {"stop_sequence", "0"}, {"later_word", "0"}};
    for (const auto& [word, reason] : rows) {
      const ToldAnswer answer = told({R"({"type":"message_delta","delta":{"stop_reason":")" + std::string(word) +
                                      R"(","stop_sequence":"END"},"usage":{}})"});
      CHECK(answer.told == "start\nfinish " + std::string(reason) + " " + word + " END");
    }
  }
  SECTION("an error within it, and nothing behind") {
    const ToldAnswer answer =
        told({block(0, R"({"type":"text","text":"a"})"),
              R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})", end});
    CHECK(answer.told == "start\n\ntext: error 529 overloaded_error Overloaded");
  }
  SECTION("a stream that breaks off has no finish") {
    const ToldAnswer answer = told({block(0, R"({"type":"text","text":"a"})")});
    CHECK(answer.told == "start\n\ntext: a\nend\n");
  }
}

TEST_CASE("anthropic: frames that are wrong are refused, and have told nothing") {
  const std::string frames[] = {"",
                                "{",
                                "[]",
                                "{}",
                                R"({"type":"content_block_start","index":0})",
                                R"({"type":"content_block_start","content_block":{}})",
                                R"({"type":"content_block_delta","index":5,"delta":{"type":"input_json_delta"}})",
                                R"({"type":"content_block_delta","index":-1,"delta":{}})",
                                R"({"type":"content_block_stop","index":7})",
                                R"({"type":"content_block_delta","index":0,"delta":1})"};
  for (const std::string& frame : frames) {
    INFO(frame);
    ToldAnswer answer;
    const auto reader = anthropic_room().make_reader({Dialect::anthropic, ""});
    CHECK_FALSE(reader->read_frame("", frame, answer));
    CHECK(answer.told.empty());
  }
  ToldAnswer answer;
  const auto reader = anthropic_room().make_reader({Dialect::anthropic, ""});
  for (const std::string body : {"", "[]", "{}", R"({"content":1})", R"({"input_tokens":1})"}) {
    CHECK_FALSE(reader->read_body(body, answer));
  }
  CHECK(answer.told.empty());
}

TEST_CASE("anthropic: an error in a body that was 200") {
  ToldAnswer answer;
  read_answer(R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})", false, answer);
  CHECK(answer.told == "start\nerror 429 rate_limit_error slow down");
}
