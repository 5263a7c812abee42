// What a tool that the provider ran was given and printed, as far as it is plain text.
#include <array>

#include "api/anthropic/reading.h"

namespace sluice::api::anthropic {
namespace {

void add_line(std::string& text, JsonText line) {
  if (line.empty()) return;
  if (!text.empty() && !text.ends_with(R"(\n)")) text += R"(\n)";
  text += line.escaped;
}

// Of code that ran its streams, of a file its text or the lines that changed, of a page what was fetched of it; a word
// for what went wrong. Results of searches have none: what they say is encrypted.
void add_printed(std::string& text, JsonValue value, unsigned level) {
  constexpr unsigned max_levels = 4;
  constexpr std::array<std::string_view, 5> texts = {"stdout", "stderr", "text", "error_code", "error_message"};
  if (level == max_levels) return;
  if (value.is_string()) return add_line(text, value.text());
  if (value.is_array()) {
    for (const JsonValue one : value) add_printed(text, one, level + 1);
    return;
  }
  for (const std::string_view name : texts) add_line(text, value[name].text());
  for (const JsonValue line : value["lines"]) add_line(text, line.text());
  const JsonValue source = value["source"];
  if (source["type"].word() == "text") add_line(text, source["data"].text());
  add_printed(text, value["content"], level + 1);
}

}  // namespace

JsonText hosted_text(JsonValue block, TextArena& arena) {
  const std::string_view type = block["type"].word();
  const std::string_view name = block["name"].word();
  if (type == "mcp_tool_use" || (type == "server_tool_use" && name.ends_with("code_execution"))) {
    const JsonText code = block["input"]["code"].text();
    const JsonText what = code.empty() ? arena.escape(block["input"].raw()) : code;
    return {arena.keep(std::string(name) + R"(\n)" + std::string(what.escaped))};
  }
  if (type == "server_tool_use") return {};
  std::string text;
  add_printed(text, block["content"], 0);
  return {arena.keep(std::move(text))};
}

}  // namespace sluice::api::anthropic
