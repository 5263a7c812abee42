#include "api/tool_names.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace sluice::api {
namespace {

constexpr bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_name_byte(char c, const ToolNames::Rules& rules) {
  return is_ascii_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || (rules.dots && (c == '.' || c == ':'));
}

// FNV-1a, 64 bits: stable across machines and across the turns of a conversation.
uint64_t stable_hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

JsonText ToolNames::shorten(JsonText name, const Rules& rules) {
  const std::string_view text = name.escaped;
  const bool begins_well = !rules.letter_first || text.empty() || is_ascii_letter(text[0]) || text[0] == '_';
  const bool fits = text.size() <= rules.max_bytes &&
                    std::all_of(text.begin(), text.end(), [&](char c) { return is_name_byte(c, rules); });
  if (fits && begins_well) return name;
  if (const auto known = by_ours_.find(text); known != by_ours_.end()) return {known->second->sent};
  constexpr size_t hash_bytes = 9;  // "_" and 8 digits
  std::string sent = begins_well ? "" : "_";
  for (const char c : text) sent += is_name_byte(c, rules) ? c : '_';
  sent.resize(std::min<size_t>(sent.size(), rules.max_bytes - hash_bytes));
  sent += '_';
  const uint64_t hash = stable_hash(text);
  for (unsigned shift = 32; shift != 0; shift -= 4) sent += hex_digits[hash >> (shift - 4) & 0xF];
  pairs_.push_back({std::string(text), sent});
  const Pair& made = pairs_.back();
  by_ours_.emplace(made.ours, &made);
  by_sent_.emplace(made.sent, &made);
  return {made.sent};
}

JsonText ToolNames::restore(JsonText name) const {
  const auto known = by_sent_.find(name.escaped);
  return known != by_sent_.end() ? JsonText{known->second->ours} : name;
}

bool ToolNames::is_custom(JsonText name) const { return custom_.contains(std::string(name.escaped)); }

}  // namespace sluice::api
