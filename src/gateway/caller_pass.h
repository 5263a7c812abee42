// One exchange's way through the rate limits: those of its key and of the model's name, which it takes once, and those
// of a target's provider, which each attempt takes (target_pass.h). It is let in by all of them or by none: told to
// wait, or refused; and, when the exchange is over, it gives back what is its own.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "api/rate_limit_fields.h"
#include "base/recycled.h"
#include "base/result.h"
#include "config/config.h"
#include "gateway/limit_queue.h"
#include "gateway/target_pass.h"
#include "gateway/token_count.h"
#include "net/timers.h"
#include "policy/hold.h"
#include "routing/router.h"

namespace sluice::gateway {

// How waiting ends; told in a later turn than enter(). The pass may be destroyed inside either.
class LimitEvents {
 public:
  virtual void on_let_in() = 0;
  virtual void on_not_let_in(const Error& error) = 0;

 protected:
  ~LimitEvents() = default;
};

class CallerPass final : public Recycled<CallerPass> {
 public:
  // What is referred to must outlive the pass. `tokens`: that the request may take.
  CallerPass(LimitQueue& queue, const config::CallerKey* key, const TokenEstimate& tokens, LimitEvents& events)
      : queue_(queue), events_(events), key_(key), tokens_(tokens) {}
  ~CallerPass();  // leave() is due before
  CallerPass(const CallerPass&) = delete;
  CallerPass& operator=(const CallerPass&) = delete;

  // Asks for one request to `target`, of which `target_pass` takes the provider's part. True: let in. False: it waits,
  // and the events are told how that ends. rate_limited: no. For an attempt after the first one only the provider is
  // asked. Both must live as long as it waits.
  Result<bool> enter(const routing::Target& target, TargetPass& target_pass);
  // The exchange is over, wherever it stood: what it held is settled with the tokens it `used`. May be called always.
  void leave(uint64_t used, uint64_t now_ns);
  // Who waits does so no more, and no event follows. May be called always.
  void stop_waiting();
  const TokenEstimate& tokens() const { return tokens_; }
  // The last refusal, if there was one, was that of the target's provider.
  bool refused_by_provider() const { return refused_ && refusal_.subject == LimitSubject::provider; }
  // After a refusal: when to come again. At least 1; nobody may know it better.
  uint64_t retry_after_s() const;

 private:
  friend class LimitQueue;
  struct Waiting {
    explicit Waiting(CallerPass* pass)
        : deadline(pass, [](void* self) { static_cast<CallerPass*>(self)->give_up(); }) {}
    std::list<CallerPass*>::iterator place;
    bool let_in = false;
    policy::Limit* limit = nullptr;  // that refuses it
    net::Timeout deadline;
  };

  policy::Limit* limit(LimitSubject subject) const;
  std::optional<policy::LimitRefusal> take(uint64_t now_ns);
  const policy::Limit* try_again(uint64_t now_ns);
  bool under_any_of(const std::vector<const policy::Limit*>& limits) const;
  void go_on();
  std::optional<policy::LimitRefusal> refused_by_order(uint64_t now_ns) const;
  void wait(uint32_t max_ms);
  void wait_for(policy::Limit* one);
  [[gnu::cold]] void give_up();
  [[gnu::cold]] Error refuse();

  LimitQueue& queue_;
  LimitEvents& events_;
  const config::CallerKey* const key_;
  const TokenEstimate tokens_;
  const routing::Target* target_ = nullptr;  // that it asks for
  TargetPass* target_pass_ = nullptr;
  policy::Hold hold_;
  policy::LimitRefusal refusal_;  // the last
  bool refused_ = false;
  std::unique_ptr<Waiting> waiting_;
};

// What the head of an answer says of a key's limits, now; nullopt where it has none that are told.
std::optional<api::RateLimitFields> rate_limit_fields(LimitQueue* queue, const config::CallerKey* key, Dialect dialect);

}  // namespace sluice::gateway
