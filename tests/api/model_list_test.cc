// Recorded model lists of providers, read from pieces cut anywhere; and bodies that are no lists.
#include <catch2/catch.hpp>
#include <map>

#include "api/dialect.h"
#include "api/model_list_reader.h"

namespace sluice::api {
namespace {

struct Read {
  std::vector<ToldModel> models;
  std::string next, problem;
  bool cut = false;
};

Read read(Dialect dialect, std::string_view body, size_t piece = 4096, bool cut = false) {
  const DialectRoom& room = room_of(dialect);
  ModelListReader reader(room.model_question, room.model_prefix);
  reader.begin_page();
  for (size_t at = 0; at < body.size(); at += piece) reader.feed(body.substr(at, piece));
  Read out;
  if (const Result<void> page = reader.end_page(cut); !page) out.problem = page.error().message;
  out.next = reader.next_path();
  out.cut = reader.cut();
  out.models = reader.take();
  return out;
}

std::string text_of(const ToldModel& model) {
  const ModelFacts& facts = model.facts;
  std::string text = model.id + "|" + facts.display_name + "|" + std::to_string(facts.context_window) + "|" +
                     std::to_string(facts.max_output_tokens) + "|";
  append_abilities(text, facts);
  return text;
}

struct Recorded {
  const char* whose;
  Dialect dialect;
  std::string body;
  std::vector<std::string> models;
  std::string next = {};
};

const std::vector<Recorded>& recorded() {
  static const std::vector<Recorded> all = {
      {"openai",
       Dialect::openai,
       R"({"object":"list","data":[{"id":"gpt-4o","object":"model","created":1715367049,"owned_by":"system"},)"
       R"({"id":"o3","object":"model","created":1744225308,"owned_by":"system","shutdown_date":null}]})",
       {"gpt-4o||0|0|[]", "o3||0|0|[]"}},
      {"openrouter",
       Dialect::openai,
       R"({"data":[{"id":"anthropic/claude-sonnet-4.5","canonical_slug":"x","hugging_face_id":"","name":"Claude",)"
       R"("created":1759161676,"description":"A \"long\" one","context_length":1000000,"architecture":{"modality":)"
       R"("text+image->text","input_modalities":["text","image","file"],"output_modalities":["text"]},"pricing":)"
       R"({"prompt":"0.000003"},"top_provider":{"context_length":200000,"max_completion_tokens":64000,)"
       R"("is_moderated":true},"supported_parameters":["max_tokens","reasoning","tools"]}]})",
       {R"(anthropic/claude-sonnet-4.5|Claude|200000|64000|["tools","vision","thinking"])"}},
      {"groq",
       Dialect::openai,
       R"({"object":"list","data":[{"id":"llama-3.3-70b-versatile","object":"model","created":1733447754,"owned_by":)"
       R"("Meta","active":true,"context_window":131072,"public_apps":null,"max_completion_tokens":32768}]})",
       {"llama-3.3-70b-versatile||131072|32768|[]"}},
      {"mistral",
       Dialect::openai,
       R"({"object":"list","data":[{"id":"mistral-small-latest","capabilities":{"completion_chat":true,)"
       R"("function_calling":true,"vision":true,"fine_tuning":false},"name":"mistral-small-2506","aliases":["a"],)"
       R"("max_context_length":131072,"default_model_temperature":0.15,"type":"base"}]})",
       {R"(mistral-small-latest|mistral-small-2506|131072|0|["completion","tools","vision"])"}},
      {"together, in no object",
       Dialect::openai,
       R"([{"id":"a/b","object":"model","type":"chat","display_name":"B","context_length":8192},{"id":"c"}])",
       {"a/b|B|8192|0|[]", "c||0|0|[]"}},
      {"vllm",
       Dialect::openai,
       R"({"object":"list","data":[{"id":"Qwen/Qwen3-8B","object":"model","created":1,"owned_by":"vllm","root":"r",)"
       R"("parent":null,"max_model_len":40960,"permission":[{"id":"modelperm-1","object":"model_permission"}]}]})",
       {"Qwen/Qwen3-8B||40960|0|[]"}},
      {"llamacpp, which has two lists in one",
       Dialect::openai,
       R"({"models":[{"name":"m.gguf","model":"m.gguf","capabilities":["completion"]}],"object":"list","data":[{"id":)"
       R"("m.gguf","object":"model","created":1,"owned_by":"llamacpp","meta":{"n_vocab":1,"n_ctx_train":131072,)"
       R"("n_ctx":4096}}]})",
       {"m.gguf||4096|0|[]"}},
      {"anthropic",
       Dialect::anthropic,
       R"({"data":[{"type":"model","id":"claude-opus-4-5","display_name":"Claude Opus 4.5","created_at":)"
       R"("2025-11-24T00:00:00Z","max_input_tokens":200000,"max_tokens":64000,"capabilities":{"batch":{"supported":)"
       R"(true},"image_input":{"supported":true},"thinking":{"supported":true,"types":{"adaptive":{"supported":)"
       R"(false}}}}}],"has_more":true,"first_id":"claude-opus-4-5","last_id":"claude-opus-4-5"})",
       {R"(claude-opus-4-5|Claude Opus 4.5|200000|64000|["vision","thinking"])"},
       "/v1/models?limit=1000&after_id=claude-opus-4-5"},
      {"anthropic's last page",
       Dialect::anthropic,
       R"({"data":[{"type":"model","id":"c","display_name":"C","capabilities":null}],"has_more":false,"last_id":"c"})",
       {"c|C|0|0|[]"}},
      {"gemini",
       Dialect::gemini,
       R"({"models":[{"name":"models/gemini-2.5-flash","version":"001","displayName":"Gemini 2.5 Flash","description":)"
       R"("d","inputTokenLimit":1048576,"outputTokenLimit":65536,"supportedGenerationMethods":["generateContent",)"
       R"("countTokens"],"temperature":1,"thinking":true},{"name":"models/embedding-001","inputTokenLimit":2048,)"
       R"("outputTokenLimit":1,"supportedGenerationMethods":["embedContent"]}],"nextPageToken":"Ch/a+b="})",
       {R"(gemini-2.5-flash|Gemini 2.5 Flash|1048576|65536|["completion","thinking"])",
        R"(embedding-001||2048|1|["embedding"])"},
       "/v1beta/models?pageSize=1000&pageToken=Ch/a%2Bb%3D"},
      {"ollama",
       Dialect::ollama,
       R"({"models":[{"name":"llama3.2:latest","model":"llama3.2:latest","modified_at":"2025-05-04T17:37:44Z","size":1,)"
       R"("digest":"a","details":{"parent_model":"","format":"gguf","family":"llama","families":["llama"],)"
       R"("parameter_size":"3.2B","context_length":131072},"capabilities":["completion","tools"]}]})",
       {R"(llama3.2:latest||131072|0|["completion","tools"])"}},
      {"an empty one", Dialect::openai, R"({"object":"list","data":[]})", {}},
  };
  return all;
}

TEST_CASE("recorded lists are read, cut anywhere") {
  for (const Recorded& one : recorded()) {
    for (const size_t piece : {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 100'000}) {
      CAPTURE(one.whose, piece);
      const Read got = read(one.dialect, one.body, piece);
      CHECK(got.problem.empty());
      std::vector<std::string> texts;
      for (const ToldModel& model : got.models) texts.push_back(text_of(model));
      CHECK(texts == one.models);
      CHECK(got.next == one.next);
      CHECK_FALSE(got.cut);
    }
  }
}

TEST_CASE("when a model was made is told on") {
  const Read got = read(Dialect::openai, recorded()[0].body);
  CHECK(got.models.at(0).facts.created_s == 1715367049);
}

TEST_CASE("what is no list is told so") {
  for (const char* body :
       {"", "<html><body>Sign in</body></html>", "{}", R"({"error":{"message":"no","id":"x"}})",
        R"({"object":"list","data":null})", R"("data")", R"({"data":"[]"})", "[1", R"({"data":[{"id":"a"})",
        R"({"id":"chatcmpl-1","object":"chat.completion","choices":[]})", "nonsense", "\x1f\x8b\x08"}) {
    CAPTURE(body);
    const Read got = read(Dialect::openai, body);
    CHECK_FALSE(got.problem.empty());
  }
  for (const Dialect dialect : {Dialect::anthropic, Dialect::gemini, Dialect::ollama}) {
    CHECK_FALSE(read(dialect, R"({"error":{"code":401}})").problem.empty());
  }
}

TEST_CASE("names that could not be asked for are left out, and each is told once") {
  const std::string longest(256, 'a');
  const Read got = read(Dialect::openai, R"({"data":[{"id":"a"},{"id":""},{"id":"*"},{"id":"gpt-*"},{"id":"x\ny"},{},)"
                                         R"({"id":7},{"id":"a","context_length":5},{"id":"\u00e9"},"b",null,{"id":")" +
                                             longest + R"("},{"id":")" + longest + R"(b"}]})");
  REQUIRE(got.problem.empty());
  REQUIRE(got.models.size() == 3);
  CHECK(got.models[0] == ToldModel{"a"});
  CHECK(got.models[1].id == "\xc3\xa9");
  CHECK(got.models[2].id == longest);
}

