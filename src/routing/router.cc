#include "routing/router.h"

#include <algorithm>
#include <span>

#include "base/nearest.h"
#include "base/text.h"
#include "config/family.h"
#include "config/tagged_name.h"

namespace sluice::routing {
namespace {

// Such a name would break the answer's sluice-target header field.
bool has_control_character(std::string_view name) {
  return std::any_of(name.begin(), name.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

constexpr size_t max_names_told = 20;

}  // namespace

void Target::append_label(std::string& out) const {
  out += provider->name;
  if (!model.empty()) (out += '/') += model;
}

std::string Target::label() const {
  std::string text;
  append_label(text);
  return text;
}

Router::Router(const config::Config& config, std::span<const ToldNames> told, uint64_t chance, HealthBoard* health,
               const Fits& fits)
    : config_(config),
      models_(config.models.size()),
      providers_(config.providers.size()),
      listed_(0, chance),
      told_names_(0, chance),
      common_spellings_(0, chance),
      own_health_(health != nullptr ? nullptr : std::make_unique<HealthBoard>(config, nullptr, chance)),
      health_(health != nullptr ? *health : *own_health_) {
  const auto number_of = [&](const config::Provider& one) {
    return static_cast<uint32_t>(&one - config.providers.data());
  };
  std::vector<ToldNames> lists;
  for (const config::Provider& provider : config.providers) {
    const uint32_t number = number_of(provider);
    has_told_.push_back(number < told.size() && !told[number].empty());
    lists.push_back(has_told_.back() ? told[number] : ToldNames(provider.models.begin(), provider.models.end()));
    has_list_.push_back(!lists.back().empty());
    providers_.add(provider.name, number);
    add_listed(lists.back(), number);
    if (config::tags_names(provider)) add_spellings(lists.back(), number);
    add_speaker(provider);
  }
  std::sort(prefix_sizes_.begin(), prefix_sizes_.end());
  prefix_sizes_.erase(std::unique(prefix_sizes_.begin(), prefix_sizes_.end()), prefix_sizes_.end());
  for (const config::Model& model : config.models) {
    models_.add(model.name, static_cast<uint32_t>(&model - config.models.data()));
    add_entry(model);
  }
  names_of_models_ = static_cast<uint32_t>(known_.size());
  for (const config::Provider& provider : config.providers) {
    add_known(provider, lists[number_of(provider)], has_told_[number_of(provider)]);
  }
  for (uint32_t i = names_of_models_; i < known_.size(); ++i)
    told_names_.add(known_[i].name, i);  // views: known_ is complete now
  bounds_.resize(config.models.size());
  if (fits) add_fits(fits);
}

void Router::add_fits(const Fits& fits) {
  for (std::vector<Candidate>& candidates : entries_) {
    for (Candidate& candidate : candidates) {
      const std::string& model = candidate.ref->model;
      candidate.fit = fits(*candidate.provider, model, place_of({candidate.provider, model}));
    }
  }
  for (size_t i = 0; i < config_.models.size(); ++i) {
    Bounds bounds;
    size_t looks = max_looks;
    if (reach(config_.models[i], bounds, looks) > 1) bounds_[i] = bounds;
  }
}

// Returns how many targets a plan for `model` can have (as in add_fallbacks()); collects their bounds.
size_t Router::reach(const config::Model& model, Bounds& bounds, size_t& looks) const {
  const std::vector<Candidate>& candidates = entries_[static_cast<size_t>(&model - config_.models.data())];
  for (const Candidate& candidate : candidates) {
    const ModelFit& fit = candidate.fit;
    bounds.tokens = bounds.tokens || fit.context_tokens != 0;
    bounds.images = bounds.images || (fit.told && !fit.images);
    bounds.tools = bounds.tools || (fit.told && !fit.tools);
    bounds.audio = bounds.audio || (fit.told && !fit.audio);
  }
  size_t count = candidates.size();
  for (const std::string& name : model.fallbacks) {
    if (looks == 0) break;
    --looks;
    const uint32_t number = models_.find(name);
    count += number != NameIndex::none ? reach(config_.models[number], bounds, looks) : 1;
  }
  return count;
}

void Router::add_entry(const config::Model& model) {
  std::vector<Candidate>& candidates = entries_.emplace_back();
  for (const config::TargetRef& ref : model.targets) {
    const config::Provider* const by_name = provider(ref.provider);
    if (by_name != nullptr) candidates.push_back({&ref, by_name, &health_.of(*by_name, ref.model, true), {}});
  }
  const bool none = candidates.empty();
  known_.push_back({model.name, none ? nullptr : candidates.front().provider,
                    none ? std::string_view() : candidates.front().ref->model, KnownName::not_told});
}

void Router::add_known(const config::Provider& provider, const ToldNames& names, bool told) {
  for (uint32_t place = 0; place < names.size(); ++place) {
    if (names[place].ends_with('*')) continue;
    std::string name = provider.name + "/" + std::string(names[place]);
    known_.push_back({std::move(name), &provider, names[place], told ? place : KnownName::not_told});
  }
}

const config::Model* Router::entry_of(std::string_view name) const {
  const uint32_t number = models_.find(name);
  return number == NameIndex::none ? nullptr : &config_.models[number];
}

// The target's number in known_; none: no list has it.
uint32_t Router::place_in_lists(const Target& target) const {
  return told_names_.size() == 0 ? NameIndex::none : told_names_.find(target.label());
}

uint32_t Router::place_of(const Target& target) const {
  const uint32_t number = place_in_lists(target);
  return number == NameIndex::none ? KnownName::not_told : known_[number].place;
}

// An entry of a list in the configuration may end in '*'.
void Router::add_listed(const ToldNames& names, uint32_t number) {
  const auto add = [number](NameIndex& index, std::string_view name) {
    const uint32_t before = index.add(name, number);
    if (before != NameIndex::none && before != number) index.set(name, several);
  };
  for (const std::string_view entry : names) {
    add(listed_, entry);
    if (!entry.ends_with('*')) continue;
    add(prefixes_, entry.substr(0, entry.size() - 1));
    prefix_sizes_.push_back(entry.size() - 1);
  }
}

void Router::add_spellings(const ToldNames& names, uint32_t number) {
  for (const std::string_view entry : names) {
    std::string common = config::tagged_name(entry);
    if (common.empty()) continue;  // a pattern
    spellings_.push_back({std::move(common), number, entry});
    const Spelling& made = spellings_.back();
    const auto place = static_cast<uint32_t>(spellings_.size() - 1);
    const uint32_t before = common_spellings_.add(made.common, place);
    if (before == NameIndex::none || before == several) continue;
    if (spellings_[before].provider != number) common_spellings_.set(made.common, several);
  }
}

void Router::add_speaker(const config::Provider& provider) {
  for (size_t i = 0; i < speakers_.size(); ++i) {
    const auto dialect = static_cast<Dialect>(i);
    if (!provider.speaks(dialect)) continue;
    Speakers& speakers = speakers_[i];
    speakers.all.add(provider);
    const bool is_maker = provider.name == maker_of(dialect);
    if (is_maker) speakers.maker = &provider;
    speakers.in_order.insert(is_maker ? speakers.in_order.begin() : speakers.in_order.end(), &provider);
    if (provider.base_url.demo) continue;
    (config::is_maker(provider.name) ? speakers.makers : speakers.hosts).add(provider);
  }
}

const config::Provider* Router::provider(std::string_view name) const {
  const uint32_t number = providers_.find(name);
  return number == NameIndex::none ? nullptr : &config_.providers[number];
}

Result<Target> Router::route(std::string_view name, Dialect dialect) const {
  if (name.empty()) return route_without_model(dialect);
  if (has_control_character(name)) {
    return fail(ErrorCode::bad_request, "the model's name holds a control character");
  }
  if (const uint32_t number = models_.find(name); number != NameIndex::none) {
    return first_of(number);
  }
  if (const size_t slash = name.find('/'); slash != std::string_view::npos && slash + 1 < name.size()) {
    if (const config::Provider* const by_name = provider(name.substr(0, slash)); by_name != nullptr) {
      return Target{by_name, std::string(name.substr(slash + 1))};
    }
  }
  std::string_view listed = name;
  bool by_several = false;
  const config::Provider* const by_list = lister(name, listed, by_several);
  const auto number_of = [this](const config::Provider* one) {
    return static_cast<size_t>(one - config_.providers.data());
  };
  if (by_list != nullptr && !has_told_[number_of(by_list)]) return Target{by_list, std::string(listed)};
  const std::string_view family = config::family_of(name);
  const config::Provider* const by_family = family.empty() ? nullptr : provider(family);
  const bool unsure = by_family != nullptr && !has_list_[number_of(by_family)];
  if (by_list != nullptr && !unsure) return Target{by_list, std::string(listed)};
  if (by_family != nullptr) return Target{by_family, std::string(name)};
  const config::Provider* const guessed = by_several ? nullptr : guess(name, family, dialect);
  if (guessed != nullptr) return Target{guessed, std::string(name), nullptr, true};
  return tl::unexpected<Error>(unknown(name));
}

// The first listed target; for users who only want to know what a name leads to.
Result<Target> Router::first_of(uint32_t model) const {
  const config::Model& entry = config_.models[model];
  if (entries_[model].empty()) return fail(ErrorCode::unknown_model, "no target of '" + entry.name + "' is configured");
  const Candidate& first = entries_[model].front();
  Target target{first.provider, first.ref->model, &entry};
  target.health = first.health;
  return target;
}

// The only provider that lists `name`, and the spelling used there (`listed`); nullptr: none, or several.
const config::Provider* Router::lister(std::string_view name, std::string_view& listed, bool& by_several) const {
  const uint32_t number = lister_of(name);
  if (number < several) return &config_.providers[number];
  const uint32_t place = number == NameIndex::none && !spellings_.empty() ? spelled(name) : NameIndex::none;
  by_several = number == several || place == several;
  if (place >= several) return nullptr;
  listed = spellings_[place].listed;
  return &config_.providers[spellings_[place].provider];
}

// The number of the only provider that lists `name` itself, otherwise of the only one with a matching pattern; or
// `none`, `several`.
uint32_t Router::lister_of(std::string_view name) const {
  if (const uint32_t exact = listed_.find(name); exact != NameIndex::none) return exact;
  uint32_t by_prefix = NameIndex::none;
  for (const size_t size : prefix_sizes_) {
    if (size > name.size()) break;
    const uint32_t number = prefixes_.find(name.substr(0, size));
    if (number == NameIndex::none) continue;
    if (by_prefix != NameIndex::none && by_prefix != number) return several;
    by_prefix = number;
  }
  return by_prefix;
}

uint32_t Router::spelled(std::string_view name) const { return common_spellings_.find(config::tagged_name(name)); }

// Guesses who may have a model whose family ("": unknown) has no configured provider. Providers that host others'
// models may have any. A maker may only have a model of unknown family, and no maker's names contain a slash.
const config::Provider* Router::guess(std::string_view name, std::string_view family, Dialect dialect) const {
  if (family == name_of(config::tagging_dialect)) {
    const config::Provider* const only = speakers_[static_cast<size_t>(config::tagging_dialect)].hosts.only();
    if (only != nullptr && only->speaks(dialect)) return only;
  }
  const Speakers& speakers = speakers_[static_cast<size_t>(dialect)];
  if (speakers.hosts.count > 0) return speakers.hosts.only();
  return family.empty() && name.find('/') == std::string_view::npos ? speakers.makers.only() : nullptr;
}

std::vector<std::string> Router::other_spellings(const Target& target) const {
  std::vector<std::string> spellings;
  if (!config::tags_names(*target.provider)) return spellings;
  const std::string common = config::tagged_name(target.model);
  if (common.empty()) return spellings;
  const auto add_bare = [&](const std::string& name) {
    if (target.entry != nullptr || name.find('/') != std::string::npos) return;
    const Result<Target> bare = route(name, config::tagging_dialect);
    const bool same = bare && bare->provider == target.provider && bare->entry == nullptr;
    if (same && config::tagged_name(bare->model) == common) spellings.push_back(name);
  };
  add_bare(target.model);
  const std::string other = config::with_or_without_latest(target.model);
  if (other.empty()) return spellings;
  spellings.push_back(target.provider->name + '/' + other);
  add_bare(other);
  return spellings;
}

Result<Target> Router::route_without_model(Dialect dialect) const {
  const Speakers& speakers = speakers_[static_cast<size_t>(dialect)];
  if (speakers.all.only() != nullptr) return Target{speakers.all.only(), ""};
  if (speakers.maker != nullptr) return Target{speakers.maker, ""};
  if (speakers.all.count == 0) {
    return fail(ErrorCode::untranslatable,
                "no configured provider speaks the " + std::string(name_of(dialect)) + " dialect of this path");
  }
  std::vector<std::string_view> names;
  for (const config::Provider& provider : config_.providers) {
    if (provider.speaks(dialect)) names.push_back(provider.name);
  }
  return fail(ErrorCode::unknown_model, "this request names no model, and several providers could answer it (" +
                                            join(names, max_names_told) +
                                            "); name one with \"model\": \"provider/model\"");
}

Error Router::unknown(std::string_view name) const {
  std::string text = "unknown model '" + std::string(name) + "'";
  std::vector<std::string_view> names;
  for (size_t i = 0; i < std::min(known_.size(), max_nearest_looks); ++i) names.push_back(known_[i].name);
  const std::vector<std::string_view> close = nearest(name, names, 3);
  if (!close.empty()) text += "; nearest known: " + join(close, max_names_told);
  std::vector<std::string_view> providers;
  for (const config::Provider& provider : config_.providers) providers.push_back(provider.name);
  text += "; any model can be named as provider/model, with a provider of: " + join(providers, max_names_told);
  if (config_.providers.size() == 1 && config_.providers[0].base_url.demo) {
    text += ". No provider is configured but the built-in demo, which answers to every name with --demo only";
  }
  return {ErrorCode::unknown_model, text};
}

}  // namespace sluice::routing
