#include "api/target_facts.h"

#include <charconv>

#include "api/dialect.h"

namespace sluice::api {

bool name_has(std::string_view model, std::string_view word) { return model.find(word) != std::string_view::npos; }

bool is_gpt_that_reasons(std::string_view model) {
  if (model.starts_with("o") && model.size() > 1 && model[1] >= '1' && model[1] <= '9') return true;
  if (!model.starts_with("gpt-")) return false;
  unsigned generation = 0;
  std::from_chars(model.data() + 4, model.data() + model.size(), generation);
  return generation >= 5 && !name_has(model, "-chat");
}

TargetFacts facts_for(std::string_view model, const Origin& origin, bool is_makers_own) {
  TargetFacts facts;
  facts.model = model;
  facts.origin = origin;
  facts.is_makers_own = is_makers_own;
  const size_t slash = model.rfind('/');  // a host may put the maker's name before it
  const std::string_view name = slash == std::string_view::npos ? model : model.substr(slash + 1);
  if (const auto set = room_of(origin.dialect).translation.set_facts; set != nullptr) set(name, facts);
  return facts;
}

}  // namespace sluice::api
