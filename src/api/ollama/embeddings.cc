// Embeddings: /api/embed, and the older /api/embeddings for one text.
#include <array>

#include "api/asides.h"
#include "api/ollama/object_reader.h"
#include "api/ollama/translate.h"

namespace sluice::api::ollama {
namespace {

constexpr std::string_view embedding_endpoints[] = {"ollama/embed", "ollama/embeddings"};

class OllamaVectorReader final : public VectorReader {
  bool find(JsonValue root, Found& found) override {
    for (const JsonValue vector : root["embeddings"]) {
      if (!vector.is_array()) return false;
      found.vectors.emplace_back(vector.raw());
    }
    found.model = root["model"].text().escaped;
    found.input_tokens = root["prompt_eval_count"].count();
    return root["embeddings"].is_array();
  }
};

class OllamaVectorWriter final : public VectorWriter {
 public:
  explicit OllamaVectorWriter(const AnswerShape& shape)
      : VectorWriter(shape, own), is_old_(shape.endpoint == embedding_endpoints[1]) {}
  void end() override {
    JsonWriter json(out);
    json.object();
    if (is_old_) {
      json.key("embedding").raw(vectors_.empty() ? std::string_view("[]") : vectors_.front()).end_object();
      return;
    }
    text_member(json, out, "model", JsonText{model_});
    json.key("embeddings").array();
    for (const std::string& vector : vectors_) json.raw(vector);
    json.end_array();
    if (usage_.counts.input_uncached) json.member("prompt_eval_count", *usage_.counts.input_uncached);
    json.end_object();
  }

 private:
  const bool is_old_;
};

Result<std::unique_ptr<Request>> read_embedding(std::string_view body, const ReadContext& context) {
  constexpr std::array<std::string_view, 4> known = {"model", "input", "prompt", "dimensions"};
  auto request = std::make_unique<Request>();
  request->from = own;
  if (auto parsed = request->document->parse(body); !parsed) return tl::unexpected(parsed.error());
  const JsonValue root = request->document->root();
  if (!root.is_object()) return fail(ErrorCode::bad_request, "the body must be an object");
  if (auto done = sort_members(root, known, "", request->bag); !done) return tl::unexpected(done.error());
  const auto model = text_of(root["model"], "model");
  if (!model) return tl::unexpected(model.error());
  request->model = *model;
  const JsonValue dimensions = root["dimensions"];
  request->embedding.dimensions = dimensions.count();
  if (dimensions.has_value() && !dimensions.count()) return must_be("dimensions", "a whole number");
  const std::string_view name = context.endpoint == embedding_endpoints[1] ? "prompt" : "input";
  const JsonValue input = root[name];
  const auto add = [&request](JsonText text) {
    Message& message = request->messages.emplace_back();
    message.parts.emplace_back().text = text;
  };
  if (input.is_string()) {
    request->embedding.is_single = true;
    add(input.text());
  } else if (!input.is_array() || name == "prompt") {
    return must_be(name, name == "prompt" ? "a string" : "a string or a list of strings");
  }
  for (const JsonValue one : input) {
    if (!one.is_string()) return must_be("input", "a string or a list of strings");
    add(one.text());
  }
  return request;
}

Result<void> write_embedding(const Request& request, const TargetFacts& facts, Dropped& dropped,
                             WrittenRequest& written) {
  JsonWriter json(written.body);
  json.object().member("model", facts.model).key("input");
  if (!request.embedding.is_single) json.array();
  for (const Message& message : request.messages) {
    json.raw("\"");
    written.body.append(message.parts.front().text.escaped).append("\"");
  }
  if (!request.embedding.is_single) json.end_array();
  if (request.embedding.dimensions) json.member("dimensions", *request.embedding.dimensions);
  json.end_object();
  if (!request.user.empty()) dropped.add("user", DropReason::unsupported);
  if (!request.embedding.task.empty()) dropped.add("taskType", DropReason::unsupported);
  return {};
}

std::string embedding_path(std::string_view) { return "/api/embed"; }
std::unique_ptr<EventReader> make_vector_reader() { return std::make_unique<OllamaVectorReader>(); }
std::unique_ptr<EventWriter> make_vector_writer(const AnswerShape& shape) {
  return std::make_unique<OllamaVectorWriter>(shape);
}

}  // namespace

const EmbeddingRoom embedding_room = {.endpoints = embedding_endpoints,
                                      .read_request = read_embedding,
                                      .write_request = write_embedding,
                                      .path = embedding_path,
                                      .make_reader = make_vector_reader,
                                      .make_writer = make_vector_writer};

}  // namespace sluice::api::ollama
