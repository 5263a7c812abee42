// Embeddings and token counts, between the dialects that have them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/dialect.h"
#include "api/event_filter.h"
#include "api/translation.h"

using namespace sluice;
using namespace sluice::api;
using nlohmann::json;

namespace {

struct Asking {
  Dialect dialect;
  const char* endpoint;
  const char* body;
};

const Asking singles[] = {
    {Dialect::openai, "embeddings",
     R"({"model":"m","input":"a\nb","dimensions":3,"encoding_format":"float","user":"u"})"},
    {Dialect::gemini, "embedContent",
     R"({"content":{"parts":[{"text":"a\n"},{"text":"b"}]},"output_dimensionality":3})"},
    {Dialect::ollama, "ollama/embed", R"({"model":"m","input":"a\nb","dimensions":3})"},
    {Dialect::ollama, "ollama/embeddings", R"({"model":"m","prompt":"a\nb","dimensions":3})"},
};
const Asking batches[] = {
    {Dialect::openai, "embeddings", R"({"model":"m","input":["x","y"]})"},
    {Dialect::gemini, "batchEmbedContents",
     R"({"requests":[{"model":"models/m","content":{"parts":[{"text":"x"}]}},{"content":{"parts":[{"text":"y"}]}}]})"},
    {Dialect::ollama, "ollama/embed", R"({"model":"m","input":["x","y"]})"},
};

const EmbeddingRoom& room(Dialect dialect) { return *room_of(dialect).translation.embeddings; }

json question_for(Dialect to, bool is_single) {
  if (to == Dialect::openai) {
    json body{{"model", "real"}, {"encoding_format", "float"}};
    body["input"] = is_single ? json("a\nb") : json{"x", "y"};
    return body;
  }
  if (to == Dialect::ollama) return {{"model", "real"}, {"input", is_single ? json("a\nb") : json{"x", "y"}}};
  json requests = json::array();
  for (const std::string& text : is_single ? std::vector<std::string>{"a\nb"} : std::vector<std::string>{"x", "y"}) {
    requests.push_back({{"model", "models/real"}, {"content", {{"parts", {{{"text", text}}}}}}});
  }
  return {{"requests", requests}};
}

void check_question(const Asking& asking, Dialect to, bool is_single) {
  INFO(asking.endpoint << " to " << name_of(to));
  const auto request = room(asking.dialect).read_request(asking.body, {asking.endpoint, "m", false});
  REQUIRE(request);
  Dropped dropped;
  REQUIRE(leave_behind(**request, dropped));
  WrittenRequest written;
  REQUIRE(room(to).write_request(**request, facts_for("real", {to, ""}, false), dropped, written));
  json expected = question_for(to, is_single);
  if (is_single && to == Dialect::gemini) expected["requests"][0]["outputDimensionality"] = 3;
  if (is_single && to != Dialect::gemini) expected["dimensions"] = 3;
  CHECK(json::parse(written.body) == expected);
  CHECK(dropped.text() == (is_single && asking.dialect == Dialect::openai ? "user=unsupported" : ""));
}

// What the caller gets for a target's `answer`.
std::string answered(const Asking& asking, Dialect from, const char* answer) {
  const auto request = room(asking.dialect).read_request(asking.body, {asking.endpoint, "m", false});
  REQUIRE(request);
  const AnswerShape shape{asking.endpoint, false, false, **request, "id", 1, "real", {from, ""}};
  const auto writer = room(asking.dialect).make_writer(shape);
  PartSequencer sequencer(*writer);
  const ToolNames names;
  CallRestorer restorer(names, sequencer);
  EndGuard guard(restorer);
  const auto reader = room(from).make_reader();
  REQUIRE(reader->read_body(answer, guard));
  REQUIRE(guard.finished());
  writer->end();
  return writer->out;
}

const char* answer_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::openai:
      return R"({"object":"list","data":[{"index":1,"embedding":[3,4.0]},{"index":0,"embedding":[1,-0.5]}],"model":"real-1","usage":{"prompt_tokens":7,"total_tokens":7}})";
    case Dialect::gemini:
      return R"({"embeddings":[{"values":[1,-0.5]},{"values":[3,4.0]}],"usageMetadata":{"promptTokenCount":7}})";
    default:
      return R"({"model":"real-1","embeddings":[[1,-0.5],[3,4.0]],"prompt_eval_count":7})";
  }
}

}  // namespace

TEST_CASE("embeddings: one text and several, for every other dialect") {
  for (const Dialect to : {Dialect::openai, Dialect::gemini, Dialect::ollama}) {
    for (const Asking& asking : singles) {
      if (asking.dialect != to) check_question(asking, to, true);
    }
    for (const Asking& asking : batches) {
      if (asking.dialect != to) check_question(asking, to, false);
    }
  }
}

