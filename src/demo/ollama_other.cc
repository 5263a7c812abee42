// Ollama's other endpoints (docs.ollama.com/api): embeddings, and information about models.
#include "base/time_text.h"
#include "demo/embedding.h"
#include "demo/endpoint.h"

namespace sluice::demo {
namespace ollama_other {
namespace {

std::string text_of(const Json& input) { return input.is_string() ? input.get<std::string>() : std::string(); }

Result<DemoAnswer> embed(const DemoRequest&, const Json& body) {
  Result<std::string> model = required_model(body);
  if (!model) return tl::unexpected(model.error());
  const Json& input = member(body, "input");
  const Json inputs = input.is_array() ? input : Json::array({input});
  if (inputs.size() > max_embeddings) {
    return fail(ErrorCode::bad_request, "`input` holds more than " + std::to_string(max_embeddings) + " texts");
  }
  const uint64_t dimensions = count_member(body, "dimensions", default_dimensions);
  Out embeddings = Out::array();
  uint64_t words = 0;
  for (const Json& one : inputs) {
    embeddings.push_back(embedding_of(text_of(one), dimensions));
    words += Ask::count_words(text_of(one));
  }
  return json_answer({{"model", *model},
                      {"embeddings", embeddings},
                      {"total_duration", 1000000},
                      {"load_duration", 1000},
                      {"prompt_eval_count", words}});
}

Result<DemoAnswer> embeddings(const DemoRequest&, const Json& body) {
  return json_answer({{"embedding", embedding_of(string_member(body, "prompt"), default_dimensions)}});
}

Out details() {
  return {{"parent_model", ""},   {"format", "demo"},       {"family", "demo"},
          {"families", {"demo"}}, {"parameter_size", "0B"}, {"quantization_level", "none"}};
}

Result<DemoAnswer> tags(const DemoRequest& request) {
  Out models = Out::array();
  for (const std::string_view name : listed_models) {
    models.push_back({{"name", name},
                      {"model", name},
                      {"modified_at", rfc3339(request.now_s)},
                      {"size", 0},
                      {"digest", std::string(64, '0')},
                      {"details", details()}});
  }
  return json_answer({{"models", models}});
}

Result<DemoAnswer> show(const DemoRequest&, const Json&) {
  return json_answer({{"modelfile", ""},
                      {"parameters", ""},
                      {"template", ""},
                      {"details", details()},
                      {"model_info", {{"general.architecture", "demo"}}},
                      {"capabilities", {"completion", "tools"}}});
}

Result<DemoAnswer> version(const DemoRequest&) { return json_answer({{"version", "0.12.0"}}); }

constexpr DemoEndpoint endpoints[] = {
    {http::Method::post, "/api/embed", Dialect::ollama, with_json<embed>},
    {http::Method::post, "/api/embeddings", Dialect::ollama, with_json<embeddings>},
    {http::Method::get, "/api/tags", Dialect::ollama, tags},
    {http::Method::post, "/api/show", Dialect::ollama, with_json<show>},
    {http::Method::get, "/api/version", Dialect::ollama, version},
};

}  // namespace
}  // namespace ollama_other

std::span<const DemoEndpoint> ollama_other_endpoints() { return ollama_other::endpoints; }

}  // namespace sluice::demo
