// Which target answers a request: from the model name a caller used to one model at one provider. Pure: only reads the
// configuration and the providers' lists of models.
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

// The names in a provider's own list, without duplicates; empty: no list is known.
using ToldNames = std::vector<std::string_view>;

// A name that is known in advance.
struct KnownName {
  std::string name;  // of `models`, or "provider/model"
  const config::Provider* provider;
  std::string_view model;  // what the provider calls it
  uint32_t place;          // index in the provider's list
  static constexpr uint32_t not_told = NameIndex::none;
};

// Returns what a provider's model accepts. `place`: as in KnownName.
using Fits = std::function<ModelFit(const config::Provider& provider, std::string_view model, uint32_t place)>;

// The constructor indexes everything that is looked up, so routing costs the same however many models there are.
class Router {
 public:
  // `told`: index as in config.providers, or empty; a provider's own list replaces its configured `models`. `config`
  // and the names must outlive the router and not change. `chance`: a number that providers cannot guess. `health`:
  // made for the same configuration, must outlive the router; nullptr: the router makes one. `fits`: called in the
  // constructor for the targets of `models`; empty: nothing is known of them.
  explicit Router(const config::Config& config, std::span<const ToldNames> told = {}, uint64_t chance = 0,
                  HealthBoard* health = nullptr, const Fits& fits = {});
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // In this order: a name of `models`; "provider/model"; the only provider that lists the name, for providers with tags
  // also in another spelling (config/tagged_name.h), where the list's spelling is sent; the provider of the name's
  // family; the only one that speaks `dialect` and may have the model although no list says so (a list may be out of
  // date). While the family's provider has no known list, it takes precedence over providers whose own lists have the
  // name: otherwise a prompt's destination would depend on whose list arrived first. unknown_model: the message names
  // the nearest known names. An empty `name` goes to the provider that speaks `dialect`: the only one, or the one named
  // like the dialect's maker. bad_request: a control character in `name`.
  Result<Target> route(std::string_view name, Dialect dialect) const;
  // The targets for `name`, in order: those of a name of `models` by its `order`, then those of its fallbacks; for any
  // other name the one that route() finds. Targets that are left alone come after those that may be asked. Left out are
  // those that this caller may not use (unless it may use none), drained ones, and, if others remain, those known not
  // to accept the request. Errors as for route(); overloaded: all are drained. `left_out`: receives those left out;
  // nullptr: not wanted.
  Result<Plan> plan(std::string_view name, const Asking& asking, std::vector<LeftOut>* left_out = nullptr) const;
  // The entry that plan() uses for a name of `models`; nullptr for any other name.
  const config::Model* entry_of(std::string_view name) const;
  // Which properties of a request can affect the plan for `entry`, one of the configuration's; none if there is no
  // choice.
  const Bounds& bounds_of(const config::Model& entry) const {
    return bounds_[static_cast<size_t>(&entry - config_.models.data())];
  }
  // Other names for `target`, besides its label, that a list of allowed models may use: for an ollama provider, with or
  // without ":latest", as "provider/model" and as bare names that route() resolves to the same model. Otherwise none.
  [[gnu::cold]] std::vector<std::string> other_spellings(const Target& target) const;
  // The providers that may answer a request of `dialect` without a model: the one named like the dialect's maker, then
  // the others that speak it, in the file's order.
  const std::vector<const config::Provider*>& speakers(Dialect dialect) const {
    return speakers_[static_cast<size_t>(dialect)].in_order;
  }
  // The health of a provider for requests without a model.
  TargetHealth& health_of(const config::Provider& provider) const { return health_.of(provider, "", false); }
  // The provider of that name, or nullptr.
  const config::Provider* provider(std::string_view name) const;
  const std::vector<KnownName>& known_models() const { return known_; }
  // Index of a target's model in its provider's list; KnownName::not_told: not in it.
  uint32_t place_of(const Target& target) const;

 private:
  static constexpr uint32_t several = NameIndex::none - 1;  // used in place of a provider's number
  static constexpr size_t max_looks = 64;                   // the most fallbacks looked at for one plan
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
  // The providers that speak a dialect.
  struct Speakers {
    Group all;
    Group makers, hosts;                      // makers of models, and hosts of others' models; without the demo
    const config::Provider* maker = nullptr;  // the one named like the dialect's maker
    std::vector<const config::Provider*> in_order;
  };
  // A name in an Ollama provider's list.
  struct Spelling {
    std::string common;  // config::tagged_name()
    uint32_t provider;
    std::string_view listed;
  };

  const config::Config& config_;
  // Map names to numbers of config_.models or config_.providers; the config owns the names.
  NameIndex models_, providers_, listed_, prefixes_;
  NameIndex told_names_;                         // numbers of known_, for names from providers' lists
  std::vector<bool> has_list_, has_told_;        // by provider
  std::vector<size_t> prefix_sizes_;             // of `prefixes_`, each once, ascending
  std::deque<Spelling> spellings_;               // a deque, so that views into it stay valid
  NameIndex common_spellings_;                   // numbers of spellings_; `several`: of more than one provider
  std::vector<std::vector<Candidate>> entries_;  // by number of config_.models; known providers only
  std::vector<Bounds> bounds_;                   // by number of config_.models
  const config::Retry default_retry_{};
  std::unique_ptr<HealthBoard> own_health_;
  HealthBoard& health_;
  std::array<Speakers, dialect_names.size()> speakers_;
  std::vector<KnownName> known_;  // names of `models` first
  uint32_t names_of_models_ = 0;
};

}  // namespace sluice::routing
