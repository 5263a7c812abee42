// All known models: those that the configuration names and those that providers list. Immutable; when a provider's list
// changes, a new catalog is made.
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
// Index as in config.providers; null: no list is known.
using ToldLists = std::vector<std::shared_ptr<const ToldList>>;

class Catalog {
 public:
  // `config` and `health`, which belongs to that config, must outlive the catalog; with nullptr it makes a board
  // itself. `chance`: a number that providers cannot guess.
  [[gnu::cold]] Catalog(const config::Config& config, ToldLists lists, uint64_t chance,
                        routing::HealthBoard* health = nullptr);

  const ToldLists& lists() const { return lists_; }
  const routing::Router& router() const { return router_; }
  const api::ModelFacts& facts_of(const routing::Target& target) const;
  // The models that a request of `admitted` in `dialect` may name, in the configuration's order. The views point into
  // the catalog, `admitted` and the configuration.
  std::vector<api::ListedModel> models_for(const Admitted& admitted, Dialect dialect) const;
  // One model, by any name that a request may use; the errors are those of such a request. The view `id` points to
  // `name`.
  Result<api::ListedModel> model_for(const Admitted& admitted, Dialect dialect, std::string_view name) const;

 private:
  const api::ModelFacts& facts_at(const config::Provider& provider, uint32_t place) const;

  const config::Config& config_;
  const ToldLists lists_;
  const routing::Router router_;
};

// The lists fetched under `before` whose providers are unchanged in `config`.
ToldLists lists_kept(const config::Config& config, const config::Config& before, const ToldLists& lists);

}  // namespace sluice::gateway