TEST_CASE("embeddings: answers of every other dialect") {
  for (const Dialect from : {Dialect::openai, Dialect::gemini, Dialect::ollama}) {
    for (const Asking& asking : batches) {
      if (asking.dialect == from) continue;
      INFO(name_of(from) << " to " << asking.endpoint);
      const json body = json::parse(answered(asking, from, answer_of(from)));
      const std::string model = from == Dialect::gemini ? "real" : "real-1";
      if (asking.dialect == Dialect::openai) {
        CHECK(body == json::parse(R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,-0.5]},)"
                                  R"({"object":"embedding","index":1,"embedding":[3,4.0]}],"model":")" +
                                  model + R"(","usage":{"prompt_tokens":7,"total_tokens":7}})"));
      } else if (asking.dialect == Dialect::gemini) {
        CHECK(body == json::parse(R"({"embeddings":[{"values":[1,-0.5]},{"values":[3,4.0]}]})"));
      } else {
        CHECK(body == json{{"model", model}, {"embeddings", {{1, -0.5}, {3, 4.0}}}, {"prompt_eval_count", 7}});
      }
    }
  }
  CHECK(answered(singles[1], Dialect::ollama, R"({"embeddings":[[1,2]]})") == R"({"embedding":{"values":[1,2]}})");
  CHECK(answered(singles[3], Dialect::gemini, R"({"embedding":{"values":[1,2]}})") == R"({"embedding":[1,2]})");
  // A missing count is estimated: three bytes and an escape are one token.
  CHECK(json::parse(answered(singles[0], Dialect::gemini, answer_of(Dialect::gemini)))["usage"]["prompt_tokens"] == 7);
  CHECK(json::parse(answered(singles[0], Dialect::ollama, R"({"embeddings":[[1]]})"))["usage"]["prompt_tokens"] == 1);
}

TEST_CASE("embeddings: base64 is 32-bit floats, and back") {
  CHECK(base64_of_vector("[1,-0.5]") == "AACAPwAAAL8=");
  CHECK(vector_of_base64("AACAPwAAAL8=") == "[1,-0.5]");
  CHECK(vector_of_base64("AACAfw==") == "");  // infinity
  CHECK(vector_of_base64("AACA") == "");
  CHECK(vector_of_base64("") == "");
  CHECK(base64_of_vector("{}") == "");
  const Asking asking = {Dialect::openai, "embeddings", R"({"model":"m","input":"x","encoding_format":"base64"})"};
  const json body = json::parse(answered(asking, Dialect::ollama, R"({"embeddings":[[1,-0.5]]})"));
  CHECK(body["data"][0]["embedding"] == "AACAPwAAAL8=");
  const char* const encoded = R"({"data":[{"index":0,"embedding":"AACAPwAAAL8="}]})";
  CHECK(answered(singles[3], Dialect::openai, encoded) == R"({"embedding":[1,-0.5]})");
}

TEST_CASE("embeddings: what has no equal is refused, and what is wrong is told") {
  const auto read = [](Dialect dialect, const char* endpoint, const char* body) {
    return room(dialect).read_request(body, {endpoint, "m", false});
  };
  Dropped dropped;
  for (const char* const tokens : {R"({"model":"m","input":[1,2]})", R"({"model":"m","input":[[1],[2]]})"}) {
    const auto request = read(Dialect::openai, "embeddings", tokens);
    REQUIRE(request);
    CHECK(leave_behind(**request, dropped).error().code == ErrorCode::untranslatable);
  }
  const auto differing = read(
      Dialect::gemini, "batchEmbedContents",
      R"({"requests":[{"content":{"parts":[{"text":"x"}]},"outputDimensionality":2},{"content":{"parts":[{"text":"y"}]}}]})");
  REQUIRE(differing);
  CHECK(leave_behind(**differing, dropped).error().message.find("requests[1].outputDimensionality") !=
        std::string::npos);
  CHECK_FALSE(read(Dialect::openai, "embeddings", R"({"model":"m"})"));
  CHECK_FALSE(read(Dialect::openai, "embeddings", R"({"model":"m","input":[]})"));
  CHECK_FALSE(read(Dialect::gemini, "embedContent", R"({})"));
  CHECK_FALSE(read(Dialect::gemini, "batchEmbedContents", R"({"requests":[]})"));
  CHECK_FALSE(
      read(Dialect::gemini, "embedContent", R"({"content":{"parts":[{"inlineData":{"mimeType":"a","data":"b"}}]}})"));
  CHECK_FALSE(read(Dialect::ollama, "ollama/embed", R"({"model":"m","input":[1]})"));
  CHECK_FALSE(read(Dialect::ollama, "ollama/embeddings", R"({"model":"m","prompt":["a"]})"));
}

TEST_CASE("counts: the question and the answer of each dialect that counts") {
  const struct {
    Dialect dialect;
    const char *request, *question, *answer, *path;
  } rows[] = {
      {Dialect::anthropic,
       R"({"model":"m","max_tokens":9,"stream":true,"temperature":1,"messages":[{ }],"system":"s"})",
       R"({"model":"m","messages":[{ }],"system":"s"})", R"({"input_tokens":12})", "/v1/messages/count_tokens"},
      {Dialect::responses, R"({"model":"m","input":"q","store":false,"max_output_tokens":9})",
       R"({"model":"m","input":"q"})", R"({"object":"response.input_tokens","input_tokens":12})",
       "/responses/input_tokens"},
      {Dialect::gemini, R"({"contents":[{ }]})", R"({"generateContentRequest":{"model":"models/m","contents":[{ }]}})",
       R"({"totalTokens":12})", "/v1beta/models/m:countTokens"},
  };
  for (const auto& row : rows) {
    INFO(name_of(row.dialect));
    const CountRoom& counts = *room_of(row.dialect).translation.counts;
    std::string question, answer;
    TargetFacts facts;
    facts.model = "m";
    counts.write_question(row.request, facts, question);
    CHECK(question == row.question);
    CHECK(counts.path("m") == row.path);
    counts.write_answer(12, answer);
    CHECK(answer == row.answer);
    const auto writer = make_count_writer(counts, row.dialect);
    const auto reader = make_count_reader(counts.member);
    REQUIRE(reader->read_body(row.answer, *writer));
    writer->end();
    CHECK(writer->out == row.answer);
    CHECK_FALSE(make_count_reader(counts.member)->read_body("{}", *writer));
  }
}
