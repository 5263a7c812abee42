#include "demo/steps.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "demo/json.h"

namespace sluice::demo {
namespace {

constexpr size_t max_value_bytes = 64 * 1024;

// The JSON object or string at the start of `text`, unchanged; "" if there is none.
std::string_view value_at(std::string_view text) {
  text = text.substr(0, max_value_bytes);
  if (text.empty() || (text.front() != '{' && text.front() != '"')) return {};
  size_t depth = 0;
  bool in_string = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string && c == '\\') {
      ++at;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '{' || c == '}')) {
      depth = c == '{' ? depth + 1 : depth - 1;
    }
    if (depth == 0 && !in_string) return text.substr(0, at + 1);
  }
  return {};
}

std::optional<ToolCall> call_with(const OfferedTool& tool, std::string_view value) {
  const Json read = Json::parse(value, nullptr, false);
  if (read.is_object() && !tool.freeform) return ToolCall{tool.name, std::string(value), false};
  if (read.is_string() && tool.freeform) return ToolCall{tool.name, read.get<std::string>(), true};
  return std::nullopt;
}

bool stands_at(std::string_view text, size_t at, std::string_view name) {
  if (name.empty() || !text.substr(at).starts_with(name)) return false;
  const size_t before = at == 0 ? 0 : 1;
  return has_word(text.substr(at - before, before + name.size() + 1), name);
}

// The call spelled out at `at`, and where it ends.
std::optional<std::pair<ToolCall, size_t>> call_at(std::string_view line, size_t at,
                                                   const std::vector<OfferedTool>& tools) {
  for (const OfferedTool& tool : tools) {
    if (!stands_at(line, at, tool.name)) continue;
    const size_t value = line.find_first_not_of(' ', at + tool.name.size());
    if (value == line.npos) continue;
    const std::string_view spelled = value_at(line.substr(value));
    if (std::optional<ToolCall> call = call_with(tool, spelled)) {
      return std::pair(*std::move(call), value + spelled.size());
    }
  }
  return std::nullopt;
}

std::vector<ToolCall> calls_in(std::string_view line, const std::vector<OfferedTool>& tools) {
  std::vector<ToolCall> calls;
  for (size_t at = 0; at < line.size();) {
    auto found = call_at(line, at, tools);
    at = found ? found->second : at + 1;
    if (found) calls.push_back(std::move(found->first));
  }
  return calls;
}

}  // namespace

std::vector<std::vector<ToolCall>> steps_in(std::string_view text, const std::vector<OfferedTool>& tools) {
  std::vector<std::vector<ToolCall>> steps;
  if (tools.empty()) return steps;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (std::vector<ToolCall> calls = calls_in(line, tools); !calls.empty()) steps.push_back(std::move(calls));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return steps;
}

}  // namespace sluice::demo
