// The demo provider's other endpoints: models, embeddings, moderations, images, audio, rerank.
#include <catch2/catch.hpp>
#include <cmath>

#include "base/base64.h"
#include "demo/embedding.h"
#include "demo/multipart.h"
#include "harness.h"

using namespace sluice;
using namespace sluice::test;

namespace {
const std::pair<std::string, std::string> form_type = {"Content-Type", "multipart/form-data; boundary=\"XX\""};

std::string form(std::string_view format) {
  return "--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ndemo\r\n--XX\r\nContent-Disposition: "
         "form-data; "
         "name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n12345\r\n--XX\r\nContent-Disposition: "
         "form-data; "
         "name=\"response_format\"\r\n\r\n" +
         std::string(format) + "\r\n--XX--\r\n";
}
}  // namespace

TEST_CASE("models: listed in the words of whoever asks") {
  World world;
  const Json openai = world.get("/v1/models")->json();
  CHECK(openai["object"] == "list");
  CHECK(openai["data"][0]["id"] == "demo");
  CHECK(openai["data"][1]["id"] == "demo-small");
  CHECK(world.get("/v1/models/demo")->json()["object"] == "model");
  const Json anthropic = world.get("/v1/models", {{"anthropic-version", "2023-06-01"}})->json();
  CHECK(anthropic["data"][0]["type"] == "model");
  CHECK(anthropic["has_more"] == false);
  CHECK(anthropic["last_id"] == "demo-small");
}

TEST_CASE("embeddings: unit length, one a text, floats or base64") {
  World world;
  const Json answer = world.post("/v1/embeddings", R"({"model":"m","input":["a b","c"]})")->json();
  REQUIRE(answer["data"].size() == 2);
  CHECK(answer["data"][1]["index"] == 1);
  CHECK(answer["usage"]["prompt_tokens"] == 3);
  REQUIRE(answer["data"][0]["embedding"].size() == demo::default_dimensions);
  double square = 0;
  for (const Json& value : answer["data"][0]["embedding"]) square += value.get<double>() * value.get<double>();
  CHECK(square == Approx(1.0));
  const Json encoded =
      world.post("/v1/embeddings", R"({"model":"m","input":"a","dimensions":3,"encoding_format":"base64"})")->json();
  CHECK(encoded["data"][0]["embedding"].get<std::string>().size() == 16);  // 12 bytes
  CHECK(world.post("/v1/embeddings", R"({"model":"m","input":[1,2,3]})")->json()["data"].size() == 1);
  CHECK(world.post("/v1/embeddings", R"({"model":"m","input":[]})")->responder.status == 400);
}

TEST_CASE("embeddings: bounds") {
  CHECK(demo::embedding_of("a", demo::max_dimensions).size() == demo::max_dimensions);
  CHECK(demo::embedding_of("a", demo::max_dimensions + 1).size() == demo::max_dimensions);
  CHECK(demo::embedding_of("a", 0).size() == 1);
  World world;
  const auto status = [&](size_t count) {
    const Json body = {{"model", "m"}, {"input", std::vector<std::string>(count, "a")}, {"dimensions", 1}};
    return world.post("/v1/embeddings", body.dump())->responder.status;
  };
  CHECK(status(demo::max_embeddings) == 200);
  CHECK(status(demo::max_embeddings + 1) == 400);
}

TEST_CASE("base64") {
  struct Case {
    const char *bytes, *text;
  };
  const Case c = GENERATE(values<Case>(
      {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xFF\xFE\xFD", "//79"}}));
  CHECK(sluice::base64_of(c.bytes) == c.text);
}

TEST_CASE("moderations, images, speech, rerank") {
  World world;
  const Json moderated = world.post("/v1/moderations", R"({"input":["peace","violence"]})")->json();
  CHECK(moderated["results"][0]["flagged"] == false);
  CHECK(moderated["results"][1]["flagged"] == true);
  CHECK(moderated["results"][1]["categories"]["violence"] == true);

  struct Case {
    const char* count;
    size_t images;
  };
  const Case c = GENERATE(values<Case>({{"0", 1}, {"1", 1}, {"10", 10}, {"11", 10}}));
  const Json images =
      world.post("/v1/images/generations", std::string(R"({"prompt":"a cat","n":)") + c.count + "}")->json();
  CHECK(images["data"].size() == c.images);
  CHECK(images["data"][0]["b64_json"].get<std::string>().starts_with("iVBORw0KGgo"));
  CHECK(world.post("/v1/images/edits", form("url"), {form_type})
            ->json()["data"][0]["url"]
            .get<std::string>()
            .starts_with("data:image/png"));

  const auto speech = world.post("/v1/audio/speech", R"({"model":"tts","input":"two words","voice":"alloy"})");
  CHECK(speech->responder.field("content-type") == "audio/wav");
  CHECK(speech->responder.body.starts_with("RIFF"));
  CHECK(speech->responder.body.size() == 44 + 2 * 1600);

  const Json ranked =
      world
          .post(
              "/v1/rerank",
              R"({"model":"m","query":"red fox","documents":["a dog",{"text":"red fox"},"red car"],"top_n":2,"return_documents":true})")
          ->json();
  REQUIRE(ranked["results"].size() == 2);
  CHECK(ranked["results"][0]["index"] == 1);
  CHECK(ranked["results"][0]["relevance_score"] == 1.0);
  CHECK(ranked["results"][1]["index"] == 2);
  CHECK(ranked["results"][1]["document"] == "red car");
}

TEST_CASE("transcriptions: every format") {
  World world;
  struct Case {
    const char *format, *type, *begins;
  };
  const Case c = GENERATE(values<Case>({{"json", "application/json", R"({"text":"You sent: a.wav, 5 bytes"})"},
                                        {"text", "text/plain; charset=utf-8", "You sent: a.wav, 5 bytes\n"},
                                        {"srt", "text/plain; charset=utf-8", "1\n00:00:00,000"},
                                        {"vtt", "text/plain; charset=utf-8", "WEBVTT\n\n"},
                                        {"verbose_json", "application/json", R"({"task":"transcribe")"}}));
  const auto exchange = world.post("/v1/audio/transcriptions", form(c.format), {form_type});
  CHECK(exchange->responder.field("content-type") == c.type);
  CHECK(exchange->responder.body.starts_with(c.begins));
}

TEST_CASE("forms: what is none is refused, and there is a bound on parts") {
  http::Fields fields;
  fields.add("content-type", "multipart/form-data; boundary=XX");
  const char* broken = GENERATE("", "--XX", "--XX\r\n",
                                "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue", "nothing of it");
  CHECK_FALSE(demo::parse_form(fields, broken));
  CHECK_FALSE(demo::parse_form({}, form("json")));
  std::string many;
  for (size_t i = 0; i < demo::max_form_parts; ++i)
    many += "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
  REQUIRE(demo::parse_form(fields, many + "--XX--\r\n"));
  CHECK(demo::parse_form(fields, many + "--XX--\r\n")->size() == demo::max_form_parts);
  CHECK_FALSE(demo::parse_form(fields, many + "--XX\r\n\r\n\r\n--XX--\r\n"));
  const auto empty = demo::parse_form(fields, "--XX\r\n\r\n\r\n--XX--");
  REQUIRE(empty);
  CHECK(empty->at(0).value.empty());
}
