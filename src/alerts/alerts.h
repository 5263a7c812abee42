// Who fails again and again in the same way, and when somebody is to be told: once when it begins, once when it is
// over. Time is passed in. What becomes of a notice (the log, Sentry, a webhook) is for alerts/alert_sender.
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
  uint64_t within_ms = 300'000;  // inclusive: the last of them may come exactly this long after the first
};

enum class AlertEvent : unsigned char { failing, recovered };
inline constexpr std::array<std::string_view, 2> alert_event_names = {"failing", "recovered"};

// Subjects that are no target; targets have a '/' in them.
inline constexpr std::string_view own_subject = "sluice";   // failures of our own
inline constexpr std::string_view other_subject = "other";  // of targets that there was no place for

// Some failures of one subject at one time. The views need to live for the call only; `code` is a literal.
struct NotedFailure {
  std::string_view subject;  // "provider/model", or one of the above
  std::string_view code;     // as in records
  std::string_view reason;   // "": not known
  uint64_t at_ms = 0;        // monotonic
  uint32_t count = 1;
};

struct AlertNotice {
  AlertEvent event = AlertEvent::failing;
  std::string subject;
  uint64_t failures = 0;     // failing: as many as the rules ask for; recovered: all of the episode
  uint64_t since_ms = 0;     // the first of them; monotonic, as all times here
  uint64_t at_ms = 0;        // when the episode began or was seen to be over
  std::string_view code;     // of the last failure; a literal
  std::string last_error{};  // its reason, not masked
};

// What one worker has seen fail since it was last gathered. Adding to it takes no lock and allocates nothing; failures
// of one subject with one code stand together, with the time and the reason of the last. One thread.
class FailureTally {
 public:
  static constexpr size_t max_subjects = 32;  // and codes, between two gatherings; beyond, and when too long: "other"
  static constexpr size_t max_subject_bytes = 256;
  // A longer reason is left out: cut, a secret in it would not be recognised any more.
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
  struct Entry {  // trivial, so that places that are never used cost no memory
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
  std::unique_ptr<Entry[]> entries_;  // max_subjects and one for "other", whatever its codes
  size_t size_ = 0;
};

// The episodes of all subjects and codes, each pair by itself, so that a timeout does not hide a bad key.
// `after_failures` failures within `within_ms` begin one; it is over when more than `within_ms` have passed without a
// failure. Success is not looked at: counting it would cost every request something, and where one request in two
// fails, it would end an episode again and again. One thread.
class AlertEpisodes {
 public:
  // Names that callers make up must not fill the memory: beyond, targets count as "other" together. "other" and
  // "sluice" always have a place for each code.
  static constexpr size_t max_subjects = 512;  // and codes

  explicit AlertEpisodes(const AlertRules& rules) : rules_(rules) {}
  // Appends to `notices` what these failures begin or find ended. Times may come a little out of order.
  void failed(const NotedFailure& failure, std::vector<AlertNotice>& notices);
  // Appends those that have recovered by `now_ms`, and forgets who has not failed for long.
  void look(uint64_t now_ms, std::vector<AlertNotice>& notices);
  size_t subjects() const { return subjects_.size(); }

 private:
  struct Subject {
    std::vector<uint64_t> times;  // of the last failures, at most after_failures; a ring once it is full
    size_t oldest = 0;            // in that ring
    uint64_t last_ms = 0;
    uint64_t since_ms = 0;
    uint64_t failures = 0;  // of the episode
    bool failing = false;
    std::string last_error;
  };
  using Cause = std::pair<std::string, std::string_view>;  // subject and code, a literal
  using Subjects = std::map<Cause, Subject>;

  Subjects::iterator place_of(std::string_view subject, std::string_view code, uint64_t now_ms,
                              std::vector<AlertNotice>& notices);
  bool over(const Subject& subject, uint64_t now_ms) const;
  bool count_one(Subject& subject, uint64_t at_ms) const;
  static AlertNotice notice_of(AlertEvent event, const Subjects::value_type& entry, uint64_t at_ms);

  const AlertRules rules_;
  Subjects subjects_;
};

// Where all workers' failures come together, off the path of requests.
class Alerts {
 public:
  static constexpr size_t max_waiting = 64;  // notices; the oldest are dropped and counted

  explicit Alerts(const AlertRules& rules) : rules_(rules), episodes_(rules) {}
  const AlertRules& rules() const { return rules_; }
  // Takes what is in `tally`, and empties it. Any thread; a lock only if there is something.
  void gather(FailureTally& tally);
  // Moves the notices that wait to `notices`, oldest first. Returns how many have been dropped since the last call.
  uint64_t take(uint64_t now_ms, std::vector<AlertNotice>& notices);

 private:
  void keep();

  const AlertRules rules_;
  std::mutex mutex_;  // guards what follows
  AlertEpisodes episodes_;
  std::vector<AlertNotice> fresh_;
  std::deque<AlertNotice> waiting_;
  uint64_t dropped_ = 0;
};

}  // namespace sluice::alerts
