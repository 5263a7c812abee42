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

#include "api/endpoint.h"
#include "api/request_peek.h"
#include "base/recycled.h"
#include "gateway/admission.h"
#include "gateway/attempt.h"
#include "gateway/context.h"
#include "gateway/exchange_list.h"
#include "gateway/limit_pass.h"
#include "gateway/relay.h"
#include "gateway/request_body.h"
#include "gateway/settlement.h"
#include "gateway/token_count.h"
#include "http/service.h"

namespace sluice::gateway {

class Exchange final : public http::RequestHandler,
                       public Recycled<Exchange>,
                       AttemptEvents,
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
  void on_request_broken(const Error& error) override;
  void on_drained() override;
  void on_caller_gone(const Error& error) override;
  // AttemptEvents: what the target does
  void on_answer_head(http::ResponseHead& head) override;
  void on_answer_body(std::string_view bytes) override;
  void on_answer_end() override;
  void on_answer_turn() override;
  void on_attempt_failed(const Error& error) override;
  void on_target_ready() override;
  void on_sent_again() override { ++account_.attempts; }
  // ListedExchange: what an admin is told of it
  uint64_t since_ns() const override { return responder_.received_ns(); }
  void describe(std::string& out, uint64_t now_ns) const override;
  // LimitEvents: how waiting for a rate limit ends
  void on_let_in() override;
  void on_not_let_in(const Error& error) override;

  Result<void> check_head();
  Result<void> take_body(std::string_view bytes);
  Result<void> read_body();
  Result<void> read_json();
  Result<void> read_url();
  Result<void> choose_target(std::string_view model);
  Result<void> pass_limits(uint64_t most_output_tokens, bool more_follows);
  void start_attempt(bool more_follows);
  void send_rest();
  void after_turn();
  [[gnu::cold]] void inflate_on();
  void answer_known_path();
  [[gnu::cold]] Error without_secrets(const Error& error) const;
  [[gnu::cold]] void refuse(const Error& met);
  [[gnu::cold]] void cut(const Error& met);
  void note(const Error& error);
  void tell(std::string_view what) const;
  void finish(uint64_t now_ns = net::Loop::now_ns());
  uint64_t outgoing_bytes(bool more_follows) const;
  [[gnu::cold]] void hold_answer(const http::ResponseHead& head);
  [[gnu::cold]] void read_held();
  [[gnu::cold]] void ask_without_usage();
  [[gnu::cold]] void end_early();

  Context& context_;
  const http::RequestHead& head_;
  http::Responder& responder_;
  State state_ = State::receiving;
  bool usage_asked_ = false;  // by us: its chunk is kept from the caller
  uint8_t choices_ = 1;       // as many are asked for
  bool body_ended_ = false;
  bool counted_stream_ = false;
  bool passed_on_ = false;  // an upload that goes on as it arrives
  Account account_;
  Admitted admitted_;
  api::Match match_;
  RequestBody body_;  // its memory is given back once the target has it and answers
  std::string rest_;  // of an upload that is passed on as it arrives: what the target has not taken yet
  std::vector<api::Edit> edits_;
  routing::Target target_;
  LimitPass limit_pass_;
  TokenEstimate tokens_;
  std::unique_ptr<Attempt> attempt_;  // refers to account_.target
  Relay relay_;
  // An answer that may be a refusal of `stream_options`, which only we have asked for.
  struct HeldAnswer {
    http::ResponseHead head;
    std::string body;
    bool ended = false;
  };
  std::unique_ptr<HeldAnswer> held_;
  std::unique_ptr<Error> failure_;  // met inside a batch of the answer, acted on at its end
  uint64_t turn_ns_ = 0;            // when that batch was read, if the answer's head was in it
};

}  // namespace sluice::gateway
