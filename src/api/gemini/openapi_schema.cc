// Converts JSON Schema to the subset of OpenAPI's schemas that Gemini accepts.
#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "api/gemini/schema.h"
#include "api/json_unescape.h"
#include "api/percent.h"
#include "base/json_writer.h"

namespace sluice::api::gemini {
namespace {

struct TypeName {
  std::string_view json, openapi;
};
constexpr std::array<TypeName, 6> type_names = {{{"string", "STRING"},
                                                 {"number", "NUMBER"},
                                                 {"integer", "INTEGER"},
                                                 {"boolean", "BOOLEAN"},
                                                 {"array", "ARRAY"},
                                                 {"object", "OBJECT"}}};
constexpr std::string_view no_type{};

std::string_view openapi_type(std::string_view word) {
  for (const TypeName& name : type_names) {
    if (word == name.json || word == name.openapi) return name.openapi;
  }
  return no_type;
}

// Annotations for people: leaving them out loses nothing.
bool is_advice(std::string_view key) {
  constexpr std::array<std::string_view, 12> words = {"title",    "default",   "example",  "examples",
                                                      "$schema",  "$id",       "$comment", "deprecated",
                                                      "readOnly", "writeOnly", "$defs",    "definitions"};
  return std::find(words.begin(), words.end(), key) != words.end();
}

// Copied unchanged.
constexpr std::array<std::string_view, 4> number_limits = {"minimum", "maximum", "", ""};
constexpr std::array<std::string_view, 4> text_limits = {"minLength", "maxLength", "pattern", ""};
constexpr std::array<std::string_view, 4> list_limits = {"minItems", "maxItems", "", ""};
constexpr std::array<std::string_view, 4> object_limits = {"minProperties", "maxProperties", "", ""};

class OpenApiWriter {
 public:
  OpenApiWriter(std::string& out, JsonValue root) : json_(out), out_(out), start_(out.size()), root_(root) {}

  OpenApiSchema write() {
    schema(root_, 0);
    return result_;
  }

 private:
  static constexpr unsigned max_levels = 32;  // of the output
  static constexpr size_t max_bytes = 256 * 1024;
  static constexpr size_t max_members = 1'000'000;  // examined at most
  static constexpr size_t max_layers = 64;          // of one schema: itself, what it refers to and what it combines

  // The combined keywords of a schema, of the schemas it refers to and of those it must agree with (allOf).
  struct Keywords {
    std::unordered_map<std::string_view, JsonValue> single{};  // the first occurrence wins
    std::vector<JsonValue> properties{}, required{}, variants{};
    std::unordered_set<std::string_view> property_names{}, wanted_names{};
    size_t layers = 0;
    bool nullable = false;
    bool recurs = false;
    JsonValue at(std::string_view key) const {
      const auto found = single.find(key);
      return found == single.end() ? JsonValue() : found->second;
    }
  };

  void any_object() {
    result_.is_less = true;
    json_.object().member("type", "OBJECT").end_object();
  }

  // `outer`: the union of which this schema is a variant.
  void schema(JsonValue schema, unsigned level, const Keywords* outer = nullptr) {
    if (level == max_levels || out_.size() - start_ > max_bytes || members_ > max_members) return any_object();
    const size_t enclosing = active_.size();
    Keywords words;
    gather(schema, words);
    while (words.variants.size() == 1) {
      const JsonValue only = words.variants.front();
      words.variants.clear();
      gather(only, words);
    }
    if (outer != nullptr) {
      words.nullable = words.nullable || outer->nullable;
      if (outer->at("description").exists()) words.single.emplace("description", outer->at("description"));
    }
    words.recurs ? any_object() : described(words, level);
    active_.resize(enclosing);
  }

  void gather(JsonValue schema, Keywords& words) {
    if (!schema.is_object() || words.layers == max_layers) {
      result_.is_less = result_.is_less || words.layers == max_layers || schema.boolean() == false;
      return;
    }
    if (std::find(active_.begin(), active_.end(), schema.raw().data()) != active_.end()) {
      words.recurs = true;
      return;
    }
    ++words.layers;
    active_.push_back(schema.raw().data());
    for (const JsonValue member : schema) {
      ++members_;
      take(member, words);
    }
  }

