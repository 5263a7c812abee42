// Streams of responses that their provider completes without a connection.
#include "api/resumption.h"

#include <algorithm>

#include "api/json_value.h"
#include "api/responses/translate.h"

namespace sluice::api::responses {
namespace {

// Only those with `background`: any other ends with its connection (platform.openai.com/docs/guides/background).
bool goes_on_alone(std::string_view body) {
  constexpr std::string_view key = "\"background\"";
  if (body.find(key) == body.npos) return false;
  JsonDocument document;
  return document.parse(body) && document.root()["background"].boolean().value_or(false);
}

bool is_id(std::string_view id) {
  constexpr size_t max_bytes = 256;
  return !id.empty() && id.size() <= max_bytes && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::optional<std::string> path(std::string_view id, uint64_t after) {
  if (!is_id(id)) return std::nullopt;
  return "/responses/" + std::string(id) + "?stream=true&starting_after=" + std::to_string(after);
}

}  // namespace

const ResumptionRoom resumption{goes_on_alone, path};

}  // namespace sluice::api::responses
