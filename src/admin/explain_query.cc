#include "admin/explain_query.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "api/percent.h"
#include "base/text.h"

namespace sluice::admin {
namespace {

constexpr std::string_view forms =
    "allowed: model=NAME, and tokens=NUMBER, images=1, tools=1, audio=1, affinity=TEXT, dialect=";

bool read_number(std::string_view text, uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool read_flag(std::string_view text, bool& flag) {
  flag = text == "1" || text == "true";
  return flag || text == "0" || text == "false";
}

bool read_dialect(std::string_view text, Dialect& dialect) {
  const std::optional<Dialect> named = dialect_named(text);
  dialect = named.value_or(Dialect{});
  return named.has_value();
}

bool take(std::string_view name, const std::string& value, ExplainQuery& query) {
  if (name == "model") return !(query.model = value).empty();
  if (name == "affinity") return query.affinity = value, true;
  if (name == "tokens") return read_number(value, query.asking.estimated_tokens);
  if (name == "images") return read_flag(value, query.asking.images);
  if (name == "tools") return read_flag(value, query.asking.tools);
  if (name == "audio") return read_flag(value, query.asking.audio);
  return name == "dialect" && read_dialect(value, query.asking.dialect);
}

}  // namespace

Result<ExplainQuery> read_explain_query(std::string_view query) {
  ExplainQuery read;
  const auto wrong = [](std::string_view what) {
    return fail(ErrorCode::bad_request, std::string(what) + " (" + std::string(forms) + join(dialect_names) + ")");
  };
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    std::string value;
    api::append_percent_decoded(value, pair.substr(std::min(equals + 1, pair.size())));
    if (!pair.empty() && !take(pair.substr(0, equals), value, read)) return wrong("wrong: " + std::string(pair));
  }
  if (read.model.empty()) return wrong("no model is named");
  return read;
}

}  // namespace sluice::admin
