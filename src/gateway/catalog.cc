#include "gateway/catalog.h"

#include <unordered_set>

#include "api/request_peek.h"
#include "base/name_index.h"

namespace sluice::gateway {
namespace {

std::vector<routing::ToldNames> names_in(const ToldLists& lists) {
  std::vector<routing::ToldNames> names(lists.size());
  for (size_t i = 0; i < lists.size(); ++i) {
    if (!lists[i]) continue;
    for (const api::ToldModel& model : *lists[i]) names[i].push_back(model.id);
  }
  return names;
}

// The configuration takes precedence over what the provider reports.
routing::ModelFit fit_of(const config::Provider& provider, std::string_view model, const api::ModelFacts& facts) {
  routing::ModelFit fit{facts.context_window};
  for (const config::FactRow& row : provider.facts) {
    if (row.context_window && row.is_of(model)) fit.context_tokens = *row.context_window;
  }
  // Some lists name the methods (generateContent) but not which content a request may have.
  fit.told = facts.can(api::Ability::vision) || facts.can(api::Ability::tools) || facts.can(api::Ability::audio);
  fit.images = facts.can(api::Ability::vision);
  fit.tools = facts.can(api::Ability::tools);
  fit.audio = facts.can(api::Ability::audio);
  return fit;
}

}  // namespace

Catalog::Catalog(const config::Config& config, ToldLists lists, uint64_t chance, routing::HealthBoard* health)
    : config_(config),
      lists_(std::move(lists)),
      router_(config, names_in(lists_), chance, health, [this](const auto& provider, auto model, uint32_t place) {
        const bool told = place != routing::KnownName::not_told;
        return fit_of(provider, model, told ? facts_at(provider, place) : api::no_facts);
      }) {}

const api::ModelFacts& Catalog::facts_at(const config::Provider& provider, uint32_t place) const {
  return (*lists_[static_cast<size_t>(&provider - config_.providers.data())])[place].facts;
}

const api::ModelFacts& Catalog::facts_of(const routing::Target& target) const {
  const uint32_t place = router_.place_of(target);
  return place == routing::KnownName::not_told ? api::no_facts : facts_at(*target.provider, place);
}

std::vector<api::ListedModel> Catalog::models_for(const Admitted& admitted, Dialect dialect) const {
  const bool all = admitted.key == nullptr || admitted.key->models.empty();
  std::vector<api::ListedModel> models;
  std::unordered_set<std::string_view> listed;
  for (const routing::KnownName& known : router_.known_models()) {
    if (known.provider == nullptr) continue;
    if (all && known.place != routing::KnownName::not_told) {
      models.push_back({known.name, known.provider->name, &facts_at(*known.provider, known.place)});
      continue;
    }
    const routing::Target target{known.provider, std::string(known.model)};
    if (!is_allowed(admitted, known.name, target, router_)) continue;
    models.push_back({known.name, known.provider->name, &facts_of(target)});
    if (!all) listed.insert(known.name);
  }
  if (all) return models;
  // A key's list may contain names that appear nowhere else.
  for (const std::string& name : admitted.key->models.names()) {
    if (name.ends_with('*') || listed.contains(name)) continue;
    if (const Result<api::ListedModel> model = model_for(admitted, dialect, name)) models.push_back(*model);
  }
  return models;
}

Result<api::ListedModel> Catalog::model_for(const Admitted& admitted, Dialect dialect, std::string_view name) const {
  if (name.size() > api::max_model_bytes) {
    return fail(ErrorCode::bad_request,
                "the model's name has more than " + std::to_string(api::max_model_bytes) + " bytes");
  }
  const Result<routing::Target> target = router_.route(name, dialect);
  if (!target) return tl::unexpected<Error>(error_for(admitted, name, target.error(), router_));
  if (const Result<void> allowed = may_use(admitted, name, *target, router_); !allowed) {
    return tl::unexpected<Error>(allowed.error());
  }
  return api::ListedModel{name, target->provider->name, &facts_of(*target)};
}

ToldLists lists_kept(const config::Config& config, const config::Config& before, const ToldLists& lists) {
  ToldLists kept(config.providers.size());
  NameIndex places(config.providers.size());
  for (uint32_t i = 0; i < config.providers.size(); ++i) places.add(config.providers[i].name, i);
  for (size_t i = 0; i < lists.size(); ++i) {
    const uint32_t place = lists[i] ? places.find(before.providers[i].name) : NameIndex::none;
    if (place != NameIndex::none && before.providers[i] == config.providers[place]) kept[place] = lists[i];
  }
  return kept;
}

}  // namespace sluice::gateway
