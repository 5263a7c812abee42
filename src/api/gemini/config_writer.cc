#include "api/gemini/config_writer.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "api/gemini/schema.h"
#include "api/translation.h"

namespace sluice::api::gemini {
namespace {

constexpr size_t max_stop_sequences = 5;
constexpr uint64_t max_top_logprobs = 20;
constexpr int64_t max_seed = INT32_MAX;

double number_of(std::string_view digits) {
  double value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// The thinking budgets that 2.5 models accept (ai.google.dev/gemini-api/docs/thinking).
struct Budgets {
  uint64_t least, most;
  bool has_off;
};
Budgets budgets_of(std::string_view model) {
  const auto has = [model](std::string_view word) { return model.find(word) != model.npos; };
  if (has("pro")) return {128, 32768, false};
  if (has("flash-lite")) return {512, 24576, true};
  return {1, has("flash") ? 24576u : 32768u, true};
}

}  // namespace

void GenerationConfigWriter::write() {
  json_.object();
  write_limits();
  write_sampling();
  write_format();
  write_thinking();
  json_.end_object();
}

void GenerationConfigWriter::write_limits() {
  if (const std::optional<uint64_t> wanted = request_.max_output_tokens) {
    const uint64_t most = facts_.max_output_tokens.value_or(*wanted);
    const uint64_t sent = std::max<uint64_t>(1, std::min(*wanted, most));
    if (sent != *wanted) dropped_.add("max_tokens", DropReason::clamped);
    json_.member("maxOutputTokens", sent);
  }
  size_t stops = 0;
  for (const JsonText stop : request_.stop) {
    if (stop.empty()) continue;
    if (stops == max_stop_sequences) {
      dropped_.add("stop", DropReason::clamped);
      break;
    }
    if (stops++ == 0) json_.key("stopSequences").array();
    json_.raw(std::string("\"").append(stop.escaped).append("\""));
  }
  if (stops != 0) json_.end_array();
  if (request_.choices > 1) json_.member("candidateCount", request_.choices);
}

void GenerationConfigWriter::write_choice_of_words() {
  const Sampling& sampling = request_.sampling;
  if (!sampling.temperature.empty()) {
    const bool is_hot = number_of(sampling.temperature) > 2;
    if (is_hot) dropped_.add("temperature", DropReason::clamped);
    json_.key("temperature").raw(is_hot ? "2" : sampling.temperature);
  }
  if (!sampling.top_p.empty()) json_.key("topP").raw(sampling.top_p);
  if (number_of(sampling.top_k) > 0) json_.key("topK").raw(sampling.top_k);
}

void GenerationConfigWriter::write_sampling() {
  const Sampling& sampling = request_.sampling;
  const std::pair<std::string_view, std::string_view> refused[] = {
      {"min_p", sampling.min_p}, {"repeat_penalty", sampling.repeat_penalty}, {"logit_bias", sampling.logit_bias}};
  if (!facts_.takes_sampling) {
    for (const auto& [name, value] : {std::pair{"temperature", sampling.temperature},
                                      std::pair{"top_p", sampling.top_p}, std::pair{"top_k", sampling.top_k}}) {
      if (!value.empty()) dropped_.add(name, DropReason::unsupported);
    }
  } else {
    write_choice_of_words();
  }
  const std::pair<std::string_view, std::string_view> penalties[] = {{"frequencyPenalty", sampling.frequency_penalty},
                                                                     {"presencePenalty", sampling.presence_penalty}};
  for (const auto& [name, value] : penalties) {
    if (!value.empty()) json_.key(name).raw(value);
  }
  for (const auto& [name, value] : refused) {
    if (!value.empty()) dropped_.add(name, DropReason::unsupported);
  }
  if (!sampling.seed.empty()) {  // the API's seed has 32 bits
    int64_t seed = 0;
    const char* const end = sampling.seed.data() + sampling.seed.size();
    const auto [behind, error] = std::from_chars(sampling.seed.data(), end, seed);
    const bool fits = error == std::errc() && behind == end && seed >= -max_seed && seed <= max_seed;
    if (!fits) dropped_.add("seed", DropReason::changed);
    json_.member("seed", fits ? seed : seed % max_seed);
  }
  if (sampling.logprobs == true || sampling.top_logprobs.value_or(0) != 0) {
    json_.member("responseLogprobs", true);
    if (const uint64_t wanted = sampling.top_logprobs.value_or(0); wanted != 0) {
      if (wanted > max_top_logprobs) dropped_.add("top_logprobs", DropReason::clamped);
      json_.member("logprobs", std::min(wanted, max_top_logprobs));
    }
  }
}

void GenerationConfigWriter::write_format() {
  const ResponseFormat& format = request_.response_format;
  if (format.kind == ResponseFormat::Kind::absent || format.kind == ResponseFormat::Kind::text) return;
  // Models before the third generation reject a request for both JSON output and functions.
  if (has_tools_ && !facts_.wants_call_signatures) {
    dropped_.add("response_format", DropReason::unsupported);
    return;
  }
  if (!format.description.empty()) dropped_.add("response_format.description", DropReason::unsupported);
  json_.member("responseMimeType", "application/json");
  if (format.kind != ResponseFormat::Kind::json_schema || format.schema.empty()) return;
  if (facts_.takes_json_schema) {
    json_.key("responseJsonSchema").raw(format.schema);
    return;
  }
  JsonDocument schema;
  if (!schema.parse(format.schema)) return;
  json_.key("responseSchema");
  if (append_openapi_schema(out_, schema.root()).is_less) {
    dropped_.add("response_format.schema", DropReason::changed);
  }
}

// --- thinking ---

void GenerationConfigWriter::begin_thinking(bool& begun) {
  if (!std::exchange(begun, true)) json_.key("thinkingConfig").object();
}

void GenerationConfigWriter::write_thinking() {
  const Reasoning& reasoning = request_.reasoning;
  const bool is_on = reasoning.mode == Reasoning::Mode::on || reasoning.mode == Reasoning::Mode::adaptive;
  if (!facts_.reasons) {
    if (is_on) dropped_.add("reasoning", DropReason::unsupported);
    return;
  }
  bool begun = false;
  const bool is_dropped = !(facts_.takes_effort ? write_level(begun) : write_budget(begun));
  const bool is_shown = reasoning.summary != "none" && (is_on || !reasoning.summary.empty());
  if (is_shown && !is_dropped && reasoning.mode != Reasoning::Mode::off) {
    begin_thinking(begun);
    json_.member("includeThoughts", true);
  }
  if (begun) json_.end_object();
}

void GenerationConfigWriter::write_off(bool& begun) {
  const Budgets budgets = budgets_of(facts_.model);
  if (!facts_.reasons_by_default) return;
  begin_thinking(begun);
  json_.member("thinkingBudget", budgets.has_off ? 0 : budgets.least);
}

bool GenerationConfigWriter::write_budget(bool& begun) {
  const Reasoning& reasoning = request_.reasoning;
  const Budgets budgets = budgets_of(facts_.model);
  if (reasoning.mode == Reasoning::Mode::absent) {
    if (reasoning.off_unless_asked && budgets.has_off) write_off(begun);
    return true;
  }
  if (reasoning.mode == Reasoning::Mode::off) {
    if (facts_.reasons_by_default && !budgets.has_off) dropped_.add("reasoning", DropReason::clamped);
    write_off(begun);
    return true;
  }
  if (reasoning.mode == Reasoning::Mode::adaptive) {
    const bool is_usual = reasoning.effort.empty() || reasoning.effort == "medium";
    if (!is_usual) dropped_.add("reasoning.effort", DropReason::changed);
    begin_thinking(begun);
    json_.member("thinkingBudget", -1);
    return true;
  }
  if (!reasoning.budget_tokens && reasoning.effort.empty()) return true;  // the model decides
  const uint64_t wanted = reasoning.budget_tokens.value_or(budget_for(reasoning.effort));
  if (!reasoning.budget_tokens && !is_known_effort(reasoning.effort)) {
    dropped_.add("reasoning.effort", DropReason::changed);
  }
  uint64_t sent = std::clamp(wanted, budgets.least, budgets.most);
  // Thinking counts as output: some of the limit must remain for the answer.
  const uint64_t most = request_.max_output_tokens.value_or(UINT64_MAX);
  if (sent >= most) sent = budget_below(most, sent);
  if (sent == 0) {
    dropped_.add("reasoning", DropReason::unsupported);
    if (budgets.has_off) write_off(begun);
    return false;
  }
  if (sent != wanted) dropped_.add("reasoning", DropReason::clamped);
  begin_thinking(begun);
  json_.member("thinkingBudget", sent);
  return true;
}

// Third-generation models take a level. Their thinking cannot be turned off.
bool GenerationConfigWriter::write_level(bool& begun) {
  const Reasoning& reasoning = request_.reasoning;
  const bool is_adaptive = reasoning.mode == Reasoning::Mode::adaptive;
  if (reasoning.mode == Reasoning::Mode::absent || (is_adaptive && reasoning.effort.empty())) return true;
  const bool is_off = reasoning.mode == Reasoning::Mode::off;
  if (is_off) dropped_.add("reasoning", DropReason::clamped);
  std::string_view effort = is_off ? "minimal" : reasoning.effort;
  if (effort.empty() && reasoning.budget_tokens) effort = effort_for(*reasoning.budget_tokens);
  if (effort.empty()) return true;
  std::string_view level;
  if (effort == "minimal") {
    level = is_pro() ? "LOW" : "MINIMAL";
  } else if (effort == "low") {
    level = "LOW";
  } else if (effort == "medium") {
    const bool is_between = facts_.model.find("gemini-3-pro") != std::string::npos;  // it has only low and high
    if (is_between && !is_adaptive) dropped_.add("reasoning", DropReason::clamped);
    level = is_between ? "HIGH" : "MEDIUM";
  } else {
    level = "HIGH";
    if (effort != "high") dropped_.add("reasoning", DropReason::clamped);
  }
  begin_thinking(begun);
  json_.member("thinkingLevel", level);
  return true;
}

}  // namespace sluice::api::gemini
