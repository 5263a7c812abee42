#include "api/gemini/partial_arguments.h"

#include <charconv>

#include "api/gemini/fields.h"
#include "base/json_writer.h"

namespace sluice::api::gemini {

void PartialArguments::clear() {
  root_.children.clear();
  values_ = bytes_ = 0;
}

bool PartialArguments::take(JsonValue patch) {
  TextArena arena;
  Value* const value = find(arena.unescape(field(patch, "jsonPath").text()));
  if (value == nullptr || value == &root_) return false;
  if (const JsonValue text = field(patch, "stringValue"); text.is_string()) {
    value->kind = Value::Kind::text;
    value->told += text.text().escaped;
    bytes_ += text.text().size();
    return true;
  }
  for (const std::string_view name : {"numberValue", "boolValue"}) {
    if (const JsonValue other = field(patch, name); other.exists()) {
      value->kind = Value::Kind::other;
      value->told = other.raw();
      bytes_ += other.raw().size();
      return true;
    }
  }
  for (const JsonValue member : patch) {
    if (FieldName(member).text() != "nullValue") continue;
    value->kind = Value::Kind::other;
    value->told = "null";
  }
  return true;  // a patch without a value only ends a text
}

// Paths such as "$.rooms[0].name" and "$['a b']".
PartialArguments::Value* PartialArguments::find(std::string_view path) {
  if (!path.starts_with('$')) return nullptr;
  path.remove_prefix(1);
  Value* at = &root_;
  for (size_t level = 0; !path.empty() && at != nullptr; ++level) {
    if (level == max_levels) return nullptr;
    if (path.front() == '.') {
      const size_t end = std::min(path.find_first_of(".[", 1), path.size());
      at = end == 1 ? nullptr : member(*at, path.substr(1, end - 1));
      path.remove_prefix(end);
      continue;
    }
    const bool is_name = path.size() > 1 && (path[1] == '\'' || path[1] == '"');
    const size_t end = path.front() != '[' ? path.npos
                       : is_name           ? path.find(std::string{path[1], ']'}, 2)
                                           : path.find(']');
    if (end == path.npos) return nullptr;
    if (is_name) {
      at = member(*at, path.substr(2, end - 2));
      path.remove_prefix(end + 2);
      continue;
    }
    size_t index = 0;
    const auto [behind, error] = std::from_chars(path.data() + 1, path.data() + end, index);
    if (error != std::errc() || behind != path.data() + end) return nullptr;
    at = element(*at, index);
    path.remove_prefix(end + 1);
  }
  return at;
}

PartialArguments::Value* PartialArguments::member(Value& of, std::string_view name) {
  if (of.kind != Value::Kind::none && of.kind != Value::Kind::object) return nullptr;
  of.kind = Value::Kind::object;
  std::string key;
  append_json_escaped(key, name);
  for (Value& child : of.children) {
    if (child.key == key) return &child;
  }
  if (values_ == max_values) return nullptr;
  ++values_;
  bytes_ += key.size();
  of.children.push_back({Value::Kind::none, std::move(key), {}, {}});
  return &of.children.back();
}

PartialArguments::Value* PartialArguments::element(Value& of, size_t index) {
  if (of.kind != Value::Kind::none && of.kind != Value::Kind::array) return nullptr;
  if (index >= of.children.size() && index - of.children.size() >= max_values - values_) return nullptr;
  of.kind = Value::Kind::array;
  if (index >= of.children.size()) {
    values_ += index + 1 - of.children.size();
    of.children.resize(index + 1);
  }
  return &of.children[index];
}

void PartialArguments::append(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::none:
      out += "null";
      return;
    case Value::Kind::text:
      ((out += '"') += value.told) += '"';
      return;
    case Value::Kind::other:
      out += value.told;
      return;
    case Value::Kind::object:
    case Value::Kind::array:
      break;
  }
  const bool is_object = value.kind == Value::Kind::object;
  out += is_object ? '{' : '[';
  for (size_t i = 0; i < value.children.size(); ++i) {
    if (i != 0) out += ',';
    if (is_object) ((out += '"') += value.children[i].key) += "\":";
    append(out, value.children[i]);
  }
  out += is_object ? '}' : ']';
}

}  // namespace sluice::api::gemini
