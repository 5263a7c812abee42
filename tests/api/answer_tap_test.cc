#include "api/answer_tap.h"

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

constexpr size_t steps[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 100000};
constexpr std::string_view events = "text/event-stream; charset=utf-8";

// A tap and its output.
struct Run {
  Run(Dialect dialect, std::string_view type, bool hide) : tap(dialect, media_type_of(type), hide) {}

  // Each piece is copied into memory of its exact size, so that a sanitizer catches reads past its end.
  void feed(std::string_view bytes, size_t step) {
    for (size_t at = 0; at < bytes.size(); at += step) {
      const auto cut = bytes.substr(at, step);
      const std::vector<char> copy(cut.begin(), cut.end());
      tap.feed({copy.data(), copy.size()}, pieces);
      collect();
    }
  }
  void finish() {
    tap.finish(pieces);
    collect();
  }
  void collect() {
    for (const auto piece : pieces) {
      CHECK_FALSE(piece.empty());
      out += piece;
    }
    pieces.clear();
  }

  AnswerTap tap;
  std::vector<std::string_view> pieces;
  std::string out;
};

std::string shown(const Usage& usage) {
  auto number = [](const std::optional<uint64_t>& count) { return count ? std::to_string(*count) : std::string("-"); };
  return number(usage.input_uncached) + " " + number(usage.cache_read) + " " + number(usage.cache_write) + " " +
         number(usage.output) + " " + number(usage.reasoning);
}

std::string data(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }

const std::string delta = data(
    R"({"model":"m","choices":[{"index":0,"delta":{"content":"usage \"usage\":{"},"finish_reason":null}],"usage":null})");
const std::string finish = data(R"({"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})");
const std::string usage_chunk = data(
    R"({"model":"m","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}})");
const std::string done = data("[DONE]");

}  // namespace

