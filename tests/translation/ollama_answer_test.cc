// Answers of Ollama's API: lines and bodies read as events, and events written for its callers.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/answer.h"
#include "api/dialect.h"
#include "api/event_filter.h"
#include "translation/ollama_room.h"

using namespace sluice;
using namespace sluice::api;
using ollama_test::ollama;
using Json = nlohmann::json;
using Lines = std::vector<std::string>;

namespace {

// An answer in one line, in order.
std::string tell(const Answer& answer) {
  std::string told = answer.model;
  for (const Answer::Piece& piece : answer.pieces) {
    told += " | ";
    if (piece.kind == PartKind::thinking) told += "(" + piece.text + ")";
    if (piece.kind == PartKind::text) told += "'" + piece.text + "'";
    if (piece.kind == PartKind::tool_call) told += piece.name + "#" + piece.id + " " + piece.arguments;
    if (piece.kind == PartKind::image) told += piece.media_type + " " + piece.data;
    if (!piece.ended) told += " open";
    for (const Answer::Note& note : piece.notes) told += " " + note.type + "=" + note.raw;
  }
  for (const Answer::Note& note : answer.extras) told += " " + note.type + "=" + note.raw;
  const auto count = [](const std::optional<uint64_t>& n) { return n ? std::to_string(*n) : "?"; };
  told += " | " + count(answer.usage.counts.input_uncached) + "/" + count(answer.usage.counts.output);
  if (answer.error) return told + " | error: " + answer.error->message;
  constexpr const char* reasons[] = {"stop", "length", "tool_calls", "refusal", "pause"};
  if (!answer.finished) return told + " | goes on";
  return told + " | " + reasons[static_cast<size_t>(answer.reason)] + " '" + answer.word + "'";
}

std::string read_stream(const Lines& lines) {
  AnswerCollector collector;
  const auto reader = ollama().make_reader({Dialect::ollama, "01"});
  for (const std::string& line : lines) REQUIRE(reader->read_frame("", line, collector));
  reader->end(collector);
  return tell(collector.answer);
}

Result<std::string> read_body(std::string_view body) {
  AnswerCollector collector;
  const auto reader = ollama().make_reader({Dialect::ollama, "01"});
  if (const auto done = reader->read_body(body, collector); !done) return tl::unexpected(done.error());
  reader->end(collector);
  return tell(collector.answer);
}

const Request asked;

std::unique_ptr<EventWriter> make_writer(bool stream, std::string_view endpoint = "ollama/chat") {
  return ollama().make_writer({endpoint, stream, false, asked, "0123456789abcdef01234567", 1767225600, "asked", {}});
}

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    REQUIRE(end != std::string_view::npos);
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

// Reads an answer and writes it again, through the filters in between.
std::string pass_on(const Lines& lines, bool stream, std::string_view endpoint, std::string& untold) {
  const auto writer = make_writer(stream, endpoint);
  const ToolNames names;
  PartSequencer sequencer(*writer);
  CallRestorer restorer(names, sequencer);
  const auto reader = ollama().make_reader({Dialect::ollama, "01"});
  for (const std::string& line : lines) REQUIRE(reader->read_frame("", line, restorer));
  reader->end(restorer);
  writer->end();
  untold = writer->untold.text();
  return writer->out;
}

const Lines thinking_and_calls = {
    R"({"model":"qwen3","created_at":"2026-01-01T00:00:00.1Z","message":{"role":"assistant","content":"","thinking":"The user"},"done":false})",
    R"({"model":"qwen3","created_at":"2026-01-01T00:00:00.2Z","message":{"role":"assistant","content":"","thinking":" asks\n"},"done":false})",
    R"({"model":"qwen3","created_at":"2026-01-01T00:00:00.3Z","message":{"role":"assistant","content":"Let \u00e9"},"done":false})",
    R"({"model":"qwen3","created_at":"2026-01-01T00:00:00.3Z","message":{"role":"assistant","content":" me."},"done":false})",
    R"({"model":"qwen3","created_at":"2026-01-01T00:00:00.4Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"look","arguments":{"at": "a \"b\"", "n":1.0}}},{"id":"call_x","function":{"index":1,"name":"stop","arguments":{}}}]},"done":false})",
    R"({"model":"qwen3","created_at":"2026-01-01T00:00:00.5Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":5,"load_duration":1,"prompt_eval_count":26,"prompt_eval_duration":2,"eval_count":17,"eval_duration":2})"};

}  // namespace

