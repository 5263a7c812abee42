// Embedding vectors of texts: /v1/embeddings.
#include <algorithm>
#include <array>
#include <utility>

#include "api/asides.h"
#include "api/openai/member_reader.h"
#include "api/openai/translate.h"

namespace sluice::api::openai {
namespace {

class ChatVectorReader final : public VectorReader {
  bool find(JsonValue root, Found& found) override;
};

// Vectors in the order of their indexes; base64, which some providers send unasked, becomes numbers.
bool ChatVectorReader::find(JsonValue root, Found& found) {
  std::vector<std::pair<uint64_t, std::string>> indexed;
  for (const JsonValue entry : root["data"]) {
    const JsonValue vector = entry["embedding"];
    std::string numbers(vector.is_array() ? vector.raw() : "");
    if (vector.is_string()) numbers = vector_of_base64(vector.text().escaped);
    if (numbers.empty()) return false;
    indexed.emplace_back(entry["index"].count().value_or(indexed.size()), std::move(numbers));
  }
  std::stable_sort(indexed.begin(), indexed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [index, numbers] : indexed) found.vectors.push_back(std::move(numbers));
  found.model = root["model"].text().escaped;
  found.input_tokens = root["usage"]["prompt_tokens"].count();
  return root["data"].is_array();
}

class ChatVectorWriter final : public VectorWriter {
 public:
  explicit ChatVectorWriter(const AnswerShape& shape)
      : VectorWriter(shape, Dialect::openai), as_base64_(shape.request.embedding.as_base64) {}
  void end() override;

 private:
  const bool as_base64_;
};

void ChatVectorWriter::end() {
  JsonWriter json(out);
  json.object().member("object", "list").key("data").array();
  for (size_t i = 0; i < vectors_.size(); ++i) {
    json.object().member("object", "embedding").member("index", i).key("embedding");
    as_base64_ ? json.value(base64_of_vector(vectors_[i])) : json.raw(vectors_[i]);
    json.end_object();
  }
  json.end_array();
  text_member(json, out, "model", JsonText{model_});
  const uint64_t tokens = input_tokens();
  json.key("usage").object().member("prompt_tokens", tokens).member("total_tokens", tokens).end_object().end_object();
}

constexpr std::string_view embedding_endpoints[] = {"embeddings"};

Result<std::unique_ptr<Request>> read_embedding(std::string_view body, const ReadContext&) {
  static constexpr std::array<std::string_view, 5> names = {"model", "input", "dimensions", "encoding_format", "user"};
  auto request = std::make_unique<Request>();
  request->from = Dialect::openai;
  if (Result<void> parsed = request->document->parse(body); !parsed) return tl::unexpected<Error>(parsed.error());
  const JsonValue root = request->document->root();
  if (!root.is_object()) return fail(ErrorCode::bad_request, "the body must be a JSON object");
  ChatMemberReader reader{request->arena};
  const auto [model, input, dimensions, format, user] = reader.members(root, names, {}, request->bag);
  const ChatPlace place{nullptr, "input", {}};
  request->model = reader.text(model, {nullptr, "model", {}});
  request->user = reader.text(user, {nullptr, "user", {}});
  request->embedding.dimensions = reader.count(dimensions, {nullptr, "dimensions", {}});
  request->embedding.as_base64 = reader.word(format, {nullptr, "encoding_format", {}}) == "base64";
  const auto add = [&request](JsonText text) {
    Message& message = request->messages.emplace_back();
    message.role = Role::user;
    message.parts.emplace_back().text = text;
  };
  if (input.is_string()) {
    request->embedding.is_single = true;
    add(input.text());
  } else if (!input.is_array() || input.empty()) {
    reader.wrong(place, "must be a string or a list that is not empty");
  }
  bool has_tokens = false;
  for (const JsonValue one : input) {
    if (one.is_string()) add(one.text());
    has_tokens = has_tokens || !one.is_string();
  }
  if (has_tokens) request->demands.push_back({"input", "is a list of one model's tokens, which others do not know"});
  if (reader.error()) return tl::unexpected<Error>(*reader.error());
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
  json.member("encoding_format", "float");
  if (!request.user.empty()) text_member(json, written.body, "user", request.user);
  json.end_object();
  if (!request.embedding.task.empty()) dropped.add("taskType", DropReason::unsupported);
  return {};
}

std::string embedding_path(std::string_view) { return "/embeddings"; }
std::unique_ptr<EventReader> make_vector_reader() { return std::make_unique<ChatVectorReader>(); }
std::unique_ptr<EventWriter> make_vector_writer(const AnswerShape& shape) {
  return std::make_unique<ChatVectorWriter>(shape);
}

}  // namespace

const EmbeddingRoom embedding_room = {.endpoints = embedding_endpoints,
                                      .read_request = read_embedding,
                                      .write_request = write_embedding,
                                      .path = embedding_path,
                                      .make_reader = make_vector_reader,
                                      .make_writer = make_vector_writer};

}  // namespace sluice::api::openai
