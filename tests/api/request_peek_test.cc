#include "api/request_peek.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "net/stream.h"

namespace sluice::api {
namespace {

using nlohmann::json;

// A body with exactly the readable padding that a peek needs.
class Body {
 public:
  explicit Body(std::string_view text) : bytes_(text.begin(), text.end()), size_(text.size()) {
    bytes_.insert(bytes_.end(), net::read_padding_bytes, '"');  // the values do not matter
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::vector<char> bytes_;
  size_t size_;
};

std::string edited(std::string_view body, const std::vector<Edit>& edits) {
  std::vector<std::string_view> pieces;
  apply(body, edits, pieces);
  std::string out;
  for (const auto piece : pieces) out += piece;
  CHECK(out.size() == size_after(body, edits));
  return out;
}

TEST_CASE("a peek sees the model and the stream options, and edits change nothing else") {
  struct Case {
    std::string_view body, model;
    bool stream, asks_usage;
    std::string_view asked;  // the body with the model renamed to "new" and usage requested
  };
  const Case cases[] = {
      {R"({"model":"old"})", "old", false, false, R"({"stream_options":{"include_usage":true},"model":"new"})"},
      {R"({})", "", false, false, R"({"stream_options":{"include_usage":true}})"},
      {" {\n} ", "", false, false, " {\"stream_options\":{\"include_usage\":true}\n} "},
      {R"({ "model" : "old" , "stream" : true })", "old", true, false,
       R"({"stream_options":{"include_usage":true}, "model" : "new" , "stream" : true })"},
      {R"({"stream_options":null,"model":"old"})", "old", false, false,
       R"({"stream_options":{"include_usage":true},"model":"new"})"},
      {R"({"model":"old","stream_options":null })", "old", false, false,
       R"({"model":"new","stream_options":{"include_usage":true} })"},
      {R"({"model":"old","stream_options":{ }})", "old", false, false,
       R"({"model":"new","stream_options":{"include_usage":true }})"},
      {R"({"model":"old","stream_options":{"x":[1,{"include_usage":true}]}})", "old", false, false,
       R"({"model":"new","stream_options":{"include_usage":true,"x":[1,{"include_usage":true}]}})"},
      {R"({"model":"old","stream_options":{"include_usage": false ,"x":1}})", "old", false, false,
       R"({"model":"new","stream_options":{"include_usage": true ,"x":1}})"},
      {R"({"model":"old","stream_options":{"include_usage":null}})", "old", false, false,
       R"({"model":"new","stream_options":{"include_usage":true}})"},
      {R"({"model":"old","stream_options":{"include_usage":true}})", "old", false, true,
       R"({"model":"new","stream_options":{"include_usage":true}})"},
      {R"({"a":{"model":"inner","stream":true},"model":"ol\u0064","stream":false})", "old", false, false,
       R"({"stream_options":{"include_usage":true},"a":{"model":"inner","stream":true},"model":"new","stream":false})"},
      {R"({"mod\u0065l":"old"})", "old", false, false,
       R"({"stream_options":{"include_usage":true},"mod\u0065l":"new"})"},
      {R"({"model":null,"stream":null})", "", false, false,
       R"({"stream_options":{"include_usage":true},"model":null,"stream":null})"},
      {R"({"model":"a\"b\\","z":1})", "a\"b\\", false, false,
       R"({"stream_options":{"include_usage":true},"model":"new","z":1})"},
      {R"({"model":"","z":"}{"})", "", false, false,
       R"({"stream_options":{"include_usage":true},"model":"new","z":"}{"})"},
  };
  for (const Case& c : cases) {
    INFO(c.body);
    const Body body(c.body);
    const auto peek = peek_request(body.view(), Dialect::openai);
    REQUIRE(peek);
    CHECK(peek->model == c.model);
    CHECK(peek->stream == c.stream);
    CHECK(peek->asks_usage == c.asks_usage);
    const std::string out = edited(body.view(), edits_for(*peek, "new", true));
    CHECK(out == c.asked);
    CHECK(json::accept(out));
    CHECK(edited(body.view(), edits_for(*peek, peek->model, false)) == c.body);
  }
}

TEST_CASE("what is no JSON object, or says a thing twice or wrongly, is refused with its place") {
  struct Case {
    std::string_view body, reason;
  };
  const Case cases[] = {
      {"", "empty"},
      {"   ", "JSON"},
      {"[]", "not a JSON object"},
      {"\"model\"", "not a JSON object"},
      {"12", "not a JSON object"},
      {"{", ""},
      {R"({"model":"x")", ""},
      {R"({"model":"x)", ""},
      {R"({"model":"x"}})", ""},
      {R"({"model":"x"}{})", "more follows"},
      {R"({"model":"x"} 1)", ""},
      {R"({"model":"x",})", ""},
      {R"({"model"})", ""},
      {R"({"model":})", ""},
      {R"({"model" "x"})", ""},
      {R"({"a":[1,2})", ""},
      {R"({"model":1})", "`model` must be a string (at byte 9)"},
      {R"({"model":["x"]})", "`model` must be a string (at byte 9)"},
      {R"({"model":"\x"})", "`model` must be a string"},
      {R"({"model":"x","model":"x"})", "`model` occurs twice"},
      {R"({"model":"x","mod\u0065l":"y"})", "`model` occurs twice"},
      {R"({"stream":true,"stream":true})", "`stream` occurs twice"},
      {R"({"stream":"true"})", "`stream` must be true or false (at byte 10)"},
      {R"({"stream":1})", "`stream` must be"},
      {R"({"stream_options":[]})", "`stream_options` must be an object"},
      {R"({"stream_options":{},"stream_options":{}})", "`stream_options` occurs twice"},
      {R"({"stream_options":{"include_usage":1}})", "must be true or false"},
      {R"({"stream_options":{"include_usage":true,"include_usage":true}})", "`include_usage` occurs twice"},
  };
  for (const Case& c : cases) {
    INFO(c.body);
    const Body body(c.body);
    const auto peek = peek_request(body.view(), Dialect::openai);
    REQUIRE_FALSE(peek);
    CHECK(peek.error().code == ErrorCode::bad_request);
    CHECK(peek.error().message.find(c.reason) != std::string::npos);
  }
}

TEST_CASE("a body cut at any byte is refused") {
  const std::string_view whole =
      R"({"model":"gpt","messages":[{"role":"user","content":"a \"b\" \\ {["},{"x":[]}],"stream":true,"stream_options":{"a":{}}})";
  REQUIRE(peek_request(Body(whole).view(), Dialect::openai));
  for (size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK_FALSE(peek_request(Body(whole.substr(0, size)).view(), Dialect::openai));
  }
}

