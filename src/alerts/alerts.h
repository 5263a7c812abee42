// Decides when repeated failures of the same kind are reported: once when they begin, once when they are over. Time is
// passed in. alerts/alert_sender delivers the notices (log, Sentry, webhook).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::alerts {

struct AlertRules {
  uint32_t after_failures = 5;   // of one subject, with one code; never 0
  uint64_t within_ms = 300'000;  // inclusive: the last may come exactly this long after the first
};

enum class AlertEvent : unsigned char { failing, recovered };
inline constexpr std::array<std::string_view, 2> alert_event_names = {"failing", "recovered"};

// Subjects that are not targets; a target's name contains a '/'.
inline constexpr std::string_view own_subject = "sluice";   // failures of our own
inline constexpr std::string_view other_subject = "other";  // of targets beyond the limit

// Failures of one subject at one time. The views must not outlive the call; `code` is a literal.
struct NotedFailure {
  std::string_view subject;  // "provider/model", or one of the above
  std::string_view code;     // as in records
  std::string_view reason;   // "": unknown
  uint64_t at_ms = 0;        // monotonic
  uint32_t count = 1;
};

struct AlertNotice {
  AlertEvent event = AlertEvent::failing;
  std::string subject;
  uint64_t failures = 0;     // failing: as many as the rules require; recovered: all of the episode
  uint64_t since_ms = 0;     // time of the first one; monotonic, like all times here
  uint64_t at_ms = 0;        // when the episode began or was found to be over
  std::string_view code;     // of the last failure; a literal
  std::string last_error{};  // its reason, not masked
};

// The failures of one worker since they were last gathered. Adding takes no lock and allocates nothing. Failures of one
// subject with one code share an entry, with the time and the reason of the last one. One thread.
class FailureTally {
 public:
  static constexpr size_t max_subjects =
      32;  // subject and code pairs; further ones, and too long subjects, are "other"
  static constexpr size_t max_subject_bytes = 256;
  // A longer reason is left out: if it were cut, a secret in it could no longer be recognised.
  static constexpr size_t max_reason_bytes = 1024;

  FailureTally();
  void add(const NotedFailure& failure);
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  // Calls seen(failure) for each subject.
  template <typename Seen>
  void for_each(Seen&& seen) const {
    for (size_t i = 0; i < size_; ++i) seen(entries_[i].failure());
  }

 private:
  struct Entry {  // trivial, so that unused entries cost no memory
    const char* code;
    uint64_t at_ms;
    uint32_t count;
    uint16_t code_bytes, subject_bytes, reason_bytes;
    std::array<char, max_subject_bytes> subject;
    std::array<char, max_reason_bytes> reason;
    bool is(std::string_view wanted, std::string_view wanted_code) const {
      return std::string_view(subject.data(), subject_bytes) == wanted &&
             std::string_view(code, code_bytes) == wanted_code;
    }
    NotedFailure failure() const {
      return {{subject.data(), subject_bytes}, {code, code_bytes}, {reason.data(), reason_bytes}, at_ms, count};
    }
  };
  std::unique_ptr<Entry[]> entries_;  // max_subjects and one for "other" with any code
  size_t size_ = 0;
};

// The episodes of all subjects and codes. Each pair is separate, so that a timeout does not hide a bad key. An episode
// begins with `after_failures` failures within `within_ms` and is over after more than `within_ms` without a failure.
// Successes are ignored: counting them would cost every request something, and if one request in two failed, they would
// end the episode again and again. One thread.
class AlertEpisodes {
 public:
  // Names that callers invent must not fill the memory: targets beyond this limit share the subject "other". "other"
  // and "sluice" always have an entry for each code.
  static constexpr size_t max_subjects = 512;  // pairs of subject and code

  explicit AlertEpisodes(const AlertRules& rules) : rules_(rules) {}
  // Appends the notices that these failures cause. Times may be slightly out of order.
  void failed(const NotedFailure& failure, std::vector<AlertNotice>& notices);
  // Appends a notice for each episode that is over by `now_ms`, and forgets subjects without recent failures.
  void look(uint64_t now_ms, std::vector<AlertNotice>& notices);
  size_t subjects() const { return subjects_.size(); }

 private:
  struct Subject {
    std::vector<uint64_t> times;  // of the last failures, at most after_failures; a ring once it is full
    size_t oldest = 0;            // index of the oldest in that ring
    uint64_t last_ms = 0;
    uint64_t since_ms = 0;
    uint64_t failures = 0;  // of the episode
    bool failing = false;
    std::string last_error;
  };
  using Cause = std::pair<std::string, std::string_view>;  // subject and code; the code is a literal
  using Subjects = std::map<Cause, Subject>;

  Subjects::iterator place_of(std::string_view subject, std::string_view code, uint64_t now_ms,
                              std::vector<AlertNotice>& notices);
  bool over(const Subject& subject, uint64_t now_ms) const;
  bool count_one(Subject& subject, uint64_t at_ms) const;
  static AlertNotice notice_of(AlertEvent event, const Subjects::value_type& entry, uint64_t at_ms);

  const AlertRules rules_;
  Subjects subjects_;
};

// Collects all workers' failures, off the request path.
class Alerts {
 public:
  static constexpr size_t max_waiting = 64;  // notices; the oldest are dropped and counted

  explicit Alerts(const AlertRules& rules) : rules_(rules), episodes_(rules) {}
  const AlertRules& rules() const { return rules_; }
  // Takes and empties `tally`. Any thread; locks only if it is not empty.
  void gather(FailureTally& tally);
  // Moves the waiting notices to `notices`, oldest first. Returns how many were dropped since the last call.
  uint64_t take(uint64_t now_ms, std::vector<AlertNotice>& notices);

 private:
  void keep();

  const AlertRules rules_;
  std::mutex mutex_;  // guards the members below
  AlertEpisodes episodes_;
  std::vector<AlertNotice> fresh_;
  std::deque<AlertNotice> waiting_;
  uint64_t dropped_ = 0;
};

}  // namespace sluice::alerts