TEST_CASE("streams of each dialect: usage, model, end") {
  struct Case {
    Dialect dialect;
    std::string_view type;
    std::string body, usage, model;
    bool whole, error;
  };
  using enum Dialect;
  const Case cases[] = {
      {openai, events, delta + finish + usage_chunk + done, "6 4 - 5 2", "m", true, false},
      {openai, events, delta + delta, "- - - - -", "m", false, false},
      {openai, events, delta + finish, "- - - - -", "m", true, false},
      {openai, events, delta + "data:[DONE]\n\n", "- - - - -", "m", true, false},
      {openai, events, delta + "data: [DONE] \n\n", "- - - - -", "m", false, false},
      {openai, events, delta + "data: [DON\n\n", "- - - - -", "m", false, false},
      {openai, events, delta + "data: [DONE]\n", "- - - - -", "m", true, false},  // the final blank line may be missing
      {openai, events, delta + data(R"({"error":{"message":"no"}})"), "- - - - -", "m", false, true},
      {openai, events,
       data(R"({"type":"speech.audio.delta","audio":"AA"})") +
           data(R"({"type":"speech.audio.done","usage":{"input_tokens":3,"output_tokens":4}})"),
       "3 - - 4 -", "", true, false},
      {openai, events,
       data(R"({"choices":[{"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":7,"completion_tokens":8}}})"),
       "7 - - 8 -", "", true, false},
      {openai, events, "data: {\"model\":\"m\",\ndata: \"choices\":[],\ndata:\"usage\":{\"prompt_tokens\":1}}\n\n",
       "1 - - - -", "m", false, false},
      {openai, events, delta + "data: {\"usage\":{\"prompt_tokens\":1\n\n" + delta, "- - - - -", "m", false,
       false},  // malformed
      {openai, events, data(R"({"model":"","choices":[]})") + data(R"({"model":"a\/b","choices":[{}]})"), "- - - - -",
       "a/b", false, false},
      {openai, events, "\xEF\xBB\xBF" + finish, "- - - - -", "m", true, false},
      {anthropic, events,
       "event: message_start\ndata: "
       "{\"type\":\"message_start\",\"message\":{\"model\":\"claude\",\"usage\":{\"input_tokens\":9,"
       "\"cache_read_input_tokens\":3,\"cache_creation_input_tokens\":2,\"output_tokens\":1}}}\n\n"
       "event: content_block_delta\ndata: "
       "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n"
       "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
       "\"usage\":{\"input_tokens\":null,\"output_tokens\":12,\"output_tokens_details\":{\"thinking_tokens\":5}}}\n\n"
       "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
       "9 3 2 12 5", "claude", true, false},
      {anthropic, events, "event: message_stop\ndata: {\"type\": \"message_stop\"}\n\n", "- - - - -", "", true, false},
      {anthropic, events, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n",
       "- - - - -", "", false, true},
      {responses, events,
       "event: response.created\ndata: "
       "{\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\",\"model\":\"gpt\","
       "\"usage\":null,\"error\":null}}\n\n"
       "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"response\"}\n\n"
       "event: response.completed\ndata: "
       "{\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"model\":\"gpt\","
       "\"output\":[{\"usage\":1}],\"usage\":{\"input_tokens\":20,\"input_tokens_details\":{\"cached_tokens\":5,"
       "\"cache_write_tokens\":3},\"output_tokens\":6,\"output_tokens_details\":{\"reasoning_tokens\":1}}}}\n\n",
       "12 5 3 6 1", "gpt", true, false},
      {responses, events, data(R"({"type":"response.failed","response":{"status":"failed","error":{"code":"x"}}})"),
       "- - - - -", "", true, true},
      {gemini, events,
       "data: {\"candidates\":[{\"content\":{}}],\"usageMetadata\":{\"promptTokenCount\":8,\"thoughtsTokenCount\":4},"
       "\"modelVersion\":\"g\"}\r\n\r\n"
       "data: "
       "{\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":8,"
       "\"candidatesTokenCount\":3,"
       "\"cachedContentTokenCount\":6}}\r\n\r\n",
       "2 6 - 7 4", "g", true, false},
      {gemini, events, data(R"({"promptFeedback":{"blockReason":"SAFETY"}})"), "- - - - -", "", true, false},
      {gemini, "application/json",
       "[{\"usageMetadata\":{\"promptTokenCount\":8}}\n,\n{\"modelVersion\":\"g\",\"usageMetadata\":"
       "{\"promptTokenCount\":9,\"candidatesTokenCount\":1}}\n]\n",
       "9 - - 1 -", "g", true, false},
      {gemini, "application/json", "[{\"usageMetadata\":{\"promptTokenCount\":8}}\n,\n", "8 - - - -", "", false, false},
      {ollama, "application/x-ndjson",
       "{\"model\":\"l\",\"message\":{\"content\":\"\\\"done\\\":true\"},\"done\":false}\n{\"model\":\"l\",\"done\":"
       "false}\n"
       "{\"model\":\"l\",\"done\":true,\"prompt_eval_count\":11,\"eval_count\":22}\n",
       "11 - - 22 -", "l", true, false},
      {ollama, "application/x-ndjson", "{\"done\":false}\n{\"done\": true,\"eval_count\":1}", "- - - 1 -", "", true,
       false},
      {ollama, "application/x-ndjson", "{\"done\":false}\n{\"done\":true,\"eval_count\":1", "- - - - -", "", false,
       false},
      {ollama, "application/x-ndjson", "{\"done\":false}\n{\"error\":\"no\"}\n", "- - - - -", "", false, true},
  };
  for (const Case& c : cases) {
    for (const size_t step : steps) {
      INFO(c.body << " by " << step);
      Run run(c.dialect, c.type, false);
      run.feed(c.body, step);
      run.finish();
      CHECK(run.out == c.body);
      CHECK(shown(run.tap.usage()) == c.usage);
      CHECK(run.tap.model() == c.model);
      CHECK(run.tap.whole() == c.whole);
      CHECK(run.tap.saw_error() == c.error);
    }
  }
}