  void take(JsonValue member, Keywords& words) {
    const std::string_view key = member.key().escaped;
    if (key == "$ref") {
      const JsonValue meant = resolve(member);
      result_.is_less = result_.is_less || !meant.exists();
      if (meant.exists()) gather(meant, words);
    } else if (key == "allOf") {
      for (const JsonValue one : member) gather(one, words);
    } else if (key == "properties") {
      for (const JsonValue property : member) {
        ++members_;
        if (words.property_names.insert(property.key().escaped).second) words.properties.push_back(property);
      }
    } else if (key == "required") {
      for (const JsonValue name : member) {
        ++members_;
        if (words.wanted_names.insert(name.text().escaped).second) words.required.push_back(name);
      }
    } else if ((key == "anyOf" || key == "oneOf") && member.is_array()) {
      take_variants(member, words);
    } else if (key == "nullable") {
      words.nullable = words.nullable || member.boolean() == true;
    } else {
      words.single.emplace(key, member);
    }
  }

  void take_variants(JsonValue list, Keywords& words) {
    if (!words.variants.empty()) {
      result_.is_less = true;
      return;
    }
    for (const JsonValue variant : list) {
      ++members_;
      if (variant["type"].word() == "null") {
        words.nullable = true;
      } else {
        words.variants.push_back(variant);
      }
    }
  }

  // Resolves "#/$defs/Name": a JSON pointer (RFC 6901) in a URL's fragment. None if the reference points outside.
  JsonValue resolve(JsonValue reference) {
    const auto [known, is_new] = resolved_.try_emplace(reference.text().escaped);
    if (!is_new) return known->second;
    std::string plain, pointer;
    if (!append_json_unescaped(plain, reference.text().escaped) || !plain.starts_with('#')) return {};
    append_percent_decoded(pointer, std::string_view(plain).substr(1));
    JsonValue at = root_;
    for (size_t begin = 0; begin < pointer.size() && at.exists();) {
      if (pointer[begin] != '/') return {};
      const size_t end = std::min(pointer.find('/', begin + 1), pointer.size());
      at = step(at, pointer.substr(begin + 1, end - begin - 1));
      begin = end;
    }
    return known->second = at;
  }

  JsonValue step(JsonValue at, std::string name) {
    for (size_t tilde = 0; (tilde = name.find('~', tilde)) != std::string::npos; ++tilde) {
      if (name.substr(tilde, 2) == "~1") name.replace(tilde, 2, "/");
      if (name.substr(tilde, 2) == "~0") name.replace(tilde, 2, "~");
    }
    if (at.is_object()) {
      members_ += at.size();
      return at[name];
    }
    size_t index = 0;
    for (const JsonValue element : at) {
      if (std::to_string(index++) == name) return element;
    }
    return {};
  }

  // The schema's types without null.
  std::vector<std::string_view> types_of(Keywords& words) {
    std::vector<std::string_view> types;
    const JsonValue type = words.at("type");
    const auto add = [&](JsonValue one) {
      const std::string_view name = openapi_type(one.word());
      if (one.word() == "null" || one.word() == "NULL") {
        words.nullable = true;
      } else if (name == no_type) {
        result_.is_less = true;
      } else if (std::find(types.begin(), types.end(), name) == types.end()) {
        types.push_back(name);
      }
    };
    if (type.is_string()) add(type);
    if (type.is_array()) {
      for (const JsonValue one : type) add(one);
    }
    return types;
  }

  std::string_view inferred_type(const Keywords& words) {
    if (!words.properties.empty() || words.at("additionalProperties").exists()) return "OBJECT";
    if (words.at("items").exists() || words.at("prefixItems").exists()) return "ARRAY";
    const JsonValue constant = words.at("const");
    const JsonValue list = words.at("enum");
    const JsonValue example = constant.exists() || list.empty() ? constant : *list.begin();
    if (example.is(JsonType::number)) return "NUMBER";
    if (example.is(JsonType::boolean)) return "BOOLEAN";
    if (!example.is_string()) result_.is_less = true;  // any type is allowed
    return "STRING";
  }

  void described(Keywords& words, unsigned level) {
    std::vector<std::string_view> types = types_of(words);
    const bool is_union = types.empty() && words.properties.empty() && words.variants.size() > 1;
    if (is_union) return any_of(words, level);
    if (!words.variants.empty()) result_.is_less = true;  // the variants restrict this schema further
    for (const auto& [key, value] : words.single) result_.is_less = result_.is_less || !is_told(key, value);
    if (types.empty()) types.push_back(inferred_type(words));
    if (types.size() == 1) return typed(words, types.front(), level);
    json_.object().key("anyOf").array();
    for (const std::string_view type : types) typed(words, type, level);
    json_.end_array().end_object();
  }

