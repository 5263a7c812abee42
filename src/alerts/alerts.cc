#include "alerts/alerts.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::alerts {

FailureTally::FailureTally() : entries_(std::make_unique_for_overwrite<Entry[]>(max_subjects + 1)) {}

void FailureTally::add(const NotedFailure& failure) {
  std::string_view subject = failure.subject.size() <= max_subject_bytes ? failure.subject : other_subject;
  const auto find = [&] {
    size_t i = 0;
    while (i < size_ && !entries_[i].is(subject, failure.code)) ++i;
    return i;
  };
  size_t place = find();
  if (place >= max_subjects) {  // the last entry is for the rest
    subject = other_subject;
    place = max_subjects;
  }
  Entry& entry = entries_[place];
  if (place == size_) {
    ++size_;
    entry.count = 0;
    entry.subject_bytes = static_cast<uint16_t>(subject.size());
    std::memcpy(entry.subject.data(), subject.data(), subject.size());
  }
  entry.count += failure.count;
  entry.code = failure.code.data();
  entry.code_bytes = static_cast<uint16_t>(failure.code.size());
  entry.at_ms = failure.at_ms;
  const size_t bytes = failure.reason.size() <= max_reason_bytes ? failure.reason.size() : 0;
  entry.reason_bytes = static_cast<uint16_t>(bytes);
  if (bytes != 0) std::memcpy(entry.reason.data(), failure.reason.data(), bytes);
}

bool AlertEpisodes::over(const Subject& subject, uint64_t now_ms) const {
  return now_ms > subject.last_ms && now_ms - subject.last_ms > rules_.within_ms;
}

AlertNotice AlertEpisodes::notice_of(AlertEvent event, const Subjects::value_type& entry, uint64_t at_ms) {
  const Subject& subject = entry.second;
  return {event, entry.first.first, subject.failures, subject.since_ms, at_ms, entry.first.second, subject.last_error};
}

// The subject's entry, created if needed; that of "other" if all are taken.
AlertEpisodes::Subjects::iterator AlertEpisodes::place_of(std::string_view subject, std::string_view code,
                                                          uint64_t now_ms, std::vector<AlertNotice>& notices) {
  Cause cause(subject, code);
  if (const auto found = subjects_.find(cause); found != subjects_.end()) return found;
  const bool own = subject == own_subject || subject == other_subject;
  const auto full = [this] {
    size_t named = subjects_.size();
    for (const std::string_view unnamed : {own_subject, other_subject}) {
      for (auto one = subjects_.lower_bound(Cause(unnamed, "")); one != subjects_.end() && one->first.first == unnamed;
           ++one) {
        --named;
      }
    }
    return named >= max_subjects - 2;
  };
  if (!own && full()) look(now_ms, notices);
  if (!own && full()) cause.first = other_subject;
  return subjects_.try_emplace(std::move(cause)).first;
}

// Whether this failure begins an episode.
bool AlertEpisodes::count_one(Subject& subject, uint64_t at_ms) const {
  if (subject.times.size() < rules_.after_failures) {
    subject.times.push_back(at_ms);
  } else {
    subject.times[subject.oldest] = at_ms;
    subject.oldest = (subject.oldest + 1) % subject.times.size();
  }
  if (subject.times.size() < rules_.after_failures) return false;
  const uint64_t first_ms = subject.times[subject.oldest];
  if (at_ms - first_ms > rules_.within_ms) return false;
  subject.since_ms = first_ms;
  return true;
}

void AlertEpisodes::failed(const NotedFailure& failure, std::vector<AlertNotice>& notices) {
  const auto place = place_of(failure.subject, failure.code, failure.at_ms, notices);
  Subject& subject = place->second;
  if (subject.failing && over(subject, failure.at_ms)) {  // the episode ended before look() noticed
    notices.push_back(notice_of(AlertEvent::recovered, *place, failure.at_ms));
    subject = Subject();
  }
  subject.last_ms = std::max(subject.last_ms, failure.at_ms);
  subject.last_error = failure.reason;
  uint32_t left = failure.count;
  while (left > 0 && !subject.failing) {
    --left;
    if (!count_one(subject, subject.last_ms)) continue;
    subject.failing = true;
    subject.failures = rules_.after_failures;
    notices.push_back(notice_of(AlertEvent::failing, *place, subject.last_ms));
  }
  subject.failures += left;
}

void AlertEpisodes::look(uint64_t now_ms, std::vector<AlertNotice>& notices) {
  for (auto entry = subjects_.begin(); entry != subjects_.end();) {
    if (!over(entry->second, now_ms)) {
      ++entry;
      continue;
    }
    if (entry->second.failing) notices.push_back(notice_of(AlertEvent::recovered, *entry, now_ms));
    entry = subjects_.erase(entry);
  }
}

void Alerts::gather(FailureTally& tally) {
  if (tally.empty()) return;
  const std::lock_guard lock(mutex_);
  tally.for_each([this](const NotedFailure& failure) { episodes_.failed(failure, fresh_); });
  tally.clear();
  keep();
}

uint64_t Alerts::take(uint64_t now_ms, std::vector<AlertNotice>& notices) {
  const std::lock_guard lock(mutex_);
  episodes_.look(now_ms, fresh_);
  keep();
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(notices));
  waiting_.clear();
  return std::exchange(dropped_, 0);
}

// Moves the notices from fresh_ to waiting_.
void Alerts::keep() {
  for (AlertNotice& notice : fresh_) {
    if (waiting_.size() == max_waiting) {
      waiting_.pop_front();
      ++dropped_;
    }
    waiting_.push_back(std::move(notice));
  }
  fresh_.clear();
}

}  // namespace sluice::alerts
