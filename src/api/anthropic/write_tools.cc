#include "api/anthropic/write_tools.h"

#include <algorithm>

#include "api/anthropic/tool_schema.h"
#include "api/anthropic/translate.h"
#include "api/object_schema.h"

namespace sluice::api::anthropic {
namespace {

// A grammar is described in words, since the API cannot enforce it.
void append_description(Draft& draft, const Tool& tool, const std::string& path, std::string& out) {
  JsonDocument document;
  const bool has_format = tool.kind == ToolKind::custom && !tool.format.empty() && document.parse(tool.format);
  const JsonValue format = has_format ? document.root() : JsonValue();
  const JsonValue grammar = format["grammar"].is_object() ? format["grammar"] : format;
  const JsonText definition = grammar["definition"].text();
  if (!definition.empty()) draft.dropped.add(path + ".format", DropReason::changed);
  if (tool.description.empty() && definition.empty()) return;
  out += R"(,"description":")";
  out += tool.description.escaped;
  if (!definition.empty()) {
    if (!tool.description.empty()) out += R"(\n\n)";
    out += "The input must keep to this grammar";
    const std::string_view syntax = grammar["syntax"].word();
    if (!syntax.empty()) out += " (" + std::string(syntax) + ")";
    out += R"(:\n)";
    out += definition.escaped;
  }
  out += '"';
}

void append_tool(Draft& draft, const Tool& tool, const std::string& path, std::string& out) {
  constexpr std::string_view free_text =
      R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false})";
  out += R"({"name":")";
  out += tool_name(draft, tool.name).escaped;
  out += '"';
  append_description(draft, tool, path, out);
  out += R"(,"input_schema":)";
  if (tool.kind == ToolKind::custom) {
    draft.names.add_custom(tool.name);
    out += free_text;
  } else if (!append_object_schema(out, tool.schema, {.combinations = false})) {
    draft.dropped.add(path + ".parameters", DropReason::changed);
  }
  if (tool.kind == ToolKind::function && tool.strict == true) {
    std::string strict;
    if (draft.facts.strict_tools && append_strict_schema(strict, tool.schema)) {
      out += R"(,"strict":true)";
    } else {
      draft.dropped.add(path + ".strict", DropReason::unsupported);
    }
  }
  append_cache_mark(draft, tool.cache_mark, path, out);
  out += '}';
}

// False: there are none.
bool append_tools(Draft& draft, std::string& out) {
  const std::vector<Tool>& tools = draft.request.tools;
  bool any = false;
  for (size_t i = 0; i < tools.size(); ++i) {
    const std::string path = path_of("tools", i);
    if (tools[i].kind == ToolKind::other) {
      draft.dropped.add(path, DropReason::unsupported);
      continue;
    }
    if (!draft.request.tool_choice.allows(tools[i].name)) continue;
    out += any ? "," : R"(,"tools":[)";
    any = true;
    append_tool(draft, tools[i], path, out);
  }
  if (any) out += ']';
  return any;
}

void append_invented_tools(Draft& draft, const std::vector<JsonText>& called, std::string& out) {
  draft.dropped.add("tools", DropReason::invented);
  out += R"(,"tools":[)";
  for (const JsonText& name : called) {
    if (out.back() != '[') out += ',';
    out += R"({"name":")";
    out += tool_name(draft, name).escaped;
    out += R"(","input_schema":)";
    append_object_schema(out, "", {});
    out += '}';
  }
  out += R"(],"tool_choice":{"type":"none"})";
}

void append_choice(Draft& draft, bool thinks, std::string& out) {
  const ToolChoice& choice = draft.request.tool_choice;
  using enum ToolChoice::Mode;
  const bool one_at_a_time = choice.parallel == false;
  if (choice.mode == none) {
    out += R"(,"tool_choice":{"type":"none"})";
    return;
  }
  const bool is_forced = choice.mode == required && !thinks;
  if (choice.mode == required && thinks) draft.dropped.add("tool_choice", DropReason::changed);
  if (choice.mode == absent && !one_at_a_time) return;
  out += R"(,"tool_choice":{"type":)";
  if (is_forced && choice.allowed.size() == 1) {
    out += R"("tool","name":")";
    out += tool_name(draft, choice.allowed[0]).escaped;
    out += '"';
  } else {
    out += is_forced ? R"("any")" : R"("auto")";
  }
  if (one_at_a_time) out += R"(,"disable_parallel_tool_use":true)";
  out += '}';
}

}  // namespace

void write_tools(Draft& draft, const std::vector<JsonText>& called, bool thinks, std::string& out) {
  if (append_tools(draft, out)) return append_choice(draft, thinks, out);
  if (draft.request.tool_choice.mode == ToolChoice::Mode::required) {
    draft.dropped.add("tool_choice", DropReason::unsupported);
  }
  if (!called.empty()) append_invented_tools(draft, called, out);
}

}  // namespace sluice::api::anthropic