  static bool is_told(std::string_view key, JsonValue value) {
    if (key == "additionalProperties") return value.boolean() == false;  // models add none
    for (const auto& limits : {number_limits, text_limits, list_limits, object_limits}) {
      if (std::find(limits.begin(), limits.end(), key) != limits.end()) return true;
    }
    constexpr std::array<std::string_view, 6> words = {"type", "description", "enum", "const", "items", "format"};
    return is_advice(key) || std::find(words.begin(), words.end(), key) != words.end();
  }

  // No keyword may stand beside `anyOf`: what applies to all variants is repeated in each.
  void any_of(const Keywords& words, unsigned level) {
    json_.object().key("anyOf").array();
    for (const JsonValue variant : words.variants) schema(variant, level + 1, &words);
    json_.end_array().end_object();
  }

  void typed(const Keywords& words, std::string_view type, unsigned level) {
    json_.object().member("type", type);
    if (words.nullable) json_.member("nullable", true);
    if (const JsonValue description = words.at("description"); description.is_string() && !description.text().empty()) {
      json_.key("description").raw(description.raw());
    }
    format(words, type);
    if (type == "STRING") {
      choices(words);
      limits(words, text_limits);
    } else if (type == "OBJECT") {
      properties(words, level);
      limits(words, object_limits);
    } else if (type == "ARRAY") {
      items(words, level);
      limits(words, list_limits);
    } else if (type != "BOOLEAN") {
      limits(words, number_limits);
    }
    if (type != "STRING" && (words.at("enum").exists() || words.at("const").exists())) result_.is_less = true;
    if (level == 0) result_.is_empty_object = type == "OBJECT" && words.properties.empty();
    json_.end_object();
  }

  void format(const Keywords& words, std::string_view type) {
    constexpr std::array<std::string_view, 5> numbers = {"float", "double", "int32", "int64", ""};
    const std::string_view word = words.at("format").word();
    const bool is_number = type == "NUMBER" || type == "INTEGER";
    const bool fits = is_number ? std::find(numbers.begin(), numbers.end(), word) != numbers.end()
                                : type == "STRING" && word == "date-time";
    if (fits && !word.empty()) json_.member("format", word);
  }

  void choices(const Keywords& words) {
    const JsonValue constant = words.at("const");
    std::vector<JsonValue> strings;
    if (constant.is_string()) strings.push_back(constant);
    if (!constant.exists()) {
      for (const JsonValue one : words.at("enum")) {
        ++members_;
        if (one.is_string() && !one.text().empty()) {
          strings.push_back(one);
        } else if (one.has_value()) {
          result_.is_less = true;
        }
      }
    }
    if (strings.empty()) return;
    json_.key("enum").array();
    for (const JsonValue one : strings) json_.raw(one.raw());
    json_.end_array();
  }

  void limits(const Keywords& words, const std::array<std::string_view, 4>& keys) {
    for (const std::string_view key : keys) {
      const JsonValue limit = words.at(key);
      const bool fits = key == "pattern" ? limit.is_string() : limit.is(JsonType::number);
      if (fits) json_.key(key).raw(limit.raw());
    }
  }

  void properties(const Keywords& words, unsigned level) {
    if (words.properties.empty()) return;
    json_.key("properties").object();
    for (const JsonValue property : words.properties) {
      json_.raw(std::string("\"").append(property.key().escaped).append("\""));
      out_ += ':';
      schema(property, level + 1);
    }
    json_.end_object();
    bool any = false;
    for (const JsonValue name : words.required) {
      if (!name.is_string() || words.property_names.count(name.text().escaped) == 0) continue;
      if (!any) json_.key("required").array();
      any = true;
      json_.raw(name.raw());
    }
    if (any) json_.end_array();
  }

  void items(const Keywords& words, unsigned level) {
    JsonValue item = words.at("items");
    const JsonValue each = words.at("prefixItems").exists() ? words.at("prefixItems") : item;
    if (each.is_array()) {
      result_.is_less = true;
      item = each.empty() ? JsonValue() : *each.begin();
    }
    json_.key("items");
    if (item.is_object()) return schema(item, level + 1);
    result_.is_less = true;  // `items` is required
    json_.object().member("type", "STRING").end_object();
  }

  JsonWriter json_;
  std::string& out_;
  const size_t start_;
  const JsonValue root_;
  OpenApiSchema result_;
  std::vector<const char*> active_;  // the schemas being written, each nested in the previous one
  std::unordered_map<std::string_view, JsonValue> resolved_;
  size_t members_ = 0;
};

}  // namespace

OpenApiSchema append_openapi_schema(std::string& out, JsonValue schema) { return OpenApiWriter(out, schema).write(); }

}  // namespace sluice::api::gemini
