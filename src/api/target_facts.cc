#include "api/target_facts.h"

#include <algorithm>
#include <charconv>

#include "api/dialect.h"

namespace sluice::api {

bool name_has(std::string_view model, std::string_view word) { return model.find(word) != std::string_view::npos; }

bool is_first_that_reasons(std::string_view model) {
  return model.starts_with("o") && model.size() > 1 && model[1] >= '1' && model[1] <= '9';
}

bool is_gpt_that_reasons(std::string_view model) {
  if (is_first_that_reasons(model)) return true;
  constexpr unsigned first_that_reasons = 50;
  return gpt_generation(model) >= first_that_reasons && !name_has(model, "-chat");
}

unsigned gpt_generation(std::string_view model) {
  constexpr std::string_view family = "gpt-";
  constexpr unsigned max_number = 9;
  if (!model.starts_with(family)) return 0;
  const char* const end = model.data() + model.size();
  unsigned generation = 0, minor = 0;
  const auto [behind, error] = std::from_chars(model.data() + family.size(), end, generation);
  if (error != std::errc() || generation > max_number) return 0;
  if (behind != end && *behind == '.') std::from_chars(behind + 1, end, minor);
  return generation * 10 + std::min(minor, max_number);
}

std::string_view least_effort_of_gpt(std::string_view model) {
  constexpr unsigned first_with_none = 51;
  if (gpt_generation(model) >= first_with_none && !name_has(model, "-pro")) return "none";
  return gpt_generation(model) == first_with_none - 1 && !name_has(model, "-pro") ? "minimal" : "low";
}

// developers.openai.com/api/docs/models: a request for more is rejected.
std::optional<uint64_t> max_output_of_gpt(std::string_view model) {
  struct Row {
    std::string_view beginning;
    uint64_t tokens;
  };
  constexpr Row rows[] = {{"gpt-4o-2024-05-13", 4096},
                          {"gpt-4o", 16384},
                          {"gpt-4.1", 32768},
                          {"gpt-4-turbo", 4096},
                          {"gpt-3.5-turbo", 4096},
                          {"chatgpt-4o", 16384},
                          {"o1-mini", 65536},
                          {"o1-preview", 32768},
                          {"o1", 100000},
                          {"o3", 100000},
                          {"o4-mini", 100000},
                          {"gpt-5-chat", 16384},
                          {"gpt-5", 128000}};
  for (const Row& row : rows) {
    if (model.starts_with(row.beginning)) return row.tokens;
  }
  return std::nullopt;
}

bool thinks_untold(const TargetFacts& facts) {
  constexpr unsigned first_that_does_not = 51;
  return facts.reasons_by_default && gpt_generation(facts.model) < first_that_does_not;
}

bool takes_effort_of_gpt(std::string_view model) {
  return is_gpt_that_reasons(model) && !model.starts_with("o1-mini") && !model.starts_with("o1-preview");
}

// developers.openai.com/api/docs/guides/reasoning: each generation accepts more of the scale.
std::string_view effort_of_gpt(std::string_view model, std::string_view effort) {
  const unsigned generation = gpt_generation(model);
  const bool is_first = is_first_that_reasons(model);
  if (generation < 50 && !is_first) return effort;
  if (effort == "minimal") return generation == 50 && !name_has(model, "-pro") ? effort : "low";
  const bool has_xhigh = generation >= 52 || (generation == 51 && name_has(model, "codex-max"));
  const bool has_max = generation >= 56;
  if (effort == "max" && !has_max) return has_xhigh ? "xhigh" : "high";
  return effort == "xhigh" && !has_xhigh ? "high" : effort;
}

TargetFacts facts_for(std::string_view model, const Origin& origin, bool is_makers_own) {
  TargetFacts facts;
  facts.model = model;
  facts.origin = origin;
  facts.is_makers_own = is_makers_own;
  const size_t slash = model.rfind('/');  // a provider may put the maker's name before it
  const std::string_view name = slash == std::string_view::npos ? model : model.substr(slash + 1);
  if (const auto set = room_of(origin.dialect).translation.set_facts; set != nullptr) set(name, facts);
  return facts;
}

}  // namespace sluice::api
