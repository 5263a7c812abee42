#include "bench/answer_reader.h"

#include <catch2/catch.hpp>
#include <vector>

#include "bench/model_question.h"

namespace sluice::bench {
namespace {

constexpr size_t steps[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 100'000};

http::ResponseHead head_of(int status, std::string_view type) {
  http::ResponseHead head;
  head.status = status;
  if (!type.empty()) head.fields.add("content-type", type);
  return head;
}

// Each piece is copied into memory of its exact size, so that a sanitizer catches reads past its end.
template <typename Feed>
void in_pieces(std::string_view bytes, size_t step, Feed feed) {
  for (size_t at = 0; at < bytes.size(); at += step) {
    const auto piece = bytes.substr(at, step);
    const std::vector<char> copy(piece.begin(), piece.end());
    feed(std::string_view(copy.data(), copy.size()));
  }
}

struct Case {
  std::string what;
  Dialect dialect;
  bool stream;
  int status;
  std::string type, body;
  std::string reason;  // "": a valid answer
  std::string message;
  uint32_t frames = 0;  // frames with text
  std::optional<uint64_t> tokens = std::nullopt;
};

const std::string openai_body =
    R"({"id":"1","choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":3,"completion_tokens":5}})";
const std::string anthropic_body =
    R"({"type":"message","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn",)"
    R"("usage":{"input_tokens":3,"output_tokens":4}})";
const std::string openai_stream =
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"a \\\"content\\\"\"}}]}\n\n"
    ": a comment\n\n"
    "data: {\"choices\":[{\"delta\":{\"reasoning_content\" : \"b\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":9}}\n\n";
const std::string anthropic_stream =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"content\":[],\"usage\":{\"output_tokens\":1}}}\n\n"
    "event: content_block_start\ndata: "
    "{\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
    "event: ping\ndata: {\"type\":\"ping\"}\n\n"
    "event: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
    "event: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"b\"}}\n\n";
const std::string anthropic_end =
    "event: message_delta\ndata: "
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":12}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const std::string events = "text/event-stream; charset=utf-8", json = "application/json";
constexpr Dialect openai = Dialect::openai, anthropic = Dialect::anthropic;

const Case cases[] = {
    {"a whole answer", openai, false, 200, json, openai_body, "", "", 0, 5},
    {"a whole answer of anthropic", anthropic, false, 200, json, anthropic_body, "", "", 0, 4},
    {"an answer without a type", openai, false, 200, "", openai_body, "", "", 0, 5},
    {"an answer without usage", openai, false, 200, json, R"({"choices":[{}]})", "", ""},
    {"no content blocks", anthropic, false, 200, json, R"({"content":[]})", "", ""},
    {"no choices", openai, false, 200, json, R"({"choices":[]})", "no content", "JSON without"},
    {"another dialect", anthropic, false, 200, json, openai_body, "no content", "JSON without", 0, 5},
    {"a list of models", openai, false, 200, json, R"({"data":[]})", "no content", R"({"data":[]})"},
    {"cut JSON", openai, false, 200, json, openai_body.substr(0, openai_body.size() - 1), "no JSON",
     "not complete JSON", 0, 5},
    {"nothing", openai, false, 200, json, "", "no JSON", "the answer is empty"},
    {"a page", openai, false, 200, "text/html", "<html>hello</html>", "no JSON", "<html>hello</html>"},
    {"an error within 200", openai, false, 200, json, R"({"error":{"message":"no \"luck\""}})", "error in the answer",
     R"(no "luck")"},
    {"an unasked stream", openai, false, 200, events, openai_stream, "unasked stream", "event stream"},
    {"429", openai, false, 429, json, R"({"error":{"message":"slow down","code":null}})", "HTTP 429", "slow down"},
    {"429 for a stream", openai, true, 429, json, R"({"error":"slow down"})", "HTTP 429", "slow down"},
    {"500 without JSON", openai, true, 500, "text/plain", "oops", "HTTP 500", "oops"},
    {"500 as a stream", openai, true, 500, events, openai_stream, "HTTP 500", "data: "},
    {"204", openai, false, 204, "", "", "no JSON", "empty"},
    {"301", openai, false, 301, "", "", "HTTP 301", ""},
    {"a stream", openai, true, 200, events, openai_stream + "data: [DONE]\n\n", "", "", 2, 9},
    {"a stream without [DONE]", openai, true, 200, "TEXT/Event-Stream", openai_stream, "", "", 2, 9},
    {"a stream of anthropic", anthropic, true, 200, events, anthropic_stream + anthropic_end, "", "", 2, 12},
    {"a stream without an end", anthropic, true, 200, events, anthropic_stream, "cut short", "", 2, 1},
    {"a stream of nothing", openai, true, 200, events, "", "cut short", ""},
    {"a stream that is cut in a frame", openai, true, 200, events, openai_stream.substr(0, 150), "cut short", "", 1},
    {"an error frame", openai, true, 200, events,
     openai_stream.substr(0, 80) + "\n\ndata: {\"error\":{\"message\":\"overloaded\"}}\n\ndata: [DONE]\n\n",
     "error in the stream", "overloaded"},
    {"an error event of anthropic", anthropic, true, 200, events,
     "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n",
     "error in the stream", "busy"},
    {"JSON for a stream", openai, true, 200, json, openai_body, "no stream", "not an event stream: {"},
    {"an endless event", openai, true, 200, events, "data: " + std::string(1100 * 1024, 'x') + "\n\n", "broken stream",
     "more than"},
};

