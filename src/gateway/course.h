// The attempts of one exchange, in order, until one of them answers: which target is asked, which limits apply, when an
// answer is good enough for the caller to see, and what happens when a target fails.
//
//   begin() -> asking --a rate limit lets it wait--> waiting --let in--> asking
//                |  ^
//                |  +--- next attempt <-- backing_off <--- it fails before any of it is sent ---+
//                v                                                                              |
//              trying --answer head--> held (commit_gate.h) --first output, or whole--> relaying --its end--> done
//                |                                                                          |
//                +--- no target is left: on_course_failed                                   +--- cut: on_course_failed
//   cancel() ends it in any state and releases everything it holds within that call.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/account.h"
#include "gateway/admission.h"
#include "gateway/attempt.h"
#include "gateway/byte_relay.h"
#include "gateway/caller_pass.h"
#include "gateway/commit_gate.h"
#include "gateway/context.h"
#include "gateway/event_relay.h"
#include "gateway/heartbeat.h"
#include "gateway/held_answer.h"
#include "gateway/intake.h"
#include "gateway/target_pass.h"
#include "gateway/translation.h"
#include "http/service.h"
#include "net/timers.h"
#include "routing/plan.h"
#include "routing/retry.h"

namespace sluice::gateway {

class Race;

class CourseEvents {
 public:
  // The whole answer has been written: call Responder::finish().
  virtual void on_course_end(uint64_t now_ns) = 0;
  // No target answers, or an answer that had begun broke off.
  virtual void on_course_failed(const Error& error) = 0;
  // The request is for a stream to which its caller may come back within `resume_ms`. Returns where the answer is sent
  // instead; nullptr: it is not kept.
  virtual http::Responder* on_resumable(uint32_t resume_ms) { return (void)resume_ms, nullptr; }

 protected:
  ~CourseEvents() = default;
};

class Course final : AttemptEvents, HeldAnswerEvents, RelayEvents, LimitEvents, CommitGateEvents, HeartbeatEvents {
 public:
  // What an exchange knows of its caller; all of it must outlive the course.
  struct Asker {
    const http::RequestHead& head;
    http::Responder* responder;
    Account& account;
    Intake& intake;
    const Admitted& admitted;
  };
  enum class State : unsigned char { asking, waiting, backing_off, trying, relaying, done };

  Course(Context& context, const Asker& asker, CourseEvents& events);
  ~Course();

  // The question is known: chooses the targets and asks the first of them. An error: none can be asked.
  Result<void> begin();
  // More of the body has arrived.
  void body_came() { asker_.intake.pass_on(leader_->attempt_.get(), *asker_.responder); }
  // The bytes buffered for the caller have been sent.
  void drained();
  // Asks `plan`'s first target in parallel with the race's first course, whose target is late (race.h). `attempts`:
  // made so far. False: it cannot be asked now.
  bool begin_beside(Race& race, routing::Plan plan, uint32_t attempts);
  // Ends what runs and settles what it took of the limits. May always be called; no event follows.
  void cancel(uint64_t now_ns);
  // The caller has left: if the route wants it, a request that has been sent is read to its end for the account. False:
  // the route does not want it, or nothing has been sent. Call drained() afterwards.
  bool go_on_alone();
  // The caller has left and may come back: everything continues as if it had not. False: no target has been asked.
  bool go_on_kept();
  // The route wants answers read to the end after the caller has left.
  bool is_read_alone() const { return plan_.entry != nullptr && plan_.entry->drain_on_disconnect; }
  // Takes back what has begun, as if there were no answer. False: part of it has been sent already.
  bool take_back();
  // The answer that has begun cannot be completed: sends the error within it. Call it before cancel().
  void break_off(const Error& error);

  State state() const { return leader_->state_; }
  // The relay of the answer; nullptr: there is none.
  const Relay* relay() const { return leader_->relay_; }
  const CallerPass* caller_pass() const { return leader_->caller_pass_.get(); }

 private:
  friend class Race;

