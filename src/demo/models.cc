// GET /v1/models and /v1/models/{model}, in the format of the caller: anthropic's if its version field is present, else
// openai's.
#include "demo/endpoint.h"

namespace sluice::demo {
namespace models {
namespace {

constexpr int64_t created_s = 1767225600;  // 2026-01-01

bool asks_anthropic(const DemoRequest& request) { return request.head.fields.find("anthropic-version").has_value(); }

Out model_of(const DemoRequest& request, std::string_view name) {
  if (asks_anthropic(request)) {
    return {{"type", "model"}, {"id", name}, {"display_name", name}, {"created_at", "2026-01-01T00:00:00Z"}};
  }
  return {{"id", name}, {"object", "model"}, {"created", created_s}, {"owned_by", "sluice"}};
}

Result<DemoAnswer> list(const DemoRequest& request) {
  Out models = Out::array();
  for (const std::string_view name : listed_models) models.push_back(model_of(request, name));
  if (!asks_anthropic(request)) return json_answer({{"object", "list"}, {"data", models}});
  const Out first = models.front()["id"], last = models.back()["id"];
  return json_answer({{"data", models}, {"has_more", false}, {"first_id", first}, {"last_id", last}});
}

Result<DemoAnswer> show(const DemoRequest& request) { return json_answer(model_of(request, request.name)); }

constexpr DemoEndpoint endpoints[] = {
    {http::Method::get, "/v1/models", Dialect::openai, list},
    {http::Method::get, "/v1/models/{model}", Dialect::openai, show},
};

}  // namespace
}  // namespace models

std::span<const DemoEndpoint> model_endpoints() { return models::endpoints; }

}  // namespace sluice::demo