TEST_CASE("bodies of each dialect") {
  struct Case {
    Dialect dialect;
    std::string_view body, usage, model;
    bool whole, error;
  };
  using enum Dialect;
  const Case cases[] = {
      {openai,
       R"({"model":"m","choices":[{"message":{"content":"\"usage\":{"}}],"usage":{"prompt_tokens":3,"completion_tokens":4}})",
       "3 - - 4 -", "m", true, false},
      {openai, R"({"data":[{"embedding":[0.1,-2]}],"model":"e","usage":{"prompt_tokens":5,"total_tokens":5}}  )",
       "5 - - - -", "e", true, false},
      {openai, R"({"usage":{"prompt_tokens":3,"prompt_tokens_details":{"cached_tokens":9}}})", "0 9 - - -", "", true,
       false},
      {openai, R"({"usage":{"prompt_tokens":-3,"completion_tokens":1.5}})", "- - - - -", "", true, false},
      {openai, R"({"usage":{"prompt_tokens":99999999999999999999999,"completion_tokens":18446744073709551615}})",
       "1000000000000 - - 1000000000000 -", "", true, false},
      {openai, R"({"usage":{"prompt_tokens":100,"prompt_cache_hit_tokens":64}})", "36 64 - - -", "", true, false},
      {openai, R"({"error":{"message":"no"}})", "- - - - -", "", true, true},
      {openai, R"({"error":null,"model":"m"})", "- - - - -", "m", true, false},
      {openai, R"({"model":"m","usage":{"prompt_tokens":3)", "- - - - -", "m", false, false},
      {openai, R"({"model":"m"} {})", "- - - - -", "m", false, false},
      {openai, "", "- - - - -", "", false, false},
      {anthropic,
       R"({"model":"c","stop_reason":"end_turn","usage":{"input_tokens":1,"cache_read_input_tokens":2,"output_tokens":3}})",
       "1 2 - 3 -", "c", true, false},
      {responses,
       R"({"model":"g","status":"completed","tool_usage":{"image_gen":{"input_tokens":9}},"usage":{"input_tokens":1}})",
       "1 - - - -", "g", true, false},
      {gemini, R"({"usageMetadata":{"promptTokenCount":1,"thoughtsTokenCount":2},"modelVersion":"g"})", "1 - - 2 2",
       "g", true, false},
      {ollama, R"({"model":"l","done":true,"prompt_eval_count":1,"eval_count":2})", "1 - - 2 -", "l", true, false},
  };
  for (const Case& c : cases) {
    for (const size_t step : steps) {
      INFO(c.body << " by " << step);
      Run run(c.dialect, "application/json", true);
      run.feed(c.body, step);
      run.finish();
      CHECK(run.out == c.body);
      CHECK(shown(run.tap.usage()) == c.usage);
      CHECK(run.tap.model() == c.model);
      CHECK(run.tap.whole() == c.whole);
      CHECK(run.tap.saw_error() == c.error);
    }
  }
}

TEST_CASE("a usage chunk nobody asked for is kept back, and nothing else is") {
  auto with_ends = [](std::string text, std::string_view end) {
    std::string out;
    for (const char c : text) c == '\n' ? out += end : out += c;
    return out;
  };
  const std::string chunk = "data: {\"choices\": [ ], \"usage\": {\"prompt_tokens\": 10}}\n\n";
  struct Case {
    std::string before, hidden, after;
  };
  const Case cases[] = {
      {delta + finish, usage_chunk, done},
      {delta, usage_chunk, ""},
      {"", usage_chunk, delta},
      {": comment\n\n" + delta + ": right before\n", usage_chunk, ": after\n\n" + done},
      {": one\n: two\n", usage_chunk, "\n\n" + done},
      {delta + "\n\n", "event: x\nid: 1\n" + chunk, done},
      {delta, "data: {\"choices\":[],\ndata: \"usage\":{}}\n\n", done},
      {delta, usage_chunk + usage_chunk, done},
      {"data: {\"choices\":[],\"usage\":null}\n\n", chunk, "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n"},
      {"data: {\"choices\":[{\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10}}\n\n", "",
       "data: {\"choices\":[{}],\"usage\":{}}\n\n"},
      {delta, "data: {\"usage\":{}}\n\n", done},                   // without `choices`
      {delta, "data: {\"choices\":null,\"usage\":{}}\n\n", done},  // null `choices`
      {delta, "data: {\"x\":null,\"choices\":[],\"usage\":{\"y\":\"}\"}}\n\n", done},
      {delta, "", "data: {\"choices\":[],\"usage\":{},\"timings\":{\"prompt_n\":1}}\n\n" + done},  // llama.cpp
      {delta, "", "data: {\"choices\":[],\"usage\":{},\"sla_metrics\":{}}\n\n" + done},            // Hugging Face
      {delta, "", "data: {\"error\":{},\"usage\":{}}\n\n" + done},
      {"data: {\"choices\":[],\"usage\":{}\n\n", chunk, "data: {\"choices\":[],\"usage\":{}}"},  // malformed; no end
      {"retry: 5\n\nevent: ping\n\ndata\n\ndata:\n\n", chunk, "x"},
  };
  for (const Case& c : cases) {
    for (const std::string_view end : {"\n", "\r\n", "\r"}) {
      for (const size_t step : steps) {
        const std::string body = with_ends(c.before + c.hidden + c.after, end);
        INFO(body << " by " << step);
        Run run(Dialect::openai, events, true);
        run.feed(body, step);
        run.finish();
        CHECK(run.out == with_ends(c.before + c.after, end));
        Run open(Dialect::openai, events, false);
        open.feed(body, step);
        open.finish();
        CHECK(open.out == body);
        CHECK(open.tap.usage() == run.tap.usage());
      }
    }
  }
}

