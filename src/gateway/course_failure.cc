// Course: what happens when a target fails: it asks another, waits, or ends.
#include <utility>

#include "api/error_words.h"
#include "api/target_error.h"
#include "gateway/course.h"
#include "gateway/quoted_secrets.h"
#include "gateway/settlement.h"

namespace sluice::gateway {

bool Course::may_ask_again() const {
  return body_kept_ && !alone_ && !asks_around_ && account_->endpoint->model_in != api::ModelIn::nowhere &&
         !asker_.intake.goes_on() && asker_.intake.ended();
}

// The failure that the target's answer reports; nullopt: it reports none.
std::optional<routing::Outcome> Course::told_failure(std::string& code, std::string& message) const {
  if (!relay_->failed() || relay_->ended_well()) return std::nullopt;  // the answer was whole before the error
  api::TargetWords words = api::target_words(relay_->error_text());
  code = std::move(words.code);
  message = std::move(words.message);
  const int status = account_->attempts.last().status;
  // A caller may put such words into the name of a model, which errors quote.
  const std::string_view said = tells_of_money(target().model) ? std::string_view() : message;
  return routing::Outcome{outcome_of(status, code, said), status, code, said, retry_after_ms_, !gate_.holding()};
}

void Course::on_relayed(uint64_t now_ns) {
  std::string code, message;
  const std::optional<routing::Outcome> failure = told_failure(code, message);
  if (failure && go_elsewhere(*failure)) return;
  if (failure && beside_ != nullptr) return fail_course({failure->code, message});
  if (failure && is_raced()) {
    parked_answer_ = true;
    return;
  }
  end_relayed(failure, code, message, now_ns);
}

// The answer is whole and the caller's. `failure`: what it reports.
void Course::end_relayed(const std::optional<routing::Outcome>& failure, std::string_view code,
                         const std::string& message, uint64_t now_ns) {
  if (gate_.begun_by_beat() && (failure || !relay_->streaming())) return fail_within_stream(failure, message);
  if (failure && gate_.holding() && relay_->status() < 300) {  // SDKs accept any 200 as an answer
    const QuotedSecrets secrets(*target().provider);
    relay_->tell_status(status_within(0, code, message));
    const bool masked = gate_.restate(relay_->told_status(), secrets);
    const bool is_packed = !masked && translation_ == nullptr && !relay_->streaming();
    if (is_packed && secrets.stand_in(relay_->error_text())) {  // compressed: nothing can be masked in it
      return fail_course(without_secrets(context_.log, target().provider, {failure->code, message}));
    }
  }
  gate_.commit();
  if (!failure) note_health(now_ns);
  account_->status = relay_->told_status();
  state_ = State::done;
  events_.on_course_end(now_ns);
}

// An error event within a stream; the stream may continue for long after it.
bool Course::on_error_told() {
  std::string code, message;
  const std::optional<routing::Outcome> failure = told_failure(code, message);
  if (!failure) return false;
  if (go_elsewhere(*failure)) return true;
  if (!gate_.holding()) {
    const Error told{failure->code, account_->attempts.last().reason};
    if (rescue(told)) return true;
    if (translation_ != nullptr || broken_ == nullptr) return false;
    fail_course(told);  // part of the error's frame may be lost with what was remembered
    return true;
  }
  if (beside_ != nullptr) {
    fail_course({failure->code, message});
    return true;
  }
  if (translation_ == nullptr && !is_raced()) gate_.commit();
  return false;
}

// The answer is no stream, but the caller already has a stream's head.
void Course::fail_within_stream(const std::optional<routing::Outcome>& failure, const std::string& said) {
  const int status = relay_->told_status();
  Error error{failure ? failure->code : ErrorCode::target_broke, said};
  if (error.message.empty())
    error.message = "the target answered with status " + std::to_string(status) + ", but not with a stream";
  if (failure) told_as_ = api::code_of_status(status);
  constexpr int ok = 200;
  account_->status = ok;
  fail_course(without_secrets(context_.log, target().provider, error));
}

void Course::note_health(uint64_t now_ns) {
  if (target().health == nullptr) return;
  probes_ = false;
  const uint64_t began_ns = account_->attempts.last().ready_ns;
  const uint64_t first_ns = relay_->first_byte_ns();
  target().health->succeeded(now_ns / 1'000'000, first_ns > began_ns ? (first_ns - began_ns) / 1'000 : 0);
  target().health->credential_works(key_, began_ns / 1'000'000);
}

void Course::on_attempt_failed(const Error& met) {
  if (state_ == State::done) return;
  if (met.code == ErrorCode::caller_gone) return fail_course(met);
  if (relay_ != nullptr && relay_->end_early()) return on_relayed(context_.loop.now_ns());
  if (asks_around_ && (relay_ == nullptr || !relay_->begun())) return ask_next();
  const Error error = without_secrets(context_.log, target().provider, met);
  const bool out = relay_ != nullptr && relay_->begun() && !gate_.holding();
  const int status = account_->attempts.last().status;
  if (go_elsewhere({error.code, status, {}, error.message, retry_after_ms_, out})) return;
  if (out && (ask_for_rest(error) || rescue(error))) return;
  warn(error, "none");
  fail_course(error);
}

void Course::warn(const Error& error, std::string_view next) const {
  context_.log.warn("target failed", {{"request_id", account_->request_id},
                                      {"target", account_->attempts.last().target->label()},
                                      {"code", name_of(error.code)},
                                      {"reason", error.message},
                                      {"next", next}});
}

// Starts or schedules another attempt if there may be one, and discards this one. False: there is none.
bool Course::go_elsewhere(const routing::Outcome& outcome) {
  if (std::exchange(judged_, true)) return false;
  constexpr size_t max_reason_bytes = 256;
  const uint64_t now_ms = context_.loop.now_ms();
  routing::Verdict verdict = routing::judge(outcome, tries_, *plan_.retry, context_.loop.random().next());
  if (translation_ &&
      translation_->misfit() != nullptr) {  // the target did nothing wrong; it only contradicts the one before it
    verdict.blame = routing::Blame::nobody;
    verdict.bench_ms = 0;
  }
  AttemptRecord& record = account_->attempts.last();
  record.code = outcome.code;
  record.ended_ns = context_.loop.now_ns();
  const std::string said = QuotedSecrets(*target().provider).masked(std::string(outcome.message));
  record.reason = context_.log.cut_masked(said, max_reason_bytes);
  blame(verdict, record.reason, now_ms);
  if (beside_ != nullptr || !may_ask_again()) return false;
  const bool may = attempts_spent() < plan_.retry->attempts;
  const bool other_key = take_other_key(verdict);
  if (!other_key && (!may || verdict.next == routing::Next::give_up)) return false;
  if (other_key) verdict.wait_ms = 0;
  bool again = other_key || (verdict.next == routing::Next::again && take_repeat(now_ms));
  if (!again && !advance(verdict.larger_window)) {
    again = verdict.or_again && take_repeat(now_ms);
    if (!again) return false;
  }
  const std::string_view at_same = other_key ? "the same target with another key" : "the same target again";
  warn({outcome.code, record.reason}, again ? std::string(at_same) : target().label());
  note_failed_attempt(context_, *account_, context_.loop.now_ns());
  give_attempt_up();
  if (again && verdict.wait_ms != 0) {
    state_ = State::backing_off;
    context_.loop.timers().arm(back_off_, verdict.wait_ms);
  } else {
    on_backed_off();
  }
  return true;
}

// Whether the provider has another usable credential. It is asked with that one next, which does not count as a repeat.
bool Course::take_other_key(const routing::Verdict& verdict) {
  constexpr uint32_t most = 4;
  const config::Provider& provider = *target().provider;
  if (!verdict.other_key || provider.api_keys.empty() || key_changes_ == most) return false;
  refused_keys_ |= uint64_t{1} << key_;
  if (!key_place().free_credential(provider, context_.loop.now_ms(), plan_.luck, refused_keys_)) return false;
  tries_ = 0;
  ++key_changes_;
  return true;
}

// For a request that names no model: its key was refused, so nothing has been done, and the provider has another key.
// Not if the requested object is known to belong to one key.
bool Course::gives_way(const http::ResponseHead& head) {
  const bool of_key = head.status == 401 || head.status == 403 || head.status == 429;
  if (!of_key || target().health != nullptr || makers_key_ || asks_around_ || alone_) return false;
  if (!asker_.intake.ended() || asker_.intake.goes_on() || !body_kept_) return false;
  const ErrorCode code = outcome_of(head.status, {}, {});
  const routing::Outcome outcome{code, head.status, {}, {}, retry_after_ms_, false};
  const routing::Verdict verdict = routing::judge(outcome, 1, *plan_.retry, context_.loop.random().next());
  if (!take_other_key(verdict)) return false;
  judged_ = true;
  AttemptRecord& record = account_->attempts.last();
  record.code = code;
  record.ended_ns = context_.loop.now_ns();
  record.reason = "answered with status " + std::to_string(head.status);
  blame(verdict, record.reason, context_.loop.now_ms());
  warn({code, record.reason}, "the same provider with another key");
  note_failed_attempt(context_, *account_, record.ended_ns);
  return true;
}

// Counts the failure against the target, the credential or nothing.
void Course::blame(const routing::Verdict& verdict, std::string_view said, uint64_t now_ms) {
  routing::TargetHealth* const health = target().health;
  const bool several_keys = !target().provider->api_keys.empty();
  if (health == nullptr) {  // a key that may not do this may serve any model
    const bool is_limited = account_->attempts.last().code == ErrorCode::target_rate_limited;
    if (several_keys && is_limited && verdict.other_key && verdict.bench_ms != 0) {
      key_place().rest_credential(now_ms + verdict.bench_ms, key_);
    }
    return;
  }
  probes_ = false;
  const bool told = retry_after_ms_ && verdict.blame != routing::Blame::credential;
  const uint32_t rest_ms = told ? health->confirmed_rest_ms(now_ms, verdict.bench_ms) : verdict.bench_ms;
  switch (verdict.blame) {
    case routing::Blame::nobody:
      health->answered(now_ms);
      if (rest_ms == 0) return;
      if (verdict.other_key && several_keys) {
        health->rest_credential(now_ms + rest_ms, key_);
      } else {
        health->leave_alone(now_ms + rest_ms);  // it has asked us to wait
      }
      break;
    case routing::Blame::credential:
      if (rest_ms != 0) health->bench_credential(now_ms + rest_ms, key_, now_ms);
      break;
    case routing::Blame::target:
      health->failed(now_ms, plan_.entry != nullptr ? plan_.entry->breaker : config::Breaker());
      if (rest_ms != 0) health->leave_alone(now_ms + rest_ms);
      break;
  }
  health->note_error(now_ms, said);
}

bool Course::take_repeat(uint64_t now_ms) { return target().health == nullptr || target().health->take_repeat(now_ms); }

void Course::give_attempt_up() {
  end_attempt();
  gate_.drop();
  if (target_pass_) target_pass_->leave(0, context_.loop.now_ns());
  if (relay_ != nullptr && relay_->tap() != nullptr) account_->earlier.add(relay_->tap()->usage());
  relay_ = nullptr;
  context_.loop.dispose(std::move(held_));
  context_.loop.dispose(std::move(other_relay_));
  context_.loop.dispose(std::move(translation_));
  context_.loop.dispose(std::move(ids_));
  usage_asked_ = usage_left_ = false;
  account_->dropped.clear();
  if (std::exchange(counted_stream_, false)) context_.metrics.active_streams.add(-1);
}

void Course::on_backed_off() {
  note_our_turn();
  if (asks_rest_) return start_rest();
  state_ = State::asking;
  if (const Result<void> asked = ask(); !asked) fail_course(asked.error());
}

}  // namespace sluice::gateway
