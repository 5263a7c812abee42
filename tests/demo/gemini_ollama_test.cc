// The demo provider's gemini and ollama dialects.
#include <catch2/catch.hpp>

#include "harness.h"

using namespace sluice;
using namespace sluice::test;

namespace {

std::vector<Json> lines_of(std::string_view body) {
  std::vector<Json> lines;
  while (!body.empty()) {
    REQUIRE(body.find('\n') != body.npos);
    lines.push_back(Json::parse(body.substr(0, body.find('\n'))));
    body.remove_prefix(body.find('\n') + 1);
  }
  return lines;
}

const char* const hello =
    R"({"contents":[{"role":"user","parts":[{"text":"hello world"}]}],"systemInstruction":{"parts":[{"text":"be kind"}]}})";

}  // namespace

TEST_CASE("gemini: a whole answer, and the model name of the path") {
  const std::string version = GENERATE("/v1beta", "/v1");
  World world;
  CHECK(world.post(version + "/models/m:countTokens", "{}")->json()["error"]["status"] == "INVALID_ARGUMENT");
  const Json answer = world.post(version + "/models/gemini%2Dx:generateContent", hello)->json();
  CHECK(answer["candidates"][0]["content"] ==
        Json{{"role", "model"}, {"parts", {{{"text", "You said: hello world"}}}}});
  CHECK(answer["candidates"][0]["finishReason"] == "STOP");
  CHECK(answer["usageMetadata"] == Json{{"promptTokenCount", 4}, {"candidatesTokenCount", 4}, {"totalTokenCount", 8}});
  CHECK(answer["modelVersion"] == "gemini-x");
}

TEST_CASE("gemini: a stream is SSE with alt=sse and one JSON array without") {
  World world;
  const bool sse = GENERATE(true, false);
  const auto exchange =
      world.post(std::string("/v1beta/models/m:streamGenerateContent") + (sse ? "?key=k&alt=sse" : ""), hello);
  std::vector<Json> frames;
  if (sse) {
    CHECK(exchange->responder.field("content-type") == "text/event-stream");
    for (const Frame& frame : sse_frames(exchange->responder.body)) frames.push_back(frame.json());
  } else {
    CHECK(exchange->responder.field("content-type") == "application/json");
    for (const Json& frame : exchange->json()) frames.push_back(frame);
  }
  REQUIRE(frames.size() == 5);
  std::string text;
  for (size_t i = 0; i < frames.size(); ++i) {
    text += frames[i]["candidates"][0]["content"]["parts"][0]["text"].get<std::string>();
    CHECK(frames[i]["candidates"][0].contains("finishReason") == (i == 4));
    CHECK(frames[i].contains("usageMetadata") == (i == 4));
  }
  CHECK(text == "You said: hello world");
}

TEST_CASE("gemini: functions are called, whole, and their results said back") {
  World world;
  const std::string tools =
      R"("tools":[{"functionDeclarations":[{"name":"look_up","parameters":{"type":"OBJECT","properties":{"word":{"type":"STRING"}}}},)"
      R"({"name":"list_files","parametersJsonSchema":{"type":"object"}}]}])";
  const std::string body = R"({"contents":[{"parts":[{"text":"list_files, and look_up sluice"}]}],)" + tools + "}";
  const Json parts = world.post("/v1beta/models/m:generateContent", body)->json()["candidates"][0]["content"]["parts"];
  REQUIRE(parts.size() == 2);
  CHECK(parts[0]["functionCall"]["name"] == "look_up");
  CHECK(parts[0]["functionCall"]["args"] == Json{{"word", "sluice"}});
  CHECK(parts[1]["functionCall"]["args"] == Json::object());
  const std::vector<Frame> frames =
      sse_frames(world.post("/v1beta/models/m:streamGenerateContent?alt=sse", body)->responder.body);
  REQUIRE(frames.size() == 3);
  CHECK(frames[1].json()["candidates"][0]["content"]["parts"][0]["functionCall"]["name"] == "list_files");
  CHECK(frames[2].json()["candidates"][0]["finishReason"] == "STOP");

  const char* result = GENERATE(R"({"output":"three files"})", R"({"files":3})");
  const std::string again =
      std::string(
          R"({"contents":[{"role":"user","parts":[{"text":"list_files"}]},{"role":"model","parts":[{"functionCall":{"name":"list_files"}}]},)") +
      R"({"role":"user","parts":[{"functionResponse":{"name":"list_files","response":)" + result + "}}]}]," + tools +
      "}";
  const Json said =
      world.post("/v1beta/models/m:generateContent", again)->json()["candidates"][0]["content"]["parts"][0]["text"];
  CHECK(said == (std::string_view(result).find("three") != std::string_view::npos ? "The tool said: three files"
                                                                                  : "The tool said: {\"files\":3}"));
}

