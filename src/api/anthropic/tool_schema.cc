#include "api/anthropic/tool_schema.h"

#include <algorithm>
#include <array>

#include "api/json_value.h"

namespace sluice::api::anthropic {
namespace {

constexpr std::array<std::string_view, 3> combinations = {"anyOf", "oneOf", "allOf"};

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

class StrictSchema {
 public:
  explicit StrictSchema(std::string& out) : out_(out) {}
  bool says_the_same = true;

  void append(JsonValue schema) {
    if (!schema.is_object()) {
      says_the_same = says_the_same && !schema.is(JsonType::boolean);
      out_ += schema.is(JsonType::boolean) ? "{}" : schema.raw();
      return;
    }
    out_ += '{';
    for (const JsonValue member : schema) append_member(member);
    const bool is_closed = schema["additionalProperties"].boolean() == false;
    if (is_closed || is_object(schema)) {
      append_key(out_, {"additionalProperties"});
      out_ += "false";
      says_the_same = says_the_same && is_closed;
    }
    out_ += '}';
  }

 private:
  static bool is_object(JsonValue schema) {
    const JsonValue type = schema["type"];
    for (const JsonValue one : type) {
      if (one.word() == "object") return true;
    }
    return type.word() == "object" || schema["properties"].exists();
  }

  void append_member(JsonValue member) {
    constexpr std::array<std::string_view, 9> as_they_are = {"type",        "enum",     "const",   "$ref",    "title",
                                                             "description", "required", "default", "minItems"};
    constexpr std::array<std::string_view, 3> maps = {"properties", "$defs", "definitions"};
    constexpr std::array<std::string_view, 5> say_nothing = {"$schema", "$id", "$comment", "examples",
                                                             "additionalProperties"};
    const bool holds_more = member.named("minItems") && member.count().value_or(2) > 1;
    const bool is_format = member.named("format") && is_known_format(member.word());
    if (!holds_more && (is_format || is_one_of(member, as_they_are))) {
      append_key(out_, member.key());
      out_ += member.raw();
    } else if (is_one_of(member, maps)) {
      append_map(member);
    } else if (is_one_of(member, combinations)) {
      append_list(member);
    } else if (member.named("items")) {
      append_key(out_, member.key());
      append(member);
    } else if (!is_one_of(member, say_nothing)) {
      says_the_same = false;
    }
  }

  void append_map(JsonValue member) {
    append_key(out_, member.key());
    out_ += '{';
    for (const JsonValue schema : member) {
      append_key(out_, schema.key());
      append(schema);
    }
    out_ += '}';
  }

  void append_list(JsonValue member) {
    const bool is_one = member.named("oneOf");
    says_the_same = says_the_same && !is_one;
    append_key(out_, is_one ? JsonText{"anyOf"} : member.key());
    out_ += '[';
    for (const JsonValue schema : member) {
      if (out_.back() != '[') out_ += ',';
      append(schema);
    }
    out_ += ']';
  }

  static bool is_known_format(std::string_view format) {
    constexpr std::array<std::string_view, 10> known = {"date-time", "time", "date", "duration", "email",
                                                        "hostname",  "uri",  "ipv4", "ipv6",     "uuid"};
    return std::find(known.begin(), known.end(), format) != known.end();
  }

  std::string& out_;
};

}  // namespace

bool append_strict_schema(std::string& out, std::string_view schema) {
  JsonDocument document;
  if (!document.parse(schema) || !document.root().is_object()) {
    out += R"({"type":"object","properties":{},"additionalProperties":false})";
    return false;
  }
  StrictSchema strict(out);
  strict.append(document.root());
  return strict.says_the_same;
}

}  // namespace sluice::api::anthropic
