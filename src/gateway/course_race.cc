// Course: racing a second target (race.h).
#include <utility>

#include "gateway/course.h"
#include "gateway/race.h"
#include "gateway/settlement.h"

namespace sluice::gateway {

// This is the race's first course, and a second one is running.
bool Course::is_raced() const { return beside_ == nullptr && race_ && race_->running(); }

// Includes the other course's attempts.
uint32_t Course::attempts_sent() const {
  const uint32_t own = account_->attempts.sent();
  return own + (beside_ != nullptr ? beside_->first_sent() : race_ ? race_->second_sent() : 0);
}

void Course::watch_lateness() {
  if (beside_ != nullptr || !may_ask_again()) return;
  if (!race_) race_ = std::make_unique<Race>(*this);
  race_->watch();
}

bool Course::begin_beside(Race& race, routing::Plan plan, uint32_t attempts) {
  beside_ = &race;
  plan_ = std::move(plan);
  attempts_ = attempts;
  account_->target = &target();
  if (!prepare() || (translation_ && !translation_->estimate().empty())) return false;
  if (context_.limits != nullptr) {
    target_pass_ = std::make_unique<TargetPass>(*context_.limits, target().provider);
    if (target_pass_->take(race.estimate().total(), context_.loop.now_ns())) return false;
  }
  start_attempt();
  return true;
}

// No target is left to ask, but the other course may still answer.
void Course::fail_course(const Error& error) {
  if (!is_raced()) return events_.on_course_failed(error);
  parked_ = std::make_unique<Error>(error);
}

// The second course has failed: this one's parked result counts.
void Course::race_is_over() {
  if (const std::unique_ptr<Error> error = std::move(parked_)) return events_.on_course_failed(*error);
  if (std::exchange(parked_answer_, false)) {
    std::string code, message;
    const std::optional<routing::Outcome> failure = told_failure(code, message);
    end_relayed(failure, code, message, context_.loop.now_ns());
  } else if (relay_ != nullptr && relay_->failed() && gate_.holding() && translation_ == nullptr) {
    gate_.commit();
  }
}

// The other course has won.
void Course::end_in_race(uint64_t now_ns) {
  if (parked_ || parked_answer_) note_failed_attempt(context_, *account_, now_ns);
  state_ = State::done;
  back_off_.cancel();
  heartbeat_.stop();
  others_turn_ = true;
  end_attempt();
  gate_.drop();
  if (caller_pass_) {
    caller_pass_->stop_waiting();
    settle_target(caller_pass_->tokens(), now_ns);
  } else if (context_.limits != nullptr) {
    settle_target(beside_->estimate(), now_ns);
  }
  if (std::exchange(counted_stream_, false)) context_.metrics.active_streams.add(-1);
}

}  // namespace sluice::gateway
