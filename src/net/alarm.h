// One moment at which a loop calls back: timers are made of these. If the loop's clock runs by itself it is a libuv
// timer; else an entry of AlarmQueue, which the loop checks in each turn. For net/ only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace sluice::net {

class Loop;

class Alarm {
 public:
  using Rang = void (*)(void* owner);
  // `rang(owner)` runs on the loop's thread and may destroy the alarm.
  Alarm(Loop& loop, void* owner, Rang rang);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  void start(uint64_t after_ms);  // from the loop's now_ms(); replaces an earlier setting
  void stop();
  // Whether it keeps the loop alive while it is set; initially it does.
  void hold_loop(bool holds);

 private:
  friend class AlarmQueue;
  struct State;
  State* state_;  // freed in the handle's close callback
};

// The alarms set on a loop whose clock does not run by itself.
class AlarmQueue {
 public:
  bool empty() const { return waiting_.empty(); }
  std::optional<uint64_t> next_ms() const;  // when the first one is due
  // Rings all that are due, except those set meanwhile.
  void ring(uint64_t now_ms);

 private:
  friend class Alarm;
  using Place = std::pair<uint64_t, uint64_t>;  // due time, sequence number
  std::map<Place, Alarm::State*> waiting_;
  uint64_t set_ = 0;
};

}  // namespace sluice::net
