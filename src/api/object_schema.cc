#include "api/object_schema.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <vector>

#include "api/json_value.h"

namespace sluice::api {
namespace {

constexpr std::string_view any_object = R"({"type":"object","properties":{}})";
constexpr std::array<std::string_view, 3> combinations = {"anyOf", "oneOf", "allOf"};
constexpr std::array<std::string_view, 3> conditions = {"enum", "const", "not"};

template <size_t N>
bool is_one_of(JsonValue member, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(), [member](std::string_view name) { return member.named(name); });
}

void append_key(std::string& out, JsonText key) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += key.escaped;
  out += "\":";
}

// An object for a combination of objects: it has the members of all of them.
struct MergedObject {
  std::vector<JsonValue> properties{}, required{};

  std::unordered_set<std::string_view> known_properties{}, known_required{};

  void take_properties(JsonValue of) {
    for (const JsonValue property : of["properties"]) {
      if (known_properties.insert(property.key().escaped).second) properties.push_back(property);
    }
  }
  void take_required(JsonValue of) {
    for (const JsonValue name : of["required"]) {
      if (known_required.insert(name.raw()).second) required.push_back(name);
    }
  }
};

void append_merged(std::string& out, JsonValue root, const RootRules& rules) {
  MergedObject merged;
  merged.take_properties(root);
  merged.take_required(root);
  for (const std::string_view name : combinations) {
    for (const JsonValue alternative : root[name]) {
      merged.take_properties(alternative);
      if (name == "allOf") merged.take_required(alternative);
    }
  }
  constexpr std::array<std::string_view, 3> told_here = {"type", "properties", "required"};
  out += R"({"type":"object")";
  for (const JsonValue member : root) {
    if (is_one_of(member, told_here) || is_one_of(member, combinations)) continue;
    if (!rules.conditions && is_one_of(member, conditions)) continue;
    append_key(out, member.key());
    out += member.raw();
  }
  out += R"(,"properties":{)";
  for (const JsonValue property : merged.properties) {
    append_key(out, property.key());
    out += property.raw();
  }
  out += R"(},"required":[)";
  for (const JsonValue name : merged.required) {
    if (out.back() != '[') out += ',';
    out += name.raw();
  }
  out += "]}";
}

}  // namespace

bool append_object_schema(std::string& out, std::string_view schema, const RootRules& rules) {
  JsonDocument document;
  if (schema.empty() || !document.parse(schema) || !document.root().is_object() || document.root().empty()) {
    out += any_object;
    return schema.empty() || !document.root().exists() || document.root().is_object();
  }
  const JsonValue root = document.root();
  const auto has = [root](std::string_view name) { return root[name].exists(); };
  if ((!rules.combinations && std::any_of(combinations.begin(), combinations.end(), has)) ||
      (!rules.conditions && std::any_of(conditions.begin(), conditions.end(), has))) {
    append_merged(out, root, rules);
    return false;
  }
  const JsonValue type = root["type"];
  const bool is_object = type.word() == "object", lacks_properties = rules.needs_properties && !has("properties");
  if (is_object && !lacks_properties) {
    out += schema;
    return true;
  }
  out += R"({"type":"object")";
  for (const JsonValue member : root) {
    if (member.named("type")) continue;
    append_key(out, member.key());
    out += member.raw();
  }
  out += lacks_properties ? R"(,"properties":{}})" : "}";
  return is_object || !type.has_value();
}

// --- what can be forced ---

namespace {

bool requires_all(JsonValue schema) {
  std::unordered_set<std::string_view> required;
  for (const JsonValue name : schema["required"]) required.insert(name.text().escaped);
  for (const JsonValue property : schema["properties"]) {
    if (!required.contains(property.key().escaped)) return false;
  }
  return true;
}

bool is_strict(JsonValue schema) {
  constexpr std::array<std::string_view, 12> refused = {"allOf",
                                                        "oneOf",
                                                        "not",
                                                        "if",
                                                        "then",
                                                        "else",
                                                        "patternProperties",
                                                        "propertyNames",
                                                        "dependentRequired",
                                                        "dependentSchemas",
                                                        "unevaluatedProperties",
                                                        "default"};
  constexpr std::array<std::string_view, 3> maps = {"properties", "$defs", "definitions"};
  if (!schema.is_object()) return false;
  const bool is_object = schema["type"].word() == "object" || schema["properties"].exists();
  if (is_object && (schema["additionalProperties"].boolean() != false || !requires_all(schema))) return false;
  for (const JsonValue member : schema) {
    if (is_one_of(member, refused)) return false;
    if (member.named("items") && !is_strict(member)) return false;
    if (!member.named("anyOf") && !is_one_of(member, maps)) continue;
    for (const JsonValue inner : member) {
      if (!is_strict(inner)) return false;
    }
  }
  return true;
}

}  // namespace

bool is_strict_schema(std::string_view schema) {
  JsonDocument document;
  return document.parse(schema) && document.root()["type"].word() == "object" && is_strict(document.root());
}

}  // namespace sluice::api
