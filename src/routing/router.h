// Which target answers a request: from the model name a caller used to one model at one provider. Pure: reads the
// configuration and what providers have told of their models.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/dialect.h"
#include "base/name_index.h"
#include "base/result.h"
#include "config/config.h"
#include "routing/balancer.h"
#include "routing/health_board.h"
#include "routing/plan.h"

namespace sluice::routing {

// The names that a provider has told itself, each once; none: it has not told any.
using ToldNames = std::vector<std::string_view>;

// A name that can be told beforehand.
struct KnownName {
  std::string name;  // of `models`, or "provider/model"
  const config::Provider* provider;
  std::string_view model;  // what the provider calls it
  uint32_t place;          // in the list that the provider has told
  static constexpr uint32_t not_told = NameIndex::none;
};

// Made with indexes of all that it looks for, so that a route costs the same however many there are.
// What a model of a provider takes: `place` as of KnownName.
using Fits = std::function<ModelFit(const config::Provider& provider, std::string_view model, uint32_t place)>;

class Router {
 public:
  // `told`: index as in config.providers, or empty; what a provider has told takes the place of its `models`. `config`
  // and the names must outlive the router, and not change. `chance`: a number that providers cannot guess. `health`:
  // made for the same configuration, and outlives the router; nullptr: the router makes one of its own. `fits`: asked
  // for the targets of `models` while the router is made; empty: nothing is known of them.
  explicit Router(const config::Config& config, std::span<const ToldNames> told = {}, uint64_t chance = 0,
                  HealthBoard* health = nullptr, const Fits& fits = {});
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // In this order: a name of `models`; "provider/model"; the one provider that lists the name, also in another of
  // other spellings (config/tagged_name.h) where names have tags: what is sent is the list's; the provider of its
  // family; the only one that speaks `dialect` and may have it all the same (a list may be older than what the provider
  // has). As long as no list of the family's provider is known, it goes before those that have told the name
  // themselves: else it would depend on who has answered first where a prompt goes. unknown_model names the nearest
  // known names. An empty `name` goes to the provider that speaks `dialect`: the only one, or the one named like the
  // dialect's maker. bad_request: a control character in `name`.
  Result<Target> route(std::string_view name, Dialect dialect) const;
  // Who is asked for `name`, in which order: the targets of a name of `models` by its `order`, behind them those of its
  // fallbacks; for any other name the one that route() finds. Who is left alone stands behind those who may be asked;
  // who may not answer this caller is left out, unless nobody may; so is who has been drained, and, where others
  // remain, who is known not to take what is asked. Errors as of route(); overloaded: all have been drained.
  // `left_out`: gets who is; nullptr: nobody wants to know.
  Result<Plan> plan(std::string_view name, const Asking& asking, std::vector<LeftOut>* left_out = nullptr) const;
  // What plan() goes by for a name of `models`; nullptr for any other name.
  const config::Model* entry_of(std::string_view name) const;
  // What of a request can matter to who is asked for `entry`, one of the configuration's; nothing where there is no
  // choice.
  const Bounds& bounds_of(const config::Model& entry) const {
    return bounds_[static_cast<size_t>(&entry - config_.models.data())];
  }
  // How a list of allowed models may say the same as `target`, beside its label: where it speaks ollama, with ":latest"
  // or without, as "provider/model", and as bare names that route() takes to the same model. Else none.
  [[gnu::cold]] std::vector<std::string> other_spellings(const Target& target) const;
  // Who may answer a request of `dialect` that names no model: the one named like the dialect's maker, then the others
  // that speak it in the order of the file.
  const std::vector<const config::Provider*>& speakers(Dialect dialect) const {
    return speakers_[static_cast<size_t>(dialect)].in_order;
  }
  // The place of all that a provider is asked for without a model.
  TargetHealth& health_of(const config::Provider& provider) const { return health_.of(provider, "", false); }
  // The provider of that name, or nullptr.
  const config::Provider* provider(std::string_view name) const;
  const std::vector<KnownName>& known_models() const { return known_; }
  // Where a target's model stands in the list that its provider has told; KnownName::not_told.
  uint32_t place_of(const Target& target) const;

 private:
  static constexpr uint32_t several = NameIndex::none - 1;  // in the place of a provider's number
  static constexpr size_t max_looks = 64;                   // at fallbacks, for one plan
  void add_listed(const ToldNames& names, uint32_t number);
  [[gnu::cold]] void add_spellings(const ToldNames& names, uint32_t number);
  void add_known(const config::Provider& provider, const ToldNames& names, bool told);
  void add_speaker(const config::Provider& provider);
  Result<Target> route_without_model(Dialect dialect) const;
  void add_entry(const config::Model& model);
  void add_fits(const Fits& fits);
  size_t reach(const config::Model& model, Bounds& bounds, size_t& looks) const;
  Result<Target> first_of(uint32_t model) const;
  void add_targets(uint32_t model, const Asking& asking, bool is_fallback, std::vector<Target>& targets) const;
  void add_fallbacks(const config::Model& model, const Asking& asking, std::vector<Target>& targets,
                     size_t& looks) const;
  static void put_behind(std::vector<Target>& targets, uint64_t now_ms);
  void set_health(Target& target) const;
  uint32_t place_in_lists(const Target& target) const;
  const config::Provider* lister(std::string_view name, std::string_view& listed, bool& by_several) const;
  uint32_t lister_of(std::string_view name) const;
  [[gnu::cold]] uint32_t spelled(std::string_view name) const;
  [[gnu::cold]] const config::Provider* guess(std::string_view name, std::string_view family, Dialect dialect) const;
  [[gnu::cold]] Error unknown(std::string_view name) const;

  struct Group {
    size_t count = 0;
    const config::Provider* last = nullptr;
    const config::Provider* only() const { return count == 1 ? last : nullptr; }
    void add(const config::Provider& provider) { ++count, last = &provider; }
  };
  // Who speaks a dialect.
  struct Speakers {
    Group all;
    Group makers, hosts;                      // of models of their own, of others'; without the demo
    const config::Provider* maker = nullptr;  // the one named like the dialect's maker
    std::vector<const config::Provider*> in_order;
  };
  // What an Ollama provider lists.
  struct Spelling {
    std::string common;  // config::tagged_name()
    uint32_t provider;
    std::string_view listed;
  };

  const config::Config& config_;
  // Numbers of config_.models and config_.providers; the names are theirs.
  NameIndex models_, providers_, listed_, prefixes_;
  NameIndex told_names_;                         // numbers of known_, of those of providers' lists
  std::vector<bool> has_list_, has_told_;        // by provider
  std::vector<size_t> prefix_sizes_;             // of `prefixes_`, each once, ascending
  std::deque<Spelling> spellings_;               // stay in their place
  NameIndex common_spellings_;                   // numbers of spellings_; `several`: of more than one provider
  std::vector<std::vector<Candidate>> entries_;  // by number of config_.models, less whose provider is not there
  std::vector<Bounds> bounds_;                   // by number of config_.models
  const config::Retry default_retry_{};
  std::unique_ptr<HealthBoard> own_health_;
  HealthBoard& health_;
  std::array<Speakers, dialect_names.size()> speakers_;
  std::vector<KnownName> known_;  // names of `models` first
  uint32_t names_of_models_ = 0;
};

}  // namespace sluice::routing
