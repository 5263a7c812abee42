// The rate limits of a whole configuration: a table made at start, with a small Limit for each key, provider and model,
// and a bucket for those in use (limit.h). Finding a limit is an index operation. 100,000 keys cost 9.6 MB, and 3.2 MB
// more while all of them are in use.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "policy/limit.h"

namespace sluice::policy {

// Any thread, except for sweep(). Times as in limit.h.
class Limiter {
 public:
  // nullptr if the configuration has no limits. `config` must outlive it. Limits with the same name and values in
  // `before` (or nullptr) are shared with it, so they keep their counts.
  static std::unique_ptr<Limiter> create(const config::Config& config, const Limiter* before = nullptr);

  // The limit of an object of the config; nullptr: there is none, or the argument is nullptr.
  Limit* of(const config::CallerKey* key) { return find(keys_, config_.keys, key); }
  Limit* of(const config::Provider* provider) { return find(providers_, config_.providers, provider); }
  Limit* of(const config::Model* model) { return find(models_, config_.models, model); }

  // Checks `most` places from where the last call stopped and drops idle buckets; returns how many. Called regularly,
  // by one thread.
  size_t sweep(uint64_t now_ns, size_t most);
  size_t buckets() const;  // that exist now
  size_t bytes() const;    // of places and buckets

  // Calls seen(subject, name, limit) for each limit.
  template <typename Seen>
  void for_each(Seen&& seen) {
    visit(LimitSubject::key, keys_, config_.keys, seen);
    visit(LimitSubject::provider, providers_, config_.providers, seen);
    visit(LimitSubject::model, models_, config_.models, seen);
  }

 private:
  using Places = std::vector<std::shared_ptr<Limit>>;  // null: not limited
  Limiter(const config::Config& config, const Limiter* before);

  template <typename Owner>
  static Limit* find(Places& places, const std::vector<Owner>& owners, const Owner* owner) {
    if (owner == nullptr || places.empty()) return nullptr;
    return places[static_cast<size_t>(owner - owners.data())].get();
  }
  template <typename Owner, typename Seen>
  static void visit(LimitSubject subject, Places& places, const std::vector<Owner>& owners, Seen& seen) {
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i]) seen(subject, std::string_view(owners[i].name), *places[i]);
    }
  }
  Limit* place(size_t index);
  size_t places() const { return keys_.size() + providers_.size() + models_.size(); }

  const config::Config& config_;
  Places keys_, providers_, models_;  // index as in the config; empty if none is limited
  size_t swept_ = 0;                  // the place that the next sweep begins at
};

}  // namespace sluice::policy