TEST_CASE("lines of Ollama's streams are events") {
  CHECK(
      read_stream(thinking_and_calls) ==
      R"(qwen3 | (The user asks\n) | 'Let \u00e9 me.' | look# {\"at\": \"a \\\"b\\\"\", \"n\":1.0} | stop#call_x {} | 26/17 | tool_calls 'stop')");
  const std::pair<Lines, const char*> streams[] = {
      {{R"({"model":"m","response":"a","done":false})", R"({"model":"m","response":"b","thinking":"t","done":false})",
        R"({"model":"m","response":"","done":true,"done_reason":"length","context":[1,2],"eval_count":2})"},
       "m | 'a' | (t) | 'b' context=[1,2] | ?/2 | length 'length'"},
      {{R"({"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"load"})"},
       "m | ?/? | stop 'load'"},
      {{R"({"model":"m","message":{"role":"assistant","content":"x"},"done":false})",
        R"({"error":"an error was \"found\""})", R"({"model":"m","message":{"content":"y"},"done":true})"},
       "m | 'x' | ?/? | error: an error was \"found\""},
      {{R"({"error":{"message":"no","code":"oops"}})"}, " | ?/? | error: no"},
      {{R"({"error":17})"}, " | ?/? | error: 17"},
      {{R"({"model":"m","message":{"role":"assistant","content":"x"},"done":false})"}, "m | 'x' | ?/? | goes on"},
      {{R"({"model":"m","message":{"content":null,"thinking":null,"tool_calls":null},"done":false,"done_reason":null})",
        R"({"model":"m","message":{"content":"x"},"done":true})"},
       "m | 'x' | ?/? | stop ''"},
      {{R"({"model":"m","message":{"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1}"}},{"function":{"name":"g"}}]},"done":true,"done_reason":"length"})"},
       R"(m | f# {\"a\":1} | g#  | ?/? | length 'length')"},
      {{R"({"model":"m","image":"iVBORw0KGgo","done":true,"done_reason":"stop"})"},
       "m | image/png iVBORw0KGgo | ?/? | stop 'stop'"},
      {{R"({"model":"m","message":{"content":"x","odd":1},"new":{"a":2},"logprobs":[{"token":"x","logprob":-0.1,"top_logprobs":[{"token":"x","logprob":-0.1}]},{"token":"y","logprob":-1,"bytes":[121]}],"done":false})"},
       R"(m | 'x' logprobs=[{"token":"x","logprob":-0.1,"bytes":null,"top_logprobs":[{"token":"x","logprob":-0.1,"bytes":null}]},{"token":"y","logprob":-1,"bytes":[121],"top_logprobs":[]}] new={"a":2} message.odd=1 | ?/? | goes on)"},
  };
  for (const auto& [lines, told] : streams) CHECK(read_stream(lines) == told);
}

TEST_CASE("a body of Ollama's says the same as its stream") {
  const auto told =
      read_body(R"({"model":"qwen3","created_at":"x","message":{"role":"assistant","content":"Let \u00e9 me.",
    "thinking":"The user asks\n","tool_calls":[{"function":{"name":"look","arguments":{"at": "a \"b\"", "n":1.0}}},
    {"id":"call_x","function":{"name":"stop","arguments":{}}}]},"done_reason":"stop","done":true,
    "prompt_eval_count":26,"eval_count":17})");
  REQUIRE(told);
  CHECK(*told == read_stream(thinking_and_calls));
  const auto imitated = read_body(R"({"model":"m","message":{"content":"x"}})");
  REQUIRE(imitated);
  CHECK(*imitated == "m | 'x' | ?/? | stop ''");
  const auto error = read_body(R"({"error":"model 'x' not found"})");
  REQUIRE(error);
  CHECK(*error == " | ?/? | error: model 'x' not found");
}

TEST_CASE("malformed lines tell nothing") {
  const std::string_view lines[] = {"",
                                    "{",
                                    "[]",
                                    "17",
                                    "{}",
                                    R"({"model":"m"})",
                                    R"({"message":[]})",
                                    R"({"message":{"content":[]}})",
                                    R"({"message":{"thinking":1}})",
                                    R"({"message":{"tool_calls":{}}})",
                                    R"({"message":{"tool_calls":[{}]}})",
                                    R"({"message":{"content":"x","tool_calls":[{"function":{"name":1}}]}})",
                                    R"({"message":{"tool_calls":[{"function":{"name":"f","arguments":[]}}]}})",
                                    R"({"message":{"content":"x"},"done":"no"})",
                                    R"({"response":7,"done":true})"};
  for (const std::string_view line : lines) {
    INFO(line);
    AnswerCollector collector;
    const auto reader = ollama().make_reader({});
    const Result<void> done = reader->read_frame("", line, collector);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::bad_request);
    CHECK(tell(collector.answer) == " | ?/? | goes on");
    CHECK_FALSE(read_body(line));
    // The stream continues after it.
    CHECK(reader->read_frame("", R"({"model":"m","message":{"content":"x"},"done":true})", collector));
    CHECK(tell(collector.answer) == "m | 'x' | ?/? | stop ''");
  }
  CHECK_FALSE(read_body(R"({"model":"m","message":{"content":"x"},"done":false})"));
}