TEST_CASE("ollama streams unless told not to, and once called the model name") {
  CHECK(peek_request(Body(R"({"model":"x"})").view(), Dialect::ollama)->stream);
  CHECK_FALSE(peek_request(Body(R"({"model":"x","stream":false})").view(), Dialect::ollama)->stream);
  const Body body(R"({"name":"x"})");
  const auto peek = peek_request(body.view(), Dialect::ollama);
  REQUIRE(peek);
  CHECK(peek->model == "x");
  CHECK(edited(body.view(), edits_for(*peek, "y", false)) == R"({"name":"y"})");
  CHECK_FALSE(peek_request(Body(R"({"name":"x","model":"m"})").view(), Dialect::ollama));
  const Body both(R"({"name":"x","model":"x"})");
  const auto peeked = peek_request(both.view(), Dialect::ollama);
  REQUIRE(peeked);
  CHECK(edited(both.view(), edits_for(*peeked, "y", false)) == R"({"name":"y","model":"y"})");
  CHECK(peek_request(Body(R"({"name":"x"})").view(), Dialect::openai)->model.empty());
}

TEST_CASE("a large body is peeked, and a small one after it") {
  const Body large(R"({"input":")" + std::string(3 * 1024 * 1024, 'x') + R"(","model":"m"})");
  const auto peek = peek_request(large.view(), Dialect::openai);
  REQUIRE(peek);
  CHECK(peek->model == "m");
  CHECK(peek->model_at == large.view().size() - 4);
  CHECK(peek_request(Body(R"({"model":"n"})").view(), Dialect::openai)->model == "n");
}

