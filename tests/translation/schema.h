// Checks a document against OpenAI's specification, beside the source folder, if present.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

namespace sluice::test {

// The part of JSON Schema that the specification uses: types, enums, required members, items, references, unions.
class OpenAiSchemas {
 public:
  OpenAiSchemas() {
    const auto file = std::filesystem::path(__FILE__).parent_path() / "../../../shared/specs/openai-openapi.json";
    std::ifstream in(file);
    if (in) schemas_ = nlohmann::json::parse(in).at("components").at("schemas");
    if (!in) std::cout << "skipped: no specification in ../shared/specs/openai-openapi.json\n";
  }
  bool known() const { return !schemas_.empty(); }

  // Where the value violates the schema of that name; "" if it does not, or no schema is available.
  std::string fault(const std::string& name, const nlohmann::json& value) const {
    return known() ? check(schemas_.at(name), value, name) : "";
  }

 private:
  using Json = nlohmann::json;

  std::string check(const Json& schema, const Json& value, const std::string& path) const {
    if (schema.contains("$ref")) {
      const std::string ref = schema.at("$ref");
      return check(schemas_.at(ref.substr(ref.rfind('/') + 1)), value, path);
    }
    if (value.is_null() && schema.value("nullable", false)) return "";
    for (const char* const key : {"anyOf", "oneOf"}) {
      if (!schema.contains(key)) continue;
      if (std::string fault = check_any(schema.at(key), value, path); !fault.empty()) return fault;
    }
    if (schema.contains("allOf")) {
      for (const Json& one : schema.at("allOf")) {
        if (std::string fault = check(one, value, path); !fault.empty()) return fault;
      }
    }
    if (schema.contains("enum")) {
      const Json& words = schema.at("enum");
      if (std::find(words.begin(), words.end(), value) == words.end()) return path + ": " + value.dump();
    }
    if (schema.contains("type") && !is_of(schema.at("type"), value)) {
      return path + ": no " + schema.at("type").get<std::string>() + ": " + value.dump().substr(0, 80);
    }
    return value.is_object() ? check_object(schema, value, path) : check_items(schema, value, path);
  }

  // If no alternative fits, returns the fault of the one whose `type` is the value's.
  std::string check_any(const Json& list, const Json& value, const std::string& path) const {
    std::string faults;
    bool found = false;
    for (const Json& one : list) {
      const std::string fault = check(one, value, path);
      if (fault.empty()) return "";
      const bool is_meant = is_of_type(one, value);
      if (faults.empty() || (is_meant && !found)) faults = fault;
      found |= is_meant;
    }
    return faults;
  }

  bool is_of_type(const Json& schema, const Json& value) const {
    if (schema.contains("$ref")) {
      const std::string ref = schema.at("$ref");
      return is_of_type(schemas_.at(ref.substr(ref.rfind('/') + 1)), value);
    }
    if (!value.is_object() || !value.contains("type")) return value.is_object() == schema.contains("properties");
    const Json words = schema.value(Json::json_pointer("/properties/type/enum"), Json::array());
    return std::find(words.begin(), words.end(), value.at("type")) != words.end();
  }

  std::string check_object(const Json& schema, const Json& value, const std::string& path) const {
    const Json required = schema.value("required", Json::array());
    const Json properties = schema.value("properties", Json::object());
    for (const Json& name : required) {
      const bool is_told = value.contains(name.get<std::string>());
      // Mistakes in the specification: some required members are not described.
      const bool is_described = properties.contains(name.get<std::string>());
      if (!is_told && is_described) return path + "." + name.get<std::string>() + ": is missing";
    }
    for (const auto& [name, of] : properties.items()) {
      if (!value.contains(name)) continue;
      if (std::string fault = check(of, value.at(name), path + "." + name); !fault.empty()) return fault;
    }
    return "";
  }

  std::string check_items(const Json& schema, const Json& value, const std::string& path) const {
    if (!value.is_array() || !schema.contains("items")) return "";
    for (size_t i = 0; i < value.size(); ++i) {
      std::string fault = check(schema.at("items"), value[i], path + "[" + std::to_string(i) + "]");
      if (!fault.empty()) return fault;
    }
    return "";
  }

  static bool is_of(const std::string& type, const Json& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    return type == "null" ? value.is_null() : true;
  }

  nlohmann::json schemas_;
};

}  // namespace sluice::test
