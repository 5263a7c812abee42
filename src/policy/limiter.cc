#include "policy/limiter.h"

#include <algorithm>

namespace sluice::policy {
namespace {

template <typename Owner>
std::vector<Limit> places_for(const std::vector<Owner>& owners) {
  const bool any = std::any_of(owners.begin(), owners.end(), [](const Owner& owner) { return owner.limits.any(); });
  std::vector<Limit> places(any ? owners.size() : 0);
  for (size_t i = 0; i < places.size(); ++i) {
    if (owners[i].limits.any()) places[i].set(owners[i].limits);
  }
  return places;
}

}  // namespace

Limiter::Limiter(const config::Config& config)
    : config_(config),
      keys_(places_for(config.keys)),
      providers_(places_for(config.providers)),
      models_(places_for(config.models)) {}

std::unique_ptr<Limiter> Limiter::create(const config::Config& config) {
  std::unique_ptr<Limiter> limiter(new Limiter(config));
  if (limiter->places() == 0) return nullptr;
  return limiter;
}

Limit& Limiter::place(size_t index) {
  if (index < keys_.size()) return keys_[index];
  index -= keys_.size();
  return index < providers_.size() ? providers_[index] : models_[index - providers_.size()];
}

size_t Limiter::sweep(uint64_t now_ns, size_t most) {
  size_t dropped = 0;
  for (size_t looked = 0; looked < std::min(most, places()); ++looked) {
    Limit& limit = place(swept_);
    swept_ = (swept_ + 1) % places();
    if (limit.is_set() && limit.mark_idle(now_ns) && limit.drop_marked()) ++dropped;
  }
  return dropped;
}

size_t Limiter::buckets() const {
  size_t count = 0;
  for (const Places* places : {&keys_, &providers_, &models_}) {
    count += static_cast<size_t>(
        std::count_if(places->begin(), places->end(), [](const Limit& limit) { return limit.has_bucket(); }));
  }
  return count;
}

size_t Limiter::bytes() const { return places() * sizeof(Limit) + buckets() * Limit::bucket_bytes(); }

}  // namespace sluice::policy
