// Operations on a stored response (platform.openai.com/docs/api-reference/responses).
#include "demo/endpoint.h"

namespace sluice::demo {
namespace stored_responses {
namespace {

Result<DemoMemory::Entry> stored(const DemoRequest& request) {
  std::optional<DemoMemory::Entry> entry = request.memory->find(request.name);
  if (!entry) return fail(ErrorCode::unknown_path, "response with id '" + request.name + "' not found");
  return std::move(*entry);
}

Result<DemoAnswer> show(const DemoRequest& request) {
  Result<DemoMemory::Entry> entry = stored(request);
  if (!entry) return tl::unexpected(entry.error());
  return DemoAnswer{std::move(entry->response), "application/json", nullptr};
}

Result<DemoAnswer> remove(const DemoRequest& request) {
  const Result<DemoMemory::Entry> entry = stored(request);
  if (!entry) return tl::unexpected(entry.error());
  request.memory->remove(request.name);
  return json_answer({{"id", request.name}, {"object", "response"}, {"deleted", true}});
}

// A stored answer is already complete, so there is nothing to stop; only its status changes.
Result<DemoAnswer> cancel(const DemoRequest& request) {
  const Result<DemoMemory::Entry> entry = stored(request);
  if (!entry) return tl::unexpected(entry.error());
  Out response = Out::parse(entry->response);
  response["status"] = "cancelled";
  return json_answer(response);
}

Result<DemoAnswer> input_items(const DemoRequest& request) {
  const Result<DemoMemory::Entry> entry = stored(request);
  if (!entry) return tl::unexpected(entry.error());
  const Out items = Out::parse(entry->input_items);
  Out list = {{"object", "list"}, {"data", items}, {"has_more", false}, {"first_id", nullptr}, {"last_id", nullptr}};
  if (!items.empty() && items.front().is_object()) list["first_id"] = items.front()["id"];
  if (!items.empty() && items.back().is_object()) list["last_id"] = items.back()["id"];
  return json_answer(list);
}

constexpr DemoEndpoint endpoints[] = {
    {http::Method::get, "/v1/responses/{id}", Dialect::responses, show},
    {http::Method::del, "/v1/responses/{id}", Dialect::responses, remove},
    {http::Method::post, "/v1/responses/{id}/cancel", Dialect::responses, cancel},
    {http::Method::get, "/v1/responses/{id}/input_items", Dialect::responses, input_items},
};

}  // namespace
}  // namespace stored_responses

std::span<const DemoEndpoint> stored_response_endpoints() { return stored_responses::endpoints; }

}  // namespace sluice::demo
