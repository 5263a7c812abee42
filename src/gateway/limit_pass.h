// One exchange's way through the rate limits of its key, its provider and its model: let in, told to wait, or refused;
// and, when the exchange is over, what it gives back.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "api/rate_limit_fields.h"
#include "base/result.h"
#include "config/config.h"
#include "gateway/limit_queue.h"
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

class LimitPass {
 public:
  LimitPass() = default;
  ~LimitPass();  // leave() is due before
  LimitPass(const LimitPass&) = delete;
  LimitPass& operator=(const LimitPass&) = delete;

  // Asks for one request of about `tokens`. True: let in. False: it waits, and `events` are told how that ends.
  // rate_limited: no. What is referred to must outlive the pass.
  Result<bool> enter(LimitQueue& queue, const config::CallerKey* key, const routing::Target& target, uint64_t tokens,
                     LimitEvents& events);
  // The exchange is over, wherever it stood: what it held is settled with the tokens it `used`. May be called always.
  void leave(uint64_t used, uint64_t now_ns);
  // After a refusal: when to come again. At least 1; nobody may know it better.
  uint64_t retry_after_s() const;

 private:
  friend class LimitQueue;
  struct Waiting {
    explicit Waiting(LimitPass* pass) : deadline(pass, [](void* self) { static_cast<LimitPass*>(self)->give_up(); }) {}
    std::list<LimitPass*>::iterator place;
    bool let_in = false;
    policy::Limit* limit = nullptr;  // that refuses it
    net::Timeout deadline;
  };

  const policy::Limit* try_again(uint64_t now_ns);
  bool under_any_of(const std::vector<const policy::Limit*>& limits) const;
  void go_on();
  std::optional<policy::LimitRefusal> refused_by_order(uint64_t now_ns) const;
  void wait(uint32_t most_ms);
  void wait_for(policy::Limit* limit);
  void stop_waiting();
  [[gnu::cold]] void give_up();
  [[gnu::cold]] Error refuse();

  LimitQueue* queue_ = nullptr;
  LimitEvents* events_ = nullptr;
  const config::CallerKey* key_ = nullptr;
  const routing::Target* target_ = nullptr;
  uint64_t tokens_ = 0;
  policy::Hold hold_;
  policy::LimitRefusal refusal_;  // the last
  std::unique_ptr<Waiting> waiting_;
};

// What the head of an answer says of a key's limits, now; nullopt where it has none that are told.
std::optional<api::RateLimitFields> rate_limit_fields(LimitQueue* queue, const config::CallerKey* key, Dialect dialect);

}  // namespace sluice::gateway
