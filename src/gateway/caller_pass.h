// One exchange's passage through the rate limits: those of its key and of the model's name, taken once, and those of
// the target's provider, taken by each attempt (target_pass.h). It is admitted by all of them or by none; otherwise it
// waits or is refused. When the exchange is over, it returns what it took of the key's and model's limits.
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

// How waiting ends; called in a later turn than enter(). The pass may be destroyed inside either call.
class LimitEvents {
 public:
  virtual void on_let_in() = 0;
  virtual void on_not_let_in(const Error& error) = 0;

 protected:
  ~LimitEvents() = default;
};

class CallerPass final : public Recycled<CallerPass> {
 public:
  // All references must outlive the pass. `tokens`: the most that the request may use.
  CallerPass(LimitQueue& queue, const config::CallerKey* key, const TokenEstimate& tokens, LimitEvents& events)
      : queue_(queue), events_(events), key_(key), tokens_(tokens) {}
  ~CallerPass();  // leave() must have been called
  CallerPass(const CallerPass&) = delete;
  CallerPass& operator=(const CallerPass&) = delete;

  // Asks to send one request to `target`; `target_pass` takes the provider's part. True: let in. False: it waits, and
  // an event says how that ends. rate_limited: refused. After the first attempt only the provider's limit is asked.
  // `target` and `target_pass` must outlive the wait.
  Result<bool> enter(const routing::Target& target, TargetPass& target_pass);
  // Ends the exchange's part, in any state: what it held is settled with the tokens it `used`. May always be called.
  void leave(uint64_t used, uint64_t now_ns);
  // Ends waiting without an event. May always be called.
  void stop_waiting();
  const TokenEstimate& tokens() const { return tokens_; }
  // The last refusal, if there was one, was that of the target's provider.
  bool refused_by_provider() const { return refused_ && refusal_.subject == LimitSubject::provider; }
  // After a refusal: when to try again. At least 1, also when the time is unknown.
  uint64_t retry_after_s() const;

 private:
  friend class LimitQueue;
  struct Waiting {
    explicit Waiting(CallerPass* pass)
        : deadline(pass, [](void* self) { static_cast<CallerPass*>(self)->give_up(); }) {}
    std::list<CallerPass*>::iterator place;
    bool let_in = false;
    policy::Limit* limit = nullptr;  // the one that refuses it
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
  const routing::Target* target_ = nullptr;  // the one asked for
  TargetPass* target_pass_ = nullptr;
  policy::Hold hold_;
  policy::LimitRefusal refusal_;  // the last
  bool refused_ = false;
  std::unique_ptr<Waiting> waiting_;
};

// The rate-limit header fields of an answer for `key`, as of now; nullopt: the key has no limits to report.
std::optional<api::RateLimitFields> rate_limit_fields(LimitQueue* queue, const config::CallerKey* key, Dialect dialect);

}  // namespace sluice::gateway
