// One request of a caller and all that is done to answer it.
//
//   receiving ---body whole, or the model found in an upload---> trying ---answer head---> relaying ---its end---> done
//       |   |                                                     ^ |                          |
//       |   +---a rate limit lets it wait---> waiting ---let in---+ |                          |
//       |                                        |                  |                          |
//       +--- refused (key, path, body, model,    +--- refused       +--- attempt failed:       +--- cut: error event,
//            limit): error answer                     after all          error answer               connection closed
//   The caller leaving ends it in any state: the attempt is cancelled at once.
//
// Every way out goes through finish(), once, which settles the account.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/recycled.h"
#include "gateway/account.h"
#include "gateway/admission.h"
#include "gateway/attempt.h"
#include "gateway/byte_relay.h"
#include "gateway/caller_pass.h"
#include "gateway/context.h"
#include "gateway/event_relay.h"
#include "gateway/exchange_list.h"
#include "gateway/held_answer.h"
#include "gateway/intake.h"
#include "gateway/translation.h"
#include "http/service.h"

namespace sluice::gateway {

class Exchange final : public http::RequestHandler,
                       public Recycled<Exchange>,
                       AttemptEvents,
                       HeldAnswerEvents,
                       RelayEvents,
                       LimitEvents,
                       ListedExchange {
 public:
  // All references must outlive the exchange.
  Exchange(Context& context, const http::RequestHead& head, http::Responder& responder);
  ~Exchange() override;
  // Looks at the head: may answer at once. `refused`: why it is not let in at all, which is then the answer.
  void begin(const Error* refused = nullptr);

 private:
  enum class State : unsigned char { receiving, waiting, trying, relaying, done };

  // http::RequestHandler: what the caller does
  void on_body(std::string_view bytes) override;
  void on_body_end() override;
  std::span<char> body_room(uint64_t left) override;
  void on_request_broken(const Error& error) override;
  void on_drained() override;
  void on_caller_gone(const Error& error) override;
  // AttemptEvents, HeldAnswerEvents, RelayEvents: how the answer begins, and how it ends
  AnswerTaker& on_answer_head(http::ResponseHead& head) override;
  void on_attempt_failed(const Error& error) override;
  void on_target_ready() override { intake_.pass_on(attempt_.get(), responder_); }
  void on_sent_again() override { ++account_.attempts.last().sent_again; }
  void on_answer_kept() override;
  AnswerTaker& on_answer_let_go() override;
  void on_relayed(uint64_t now_ns) override;
  void on_relay_failed(const Error& error) override { on_attempt_failed(error); }
  // ListedExchange: what an admin is told of it
  uint64_t since_ns() const override { return responder_.received_ns(); }
  void describe(std::string& out, uint64_t now_ns) const override;
  // LimitEvents: how waiting for a rate limit ends
  void on_let_in() override;
  void on_not_let_in(const Error& error) override;

  Result<void> check_head();
  [[gnu::cold]] Result<void> check_access(const api::Match& match) const;
  void go_on(const Result<bool>& asked);
  Result<void> answer_question();
  Result<void> choose_target();
  [[gnu::cold]] Result<routing::Target> choose_provider();
  [[gnu::cold]] void ask_next();
  IdWatch* watch_ids(int status);
  Result<void> translate();
  Relay& relay() { return event_relay_ ? static_cast<Relay&>(*event_relay_) : byte_relay_; }
  Result<void> pass_limits();
  void start_attempt();
  void end_attempt();
  void relay_answer(http::ResponseHead& head);
  [[gnu::cold]] std::string address_here(std::string_view at_target) const;
  void answer_known_path();
  [[gnu::cold]] Error without_secrets(const Error& error) const;
  [[gnu::cold]] void refuse(const Error& met);
  [[gnu::cold]] void cut(const Error& met);
  void tell(std::string_view what) const;
  void finish() { finish(context_.loop.now_ns()); }
  void finish(uint64_t now_ns);

  Context& context_;
  const http::RequestHead& head_;
  http::Responder& responder_;
  State state_ = State::receiving;
  bool usage_asked_ = false;  // by us: its chunk is kept from the caller
  bool counted_stream_ = false;
  bool asks_around_ = false;  // nobody knows who made what is asked for
  uint8_t asked_ = 0;         // so many have been asked for it
  Account account_;
  Admitted admitted_;
  Intake intake_;  // its memory is given back once the target has it and answers
  routing::Target target_;
  std::vector<api::Edit> edits_;             // of the body, for this target
  std::unique_ptr<CallerPass> caller_pass_;  // null, both: nothing is limited
  std::unique_ptr<TargetPass> target_pass_;  // of the attempt
  std::unique_ptr<Attempt> attempt_;
  std::unique_ptr<HeldAnswer> held_;
  std::unique_ptr<IdWatch> ids_;
  std::unique_ptr<Translation> translation_;  // null: the target speaks the caller's dialect
  std::unique_ptr<EventRelay> event_relay_;   // of that translation
  ByteRelay byte_relay_;
};

}  // namespace sluice::gateway