  // AttemptEvents, HeldAnswerEvents, RelayEvents: how an answer begins and ends
  AnswerTaker& on_answer_head(http::ResponseHead& head) override;
  void on_attempt_failed(const Error& error) override;
  void on_target_ready() override { body_came(); }
  void on_sent_again() override { ++account_->attempts.last().sent_again; }
  void on_answer_kept() override;
  AnswerTaker& on_answer_let_go() override;
  void on_relayed(uint64_t now_ns) override;
  void on_relay_failed(const Error& error) override { on_attempt_failed(error); }
  bool on_error_told() override;
  // LimitEvents: how waiting for a rate limit ends
  void on_let_in() override;
  void on_not_let_in(const Error& error) override;
  // CommitGateEvents, HeartbeatEvents
  void on_commit() override;
  [[gnu::cold]] void on_silence() override;

  const routing::Target& target() const { return plan_.targets[at_]; }
  Result<void> choose_targets();
  Result<void> may_use_others() const;
  Result<void> choose_provider();
  [[gnu::cold]] size_t choose_key() const;
  [[gnu::cold]] bool take_other_key(const routing::Verdict& verdict);
  [[gnu::cold]] bool gives_way(const http::ResponseHead& head);
  // Attempts that count towards retry.attempts: changing the provider's key is free.
  uint32_t attempts_spent() const { return attempts_ - key_changes_; }
  routing::TargetHealth& key_place() const;
  [[gnu::cold]] void keep_stream(uint32_t resume_ms);
  [[gnu::cold]] void ask_next();
  Result<void> ask();
  Foreign foreign();
  const api::ModelFacts& told() const;  // what the provider's list says about the current target's model
  [[gnu::cold]] void answer_here();
  [[gnu::cold]] void remember_refusal();
  Result<void> prepare();
  Result<void> pass_limits();
  [[gnu::cold]] bool refused_by_provider() const;
  void start_attempt();
  void begin_attempt(OutgoingRequest request);
  void take_off();
  void end_attempt();
  [[gnu::cold]] void fail_course(const Error& error);
  [[gnu::cold]] void end_in_race(uint64_t now_ns);
  [[gnu::cold]] void watch_lateness();
  [[gnu::cold]] void race_is_over();
  [[gnu::cold]] bool is_raced() const;
  uint32_t attempts_sent() const;
  uint64_t settle_target(const TokenEstimate& tokens, uint64_t now_ns);
  IdWatch* watch_ids(int status);
  void relay_answer(http::ResponseHead& head);
  bool is_answer_due() const;
  std::optional<std::string_view> codings_for(const http::ResponseHead& head) const;
  [[gnu::cold]] std::string address_here(std::string_view at_target) const;

  bool may_ask_again() const;
  api::StreamFormat stream_format() const;
  [[gnu::cold]] void begin_by_beat(std::string_view beat);
  void end_relayed(const std::optional<routing::Outcome>& failure, std::string_view code, const std::string& message,
                   uint64_t now_ns);
  [[gnu::cold]] void fail_within_stream(const std::optional<routing::Outcome>& failure, const std::string& said);
  [[gnu::cold]] bool go_elsewhere(const routing::Outcome& outcome);
  [[gnu::cold]] bool advance(bool larger_window = false);
  [[gnu::cold]] void give_attempt_up();
  [[gnu::cold]] void note_our_turn();
  [[gnu::cold]] void on_backed_off();
  [[gnu::cold]] std::optional<routing::Outcome> told_failure(std::string& code, std::string& message) const;
  [[gnu::cold]] void blame(const routing::Verdict& verdict, std::string_view said, uint64_t now_ms);
  bool may_rescue() const;
  [[gnu::cold]] bool take_what_was_told();
  [[gnu::cold]] bool note_bar(api::Bar bar) const;
  [[gnu::cold]] bool rescue(const Error& met);
  [[gnu::cold]] bool ask_for_rest(const Error& met);
  [[gnu::cold]] void start_rest();
  bool goes_on_alone() const;
  [[gnu::cold]] Result<void> prepare_rest();
  [[gnu::cold]] bool take_repeat(uint64_t now_ms);
  [[gnu::cold]] void warn(const Error& error, std::string_view next) const;
  void note_health(uint64_t now_ns);
  void tell(std::string_view what) const;

