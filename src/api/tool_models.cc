#include "api/tool_models.h"

#include "api/json_cursor.h"
#include "api/json_unescape.h"
#include "api/key_spelling.h"
#include "api/request_peek.h"
#include "base/text.h"

namespace sluice::api {
namespace {

using MayUse = std::function<bool(const std::string& name)>;

// In any spelling that some parser may take for `name`.
bool may_be(std::string_view key, std::string_view name) {
  std::string plain;
  return append_json_unescaped(plain, key) && lenient_key(plain) == name;
}

std::optional<std::string> rejected(std::string_view value, const MayUse& may_use) {
  const Result<std::string> name = read_model_name(value, "`model`", 0);
  if (name && may_use(*name)) return std::nullopt;
  return std::string(cut_to(name ? *name : value, max_model_bytes));
}

std::optional<std::string> look_into_tool(std::string_view tool, const MayUse& may_use, bool goes_deeper) {
  JsonCursor cursor(tool);
  if (!cursor.take('{')) return std::nullopt;
  std::string_view key;
  for (bool first = true; next_member(cursor, first, key) == JsonStep::member;) {
    const std::optional<std::string_view> value = cursor.take_value();
    if (!value) break;
    std::optional<std::string> found;
    if (value->front() == '"' && may_be(key, "model")) {
      found = rejected(*value, may_use);
    } else if (value->front() == '{' && goes_deeper) {
      found = look_into_tool(*value, may_use, false);
    }
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_tool_model(std::string_view body, const MayUse& may_use) {
  JsonCursor cursor(body);
  if (!cursor.take('{')) return std::nullopt;
  std::string_view key;
  for (bool first = true; next_member(cursor, first, key) == JsonStep::member;) {
    const std::optional<std::string_view> value = cursor.take_value();
    if (!value) break;
    if (value->front() != '[' || !may_be(key, "tools")) continue;
    JsonCursor list(*value);
    list.take('[');
    for (bool first_tool = true; next_element(list, first_tool) == JsonStep::member;) {
      const std::optional<std::string_view> tool = list.take_value();
      if (!tool) break;
      if (auto found = look_into_tool(*tool, may_use, true)) return found;
    }
  }
  return std::nullopt;
}

}  // namespace sluice::api
