// A second attempt beside a late first one (hedging): at another target, by a course of its own, for the same caller.
// Whose answer says something first is the caller's; the other one is cancelled, and that counts neither for its target
// nor against it. An error wins nothing: it is held until the other one has ended too.
//
//   waiting --the first attempt is late, and the route's budget allows it--> running --first output--> won or lost
//                                                                               |--it fails--> over
// A course has one where its model's targets are raced, and one race at most.
#pragma once

#include <cstdint>
#include <memory>

#include "gateway/account.h"
#include "gateway/course.h"
#include "net/timers.h"

namespace sluice::gateway {

class Race final : CourseEvents {
 public:
  // `first` must outlive the race, which keeps what the records refer to until its end.
  explicit Race(Course& first);
  ~Race();

  // An attempt of the first course's has begun.
  void watch();
  // It says nothing any more that could be late.
  void end_watch() { due_.cancel(); }
  bool running() const { return running_; }
  const TokenEstimate& estimate() const;
  // How often either's requests have gone out; of the second one's, until they are counted as the first one's.
  uint32_t first_sent() const { return first_.account_->attempts.sent(); }
  uint32_t second_sent() const { return account_.attempts.sent(); }

  // The first course's answer goes out: the second attempt is cancelled.
  void first_has_won(uint64_t now_ns);
  // The second one's does: the first course is over, and what it was to the exchange is the second one's.
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