  Context& context_;
  Asker asker_;
  Account* account_;  // asker_'s; the exchange's once this course has won a race
  CourseEvents& events_;
  Course* leader_ = this;  // the course that carries the answer: the other one once it has won the race
  State state_ = State::asking;
  bool usage_asked_ = false;  // by us: the usage chunk is hidden from the caller
  bool usage_left_ = false;   // the target refused that, and is asked once more without
  bool counted_stream_ = false;
  bool asks_around_ = false;   // it is unknown which provider made the requested object
  bool answers_here_ = false;  // no target is asked: the answer is an estimate, or is kept here
  bool judged_ = false;        // this attempt's failure has been judged
  bool alone_ = false;         // the caller has left, and the rest is read for the account only
  bool keeps_stream_ = false;  // the caller may come back for the answer
  bool kept_ = false;          // it has left and may come back
  bool asks_rest_ = false;     // the rest of its answer is, or will be, requested from the target
  uint8_t rests_ = 0;          // how often so far
  bool goes_on_ = false;       // the target continues the answer without a connection
  bool rescues_ = false;       // what the caller got of this stream is remembered
  bool by_prefix_ = false;     // this target was asked to continue an assistant message
  bool refuses_prefix_ = false;
  bool others_turn_ = false;          // it is ended during another attempt's turn
  bool parked_answer_ = false;        // an error is held, whole, until the race is over
  bool probes_ = false;               // it holds its target's one probe
  bool body_kept_ = true;             // the request can be sent once more
  uint8_t asked_ = 0;                 // how many providers have been asked around
  uint32_t tries_ = 0;                // at this target
  uint32_t attempts_ = 0;             // in all
  uint32_t key_changes_ = 0;          // of those, how many only changed the provider's key
  bool takes_other_key_ = false;      // the held answer rejects a key; the next one is tried
  size_t at_ = 0;                     // of plan_.targets
  size_t key_ = 0;                    // index of the provider's credential in use
  uint64_t refused_keys_ = 0;         // keys that this target has refused; a bit for each
  std::optional<size_t> makers_key_;  // the requested object is known to belong to this key
  std::optional<ErrorCode> told_as_;  // whose type a target's error within a begun stream has; nullopt: its own
  routing::Plan plan_;
  std::vector<api::Edit> edits_;             // of the body, for this target
  std::unique_ptr<CallerPass> caller_pass_;  // null, both: no limits
  std::unique_ptr<TargetPass> target_pass_;  // of the attempt
  std::unique_ptr<Attempt> attempt_;
  std::unique_ptr<HeldAnswer> held_;
  std::unique_ptr<IdWatch> ids_;
  std::unique_ptr<Error> parked_;             // its error, kept until the race is over
  std::unique_ptr<Race> race_;                // null: no race
  Race* beside_ = nullptr;                    // the race that this course was begun for; null again once it has won
  std::unique_ptr<BrokenAnswer> broken_;      // null: nothing has broken off
  std::unique_ptr<Translation> translation_;  // null: the target speaks the caller's dialect
  CommitGate gate_;
  ByteRelay first_relay_;
  std::unique_ptr<Relay> other_relay_;       // of a translation, or of a later attempt
  Relay* relay_ = nullptr;                   // null: the target has not been chosen, or was given up
  routing::TargetHealth* flying_ = nullptr;  // where the attempt counts as in flight
  uint64_t broken_sequence_ = 0;             // of the caller's frames, where they are numbered
  api::ArrayPlace broken_place_{};           // where the caller's stream stands, if it is an array
  std::optional<uint32_t> retry_after_ms_;   // from the last answer's head
  net::Timeout back_off_;
  Heartbeat heartbeat_;
};

}  // namespace sluice::gateway