TEST_CASE("nesting has a limit, and meeting it is an error, not a crash") {
  for (const size_t depth : {100u, 900u, 100000u}) {
    const Body body("{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + ",\"model\":\"m\"}");
    const auto peek = peek_request(body.view(), Dialect::openai);
    if (depth < 1000) {
      REQUIRE(peek);
    }
    if (peek) CHECK(peek->model == "m");
  }
}

TEST_CASE("members have a limit, in the body and in its stream options") {
  const auto with = [](size_t members) {
    std::string all;
    for (size_t i = 0; i < members; ++i) all += "\"a\":1,";
    return all;
  };
  const auto peek = [](const std::string& text) { return peek_request(Body(text).view(), Dialect::openai); };
  for (const std::string& open : {std::string("{"), std::string(R"({"model":"m","stream_options":{)")}) {
    const std::string end = open.size() == 1 ? R"("model":"m"})" : R"("include_usage":true}})";
    const auto most = peek(open + with(max_peeked_members - 1) + end);
    REQUIRE(most);
    CHECK(most->model == "m");
    const auto more = peek(open + with(max_peeked_members) + end);
    REQUIRE_FALSE(more);
    CHECK(more.error().code == ErrorCode::bad_request);
    CHECK(more.error().message.starts_with("an object of the body has more than 10000 members (at byte "));
  }
  CHECK_FALSE(peek("{" + with(5'000'000) + R"("model":"m"})"));
}

TEST_CASE("what bounds an answer is read by the dialect's own name") {
  const Body body(R"({"max_tokens":1,"max_completion_tokens":2,"max_output_tokens":3})");
  for (const auto& [dialect, most] : std::vector<std::pair<Dialect, uint64_t>>{
           {Dialect::openai, 2}, {Dialect::responses, 3}, {Dialect::anthropic, 1}, {Dialect::ollama, 0}}) {
    const auto peek = peek_request(body.view(), dialect);
    REQUIRE(peek);
    CHECK(peek->max_output_tokens == most);
  }
}

TEST_CASE("a peek sees how much output is allowed, where that is a whole number at the top") {
  struct Case {
    std::string_view body;
    uint64_t most;
  };
  const Case cases[] = {{R"({"model":"m"})", 0},
                        {R"({"max_tokens":4096})", 4096},
                        {R"({"max_completion_tokens": 7 ,"model":"m"})", 7},
                        {R"({"max_output_tokens":128000})", 0},  // another dialect's
                        {R"({"max_tokens":5,"max_completion_tokens":9,"max_tokens":2})", 9},
                        {R"({"max_tokens":null,"stream":true})", 0},
                        {R"({"max_tokens":"12","stream":true})", 0},
                        {R"({"max_tokens":{"a":[1,2]},"stream":true})", 0},
                        {R"({"max_tokens":-1,"max_tokens":1.5,"stream":true})", 0},
                        {R"({"max_tokens":1e3})", 1000},
                        {R"({"max_tokens":1e300})", 0},
                        {R"({"max_tokens":99999999999999999999})", 0},
                        {R"({"max_tool_calls":3,"metadata":{"max_tokens":8}})", 0}};
  for (const Case& one : cases) {
    CAPTURE(one.body);
    const Body body(one.body);
    const auto peek = peek_request(body.view(), Dialect::openai);
    REQUIRE(peek);
    CHECK(peek->max_output_tokens == one.most);
    CHECK(peek->stream == (one.body.find("stream") != std::string_view::npos));
  }
}

}  // namespace
}  // namespace sluice::api
