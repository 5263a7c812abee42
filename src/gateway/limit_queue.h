// The exchanges of one worker that wait until a rate limit lets them in, first come first served: nobody passes another
// who waits for the same limit. They are tried again when an exchange of this worker ends, and every few milliseconds,
// as what they wait for may flow in with time or be given back on another worker. Loop's thread only.
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
  // All references must outlive the queue. `most`: how many may wait at once.
  LimitQueue(net::Loop& loop, policy::Limiter& limiter, observe::WorkerMetrics& metrics, size_t most);

  policy::Limiter& limiter() { return limiter_; }
  observe::WorkerMetrics& metrics() { return metrics_; }
  net::Loop& loop() { return loop_; }
  bool full() const { return waiting_.size() >= most_; }
  // Something was given back: those who wait are tried again at the end of this turn.
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
  Places let_in_;                               // within try_all(): let in, and not told yet
  std::vector<const policy::Limit*> refusing_;  // within try_all()
  net::Timeout again_;
  bool try_due_ = false;
  const std::shared_ptr<LimitQueue*> self_;  // what is deferred past the queue's end finds it gone
};

}  // namespace sluice::gateway
