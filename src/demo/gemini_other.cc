// Gemini's other endpoints: embeddings (ai.google.dev/api/embeddings) and the list of models.
#include "demo/embedding.h"
#include "demo/endpoint.h"

namespace sluice::demo {
namespace gemini_other {
namespace {

std::string text_of(const Json& parts) {
  std::vector<std::string> texts;
  if (parts.is_array()) {
    for (const Json& part : parts) texts.emplace_back(string_member(part, "text"));
  }
  return joined(texts);
}

Out embedding_for(const Json& request) {
  const uint64_t size =
      count_member(request, "outputDimensionality", count_member(request, "output_dimensionality", default_dimensions));
  return {{"values", embedding_of(text_of(member(member(request, "content"), "parts")), size)}};
}

Result<DemoAnswer> embed_content(const DemoRequest&, const Json& body) {
  if (!member(body, "content").is_object()) return fail(ErrorCode::bad_request, "content is not specified");
  return json_answer({{"embedding", embedding_for(body)}});
}

Result<DemoAnswer> batch_embed(const DemoRequest&, const Json& body) {
  const Json& requests = member(body, "requests");
  if (!requests.is_array() || requests.size() > max_embeddings) {
    return fail(ErrorCode::bad_request, "requests must be a list of at most " + std::to_string(max_embeddings));
  }
  Out embeddings = Out::array();
  for (const Json& one : requests) embeddings.push_back(embedding_for(one));
  return json_answer({{"embeddings", embeddings}});
}

Out model_of(const std::string& name) {
  return {{"name", "models/" + name},
          {"version", "1"},
          {"displayName", name},
          {"description", "The built-in demo model."},
          {"inputTokenLimit", 1048576},
          {"outputTokenLimit", 65536},
          {"supportedGenerationMethods", {"generateContent", "streamGenerateContent", "countTokens", "embedContent"}}};
}

Result<DemoAnswer> list_models(const DemoRequest&) {
  Out models = Out::array();
  for (const std::string_view name : listed_models) models.push_back(model_of(std::string(name)));
  return json_answer({{"models", models}});
}

Result<DemoAnswer> show_model(const DemoRequest& request) { return json_answer(model_of(request.name)); }

// Some callers use the path of the stable version, v1, for the beta one.
constexpr DemoEndpoint endpoints[] = {
    {http::Method::post, "/v1beta/models/{model}:embedContent", Dialect::gemini, with_json<embed_content>},
    {http::Method::post, "/v1beta/models/{model}:batchEmbedContents", Dialect::gemini, with_json<batch_embed>},
    {http::Method::post, "/v1/models/{model}:embedContent", Dialect::gemini, with_json<embed_content>},
    {http::Method::post, "/v1/models/{model}:batchEmbedContents", Dialect::gemini, with_json<batch_embed>},
    {http::Method::get, "/v1beta/models", Dialect::gemini, list_models},
    {http::Method::get, "/v1beta/models/{model}", Dialect::gemini, show_model},
};

}  // namespace
}  // namespace gemini_other

std::span<const DemoEndpoint> gemini_other_endpoints() { return gemini_other::endpoints; }

}  // namespace sluice::demo
