// Embeddings: embedContent for one text, batchEmbedContents for several.
#include <optional>

#include "api/asides.h"
#include "api/gemini/fields.h"
#include "api/gemini/model_places.h"
#include "api/gemini/translate.h"
#include "api/percent.h"
#include "base/json_writer.h"

namespace sluice::api::gemini {
namespace {

constexpr std::string_view embedding_endpoints[] = {"embedContent", "batchEmbedContents"};

class GeminiVectorReader final : public VectorReader {
  bool find(JsonValue root, Found& found) override {
    const JsonValue one = field(root, "embedding");
    if (field(one, "values").is_array()) found.vectors.emplace_back(field(one, "values").raw());
    for (const JsonValue vector : field(root, "embeddings")) {
      if (!field(vector, "values").is_array()) return false;
      found.vectors.emplace_back(field(vector, "values").raw());
    }
    found.input_tokens = count_of(field(field(root, "usageMetadata"), "promptTokenCount"));
    return !found.vectors.empty();
  }
};

class GeminiVectorWriter final : public VectorWriter {
 public:
  explicit GeminiVectorWriter(const AnswerShape& shape)
      : VectorWriter(shape, Dialect::gemini), is_single_(shape.endpoint == embedding_endpoints[0]) {}
  void end() override {
    JsonWriter json(out);
    json.object();
    if (is_single_) {
      json.key("embedding").object().key("values");
      json.raw(vectors_.empty() ? std::string_view("[]") : vectors_.front()).end_object();
    } else {
      json.key("embeddings").array();
      for (const std::string& vector : vectors_) json.object().key("values").raw(vector).end_object();
      json.end_array();
    }
    json.end_object();
  }

 private:
  const bool is_single_;
};

// The texts of a content's parts, joined: each content gets one vector.
Result<JsonText> text_of_content(JsonValue content, const std::string& path, TextArena& arena) {
  std::string text;
  const JsonValue parts = content.is_string() ? JsonValue() : field(content, "parts");
  if (content.is_string()) text = content.text().escaped;
  for (const JsonValue part : elements_of(parts)) {
    if (!part["text"].is_string())
      return wrong_field(path + ".parts", "must be texts, for a target of another dialect");
    text += part["text"].text().escaped;
  }
  return JsonText{arena.keep(std::move(text))};
}

Result<void> read_one(JsonValue value, const std::string& path, Request& request) {
  constexpr std::string_view names[] = {"content", "taskType", "title", "outputDimensionality", "model"};
  const Result<NamedMembers> fields = NamedMembers::of(value, names, path);
  if (!fields) return tl::unexpected<Error>(fields.error());
  if (!(*fields)[0].exists()) return wrong_field(below(path, "content"), "is missing");
  const Result<JsonText> text = text_of_content((*fields)[0], below(path, "content"), request.arena);
  if (!text) return tl::unexpected<Error>(text.error());
  const std::optional<uint64_t> dimensions = count_of((*fields)[3]);
  const bool is_first = request.messages.empty();
  if (!is_first && dimensions != request.embedding.dimensions) {
    request.demands.push_back({below(path, "outputDimensionality"), "differs from that of the others"});
  }
  request.embedding.dimensions = dimensions;
  if ((*fields)[1].exists()) request.embedding.task = (*fields)[1].text();
  Message& message = request.messages.emplace_back();
  message.parts.emplace_back().text = *text;
  Bag& bag = message.bag;
  if ((*fields)[2].exists()) carry(bag, (*fields)[2]);
  carry_all(bag, fields->rest(), "", request.arena);
  return {};
}

Result<std::unique_ptr<Request>> read_embedding(std::string_view body, const ReadContext& context) {
  auto request = std::make_unique<Request>();
  request->from = Dialect::gemini;
  if (const Result<void> parsed = request->document->parse(body); !parsed) return tl::unexpected<Error>(parsed.error());
  const JsonValue root = request->document->root();
  request->embedding.is_single = context.endpoint == embedding_endpoints[0];
  if (request->embedding.is_single) {
    if (const Result<void> done = read_one(root, "", *request); !done) return tl::unexpected<Error>(done.error());
    return request;
  }
  size_t index = 0;
  for (const JsonValue one : elements_of(field(root, "requests"))) {
    const Result<void> done = read_one(one, path_of("requests", index++), *request);
    if (!done) return tl::unexpected<Error>(done.error());
  }
  if (index == 0) return wrong_field("requests", "is missing");
  return request;
}

// Always a batch, since its answer has the same form for one text and for several.
Result<void> write_embedding(const Request& request, const TargetFacts& facts, Dropped& dropped,
                             WrittenRequest& written) {
  JsonWriter json(written.body);
  std::string name = facts.model;
  if (!name.starts_with(model_prefix)) name.insert(0, model_prefix);
  json.object().key("requests").array();
  for (const Message& message : request.messages) {
    json.object().member("model", name).key("content").object().key("parts").array().object().key("text");
    ((written.body += '"') += message.parts.front().text.escaped) += '"';
    json.end_object().end_array().end_object();
    if (request.embedding.dimensions) json.member("outputDimensionality", *request.embedding.dimensions);
    json.end_object();
  }
  json.end_array().end_object();
  if (!request.user.empty()) dropped.add("user", DropReason::unsupported);
  return {};
}

std::string embedding_path(std::string_view model) {
  if (model.starts_with(model_prefix)) model.remove_prefix(model_prefix.size());
  std::string path = "/v1beta/models/";
  append_path_encoded(path, model);
  return path.append(":batchEmbedContents");
}

std::unique_ptr<EventReader> make_vector_reader() { return std::make_unique<GeminiVectorReader>(); }
std::unique_ptr<EventWriter> make_vector_writer(const AnswerShape& shape) {
  return std::make_unique<GeminiVectorWriter>(shape);
}

}  // namespace

const EmbeddingRoom embedding_room = {.endpoints = embedding_endpoints,
                                      .read_request = read_embedding,
                                      .write_request = write_embedding,
                                      .path = embedding_path,
                                      .make_reader = make_vector_reader,
                                      .make_writer = make_vector_writer};

}  // namespace sluice::api::gemini
