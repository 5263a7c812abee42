#include "routing/health_board.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

namespace sluice::routing {
namespace {

std::string label_of(std::string_view provider, std::string_view model) {
  std::string label(provider);
  if (!model.empty()) (label += '/') += model;
  return label;
}

bool is_label(std::string_view label, std::string_view provider, std::string_view model) {
  return label.size() == provider.size() + 1 + model.size() && label.starts_with(provider) &&
         label[provider.size()] == '/' && label.ends_with(model);
}

}  // namespace

HealthBoard::HealthBoard(const config::Config& config, const HealthBoard* before, uint64_t chance)
    : config_(config),
      chance_(before != nullptr ? before->chance_ : chance),
      provider_numbers_(config.providers.size()),
      slots_(std::bit_ceil(2 * max_seen)) {
  for (uint32_t i = 0; i < config.providers.size(); ++i) {
    provider_numbers_.add(config.providers[i].name, i);
    add_provider(before, i);
  }
  for (const config::Model& model : config.models) {
    for (const config::TargetRef& target : model.targets) add_configured(before, target);
  }
  if (before != nullptr) keep_seen(*before);
  add_hedges(before);
}

void HealthBoard::add_hedges(const HealthBoard* before) {
  const bool had_any = before != nullptr && std::any_of(before->hedges_.begin(), before->hedges_.end(),
                                                        [](const auto& budget) { return budget != nullptr; });
  NameIndex old(had_any ? before->hedges_.size() : 0);
  for (uint32_t i = 0; had_any && i < before->hedges_.size(); ++i) {
    if (before->hedges_[i]) old.add(before->config_.models[i].name, i);
  }
  for (const config::Model& model : config_.models) {
    std::shared_ptr<HedgeBudget>& budget = hedges_.emplace_back();
    if (!model.hedge) continue;
    const uint32_t number = old.find(model.name);
    budget = number != NameIndex::none ? before->hedges_[number] : std::make_shared<HedgeBudget>();
  }
}

HealthBoard::~HealthBoard() {
  for (const Slot& slot : slots_)
    delete slot.load(std::memory_order_acquire);  // NOLINT(cppcoreguidelines-owning-memory)
}

// The number of that provider in `before` if it is unchanged, otherwise none.
uint32_t HealthBoard::same_in(const HealthBoard* before, uint32_t provider) const {
  if (before == nullptr) return NameIndex::none;
  const config::Provider& now = config_.providers[provider];
  const uint32_t number = before->provider_numbers_.find(now.name);
  return number != NameIndex::none && before->config_.providers[number] == now ? number : NameIndex::none;
}

std::shared_ptr<TargetHealth> HealthBoard::made(uint32_t provider, std::string label) const {
  return std::make_shared<TargetHealth>(std::move(label), credentials_[provider]);
}

void HealthBoard::add_provider(const HealthBoard* before, uint32_t provider) {
  const config::Provider& one = config_.providers[provider];
  if (const uint32_t old = same_in(before, provider); old != NameIndex::none) {
    credentials_.push_back(before->credentials_[old]);
    providers_.push_back(before->providers_[old]);
    return;
  }
  credentials_.push_back(one.caller_key ? nullptr : std::make_shared<Credentials>(one.key_count()));
  if (before != nullptr && credentials_.back() != nullptr) keep_benches(*before, one, *credentials_.back());
  providers_.push_back(made(provider, one.name));
}

// Of a changed provider with the same base URL, keeps the benches of the credentials that it still has.
void HealthBoard::keep_benches(const HealthBoard& before, const config::Provider& now, Credentials& credentials) {
  const uint32_t number = before.provider_numbers_.find(now.name);
  if (number == NameIndex::none || before.credentials_[number] == nullptr) return;
  const config::Provider& old = before.config_.providers[number];
  if (!(old.base_url == now.base_url)) return;
  for (size_t i = 0; i < now.key_count(); ++i) {
    for (size_t k = 0; k < old.key_count(); ++k) {
      if (!now.key_at(i).empty() && now.key_at(i) == old.key_at(k)) {
        const Credentials& was = *before.credentials_[number];
        credentials.bench(i, was.benched_until_ms(k), was.benched_since_ms(k));
      }
    }
  }
}

void HealthBoard::add_configured(const HealthBoard* before, const config::TargetRef& target) {
  const uint32_t provider = provider_numbers_.find(target.provider);
  std::string label = label_of(target.provider, target.model);
  if (provider == NameIndex::none || configured_numbers_.find(label) != NameIndex::none) return;
  Shared health;
  if (same_in(before, provider) != NameIndex::none) {
    if (const uint32_t old = before->configured_numbers_.find(label); old != NameIndex::none) {
      health = before->configured_[old];
    } else {
      for (size_t at = before->hash_of(target.provider, target.model);; ++at) {
        const Entry* const entry = before->slots_[at & (slots_.size() - 1)].load(std::memory_order_acquire);
        if (entry == nullptr) break;
        if (entry->health->label() != label) continue;
        health = entry->health;
        break;
      }
    }
  }
  if (!health) health = made(provider, std::move(label));
  configured_.push_back(std::move(health));
  configured_numbers_.add(configured_.back()->label(), static_cast<uint32_t>(configured_.size() - 1));
}

// Keeps the health of names that callers asked for, unless they now have a place among the configured targets.
void HealthBoard::keep_seen(const HealthBoard& before) {
  const auto keep = [&](const Shared& health) {
    const std::string_view label = health->label();
    const size_t slash = label.find('/');
    const uint32_t provider = provider_numbers_.find(label.substr(0, slash));
    if (provider == NameIndex::none || same_in(&before, provider) == NameIndex::none) return;
    if (configured_numbers_.find(label) != NameIndex::none || taken_.load(std::memory_order_relaxed) == max_seen)
      return;
    size_t at = hash_of(label.substr(0, slash), label.substr(slash + 1));
    while (slots_[at & (slots_.size() - 1)].load(std::memory_order_relaxed) != nullptr) ++at;
    put(slots_[at & (slots_.size() - 1)], {provider, health});
    taken_.fetch_add(1, std::memory_order_relaxed);
  };
  for (const Slot& slot : before.slots_) {
    if (const Entry* const entry = slot.load(std::memory_order_acquire)) keep(entry->health);
  }
  for (const Shared& health : before.configured_) keep(health);
}

uint64_t HealthBoard::hash_of(std::string_view provider, std::string_view model) const {
  constexpr uint64_t prime = 0x100000001b3;  // FNV-1a with a secret seed
  uint64_t hash = 0xcbf29ce484222325 ^ chance_;
  for (const std::string_view part : {provider, std::string_view("/"), model}) {
    for (const char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  }
  return hash ^ (hash >> 32);
}

TargetHealth* HealthBoard::put(Slot& slot, Entry entry) {
  auto made = std::make_unique<const Entry>(std::move(entry));
  const Entry* is = nullptr;
  if (!slot.compare_exchange_strong(is, made.get(), std::memory_order_acq_rel)) return nullptr;
  return made.release()->health.get();
}

TargetHealth* HealthBoard::seen(uint32_t provider, std::string_view model, bool make) {
  const std::string& name = config_.providers[provider].name;
  bool counted = false;
  for (size_t at = hash_of(name, model);; ++at) {
    Slot& slot = slots_[at & (slots_.size() - 1)];
    const Entry* entry = slot.load(std::memory_order_acquire);
    if (entry == nullptr) {
      if (!make) return nullptr;
      if (!counted && taken_.fetch_add(1, std::memory_order_relaxed) >= max_seen) {
        taken_.fetch_sub(1, std::memory_order_relaxed);
        return nullptr;
      }
      counted = true;
      if (TargetHealth* const health = put(slot, {provider, made(provider, label_of(name, model))})) return health;
      entry = slot.load(std::memory_order_acquire);  // another thread has just put one there
    }
    if (!is_label(entry->health->label(), name, model)) continue;
    if (counted) taken_.fetch_sub(1, std::memory_order_relaxed);
    return entry->health.get();
  }
}

TargetHealth& HealthBoard::of(const config::Provider& provider, std::string_view model, bool listed) {
  const auto number = static_cast<uint32_t>(&provider - config_.providers.data());
  if (model.empty()) return *providers_[number];
  if (TargetHealth* const health = seen(number, model, false)) return *health;
  const uint32_t configured =
      configured_numbers_.size() == 0 ? NameIndex::none : configured_numbers_.find(label_of(provider.name, model));
  if (configured != NameIndex::none) return *configured_[configured];
  TargetHealth* const health = listed ? seen(number, model, true) : nullptr;
  return health != nullptr ? *health : *providers_[number];
}

TargetHealth* HealthBoard::find(std::string_view label) {
  const size_t slash = label.find('/');
  const uint32_t provider = provider_numbers_.find(label.substr(0, slash));
  if (provider == NameIndex::none) return nullptr;
  if (slash == std::string_view::npos) return providers_[provider].get();
  const uint32_t configured = configured_numbers_.find(label);
  if (configured != NameIndex::none) return configured_[configured].get();
  return seen(provider, label.substr(slash + 1), false);
}

}  // namespace sluice::routing