TEST_CASE("gemini: forced functions, schemas, limits, counts and embeddings") {
  World world;
  const auto parts = [&](const char* more) {
    return world
        .post("/v1beta/models/m:generateContent",
              std::string(R"({"contents":[{"parts":[{"text":"hi Ada"}]}],)") + more + "}")
        ->json()["candidates"][0];
  };
  CHECK(
      parts(
          R"("tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]}})")
          ["content"]["parts"][0]["functionCall"]["name"] == "g");
  CHECK(
      parts(
          R"("generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"who":{"type":"STRING"}}}})")
          ["content"]["parts"][0]["text"] == R"({"who":"Ada"})");
  CHECK(parts(R"("generationConfig":{"maxOutputTokens":2})")["finishReason"] == "MAX_TOKENS");

  CHECK(world.post("/v1beta/models/m:countTokens", hello)->json() == Json{{"totalTokens", 4}});
  CHECK(world.post("/v1beta/models/m:countTokens", std::string(R"({"generateContentRequest":)") + hello + "}")
            ->json()["totalTokens"] == 4);
  const Json one =
      world.post("/v1beta/models/m:embedContent", R"({"content":{"parts":[{"text":"hi"}]},"outputDimensionality":3})")
          ->json();
  CHECK(one["embedding"]["values"].size() == 3);
  const Json batch =
      world
          .post(
              "/v1beta/models/m:batchEmbedContents",
              R"({"requests":[{"content":{"parts":[{"text":"hi"}]},"outputDimensionality":3},{"content":{"parts":[{"text":"ho"}]}}]})")
          ->json();
  REQUIRE(batch["embeddings"].size() == 2);
  CHECK(batch["embeddings"][0] == one["embedding"]);
  CHECK(world.get("/v1beta/models")->json()["models"][0]["name"] == "models/demo");
  CHECK(world.get("/v1beta/models/demo")->json()["name"] == "models/demo");
}

TEST_CASE("ollama: chat streams lines unless told not to") {
  World world;
  const auto exchange =
      world.post("/api/chat", R"({"model":"m","messages":[{"role":"user","content":"hello world"}]})");
  CHECK(exchange->responder.field("content-type") == "application/x-ndjson");
  const std::vector<Json> lines = lines_of(exchange->responder.body);
  REQUIRE(lines.size() == 5);
  std::string text;
  for (const Json& line : lines) {
    text += line["message"]["content"].get<std::string>();
    CHECK(line["done"] == (&line == &lines.back()));
    CHECK(line["created_at"] == "2023-11-14T22:13:20.000Z");
  }
  CHECK(text == "You said: hello world");
  CHECK(lines.back()["done_reason"] == "stop");
  CHECK(lines.back()["prompt_eval_count"] == 2);
  CHECK(lines.back()["eval_count"] == 4);

  const Json whole =
      world.post("/api/chat", R"({"model":"m","stream":false,"messages":[{"role":"user","content":"hello"}]})")->json();
  CHECK(whole["message"]["content"] == "You said: hello");
  CHECK(whole["done"] == true);
}

TEST_CASE("ollama: tools have objects for arguments") {
  World world;
  const std::string body =
      R"({"model":"m","messages":[{"role":"user","content":"count sheep"}],"tools":[{"type":"function","function":{"name":"count","parameters":{"type":"object","properties":{"what":{"type":"string"}}}}}])";
  const Json whole = world.post("/api/chat", body + R"(,"stream":false})")->json();
  CHECK(whole["message"]["tool_calls"][0]["function"]["name"] == "count");
  CHECK(whole["message"]["tool_calls"][0]["function"]["arguments"] == Json{{"what", "sheep"}});
  const std::vector<Json> lines = lines_of(world.post("/api/chat", body + "}")->responder.body);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["message"]["tool_calls"].size() == 1);
  CHECK_FALSE(lines[1]["message"].contains("tool_calls"));
}

TEST_CASE("ollama: generate, embeddings, lists") {
  World world;
  const Json generated =
      world.post("/api/generate", R"({"model":"m","prompt":"a b c","stream":false,"options":{"num_predict":3}})")
          ->json();
  CHECK(generated["response"] == "You said: a");
  CHECK(generated["done_reason"] == "length");
  const Json free =
      world.post("/api/generate", R"({"model":"m","prompt":"a b c","stream":false,"options":{"num_predict":-1}})")
          ->json();
  CHECK(free["response"] == "You said: a b c");
  CHECK(lines_of(world.post("/api/generate", R"({"model":"m","prompt":"a"})")->responder.body).size() == 4);
  const Json embedded = world.post("/api/embed", R"({"model":"m","input":["a","b"]})")->json();
  CHECK(embedded["embeddings"].size() == 2);
  CHECK(embedded["embeddings"][0] != embedded["embeddings"][1]);
  CHECK(world.post("/api/embed", R"({"model":"m","input":"a"})")->json()["embeddings"][0] == embedded["embeddings"][0]);
  CHECK(world.post("/api/embeddings", R"({"model":"m","prompt":"a"})")->json()["embedding"] ==
        embedded["embeddings"][0]);
  CHECK(world.get("/api/tags")->json()["models"][1]["name"] == "demo-small");
  CHECK(world.post("/api/show", R"({"model":"demo"})")->json()["capabilities"] == Json{"completion", "tools"});
  CHECK(world.post("/api/show", R"({"model":"demo"})")->json()["details"]["families"] == Json::array({"demo"}));
  CHECK(world.get("/api/version")->json().contains("version"));
}
