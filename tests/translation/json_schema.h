// As much of JSON Schema (2020-12, and OpenAPI's `nullable`) as the published specification of the APIs uses.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace sluice::test {

class SchemaCheck {
 public:
  // The specification beside the source folder; none where it is missing.
  static std::optional<SchemaCheck> of_specification() {
    std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "../../../shared/specs/openai-openapi.json");
    if (!in) return std::nullopt;
    return SchemaCheck(nlohmann::json::parse(in));
  }
  // "" where the value is as the named schema has it, else what is not.
  std::string operator()(const nlohmann::json& value, const std::string& schema) const {
    return check(value, all_["components"]["schemas"][schema], schema);
  }

 private:
  using Json = nlohmann::json;
  explicit SchemaCheck(Json all) : all_(std::move(all)) {}

  static bool has_type(const Json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    return type == "null" && value.is_null();
  }

  std::string check(const Json& value, const Json& schema, const std::string& path) const {
    if (schema.contains("$ref")) {
      return check(value, all_.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1))), path);
    }
    if (value.is_null() && schema.value("nullable", false)) return "";
    if (schema.contains("type")) {
      const Json types = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
      bool any = false;
      for (const Json& type : types) any = any || has_type(value, type);
      if (!any) return path + " has another type than " + types.dump();
    }
    if (schema.contains("enum")) {
      bool any = false;
      for (const Json& one : schema["enum"]) any = any || one == value;
      if (!any) return path + " is none of " + schema["enum"].dump();
    }
    for (const Json& part : schema.value("allOf", Json::array())) {
      if (std::string wrong = check(value, part, path); !wrong.empty()) return wrong;
    }
    for (const char* const choice : {"anyOf", "oneOf"}) {
      if (!schema.contains(choice)) continue;
      std::string wrong;
      bool any = false;
      for (const Json& part : schema[choice]) {
        const std::string why = check(value, part, path);
        any = any || why.empty();
        wrong += why + "; ";
      }
      if (!any) return wrong;
    }
    return check_members(value, schema, path);
  }

  std::string check_members(const Json& value, const Json& schema, const std::string& path) const {
    if (value.is_object()) {
      for (const Json& name : schema.value("required", Json::array())) {
        if (!value.contains(name.get<std::string>())) return path + " lacks " + name.get<std::string>();
      }
      const Json members = schema.value("properties", Json::object());
      for (const auto& [name, member] : value.items()) {
        if (!members.contains(name)) continue;
        if (std::string wrong = check(member, members[name], path + "." + name); !wrong.empty()) return wrong;
      }
    }
    if (value.is_array() && schema.contains("items")) {
      for (size_t i = 0; i < value.size(); ++i) {
        std::string wrong = check(value[i], schema["items"], path + "[" + std::to_string(i) + "]");
        if (!wrong.empty()) return wrong;
      }
    }
    return "";
  }

  Json all_;
};

}  // namespace sluice::test
