// Hedging: when the first attempt is late, a second course asks another target in parallel for the same caller. The
// first one with output wins; the other is cancelled, which counts neither for nor against its target. An error never
// wins: it is held until the other course has ended too.
//
//   waiting --the first attempt is late, and the route's budget allows it--> running --first output--> won or lost
//                                                                               |--it fails--> over
// A course has a Race if its route hedges; it runs at most once.
#pragma once

#include <cstdint>
#include <memory>

#include "gateway/account.h"
#include "gateway/course.h"
#include "net/timers.h"

namespace sluice::gateway {

class Race final : CourseEvents {
 public:
  // `first` must outlive the race. The race must live until the records that refer to its targets are written.
  explicit Race(Course& first);
  ~Race();

  // An attempt of the first course has begun.
  void watch();
  // There is no first output to wait for any more.
  void end_watch() { due_.cancel(); }
  bool running() const { return running_; }
  const TokenEstimate& estimate() const;
  // How often each course has sent its request; the second's only until its records are merged into the first's.
  uint32_t first_sent() const { return first_.account_->attempts.sent(); }
  uint32_t second_sent() const { return account_.attempts.sent(); }

  // The first course's answer is sent: the second attempt is cancelled.
  void first_has_won(uint64_t now_ns);
  // The second course's answer is sent: the first one ends, and the second takes its place in the exchange.
  void second_has_won(uint64_t now_ns);
  // The caller's stream was begun by a heartbeat.
  void stream_begun();
  // The exchange is over.
  void cancel(uint64_t now_ns);

 private:
  // CourseEvents, of the second course
  void on_course_end(uint64_t now_ns) override;
  void on_course_failed(const Error& error) override;

  void begin();
  void note_lost(AttemptRecords& attempts, uint64_t now_ns) const;

  Course& first_;
  Account account_;
  std::unique_ptr<Course> second_;
  net::Timeout due_;
  bool running_ = false;
  bool won_ = false;
};

}  // namespace sluice::gateway
