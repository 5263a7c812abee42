#include "api/provenance.h"

#include <algorithm>

namespace sluice::api {
namespace {

constexpr std::string_view mark = "sluice.";
constexpr size_t max_maker_bytes = 16;

// Takes what stands before the next dot.
std::optional<std::string_view> take_field(std::string_view& rest) {
  const size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view field = rest.substr(0, dot);
  rest.remove_prefix(dot + 1);
  return field;
}

bool is_id(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

std::string wrap(const Opaque& opaque) {
  std::string out(mark);
  out += name_of(opaque.origin.dialect);
  out += '.';
  out += opaque.origin.maker;
  out += '.';
  if (is_id(opaque.id.escaped)) out += opaque.id.escaped;
  out += '.';
  out += opaque.data.escaped;
  return out;
}

Opaque unwrap(JsonText text, Dialect dialect) {
  const Opaque plain{text, {dialect, {}}, {}};
  std::string_view rest = text.escaped;
  if (!rest.starts_with(mark)) return plain;
  rest.remove_prefix(mark.size());
  const auto name = take_field(rest);
  const auto maker = name ? take_field(rest) : std::nullopt;
  const auto id = maker ? take_field(rest) : std::nullopt;
  if (!id || maker->size() > max_maker_bytes || !is_id(*maker) || !is_id(*id)) return plain;
  const std::optional<Dialect> origin = dialect_named(*name);
  if (!origin) return plain;
  return {JsonText{rest}, {*origin, std::string(*maker)}, JsonText{*id}};
}

}  // namespace sluice::api
