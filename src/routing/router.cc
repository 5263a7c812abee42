#include "routing/router.h"

#include <algorithm>
#include <span>

#include "base/nearest.h"
#include "config/family.h"

namespace sluice::routing {
namespace {

// Whether a provider's list names a model; an entry may end in '*'.
bool lists(const config::Provider& provider, std::string_view name) {
  return std::any_of(provider.models.begin(), provider.models.end(), [name](std::string_view entry) {
    if (entry.ends_with('*')) return name.starts_with(entry.substr(0, entry.size() - 1));
    return entry == name;
  });
}

// The provider that a dialect is named after, for requests that name no model.
std::string_view maker_of(Dialect dialect) {
  return dialect == Dialect::responses ? name_of(Dialect::openai) : name_of(dialect);
}

// Such a name would stand in a head field of the answer (sluice-target) and end it there.
bool has_control_character(std::string_view name) {
  return std::any_of(name.begin(), name.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

std::string join(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace

std::string Target::label() const {
  std::string text = provider->name;
  if (!model.empty()) {
    text += '/';
    text += model;
  }
  return text;
}

Result<Target> Router::route(std::string_view name, Dialect dialect) const {
  if (name.empty()) return route_without_model(dialect);
  if (has_control_character(name)) {
    return fail(ErrorCode::bad_request, "the model's name holds a control character");
  }
  for (const config::Model& model : config_.models) {
    if (model.name == name) return Target{config_.provider(model.provider), model.model, &model};
  }
  if (const size_t slash = name.find('/'); slash != std::string_view::npos && slash + 1 < name.size()) {
    if (const config::Provider* provider = config_.provider(name.substr(0, slash)); provider != nullptr) {
      return Target{provider, std::string(name.substr(slash + 1))};
    }
  }
  if (const config::Provider* provider = lister_of(name); provider != nullptr) {
    return Target{provider, std::string(name)};
  }
  if (const std::string_view family = config::family_of(name); !family.empty()) {
    if (const config::Provider* provider = config_.provider(family); provider != nullptr) {
      return Target{provider, std::string(name)};
    }
  }
  return tl::unexpected<Error>(unknown(name));
}

// The only provider that lists `name` itself, else the only one that does so by a pattern.
const config::Provider* Router::lister_of(std::string_view name) const {
  const config::Provider* exact = nullptr;
  const config::Provider* pattern = nullptr;
  size_t exact_count = 0, pattern_count = 0;
  for (const config::Provider& provider : config_.providers) {
    if (std::find(provider.models.begin(), provider.models.end(), name) != provider.models.end()) {
      exact = &provider;
      ++exact_count;
    } else if (lists(provider, name)) {
      pattern = &provider;
      ++pattern_count;
    }
  }
  if (exact_count > 0) return exact_count == 1 ? exact : nullptr;
  return pattern_count == 1 ? pattern : nullptr;
}

Result<Target> Router::route_without_model(Dialect dialect) const {
  const config::Provider* only = nullptr;
  const config::Provider* maker = nullptr;
  std::vector<std::string_view> speakers;
  for (const config::Provider& provider : config_.providers) {
    if (!provider.speaks(dialect)) continue;
    only = &provider;
    speakers.push_back(provider.name);
    if (provider.name == maker_of(dialect)) maker = &provider;
  }
  if (speakers.size() == 1) return Target{only, ""};
  if (maker != nullptr) return Target{maker, ""};
  if (speakers.empty()) {
    return fail(ErrorCode::untranslatable,
                "no configured provider speaks the " + std::string(name_of(dialect)) + " dialect of this path");
  }
  return fail(ErrorCode::unknown_model, "this request names no model, and several providers could answer it (" +
                                            join(speakers) + "); name one with \"model\": \"provider/model\"");
}

std::vector<std::pair<std::string, std::string>> Router::known_models() const {
  std::vector<std::pair<std::string, std::string>> known;
  for (const config::Model& model : config_.models) known.emplace_back(model.name, model.provider);
  for (const config::Provider& provider : config_.providers) {
    for (const std::string& model : provider.models) {
      if (!model.ends_with('*')) known.emplace_back(provider.name + "/" + model, provider.name);
    }
  }
  return known;
}

Error Router::unknown(std::string_view name) const {
  std::string text = "unknown model '" + std::string(name) + "'";
  const auto known = known_models();
  std::vector<std::string_view> names;
  for (const auto& [model, provider] : known) names.push_back(model);
  const std::vector<std::string_view> close = nearest(name, names, 3);
  if (!close.empty()) text += "; nearest known: " + join(close);
  std::vector<std::string_view> providers;
  for (const config::Provider& provider : config_.providers) providers.push_back(provider.name);
  text += "; any model can be named as provider/model, with a provider of: " + join(providers);
  if (config_.providers.size() == 1 && config_.providers[0].base_url.demo) {
    text += ". No provider is configured but the built-in demo, which answers to every name with --demo only";
  }
  return {ErrorCode::unknown_model, text};
}

}  // namespace sluice::routing
