#include "api/responses/read_tools.h"

#include <algorithm>

namespace sluice::api::responses {
namespace {

Result<void> read_tool(JsonValue value, const std::string& path, JsonText space, Request& request);

Result<void> read_namespace(JsonValue value, const std::string& path, Request& request) {
  const Result<JsonText> name = text_in(value, "name", path);
  if (!name) return tl::unexpected(name.error());
  if (!value["tools"].is_array()) return wrong_type(path + ".tools", "a list");
  size_t index = 0;
  for (const JsonValue inner : value["tools"]) {
    if (Result<void> done = read_tool(inner, path_of(path + ".tools", index++), *name, request); !done) return done;
  }
  for (const JsonValue member : value) {
    const bool is_known = member.named("type") || member.named("name") || member.named("tools");
    if (!is_known && member.has_value()) carry_within(request, path, member);
  }
  return {};
}

Result<void> read_function(JsonValue value, const std::string& path, Tool& tool) {
  for (const JsonValue member : value) {
    if (!member.has_value() || member.named("type") || member.named("name")) continue;
    if (member.named("description")) {
      if (!member.is_string()) return wrong_type(path + ".description", "a string");
      tool.description = member.text();
    } else if (member.named("parameters") && tool.kind == ToolKind::function) {
      if (!member.is_object()) return wrong_type(path + ".parameters", "an object");
      tool.schema = member.raw();
    } else if (member.named("strict") && tool.kind == ToolKind::function) {
      tool.strict = member.boolean();
      if (!tool.strict) return wrong_type(path + ".strict", "true or false");
    } else if (member.named("format") && tool.kind == ToolKind::custom) {
      if (!member.is_object()) return wrong_type(path + ".format", "an object");
      tool.format = member.raw();
    } else if (!member.named("execution") || tool.other_type != search_tool) {
      carry(tool.bag, member);
    }
  }
  return {};
}

Result<void> read_tool(JsonValue value, const std::string& path, JsonText space, Request& request) {
  if (!value.is_object()) return wrong_type(path, "an object");
  const std::string_view type = value["type"].word();
  if (type.empty()) return wrong_type(path + ".type", "a string");
  if (type == namespace_tool && space.empty()) return read_namespace(value, path, request);
  Tool tool;
  tool.raw = value.raw();
  if (path != path_of("tools", request.tools.size())) tool.path = request.arena.keep(path);
  if (type == search_tool && value["execution"].word() == "client") {
    tool.other_type = search_tool;
    tool.name = JsonText{search_tool};
  } else if (type == "function" || type == "custom") {
    if (type == "custom") tool.kind = ToolKind::custom;
    const Result<JsonText> name = text_in(value, "name", path);
    if (!name) return tl::unexpected(name.error());
    if (name->empty()) return wrong_type(path + ".name", "a string");
    tool.name = scoped_name(space, *name, request);
    if (!space.empty()) tool.other_type = namespace_tool;
  } else {
    tool.kind = ToolKind::other;
    tool.other_type = type;
    request.tools.push_back(std::move(tool));
    return {};
  }
  if (Result<void> done = read_function(value, path, tool); !done) return done;
  const auto is_same = [&tool](const Tool& known) { return known.name == tool.name; };
  if (std::none_of(request.tools.begin(), request.tools.end(), is_same)) request.tools.push_back(std::move(tool));
  return {};
}

void carry_unknown(std::string_view within, JsonValue choice, Request& request) {
  constexpr std::string_view known[] = {"type", "name", "namespace", "mode", "tools"};
  for (const JsonValue member : choice) {
    const auto is_it = [&](std::string_view name) { return member.named(name); };
    if (choice.is_object() && std::none_of(std::begin(known), std::end(known), is_it))
      carry_within(request, within, member);
  }
}

}  // namespace

tl::unexpected<Error> wrong_type(const std::string& path, std::string_view expected) {
  return fail(ErrorCode::bad_request, path + ": expected " + std::string(expected));
}

Result<JsonText> text_in(JsonValue object, std::string_view name, const std::string& path) {
  const JsonValue value = object[name];
  if (!value.has_value()) return JsonText{};
  if (!value.is_string()) return wrong_type(path + "." + std::string(name), "a string");
  return value.text();
}

void carry_within(Request& request, std::string_view within, JsonValue member) {
  std::string key(within);
  key += '.';
  key += member.key().escaped;
  request.bag.push_back({JsonText{request.arena.keep(std::move(key))}, member.raw()});
}

JsonText scoped_name(JsonText space, JsonText name, Request& request) {
  if (space.empty()) return name;
  return {request.arena.keep(std::string(space.escaped) + "." + std::string(name.escaped))};
}

Result<void> read_tools(JsonValue list, const std::string& path, Request& request) {
  if (!list.is_array()) return wrong_type(path, "a list");
  size_t index = 0;
  for (const JsonValue value : list) {
    if (Result<void> done = read_tool(value, path_of(path, index++), {}, request); !done) return done;
  }
  return {};
}

Result<void> read_tool_choice(JsonValue choice, Request& request) {
  using enum ToolChoice::Mode;
  ToolChoice& read = request.tool_choice;
  const std::string_view word = choice.is_string() ? choice.word() : choice["type"].word();
  const auto name_of = [&](JsonValue tool) {
    return scoped_name(tool["namespace"].text(), tool["name"].text(), request);
  };
  if (choice.is_string() && (word == "auto" || word == "none" || word == "required")) {
    read.mode = word == "auto" ? automatic : word == "none" ? none : required;
  } else if ((word == "function" || word == "custom") && choice["name"].is_string()) {
    read.mode = required;
    read.allowed.push_back(name_of(choice));
  } else if (word == "allowed_tools" && choice["tools"].is_array()) {
    read.mode = choice["mode"].word() == "required" ? required : automatic;
    for (const JsonValue tool : choice["tools"]) {
      if (!tool["name"].is_string()) {
        request.bag.push_back({JsonText{"tool_choice.tools"}, tool.raw()});
        continue;
      }
      read.allowed.push_back(name_of(tool));
      carry_unknown("tool_choice.tools", tool, request);
    }
  } else if (choice.is_object() && !word.empty()) {
    request.bag.push_back({JsonText{"tool_choice"}, choice.raw()});  // one of the provider's own tools
  } else {
    return wrong_type("tool_choice", "'auto', 'none', 'required' or an object with a type");
  }
  if (read.mode != absent) carry_unknown("tool_choice", choice, request);
  return {};
}

}  // namespace sluice::api::responses
