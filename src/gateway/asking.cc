#include "gateway/asking.h"

#include <algorithm>
#include <initializer_list>

#include "api/endpoint.h"
#include "api/json_value.h"
#include "api/media_parts.h"
#include "gateway/token_count.h"

namespace sluice::gateway {
namespace {

bool has_any(std::string_view body, std::initializer_list<std::string_view> marks) {
  return std::any_of(marks.begin(), marks.end(),
                     [body](std::string_view mark) { return body.find(mark) != std::string_view::npos; });
}

uint64_t max_output_of(const api::JsonValue& root) {
  uint64_t most = 0;
  for (const std::string_view name : {"max_tokens", "max_completion_tokens", "max_output_tokens"}) {
    most = std::max(most, root[name].count().value_or(0));
  }
  return most;
}

}  // namespace

Result<AskedBody> read_asked(std::string_view body) {
  api::JsonDocument document;
  if (const Result<void> parsed = document.parse(body); !parsed) return tl::unexpected<Error>(parsed.error());
  const api::JsonValue root = document.root();
  if (!root.is_object()) return fail(ErrorCode::bad_request, "a request's body is a JSON object");
  AskedBody asked;
  api::TextArena arena;
  asked.model = arena.unescape(root["model"].text());
  const api::MediaParts media = api::find_media(body);
  asked.asking.images = media.images > 0 || has_any(body, {"\"image_url\"", "\"input_image\"", "\"image\""});
  asked.asking.audio = media.sounds > 0 || has_any(body, {"\"input_audio\""});
  asked.asking.tools = root["tools"].is_array() && !root["tools"].empty();
  if (const Result<api::Match> match = api::match(http::Method::post, "/v1/messages")) {
    asked.asking.estimated_tokens = estimate_tokens(*match->endpoint, body, max_output_of(root)).total();
  }
  return asked;
}

}  // namespace sluice::gateway
