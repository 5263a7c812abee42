#include "tool/models_command.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "base/json_writer.h"
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

// Control characters in a provider's words would be the terminal's to obey.
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

std::string json_of(const std::vector<api::ListedModel>& models,
                    const std::vector<gateway::ListAsker::Problem>& problems) {
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
    json.end_array().end_object();
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

int run_models(const StartupOptions& options, const net::Clock& clock, bool json) {
  const auto config = load_config(options, clock);
  if (!config) {
    for (const std::string& line : config.error().lines) say(line, 0);
    return config.error().exit_code;
  }
  const auto asked = gateway::ask_for_lists(*config, max_wait_ms);
  if (!asked) return say(asked.error().message, models_could_not_start);
  const std::vector<api::ListedModel> models = asked->catalog->models_for({}, {});
  const std::string text = json ? json_of(models, asked->problems) : table_of(models);
  bool all_told = true;
  for (const auto& problem : asked->problems) {
    all_told = all_told && problem.what.empty();
    if (json) continue;
    say(problem.provider + (problem.cut ? " lists more models than are shown" : ": no list: " + problem.what), 0);
  }
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) return say("cannot write the list", models_could_not_start);
  return all_told ? models_told : models_not_told;
}

}  // namespace sluice
