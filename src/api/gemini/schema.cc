// Converts Gemini's schemas to JSON Schema; openapi_schema.cc does the reverse.
#include "api/gemini/schema.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/gemini/fields.h"
#include "base/text.h"

namespace sluice::api::gemini {
namespace {

constexpr std::array<std::string_view, 7> upper_types = {"STRING", "NUMBER", "INTEGER", "BOOLEAN",
                                                         "ARRAY",  "OBJECT", "NULL"};
// Keywords that may also be spelled with underscores.
constexpr std::array<std::string_view, 12> spelled_keywords = {
    "anyOf",     "oneOf",         "allOf",    "maxItems",      "minItems",         "maxLength",
    "minLength", "maxProperties", "nullable", "minProperties", "propertyOrdering", "additionalProperties"};
constexpr std::array<std::string_view, 3> maps_of_schemas = {"properties", "$defs", "definitions"};
constexpr std::array<std::string_view, 4> lists_of_schemas = {"anyOf", "oneOf", "allOf", "prefixItems"};
constexpr std::array<std::string_view, 3> schema_keywords = {"items", "additionalProperties", "not"};
constexpr std::array<std::string_view, 6> count_keywords = {"maxItems",  "minItems",      "maxLength",
                                                            "minLength", "maxProperties", "minProperties"};

class JsonSchemaWriter {
 public:
  explicit JsonSchemaWriter(std::string& out) : out_(out) {}
  bool has_changed() const { return changed_; }

  void schema(JsonValue schema) {
    if (!schema.is_object()) {
      out_ += schema.raw();
      return;
    }
    const bool nullable = field(schema, "nullable").boolean() == true;
    const JsonValue order = field(schema, "propertyOrdering");
    out_ += '{';
    bool first = true;
    for (const JsonValue member : schema) {
      const FieldName name(member);
      const bool known = is_one_of(name.text(), spelled_keywords);
      const std::string_view key = known ? name.text() : member.key().escaped;
      if (key == "nullable" || key == "propertyOrdering") {
        changed_ = true;
        continue;
      }
      if (!first) out_ += ',';
      first = false;
      changed_ = changed_ || key != member.key().escaped;
      ((out_ += '"') += key) += "\":";
      key == "properties" && order.is_array() && member.is_object() ? ordered(member, order)
                                                                    : value(key, member, nullable);
    }
    out_ += '}';
  }

 private:
  void value(std::string_view key, JsonValue value, bool nullable) {
    if (key == "type") {
      type(value, nullable);
    } else if (is_one_of(key, maps_of_schemas) && value.is_object()) {
      map(value);
    } else if (is_one_of(key, lists_of_schemas) && value.is_array()) {
      list(value, key == "anyOf" && nullable);
    } else if (key == "enum" && nullable && value.is_array()) {
      out_ += value.raw().substr(0, value.raw().size() - 1);
      out_ += value.empty() ? "null]" : ",null]";
    } else if (is_one_of(key, schema_keywords)) {
      value.is_array() ? list(value, false) : schema(value);
    } else if (is_one_of(key, count_keywords) && value.is_string() && !value.word().empty()) {
      out_ += value.word();  // protobuf writes 64-bit numbers as strings
      changed_ = true;
    } else {
      out_ += value.raw();
    }
  }

  void type(JsonValue value, bool nullable) {
    if (nullable) out_ += '[';
    const bool is_known = is_one_of(value.word(), upper_types);
    changed_ = changed_ || is_known;
    if (is_known) {
      ((out_ += '"') += to_lower(value.word())) += '"';
    } else {
      out_ += value.raw();
    }
    if (nullable) out_ += R"(,"null"])";
  }

  void map(JsonValue value) {
    out_ += '{';
    bool first = true;
    for (const JsonValue member : value) {
      if (!first) out_ += ',';
      first = false;
      ((out_ += '"') += member.key().escaped) += "\":";
      schema(member);
    }
    out_ += '}';
  }

  // JSON Schema's properties are asked for in their order.
  void ordered(JsonValue properties, JsonValue order) {
    std::unordered_map<std::string_view, size_t> ranks;
    for (const JsonValue name : order) ranks.emplace(name.text().escaped, ranks.size());
    std::vector<std::pair<size_t, JsonValue>> sorted;
    for (const JsonValue property : properties) {
      const auto rank = ranks.find(property.key().escaped);
      sorted.emplace_back(rank == ranks.end() ? ranks.size() : rank->second, property);
    }
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    out_ += '{';
    for (size_t i = 0; i < sorted.size(); ++i) {
      const JsonValue property = sorted[i].second;
      ((out_ += i == 0 ? "\"" : ",\"") += property.key().escaped) += "\":";
      schema(property);
    }
    out_ += '}';
  }

  void list(JsonValue value, bool and_null) {
    out_ += '[';
    bool first = true;
    for (const JsonValue element : value) {
      if (!first) out_ += ',';
      first = false;
      schema(element);
    }
    if (and_null) out_ += first ? R"({"type":"null"})" : R"(,{"type":"null"})";
    out_ += ']';
  }

  std::string& out_;
  bool changed_ = false;
};

}  // namespace

std::string_view json_schema_of(JsonValue schema, TextArena& arena) {
  std::string text;
  JsonSchemaWriter writer(text);
  writer.schema(schema);
  return writer.has_changed() ? arena.keep(std::move(text)) : schema.raw();
}

}  // namespace sluice::api::gemini
