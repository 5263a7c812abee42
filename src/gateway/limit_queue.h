// The exchanges of one worker that wait for a rate limit, first come, first served for each limit. They are tried again
// when an exchange of this worker ends and every few milliseconds, because budgets refill with time and other workers
// may return some. The loop's thread only.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "net/loop.h"
#include "observe/metrics.h"
#include "policy/limiter.h"

namespace sluice::gateway {

class CallerPass;

class LimitQueue {
 public:
  // All references must outlive the queue. `most`: how many may wait at the same time.
  LimitQueue(net::Loop& loop, policy::Limiter& limiter, observe::WorkerMetrics& metrics, size_t most);

  policy::Limiter& limiter() { return limiter_; }
  observe::WorkerMetrics& metrics() { return metrics_; }
  net::Loop& loop() { return loop_; }
  bool full() const { return waiting_.size() >= most_; }
  // Something was returned: the waiting exchanges are tried again at the end of this turn.
  void freed();

 private:
  friend class CallerPass;
  using Places = std::list<CallerPass*>;
  Places::iterator add(CallerPass& pass);
  void remove(Places::iterator place, bool let_in);
  void try_all();
  void note_size();

  net::Loop& loop_;
  policy::Limiter& limiter_;
  observe::WorkerMetrics& metrics_;
  const size_t most_;
  Places waiting_;                              // in order of arrival
  Places let_in_;                               // within try_all(): let in, but not yet notified
  std::vector<const policy::Limit*> refusing_;  // within try_all()
  net::Timeout again_;
  bool try_due_ = false;
  const std::shared_ptr<LimitQueue*> self_;  // lets deferred tasks see that the queue is gone
};

}  // namespace sluice::gateway