TEST_CASE("answers are told from failures, however they are cut, by a reader that is used again") {
  for (const Case& c : cases) {
    AnswerReader reader(c.dialect, c.stream);
    for (const size_t step : steps) {
      if (c.body.size() / step > 1'000'000) continue;
      CAPTURE(c.what, step);
      uint32_t frames = 0;
      reader.begin(head_of(c.status, c.type));
      in_pieces(c.body, step, [&](std::string_view piece) { frames += reader.feed(piece); });
      const auto failure = reader.finish();
      REQUIRE((failure ? failure->reason : "") == c.reason);
      if (failure) REQUIRE(failure->message.find(c.message) != std::string::npos);
      REQUIRE(frames == c.frames);
      REQUIRE(reader.output_tokens() == c.tokens);
    }
  }
}

TEST_CASE("a long text is text") {
  const std::string data = R"({"choices":[{"delta":{"content":")" + std::string(100'000, 'x') + R"("}}]})";
  REQUIRE(carries_text(openai, data));
}

TEST_CASE("what is text") {
  for (const auto& [data, text] : {
           std::pair{R"({"choices":[{"delta":{"content":" "}}]})", true},
           {R"({"choices":[{"delta":{"content":""}}]})", false},
           {R"({"choices":[{"delta":{"content":null}}]})", false},
           {R"({"choices":[{"delta":{"role":"content"}}]})", false},
           {R"({"choices":[{"delta":{"content":"","reasoning":"x"}}]})", true},
           {R"({"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":""}}]}}]})", false},
           {R"({"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{"}}]}}]})", true},
           {R"({"choices":[{"delta":{},"logprobs":{"content":[{"token":"x"}]}}]})", false},
           {R"({"x":"\"content\":\"y\""})", false},
           {R"("content")", false},
           {R"("content":)", false},
           {R"("content":")", false},
           {"[DONE]", false},
       }) {
    CAPTURE(data);
    REQUIRE(carries_text(openai, data) == text);
  }
}

TEST_CASE("a refusal says when to come again and where else to go") {
  AnswerReader reader(openai, false);
  http::ResponseHead head = head_of(429, json);
  head.fields.add("retry-after", "7");
  reader.begin(head);
  REQUIRE(reader.finish()->message == " (retry-after: 7)");
  head = head_of(307, "");
  head.fields.add("location", "https://elsewhere/");
  reader.begin(head);
  REQUIRE(reader.finish()->message == " (location: https://elsewhere/)");
}

TEST_CASE("of a long refusal only the beginning is kept") {
  AnswerReader reader(openai, false);
  reader.begin(head_of(500, "text/plain"));
  for (int i = 0; i < 1000; ++i) reader.feed(std::string(10'000, 'x'));
  REQUIRE(reader.finish()->message.size() <= 2048);
}

TEST_CASE("a model is chosen out of the list") {
  struct Listed {
    std::string body, choice;
    uint64_t count;
    bool whole = true;
  };
  const Listed lists[] = {
      {R"({"object":"list","data":[{"id":"demo/demo","object":"model"},{"id":"b"}]})", "demo/demo", 2},
      {R"({"data":[{"id":"text-embedding-3"},{"id":"dall-e-3"},{"type":"model","id":"gpt \"4\""}]})", "gpt \"4\"", 3},
      {R"({"data":[{"id":"whisper-1"}]})", "whisper-1", 1},
      {R"({"data":[],"id":"x"})", "", 0},
      {R"({"data":[{"id":7},{"id":""},{"id":null}]})", "", 0},
      {R"({"data":[{"permission":[{"id":"inner"}]}]})", "", 0},
      {R"({"data":[{"id":"a"})", "a", 1, false},
      {"<html>", "", 0, false},
  };
  for (const Listed& listed : lists) {
    for (const size_t step : steps) {
      CAPTURE(listed.body, step);
      ModelList list;
      in_pieces(listed.body, step, [&](std::string_view piece) { list.feed(piece); });
      REQUIRE(list.choice() == listed.choice);
      REQUIRE(list.count() == listed.count);
      REQUIRE(list.whole() == listed.whole);
    }
  }
}

}  // namespace
}  // namespace sluice::bench
