#include "demo/json.h"

namespace sluice::demo {

namespace {

// Whether `text` nests deeper than max_json_depth: copying and dumping recurse.
bool too_deep(std::string_view text) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_json_depth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> parse_object(std::string_view body) {
  if (too_deep(body)) {
    return fail(ErrorCode::bad_request, "the JSON nests deeper than " + std::to_string(max_json_depth) + " levels");
  }
  try {
    Json value = Json::parse(body);
    if (!value.is_object()) return fail(ErrorCode::bad_request, "the body must be a JSON object");
    return value;
  } catch (const Json::parse_error& error) {
    return fail(ErrorCode::bad_request, "the body is not valid JSON, at byte " + std::to_string(error.byte));
  } catch (const Json::exception&) {
    return fail(ErrorCode::bad_request, "the body holds a number that is out of range");
  }
}

const Json& member(const Json& object, std::string_view name) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto at = object.find(name);
  return at == object.end() ? null : *at;
}

std::string_view string_member(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_string() ? std::string_view(value.get_ref<const std::string&>()) : std::string_view();
}

bool bool_member(const Json& object, std::string_view name, bool otherwise) {
  const Json& value = member(object, name);
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

uint64_t count_member(const Json& object, std::string_view name, uint64_t otherwise) {
  const Json& value = member(object, name);
  return value.is_number_unsigned() ? value.get<uint64_t>() : otherwise;
}

std::string dump(const Out& value) { return value.dump(-1, ' ', false, Out::error_handler_t::replace); }
std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }
std::string json_text(std::string_view text) { return dump(Json(text)); }

}  // namespace sluice::demo
