#include "routing/explain.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/json_writer.h"
#include "config/model_route.h"

namespace sluice::routing {
namespace {

// Escapes control characters, which a terminal would interpret.
std::string shown(std::string_view text) {
  std::string out;
  append_json_escaped(out, text);
  return out;
}

void write_target(JsonWriter& out, const Target& target, uint64_t now_ms) {
  const HealthState state = target.health->state(now_ms);
  out.line().object().member("target", target.label()).member("why", target.why);
  out.member("state", name_of(state.standing)).member("free_in_ms", state.free_in_ms);
  out.member("in_flight", state.in_flight).key("concurrent");
  target.concurrent != 0 ? out.value(target.concurrent) : out.value(nullptr);
  const uint64_t window = target.fit.context_tokens;
  out.member("context_window", window != 0 ? std::optional(window) : std::nullopt);
  const size_t keys = target.provider->api_keys.size();
  if (keys != 0) out.key("keys").array();
  for (size_t i = 0; i < keys; ++i) {
    const uint64_t free_at_ms = target.health->credential_free_at_ms(i);
    out.object().member("key", i + 1).member("state", name_of(target.health->standing_of_credential(i, now_ms)));
    out.member("free_in_ms", free_at_ms > now_ms ? free_at_ms - now_ms : 0).end_object();
  }
  if (keys != 0) out.end_array();
  out.end_object();
}

std::string seconds_text(uint64_t ms) {
  constexpr uint64_t tenth_ms = 100, tenths = 10;
  const uint64_t rounded = (ms + tenth_ms - 1) / tenth_ms;
  return std::to_string(rounded / tenths) + "." + std::to_string(rounded % tenths) + " s";
}

std::string state_text(const Target& target, uint64_t now_ms) {
  const HealthState state = target.health->state(now_ms);
  std::string text(name_of(state.standing));
  if (state.free_in_ms != 0) text += ", for " + seconds_text(state.free_in_ms);
  if (target.concurrent != 0) {
    text += ", " + std::to_string(state.in_flight) + " of " + std::to_string(target.concurrent) + " under way";
  }
  for (size_t i = 0; i < target.provider->api_keys.size(); ++i) {
    const Standing standing = target.health->standing_of_credential(i, now_ms);
    if (standing == Standing::closed) continue;
    text += ", key " + std::to_string(i + 1) + " " + std::string(name_of(standing)) + " for " +
            seconds_text(target.health->credential_free_at_ms(i) - now_ms);
  }
  return text;
}

std::string route_line(const Explanation& explanation) {
  const config::Model* const entry = explanation.plan.entry;
  std::string line = shown(explanation.name) + ": ";
  if (entry == nullptr) {
    line += "not a name in models";
  } else {
    line += "order " + std::string(config::word_of(entry->order));
    if (entry->affinity.kind != config::Affinity::Kind::none) line += ", affinity " + config::word_of(entry->affinity);
  }
  line += ", up to " + std::to_string(explanation.plan.retry->attempts) + " attempts\n";
  return line;
}

using ShownRow = std::array<std::string, 4>;

std::string table(const std::vector<ShownRow>& rows) {
  std::array<size_t, 4> widths{};
  for (const ShownRow& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const ShownRow& row : rows) {
    std::string line = "  ";
    for (size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

}  // namespace

Result<Explanation> explain(const Router& router, std::string_view name, const Asking& asking) {
  Explanation explanation;
  Result<Plan> plan = router.plan(name, asking, &explanation.left_out);
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  explanation.name = name;
  explanation.plan = std::move(*plan);
  explanation.affinity = asking.affinity;
  explanation.now_ms = asking.now_ms;
  return explanation;
}

std::string explanation_json(const Explanation& explanation) {
  const config::Model* const entry = explanation.plan.entry;
  std::string text;
  JsonWriter out(text);
  out.object().member("model", explanation.name).key("route");
  entry != nullptr ? out.value(entry->name) : out.value(nullptr);
  out.key("order");
  entry != nullptr ? out.value(config::word_of(entry->order)) : out.value(nullptr);
  out.key("affinity");
  entry != nullptr ? out.value(config::word_of(entry->affinity)) : out.value("none");
  out.member("attempts", explanation.plan.retry->attempts).key("targets").array();
  for (const Target& target : explanation.plan.targets) write_target(out, target, explanation.now_ms);
  out.end_array().key("left_out").array();
  for (const LeftOut& one : explanation.left_out) {
    out.line().object().member("target", one.target.label()).member("why", one.why).end_object();
  }
  out.end_array().end_object().line_end();
  return text;
}

std::string explanation_text(const Explanation& explanation) {
  std::vector<ShownRow> rows;
  for (const Target& target : explanation.plan.targets) {
    rows.push_back({std::to_string(rows.size() + 1), shown(target.label()), std::string(target.why),
                    state_text(target, explanation.now_ms)});
  }
  for (const LeftOut& one : explanation.left_out) {
    rows.push_back({"-", shown(one.target.label()), "left out", std::string(one.why)});
  }
  return route_line(explanation) + table(rows);
}

}  // namespace sluice::routing