TEST_CASE("numbers that cannot be are not told") {
  const Read got = read(Dialect::openai, R"({"data":[{"id":"a","context_length":0,"max_tokens":-5,"created":1e400},)"
                                         R"({"id":"b","context_length":99999999999999999999999,"max_tokens":null}]})");
  REQUIRE(got.models.size() == 2);
  CHECK(text_of(got.models[0]) == "a||0|0|[]");
  CHECK(text_of(got.models[1]) == "b||0|0|[]");
}

TEST_CASE("a list of more models than there is room for is cut") {
  std::string body = R"({"data":[)";
  for (size_t i = 0; i < 100'000; ++i) body += (i == 0 ? R"({"id":"m)" : R"(,{"id":"m)") + std::to_string(i) + R"("})";
  const Read got = read(Dialect::openai, body + "]}");
  CHECK(got.cut);
  CHECK(got.models.size() == ModelListReader::max_models);
  CHECK(got.models.back().id == "m4095");
}

TEST_CASE("of a list that is not waited for, what came whole is kept") {
  const Read got = read(Dialect::openai, R"({"data":[{"id":"a"},{"id":"b"},{"id":"c","context_le)", 7, true);
  CHECK(got.problem.empty());
  CHECK(got.models == std::vector<ToldModel>{{"a"}, {"b"}});
}

}  // namespace
}  // namespace sluice::api
