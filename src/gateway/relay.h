// Carries an attempt's answer to the caller as it arrives: head fields that may pass, body bytes as they are (or
// inflated, where the caller does not take the coding they came in), one write a turn. A tap reads along. Once begun,
// it takes the answer from the attempt itself and tells only how that ends.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer_tap.h"
#include "api/rate_limit_fields.h"
#include "base/result.h"
#include "config/config.h"
#include "gateway/answer_end.h"
#include "gateway/attempt.h"
#include "gateway/quoted_secrets.h"
#include "http/inflater.h"
#include "http/service.h"
#include "routing/router.h"

namespace sluice::gateway {

// How relaying an answer ends. The relay must not be destroyed inside one of these.
class RelayEvents {
 public:
  // All of it has been written: Responder::finish() is due.
  virtual void on_relayed(uint64_t now_ns) = 0;
  // It cannot be made whole, or could not be begun: break_off() is due if begun().
  virtual void on_relay_failed(const Error& error) = 0;

 protected:
  ~RelayEvents() = default;
};

// Fields of sluice's own that go on every answer.
struct OwnFields {
  std::string_view request_id;
  const routing::Target& target;  // what of its provider's keys is in the answer stays here
  uint32_t attempts = 1;
  std::span<const api::RateLimitFields::Field> rate_limits{};  // where there are any, the target's own do not pass
};

// What of its request an answer has to fit.
struct RelayedRequest {
  Dialect dialect{};
  std::optional<std::string_view> codings;  // the caller's Accept-Encoding
  bool hide_usage = false;                  // keep back the usage chunk nobody asked for
  uint32_t choices = 1;                     // as many of them have to finish
  bool stream_asked = false;  // what comes is a stream, although its content-type may not say so (Gemini's JSON array)
};

class Relay final : public AnswerTaker {
 public:
  // `responder` and `events` must outlive the relay; `pieces` is scratch that is used within one turn only.
  Relay(http::Responder& responder, std::vector<std::string_view>& pieces, RelayEvents& events)
      : responder_(responder), pieces_(pieces), events_(events) {}

  // Begins the answer, whose head was read at `now_ns`. `lines`: scratch. It fails (target_broke, told at the turn's
  // end) where the answer came in a coding that the caller does not take and that cannot be undone, or is a page where
  // an API's answer was due. False: it has failed.
  bool begin(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own, std::string& lines,
             uint64_t now_ns);
  // AnswerTaker. It fails (target_broke) where the coding is broken, and (target_cut) where nothing in the answer says
  // that it is whole (answer_end.h).
  void on_answer_body(std::string_view bytes) override;
  void on_answer_end() override;
  bool on_answer_turn() override;
  // The caller has taken what waited for it. False: what follows now is enough for it, or all there is.
  bool go_on() { return !holds_back_ || inflate_on(); }
  // The target broke off. True: what came is whole all the same, and has been written: Responder::finish() is due.
  bool end_early();
  // The answer cannot be made whole: writes what is due, and an error event if the caller reads a stream. The caller's
  // connection is to be cut after it.
  void break_off(const Error& error, std::string_view request_id);

  bool begun() const { return begun_; }
  bool ended() const { return ended_; }
  // Loop::now_ns(); 0: it did not come to that.
  uint64_t first_byte_ns() const { return first_byte_ns_; }  // of the body was read
  uint64_t relayed_ns() const { return relayed_ns_; }        // the first of the answer was written
  bool streaming() const { return tap_ && tap_->format() != api::StreamFormat::none; }
  int status() const { return status_; }
  const api::AnswerTap* tap() const { return tap_ ? &*tap_ : nullptr; }
  // The target has said that it failed: by its status, or by an error within its answer. error_text() is where it says
  // so, as far as it has come.
  bool failed() const { return error_text_ != nullptr; }
  std::string_view error_text() const { return failed() ? std::string_view(*error_text_) : std::string_view(); }

 private:
  enum class Coding : unsigned char { as_is, inflate_for_tap, inflate };
  Result<void> begin_answer(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own,
                            std::string& lines);
  Result<void> read(std::string_view bytes);
  Result<void> read_end();
  void turn();
  bool after_turn();
  [[gnu::cold]] bool inflate_on();
  [[gnu::cold]] Result<void> inflate_more();
  void keep();
  [[gnu::cold]] void mask_pieces();
  [[gnu::cold]] bool hold_back();
  [[gnu::cold]] void send_held();
  Shape shape() const;
  api::Standing standing() const;
  CallerFraming caller_framing() const;
  [[gnu::cold]] Result<void> inflate();
  [[gnu::cold]] void read_along(std::string_view bytes);
  void look(std::string_view bytes);
  [[gnu::cold]] void keep_error(std::string_view bytes);

  http::Responder& responder_;
  std::vector<std::string_view>& pieces_;
  RelayEvents& events_;
  std::optional<api::AnswerTap> tap_;
  std::unique_ptr<http::Inflater> inflater_;
  std::string kept_;  // this turn's bytes that the tap or the inflater would overwrite
  std::string inflated_;
  // Of a 429, whose body may say that waiting does not help: it waits for that body, of which this has what has come.
  struct HeldHead {
    std::string lines, reason;
    http::Responder::Length length;
    std::string body{};
  };
  std::unique_ptr<HeldHead> held_head_;
  std::string compressed_;                   // what has come and is not inflated yet
  std::unique_ptr<QuotedSecrets> secrets_;   // to be looked for in the body; null: in none but an error's
  std::unique_ptr<std::string> error_text_;  // null: the target has told of no failure so far
  std::unique_ptr<Error> failure_;           // met within a turn, told at its end
  uint64_t begun_ns_ = 0;                    // until the turn that the head came in is over
  uint64_t first_byte_ns_ = 0, relayed_ns_ = 0;
  Dialect dialect_{};
  Coding coding_ = Coding::as_is;
  int status_ = 0;
  Ending ending_ = Ending::by_framing;
  bool no_body_ = false;      // HEAD, 204, 304
  bool length_told_ = false;  // to the caller
  bool all_came_ = false;     // of the target's answer
  bool rewrites_ = false;     // the pieces are not simply the target's bytes
  bool opaque_ = false;       // the tap cannot read it
  bool holds_back_ = false;
  bool end_waits_ = false;  // read_end() has been called meanwhile
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace sluice::gateway