TEST_CASE("answers cut anywhere do no harm") {
  for (const std::string& line : thinking_and_calls) {
    for (size_t cut = 0; cut < line.size(); ++cut) {
      CHECK_FALSE(read_body(std::string_view(line).substr(0, cut)));
    }
  }
  for (size_t lines = 0; lines <= thinking_and_calls.size(); ++lines) {
    const auto end = thinking_and_calls.begin() + static_cast<std::ptrdiff_t>(lines);
    const std::string told = read_stream(Lines(thinking_and_calls.begin(), end));
    CHECK(told.ends_with("goes on") == (lines < thinking_and_calls.size()));
    CHECK(told.find("open") == std::string::npos);
  }
  std::string deep = R"({"message":{"tool_calls":[{"function":{"name":"f","arguments":)";
  for (int i = 0; i < 300; ++i) deep += R"({"a":)";
  CHECK_FALSE(read_body(deep));
}

TEST_CASE("an answer is written as Ollama's lines") {
  const auto writer = make_writer(true);
  writer->on_start({{}, JsonText{"qwen\\u0033"}});
  writer->on_thinking(0, JsonText{"hm\\n"}, false);
  writer->on_signature(0, {JsonText{"c2ln"}, {Dialect::anthropic, "1"}, {}}, false);
  writer->on_signature(0, {JsonText{"c2ln"}, {Dialect::anthropic, "1"}, {}}, false);
  writer->on_part_end(0);
  writer->on_text(1, JsonText{""});
  writer->on_text(1, JsonText{"a\\\"b"});
  writer->on_part_end(1);
  writer->on_call({2, {}, JsonText{"look"}, CallKind::function, {}});
  writer->on_arguments(2, JsonText{R"({\"a\": )"});
  writer->on_arguments(2, JsonText{R"(\"\\u00e9\"})"});
  CHECK(split(writer->out).size() == 2);
  writer->on_part_end(2);
  writer->on_call({3, JsonText{"c3"}, JsonText{"f"}, CallKind::function, {}});
  writer->on_part_end(3);
  AnswerUsage usage;
  usage.counts.input_uncached = 5;
  usage.counts.cache_read = 20;
  writer->on_usage(usage);
  writer->on_finish({FinishReason::tool_calls, JsonText{"tool_use"}, {}, {}, Dialect::anthropic});
  usage.counts.output = 7;
  writer->on_usage(usage);
  writer->end();
  const std::string head = R"({"model":"qwen\u0033","created_at":"2026-01-01T00:00:00.000Z",)";
  const std::string message = head + R"("message":{"role":"assistant","content":)";
  CHECK(
      split(writer->out) ==
      Lines{
          message + R"("","thinking":"hm\n"},"done":false})", message + R"("a\"b"},"done":false})",
          message +
              R"("","tool_calls":[{"id":"call_0123456789abcdef012345670","function":{"index":0,"name":"look","arguments":{"a": "\u00e9"}}}]},"done":false})",
          message + R"("","tool_calls":[{"id":"c3","function":{"index":1,"name":"f","arguments":{}}}]},"done":false})",
          message + R"(""},"done":true,"done_reason":"stop","prompt_eval_count":25,"eval_count":7})"});
  CHECK(writer->untold.text() == "answer.signature=unsupported");
}

// httpx, which Ollama's own SDK uses to read, ends lines at these characters.
TEST_CASE("Unicode's line ends stand in Ollama's lines as escapes") {
  const auto writer = make_writer(true);
  writer->on_start({{}, JsonText{"m"}});
  writer->on_text(0, JsonText{"a\u2028\u2029b\u0085\u2027"});
  CHECK_THAT(writer->out, Catch::Contains(R"("content":"a\u2028\u2029b\u0085)"
                                          "\u2027"
                                          R"(")"));
  writer->out.clear();
  writer->on_error({500, "", "c\u2028d", {}});
  CHECK_THAT(writer->out, Catch::StartsWith(R"({"error":"c\u2028d"})"));
}

