// The health of every target that can be asked: one place for each target of `models`, a bounded number for other names
// (provider/model, family names), made when they are first asked for, and one for each provider for everything else.
// Shared by all workers; found without a lock, and as fast among thousands as among a few.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/name_index.h"
#include "config/config.h"
#include "routing/hedge_budget.h"
#include "routing/target_health.h"

namespace sluice::routing {

class HealthBoard {
 public:
  // The most names besides the configured targets.
  static constexpr size_t max_seen = 4'096;

  // `before` (or nullptr): targets of unchanged providers keep their place, which both boards share. `config` must
  // outlive the board. `chance`: a number that callers cannot guess.
  [[gnu::cold]] explicit HealthBoard(const config::Config& config, const HealthBoard* before = nullptr,
                                     uint64_t chance = 0);
  ~HealthBoard();
  HealthBoard(const HealthBoard&) = delete;
  HealthBoard& operator=(const HealthBoard&) = delete;

  // The reference is valid as long as the board. `provider`: of the board's configuration. `listed`: the provider is
  // known to have the model; names that callers invent share the provider's place.
  TargetHealth& of(const config::Provider& provider, std::string_view model, bool listed);
  // The place with that label: of a configured target, of a name that was asked for, or of a provider; nullptr: none.
  TargetHealth* find(std::string_view label);

  // for_each() for the places of one provider.
  template <typename Seen>
  void for_each_of(const config::Provider& provider, Seen&& seen) {
    for_each([&](TargetHealth& health) {
      const std::string_view label = health.label();
      const bool is_its_own = label.starts_with(provider.name) &&
                              (label.size() == provider.name.size() || label[provider.name.size()] == '/');
      if (is_its_own) seen(health);
    });
  }
  // Calls seen(provider, place, benched_until_ms) for each credential of the providers that have several.
  template <typename Seen>
  void for_each_credential(Seen&& seen) const {
    for (size_t i = 0; i < credentials_.size(); ++i) {
      const config::Provider& provider = config_.providers[i];
      for (size_t place = 0; place < provider.api_keys.size(); ++place) {
        seen(provider, place, credentials_[i]->benched_until_ms(place));
      }
    }
  }

  // The budget of the configuration's model number `model`; nullptr: it is not hedged. Valid as long as the board.
  HedgeBudget* hedges_of(uint32_t model) const { return hedges_[model].get(); }

  // Calls seen(health) for each place: targets of `models`, names that were asked for, then providers.
  template <typename Seen>
  void for_each(Seen&& seen) {
    for (const auto& health : configured_) seen(*health);
    for (const Slot& slot : slots_) {
      if (const Entry* const entry = slot.load(std::memory_order_acquire)) seen(*entry->health);
    }
    for (const auto& health : providers_) seen(*health);
  }

 private:
  using Shared = std::shared_ptr<TargetHealth>;
  // A name that was asked for. Immutable, freed with the board.
  struct Entry {
    uint32_t provider;
    Shared health;
  };
  using Slot = std::atomic<const Entry*>;

  uint32_t same_in(const HealthBoard* before, uint32_t provider) const;
  void add_provider(const HealthBoard* before, uint32_t provider);
  static void keep_benches(const HealthBoard& before, const config::Provider& now, Credentials& credentials);
  void add_configured(const HealthBoard* before, const config::TargetRef& target);
  void keep_seen(const HealthBoard& before);
  void add_hedges(const HealthBoard* before);
  std::shared_ptr<TargetHealth> made(uint32_t provider, std::string label) const;
  uint64_t hash_of(std::string_view provider, std::string_view model) const;
  TargetHealth* seen(uint32_t provider, std::string_view model, bool make);
  TargetHealth* put(Slot& slot, Entry entry);

  const config::Config& config_;
  const uint64_t chance_;
  std::vector<std::shared_ptr<Credentials>> credentials_;  // by provider; null: the caller's
  std::vector<Shared> providers_, configured_;
  NameIndex provider_numbers_, configured_numbers_;   // names of the config's; labels of configured_
  std::vector<std::shared_ptr<HedgeBudget>> hedges_;  // by number of the config's models
  std::vector<Slot> slots_;                           // a power of two, at most half full
  std::atomic<size_t> taken_{0};
};

}  // namespace sluice::routing
