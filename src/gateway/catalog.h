// All models that can be asked for, as far as it can be told: what the configuration names, and what providers have
// told of theirs. Immutable; another is made when a provider tells something else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/model_list.h"
#include "config/config.h"
#include "gateway/admission.h"
#include "routing/router.h"

namespace sluice::gateway {

using ToldList = std::vector<api::ToldModel>;
// Index as in config.providers; null: it has not told any.
using ToldLists = std::vector<std::shared_ptr<const ToldList>>;

class Catalog {
 public:
  // `config` and `health`, which is made for it, must outlive it; without the latter it has one of its own. `chance`: a
  // number that providers cannot guess.
  [[gnu::cold]] Catalog(const config::Config& config, ToldLists lists, uint64_t chance,
                        routing::HealthBoard* health = nullptr);

  const ToldLists& lists() const { return lists_; }
  const routing::Router& router() const { return router_; }
  const api::ModelFacts& facts_of(const routing::Target& target) const;
  // Those that a request of `admitted` in `dialect` may name, in the configuration's order. The views are the
  // catalog's and the configuration's.
  std::vector<api::ListedModel> models_for(const Admitted& admitted, Dialect dialect) const;
  // One of them, by any name that a request may have it by; the errors are those of such a request. The view `id` is
  // `name`.
  Result<api::ListedModel> model_for(const Admitted& admitted, Dialect dialect, std::string_view name) const;

 private:
  const api::ModelFacts& facts_at(const config::Provider& provider, uint32_t place) const;

  const config::Config& config_;
  const ToldLists lists_;
  const routing::Router router_;
};

// Of the lists that were told for `before`, those of providers that are the same in `config`.
ToldLists lists_kept(const config::Config& config, const config::Config& before, const ToldLists& lists);

}  // namespace sluice::gateway
