#include "gateway/asking.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "api/dialect.h"
#include "api/json_value.h"
#include "gateway/token_count.h"

namespace sluice::gateway {
namespace {

using api::JsonValue;

bool is_any(const JsonValue& member, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return member.named(name); });
}

// The same rule as in Peek. `endpoint`: nullptr: any dialect's.
uint64_t max_output_of(const JsonValue& root, const api::Endpoint* endpoint) {
  uint64_t most = 0;
  for (size_t i = 0; i < api::max_output_fields.size(); ++i) {
    if (endpoint != nullptr && !api::room_of(endpoint->dialect).peek.max_output[i]) continue;
    most = std::max(most, root[api::max_output_fields[i]].count().value_or(0));
  }
  return most;
}

bool mentions(std::string_view body, std::string_view word) {
  return memmem(body.data(), body.size(), word.data(), word.size()) != nullptr;
}

// `member` may state the kind of the content part it belongs to.
void take_kind(const JsonValue& member, routing::Asking& asking) {
  const std::string_view said = member.text().escaped;
  if (member.named("type")) {
    asking.images = asking.images || said == "image_url" || said == "input_image" || said == "image";
    asking.audio = asking.audio || said == "input_audio";
  } else if (is_any(member, {"media_type", "mimeType", "mime_type"})) {
    asking.images = asking.images || said.starts_with("image");
    asking.audio = asking.audio || said.starts_with("audio");
  }
}

// Whether the member holds tools or schemas, where words like "image" mean nothing. An `input` that is an object, not a
// list of turns, belongs to a tool.
bool is_aside(const JsonValue& member) {
  return is_any(member,
                {"tools", "functions", "arguments", "args", "response_format", "generationConfig", "metadata"}) ||
         (member.named("input") && member.is_object());
}

// Recursion is safe: JsonDocument bounds the depth.
void look_into(const JsonValue& value, routing::Asking& asking) {
  const bool has_names = value.is_object();
  for (const JsonValue member : value) {
    switch (member.kind()) {
      case api::JsonType::string:
        if (has_names) take_kind(member, asking);
        break;
      case api::JsonType::array:
      case api::JsonType::object:
        if (has_names && is_aside(member)) break;
        if (has_names && member.named("images") && !member.empty()) asking.images = true;  // Ollama's
        look_into(member, asking);
        break;
      default:
        break;
    }
  }
}

}  // namespace

Result<AskedBody> read_asked(std::string_view body, const api::Endpoint* endpoint) {
  api::JsonDocument document;
  if (const Result<void> parsed = document.parse(body); !parsed) return tl::unexpected<Error>(parsed.error());
  const JsonValue root = document.root();
  if (!root.is_object()) return fail(ErrorCode::bad_request, "a request's body is a JSON object");
  AskedBody asked;
  api::TextArena arena;
  asked.model = arena.unescape(root["model"].text());
  look_into(root, asked.asking);
  asked.asking.tools = !root["tools"].empty() || !root["functions"].empty();
  const api::Yields yields = endpoint != nullptr ? endpoint->yields : api::Yields::tokens;
  asked.asking.estimated_tokens = estimate_tokens(yields, body, max_output_of(root, endpoint)).total();
  return asked;
}

routing::Asking asking_of(const Question& question, std::string_view body, const routing::Bounds& bounds) {
  const bool may_hold_media = (bounds.images && mentions(body, "image")) || (bounds.audio && mentions(body, "audio"));
  const bool may_hold_tools = bounds.tools && (mentions(body, "\"tools\"") || mentions(body, "\"functions\""));
  const api::Endpoint* const endpoint = question.match.endpoint;
  if (may_hold_media || may_hold_tools) {
    const Result<AskedBody> asked = read_asked(body, endpoint);
    if (asked) return asked->asking;
  }
  routing::Asking asking;
  if (bounds.tokens) {
    asking.estimated_tokens = estimate_tokens(endpoint->yields, body, question.peek.max_output_tokens).total();
  }
  return asking;
}

}  // namespace sluice::gateway