TEST_CASE("a body of Ollama's is one line that says everything") {
  for (const bool generate : {false, true}) {
    const auto writer = make_writer(false, generate ? "ollama/generate" : "ollama/chat");
    writer->on_start({});
    writer->on_thinking(0, JsonText{"h"}, false);
    writer->on_thinking(0, JsonText{"m"}, false);
    writer->on_part_end(0);
    writer->on_text(1, JsonText{"a"});
    writer->on_part_end(1);
    writer->on_refusal(2, JsonText{"No."});
    writer->on_part_end(2);
    writer->on_media(3, PartKind::image, {Source::Kind::base64, "image/png", JsonText{"iVBO"}});
    writer->on_part_end(3);
    writer->on_media(4, PartKind::audio, {Source::Kind::base64, "audio/wav", JsonText{"UklG"}});
    writer->on_part_end(4);
    writer->on_citation(1, {});
    writer->on_extra({Extra::Kind::logprobs, 1, Dialect::openai, "logprobs", R"([{"token":"a","logprob":-1}])"});
    writer->on_extra({Extra::Kind::logprobs, 1, Dialect::openai, "logprobs", R"([{"token":"b","logprob":-2}])"});
    writer->on_extra({Extra::Kind::hosted_item, 5, Dialect::openai, "web_search_call", "{}"});
    writer->on_finish({FinishReason::refusal, JsonText{"refusal"}, {}, {}, Dialect::anthropic});
    CHECK(writer->out.empty());
    writer->end();
    const Json body = Json::parse(writer->out);
    const Json said = generate ? body : body["message"];
    CHECK(said[generate ? "response" : "content"] == "aNo.");
    CHECK(said["thinking"] == "hm");
    CHECK(said["images"] == Json{"iVBO"});
    CHECK(body["model"] == "asked");
    CHECK(body["done"] == true);
    CHECK(body["done_reason"] == "stop");
    CHECK(body["logprobs"].size() == 2);
    CHECK_FALSE(body.contains("eval_count"));
    CHECK(writer->untold.text() ==
          "answer.audio=unsupported, answer.citation=unsupported, answer.web_search_call=unsupported, "
          "finish_reason=changed");
    CHECK(read_body(writer->out));
  }
}

TEST_CASE("arguments that are no object stand in one") {
  const std::pair<const char*, Json> texts[] = {{"", Json::object()},
                                                {R"({\"a\":1})", {{"a", 1}}},
                                                {R"({\n  \"a\": 1\r\n})", {{"a", 1}}},
                                                {R"([1])", {{"input", "[1]"}}},
                                                {R"({\"a\":)", {{"input", "{\"a\":"}}}};
  for (const auto& [arguments, expected] : texts) {
    for (const bool stream : {false, true}) {
      const auto writer = make_writer(stream);
      writer->on_call({0, JsonText{"c"}, JsonText{"f"}, CallKind::function, {}});
      writer->on_arguments(0, JsonText{arguments});
      writer->on_part_end(0);
      writer->on_finish({FinishReason::tool_calls, {}, {}, {}, Dialect::openai});
      writer->end();
      const std::string first = writer->out.substr(0, writer->out.find('\n'));
      CHECK(Json::parse(first)["message"]["tool_calls"][0]["function"]["arguments"] == expected);
      CHECK(writer->untold.text() == (expected.contains("input") ? "answer.arguments=changed" : ""));
    }
  }
}

TEST_CASE("what Ollama said is said the same again") {
  const Lines odd = {
      R"({"model":"m","message":{"content":"x"},"new":{"a":2},"logprobs":[{"token":"x","logprob":-0.1}],"done":false})",
      R"({"model":"m","message":{"content":""},"done":true,"done_reason":"unload","eval_count":1})"};
  for (const Lines& lines : {thinking_and_calls, odd}) {
    for (const std::string_view endpoint : {"ollama/chat", "ollama/generate"}) {
      std::string untold;
      const std::string stream = pass_on(lines, true, endpoint, untold);
      CHECK(untold == "");
      std::string told = read_stream(split(stream));
      // Ignoring the generated id.
      const size_t id = told.find("call_0123456789abcdef012345670");
      if (id != std::string::npos) told.erase(id, 30);
      CHECK(told == read_stream(lines));
      auto body = read_body(pass_on(lines, false, endpoint, untold));
      REQUIRE(body);
      if (id != std::string::npos) body->erase(body->find("call_0123456789abcdef012345670"), 30);
      CHECK(*body == read_stream(lines));
    }
  }
}

TEST_CASE("an answer that breaks off ends with an error, and with no sign of success") {
  for (const bool stream : {false, true}) {
    const auto told = make_writer(stream);
    told->on_text(0, JsonText{"a"});
    told->on_part_end(0);
    told->on_error({500, "oops", "it \"broke\"", {}});
    told->end();
    const std::string expected = R"({"error":"it \"broke\""})";
    CHECK((stream ? split(told->out).back() : told->out) == expected);

    const auto failed = make_writer(stream);
    failed->on_text(0, JsonText{"a"});
    failed->fail({ErrorCode::target_cut, "the answer was cut"}, "req");
    failed->end();
    const Json error = Json::parse(stream ? split(failed->out).back() : failed->out);
    CHECK(error == Json{{"error", "the answer was cut"}});
    CHECK(failed->out.find(R"("done":true)") == std::string::npos);
  }
}
