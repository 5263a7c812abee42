#include "policy/limiter.h"

#include <algorithm>
#include <unordered_map>

namespace sluice::policy {
namespace {

template <typename Owner>
std::vector<std::shared_ptr<Limit>> places_for(const std::vector<Owner>& owners, const std::vector<Owner>* old_owners,
                                               const std::vector<std::shared_ptr<Limit>>* old_places) {
  const bool any = std::any_of(owners.begin(), owners.end(), [](const Owner& owner) { return owner.limits.any(); });
  std::vector<std::shared_ptr<Limit>> places(any ? owners.size() : 0);
  if (!any) return places;
  std::unordered_map<std::string_view, size_t> old;
  for (size_t i = 0; old_places != nullptr && i < old_places->size(); ++i) old.emplace((*old_owners)[i].name, i);
  for (size_t i = 0; i < places.size(); ++i) {
    if (!owners[i].limits.any()) continue;
    const auto found = old.find(owners[i].name);
    const std::shared_ptr<Limit> same = found != old.end() ? (*old_places)[found->second] : nullptr;
    places[i] = same && same->limits() == owners[i].limits ? same : std::make_shared<Limit>(owners[i].limits);
  }
  return places;
}

}  // namespace

Limiter::Limiter(const config::Config& config, const Limiter* before)
    : config_(config),
      keys_(places_for(config.keys, before ? &before->config_.keys : nullptr, before ? &before->keys_ : nullptr)),
      providers_(places_for(config.providers, before ? &before->config_.providers : nullptr,
                            before ? &before->providers_ : nullptr)),
      models_(
          places_for(config.models, before ? &before->config_.models : nullptr, before ? &before->models_ : nullptr)) {}

std::unique_ptr<Limiter> Limiter::create(const config::Config& config, const Limiter* before) {
  std::unique_ptr<Limiter> limiter(new Limiter(config, before));
  if (limiter->places() == 0) return nullptr;
  return limiter;
}

Limit* Limiter::place(size_t index) {
  if (index < keys_.size()) return keys_[index].get();
  index -= keys_.size();
  return index < providers_.size() ? providers_[index].get() : models_[index - providers_.size()].get();
}

size_t Limiter::sweep(uint64_t now_ns, size_t most) {
  size_t dropped = 0;
  for (size_t looked = 0; looked < std::min(most, places()); ++looked) {
    Limit* const limit = place(swept_);
    swept_ = (swept_ + 1) % places();
    if (limit != nullptr && limit->mark_idle(now_ns) && limit->drop_marked()) ++dropped;
  }
  return dropped;
}

size_t Limiter::buckets() const {
  size_t count = 0;
  for (const Places* places : {&keys_, &providers_, &models_}) {
    count += static_cast<size_t>(std::count_if(places->begin(), places->end(), [](const std::shared_ptr<Limit>& limit) {
      return limit && limit->has_bucket();
    }));
  }
  return count;
}

size_t Limiter::bytes() const {
  constexpr size_t shared_bytes = sizeof(std::shared_ptr<Limit>) + 16;  // and the shared_ptr's control block
  return places() * (sizeof(Limit) + shared_bytes) + buckets() * Limit::bucket_bytes();
}

}  // namespace sluice::policy
