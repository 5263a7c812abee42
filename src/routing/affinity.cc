#include "routing/affinity.h"

#include "base/text.h"

namespace sluice::routing {
namespace {

constexpr std::string_view white = " \t\r\n";

// The string value of a key in a JSON text, still escaped; "": none.
std::string_view string_at(std::string_view body, std::string_view quoted_key) {
  const size_t at = body.find(quoted_key);
  if (at == body.npos) return {};
  std::string_view rest = trim(body.substr(at + quoted_key.size()), white);
  if (!rest.starts_with(':')) return {};
  rest.remove_prefix(1);
  rest = trim(rest, white);
  if (!rest.starts_with('"')) return {};
  rest.remove_prefix(1);
  const size_t end = rest.find('"');
  return end == rest.npos ? std::string_view() : rest.substr(0, end);
}

std::string prefix_of(const AffinityWords& words) {
  if (const std::string_view key = string_at(words.body, "\"prompt_cache_key\""); !key.empty()) return std::string(key);
  if (!words.turn_state.empty()) return std::string(words.turn_state);
  const size_t mark = words.body.find("\"cache_control\"");
  return std::string(words.body.substr(0, mark == words.body.npos ? max_prefix_bytes : mark));
}

}  // namespace

std::string affinity_of(const config::Affinity& affinity, const AffinityWords& words) {
  switch (affinity.kind) {
    case config::Affinity::Kind::none:
      return {};
    case config::Affinity::Kind::key:
      return std::string(words.key);
    case config::Affinity::Kind::header:
      return std::string(words.header);
    case config::Affinity::Kind::prefix:
      return prefix_of(words);
  }
  return {};
}

}  // namespace sluice::routing
