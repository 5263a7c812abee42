#include "gateway/race.h"

#include <utility>

#include "gateway/settlement.h"
#include "routing/hedge_budget.h"

namespace sluice::gateway {

Race::Race(Course& first) : first_(first), due_(this, [](void* self) { static_cast<Race*>(self)->begin(); }) {}

Race::~Race() = default;

const TokenEstimate& Race::estimate() const { return first_.caller_pass_->tokens(); }

void Race::watch() {
  if (second_ != nullptr) return;  // one race per exchange
  const config::Hedge& hedge = *first_.plan_.entry->hedge;
  constexpr uint64_t us_a_ms = 1'000;
  const uint64_t by_target_ms = first_.target().health->p95_us() / us_a_ms;
  const uint64_t after_ms = hedge.after_ms != 0 ? hedge.after_ms : by_target_ms;
  if (after_ms != 0) first_.context_.loop.timers().arm(due_, after_ms);  // otherwise it is unknown what counts as late
}

// The first attempt is late.
void Race::begin() {
  if (first_.state_ != Course::State::trying || !first_.may_ask_again()) return;
  if (first_.attempts_ >= first_.plan_.retry->attempts) return;
  std::vector<routing::Target>& targets = first_.plan_.targets;
  const uint64_t now_ms = first_.context_.loop.now_ms();
  size_t at = first_.at_ + 1;
  while (at < targets.size() && (!routing::may_be_asked(targets[at].health->standing(now_ms)) ||
                                 targets[at].health->is_full(targets[at].concurrent))) {
    ++at;
  }
  if (at == targets.size() || !first_.plan_.hedges->take(now_ms)) return;
  // The second course asks this target first, then all others that the first one has not asked.
  routing::Plan plan;
  plan.entry = first_.plan_.entry;
  plan.retry = first_.plan_.retry;
  plan.luck = first_.plan_.luck;
  plan.targets.push_back(targets[at]);
  for (size_t rest = first_.at_ + 1; rest < targets.size(); ++rest) {
    if (rest != at) plan.targets.push_back(targets[rest]);
  }
  const Account& own = *first_.account_;
  account_.request_id = own.request_id;
  account_.model = own.model;
  account_.endpoint = own.endpoint;
  account_.key = own.key;
  account_.key_secret = own.key_secret;
  account_.stream = own.stream;
  const Course::Asker& asker = first_.asker_;
  CourseEvents& events = *this;
  second_ = std::make_unique<Course>(
      first_.context_, Course::Asker{asker.head, asker.responder, account_, asker.intake, asker.admitted}, events);
  second_->keeps_stream_ = first_.keeps_stream_;
  running_ = second_->begin_beside(*this, std::move(plan), first_.attempts_);
  if (!running_) return second_->cancel(first_.context_.loop.now_ns());
  targets.erase(targets.begin() + static_cast<std::ptrdiff_t>(at));
  ++first_.attempts_;  // all attempts of an exchange count
  if (first_.gate_.begun_by_beat()) second_->gate_.note_begun();
  first_.context_.metrics.hedges_total.add(1);
}

void Race::stream_begun() {
  if (running_) second_->gate_.note_begun();
}

// Marks the attempt that was in flight when another answered.
void Race::note_lost(AttemptRecords& attempts, uint64_t now_ns) const {
  if (attempts.empty()) return;
  AttemptRecord& last = attempts.last();
  last.lost = true;
  last.ended_ns = now_ns;
  last.reason = "another target answered first";
}

void Race::first_has_won(uint64_t now_ns) {
  due_.cancel();
  if (!std::exchange(running_, false)) return;
  second_->end_in_race(now_ns);
  note_lost(account_.attempts, now_ns);
  first_.account_->attempts.add_earlier(std::move(account_.attempts));
}

void Race::second_has_won(uint64_t now_ns) {
  running_ = false;
  won_ = true;
  first_.context_.metrics.hedges_won_total.add(1);
  const bool lost = first_.attempt_ != nullptr && !first_.parked_ && !first_.parked_answer_;
  first_.end_in_race(now_ns);
  Account& account = *first_.account_;
  if (lost) note_lost(account.attempts, now_ns);
  account.attempts.lead(std::move(account_.attempts));
  account.target = account_.target;
  account.status = account_.status;
  account.dropped = std::move(account_.dropped);
  account.stream = account_.stream;
  second_->account_ = first_.account_;
  second_->caller_pass_ = std::move(first_.caller_pass_);
  second_->beside_ = nullptr;
  first_.leader_ = second_.get();
  second_->kept_ = first_.kept_;
  if (account.stream && !first_.kept_) second_->heartbeat_.start(first_.context_.config.heartbeat_ms);
}

void Race::cancel(uint64_t now_ns) {
  due_.cancel();
  if (second_ == nullptr) return;
  const bool was_running = std::exchange(running_, false);
  second_->cancel(now_ns);
  if (!was_running) return;
  if (!account_.attempts.empty()) {
    AttemptRecord& last = account_.attempts.last();
    last.code = ErrorCode::caller_gone;
    last.ended_ns = now_ns;
    last.reason = "cancelled with its request";
  }
  first_.account_->attempts.add_earlier(std::move(account_.attempts));
}

void Race::on_course_end(uint64_t now_ns) { first_.events_.on_course_end(now_ns); }

void Race::on_course_failed(const Error& error) {
  if (won_) return first_.events_.on_course_failed(error);
  if (!std::exchange(running_, false)) return;
  const uint64_t now_ns = first_.context_.loop.now_ns();
  if (!account_.attempts.empty()) note_failed_attempt(first_.context_, account_, now_ns);
  second_->cancel(now_ns);
  first_.account_->attempts.add_earlier(std::move(account_.attempts));
  first_.race_is_over();
}

}  // namespace sluice::gateway