TEST_CASE("only openai streams hide anything") {
  for (const auto name : dialect_names) {
    Run run(*dialect_named(name), events, true);
    run.feed(usage_chunk, 100000);
    run.finish();
    CHECK(run.out.empty() == (name == "openai"));
  }
  Run body(Dialect::openai, "application/json", true);
  body.feed(R"({"choices":[],"usage":{}})", 3);
  CHECK(body.out == R"({"choices":[],"usage":{}})");
}

TEST_CASE("frames leave in the turn they come in, and a frame that cannot be the usage chunk is not held") {
  Run run(Dialect::openai, events, true);
  run.feed(delta, 100000);
  CHECK(run.out == delta);
  CHECK(run.tap.between_frames());
  const std::string_view begun = R"(data: {"choices":[{"delta":{"content":"a)";
  run.feed(begun, 100000);
  CHECK(run.out == delta + std::string(begun));
  CHECK_FALSE(run.tap.between_frames());
  run.feed("b\"}}]}\n\n", 100000);
  CHECK(run.out == delta + std::string(begun) + "b\"}}]}\n\n");
  run.feed("data: {\"id\":\"x\",", 100000);  // may still become a usage chunk
  CHECK(run.out == delta + std::string(begun) + "b\"}}]}\n\n");
  run.finish();
  CHECK(run.out == delta + std::string(begun) + "b\"}}]}\n\ndata: {\"id\":\"x\",");
}

TEST_CASE("an unfinished frame is held up to 64 KiB") {
  const std::string head = "data: {\"id\":\"";
  for (const size_t step : {size_t{1000}, size_t{10000}}) {
    Run run(Dialect::openai, events, true);
    const std::string held = head + std::string(64 * 1024 - head.size(), 'x');
    run.feed(held, step);
    CHECK(run.out.empty());
    run.feed("y", 1);
    CHECK(run.out == held + "y");
    // Would have been hidden as a usage chunk, but its beginning has already been passed on.
    const std::string rest = "\",\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n";
    run.feed(rest, step);
    CHECK(run.out == held + "y" + rest);
    CHECK(run.tap.usage().input_uncached == 1u);
    run.feed(usage_chunk + done, step);
    CHECK(run.out == held + "y" + rest + done);
  }
}

TEST_CASE("the format is told by the content type") {
  struct Case {
    Dialect dialect;
    std::string_view type;
    StreamFormat format;
  };
  const Case cases[] = {
      {Dialect::openai, "text/event-stream", StreamFormat::sse},
      {Dialect::openai, "Text/Event-Stream ; charset=utf-8", StreamFormat::sse},
      {Dialect::ollama, "application/x-ndjson", StreamFormat::ndjson},
      {Dialect::openai, "application/json", StreamFormat::none},
      {Dialect::openai, "audio/mpeg", StreamFormat::none},
      {Dialect::openai, "", StreamFormat::none},
  };
  for (const Case& c : cases) CHECK(AnswerTap(c.dialect, media_type_of(c.type), false).format() == c.format);
  Run array(Dialect::gemini, "application/json; charset=UTF-8", false);
  array.feed(" [", 1);
  CHECK(array.tap.format() == StreamFormat::json_array);
  Run object(Dialect::gemini, "application/json", false);
  object.feed("{", 1);
  CHECK(object.tap.format() == StreamFormat::none);
  Run binary(Dialect::openai, "audio/mpeg", true);
  binary.feed("data: {\"choices\":[],\"usage\":{}}\n\n", 5);
  binary.finish();
  CHECK(binary.out == "data: {\"choices\":[],\"usage\":{}}\n\n");
  CHECK_FALSE(binary.tap.whole());
}

TEST_CASE("a tap may be moved") {
  Run run(Dialect::openai, events, true);
  run.feed(usage_chunk.substr(0, 40), 7);
  AnswerTap moved = std::move(run.tap);
  run.tap = std::move(moved);
  run.feed(usage_chunk.substr(40) + done, 7);
  run.finish();
  CHECK(run.out == done);
  CHECK(run.tap.usage().output == 5u);
}

}  // namespace sluice::api
