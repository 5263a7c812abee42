#include "tool/models_command.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "gateway/known_facts.h"
#include "gateway/list_keeper.h"

namespace sluice {
namespace {

constexpr uint32_t max_wait_ms = 5'000;
constexpr int models_told = 0, models_could_not_start = 2, models_not_told = 3;

int say(const std::string& line, int code) {
  std::fprintf(stderr, "sluice models: %s\n", line.c_str());
  return code;
}

std::string abilities_of(const api::ModelFacts& facts) {
  std::string text;
  for (size_t i = 0; i < api::ability_names.size(); ++i) {
    if (facts.can(static_cast<api::Ability>(i))) (text += text.empty() ? "" : ",") += api::ability_names[i];
  }
  return text;
}

std::string number_text(uint64_t number) { return number == 0 ? "-" : std::to_string(number); }

// Terminals would obey control characters in a provider's text.
std::string shown(std::string_view text) {
  std::string out;
  append_json_escaped(out, text);
  return out;
}

std::string table_of(const std::vector<api::ListedModel>& models) {
  using Row = std::array<std::string, 5>;
  std::vector<Row> rows = {{"NAME", "PROVIDER", "CONTEXT", "MAX OUTPUT", "CAPABILITIES"}};
  for (const api::ListedModel& model : models) {
    rows.push_back({shown(model.id), std::string(model.owner), number_text(model.facts->context_window),
                    number_text(model.facts->max_output_tokens), abilities_of(*model.facts)});
  }
  std::array<size_t, 5> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

// The facts in the configuration's terms (config/fact_rows.h).
config::FactRow row_of(const api::TargetFacts& facts) {
  using Field = api::TargetFacts::ReasoningField;
  config::FactRow row;
  const auto small = [](const std::optional<uint64_t>& count) {
    return count ? std::optional<uint32_t>(static_cast<uint32_t>(std::min<uint64_t>(*count, config::max_fact_tokens)))
                 : std::nullopt;
  };
  row.context_window = small(facts.context_window);
  row.max_output_tokens = small(facts.max_output_tokens);
  row.max_tool_name = facts.max_tool_name_bytes;
  row.continues_prefix = facts.continues_prefix;
  row.takes_sampling = facts.takes_sampling;
  row.takes_top_k = facts.takes_top_k;
  row.thinks = facts.reasons;
  row.thinks_by_default = facts.reasons_by_default;
  row.takes_image_urls = facts.takes_image_urls;
  row.takes_documents = facts.takes_documents;
  row.takes_json_schema = facts.takes_json_schema;
  row.takes_cache_marks = facts.takes_cache_marks;
  row.strict_tools = facts.strict_tools;
  row.max_tokens_field = facts.wants_max_tokens_old ? "max_tokens" : "max_completion_tokens";
  row.reasoning_field = facts.reasoning_field == Field::none                ? "none"
                        : facts.reasoning_field == Field::reasoning_details ? "reasoning_details"
                                                                            : "reasoning_content";
  return row;
}

// The facts used when callers of other dialects are translated. nullopt: the model has no route.
std::optional<api::TargetFacts> facts_of(const gateway::Catalog& catalog, const api::ListedModel& model) {
  const Result<routing::Target> target = catalog.router().route(model.id, Dialect{});
  if (!target) return std::nullopt;
  return gateway::facts_of(*target, target->provider->dialects.front(), catalog.facts_of(*target));
}

void write_facts(const api::TargetFacts& facts, JsonWriter& json) {
  const config::FactRow row = row_of(facts);
  json.key("facts").object().member("dialect", name_of(facts.origin.dialect));
  for (const config::FactNumber& number : config::fact_numbers) json.member(number.name, row.*number.number);
  for (const config::FactFlag& flag : config::fact_flags) json.member(flag.name, row.*flag.flag);
  json.member("max_tokens_field", row.max_tokens_field).member("reasoning_field", row.reasoning_field).end_object();
}

// Per model: the name, the dialect, and a line for every fact.
std::string facts_text(const gateway::Catalog& catalog, const std::vector<api::ListedModel>& models) {
  std::string text;
  for (const api::ListedModel& model : models) {
    const auto facts = facts_of(catalog, model);
    if (!facts) continue;
    const config::FactRow row = row_of(*facts);
    text += '\n' + shown(model.id) + ", asked in the dialect " + std::string(name_of(facts->origin.dialect)) + '\n';
    for (const config::FactNumber& number : config::fact_numbers) {
      const auto& told = row.*number.number;
      text += "  " + std::string(number.name) + ' ' + (told ? std::to_string(*told) : "-") + '\n';
    }
    for (const config::FactFlag& flag : config::fact_flags) {
      text += "  " + std::string(flag.name) + (*(row.*flag.flag) ? " true\n" : " false\n");
    }
    text += "  max_tokens_field " + row.max_tokens_field + "\n  reasoning_field " + row.reasoning_field + '\n';
  }
  return text;
}

std::string json_of(const std::vector<api::ListedModel>& models,
                    const std::vector<gateway::ListAsker::Problem>& problems, const gateway::Catalog* catalog) {
  std::string text;
  JsonWriter json(text);
  const auto count = [](uint64_t number) { return number == 0 ? std::nullopt : std::optional<uint64_t>(number); };
  json.object().key("models").array();
  for (const api::ListedModel& model : models) {
    const api::ModelFacts& facts = *model.facts;
    json.line().object().member("name", model.id).member("provider", model.owner);
    json.member("display_name", facts.display_name).member("context_window", count(facts.context_window));
    json.member("max_output_tokens", count(facts.max_output_tokens)).key("capabilities").array();
    for (size_t i = 0; i < api::ability_names.size(); ++i) {
      if (facts.can(static_cast<api::Ability>(i))) json.value(api::ability_names[i]);
    }
    json.end_array();
    const auto taken = catalog != nullptr ? facts_of(*catalog, model) : std::nullopt;
    if (taken) write_facts(*taken, json);
    json.end_object();
  }
  json.end_array().key("problems").array();
  for (const auto& problem : problems) {
    json.line().object().member("provider", problem.provider).member("cut", problem.cut);
    json.member("reason", problem.what).end_object();
  }
  json.end_array().end_object().line_end();
  return text;
}

}  // namespace

int run_models(const StartupOptions& options, const net::Clock& clock, bool json, bool facts) {
  const auto config = load_config(options, clock);
  if (!config) {
    for (const std::string& line : config.error().lines) say(line, 0);
    return config.error().exit_code;
  }
  const auto asked = gateway::ask_for_lists(*config, max_wait_ms);
  if (!asked) return say(asked.error().message, models_could_not_start);
  const std::vector<api::ListedModel> models = asked->catalog->models_for({}, {});
  std::string text = json ? json_of(models, asked->problems, facts ? asked->catalog.get() : nullptr) : table_of(models);
  if (facts && !json) text += facts_text(*asked->catalog, models);
  bool all_told = true;
  for (const auto& problem : asked->problems) {
    all_told = all_told && problem.what.empty();
    if (json) continue;
    say(problem.provider + (problem.cut ? " lists more models than are shown" : ": no list: " + problem.what), 0);
  }
  std::fputs(text.c_str(), stdout);
  return all_told ? models_told : models_not_told;
}

}  // namespace sluice
