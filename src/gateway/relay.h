// Carries an attempt's answer to the caller as it arrives: head fields that may pass, body bytes as they are (or
// inflated, where the caller does not take the coding they came in), one write a turn. A tap reads along.
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
#include "gateway/quoted_secrets.h"
#include "http/inflater.h"
#include "http/service.h"

namespace sluice::gateway {

// Fields of sluice's own that go on every answer.
struct OwnFields {
  std::string_view request_id;
  std::string_view target;
  uint32_t attempts = 1;
  std::span<const api::RateLimitFields::Field> rate_limits{};  // where there are any, the target's own do not pass
  const config::Provider* provider = nullptr;  // where the answer comes from: what of its keys is in it stays here
  bool stream_asked = false;  // what comes is a stream, although its content-type may not say so (Gemini's JSON array)
};

// What of its request an answer has to fit.
struct RelayedRequest {
  Dialect dialect = Dialect::openai;
  std::optional<std::string_view> codings;  // the caller's Accept-Encoding
  bool hide_usage = false;                  // keep back the usage chunk nobody asked for
  uint32_t choices = 1;                     // as many of them have to finish
};

class Relay {
 public:
  // `responder` must outlive the relay; `pieces` is scratch that is used within one turn only.
  Relay(http::Responder& responder, std::vector<std::string_view>& pieces) : responder_(responder), pieces_(pieces) {}

  // Begins the answer. `lines`: scratch. target_broke: it came in a coding that the caller does not take and that
  // cannot be undone, or it is a page where an API's answer was due.
  Result<void> begin(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own,
                     std::string& lines);
  // `bytes` must live until turn(). target_broke: the coding is broken.
  Result<void> body(std::string_view bytes);
  // The answer's end. target_cut: nothing in it says that it is whole (answer_end.h).
  Result<void> end();
  // The target broke off. True: what came is whole all the same, and turn() will end it.
  bool end_early();
  // Not all that came could be inflated yet, as the caller is slow: go_on() is due, and then turn(), once it has taken
  // what waits for it.
  bool holds_back() const { return holds_back_; }
  // As body(), and as end() where that has been called.
  Result<void> go_on();
  // Writes what came since the last turn, and the end if it has come: then Responder::finish() is due.
  void turn();
  // The answer cannot be made whole: writes what is due, and an error event if the caller reads a stream. The caller's
  // connection is to be cut after it.
  void break_off(const Error& error, std::string_view request_id);

  bool begun() const { return begun_; }
  bool ended() const { return ended_; }
  bool streaming() const { return tap_ && tap_->format() != api::StreamFormat::none; }
  int status() const { return status_; }
  const api::AnswerTap* tap() const { return tap_ ? &*tap_ : nullptr; }
  // The target has said that it failed: by its status, or by an error within its answer. error_text() is where it says
  // so, as far as it has come.
  bool failed() const { return error_text_ != nullptr; }
  std::string_view error_text() const { return failed() ? std::string_view(*error_text_) : std::string_view(); }

 private:
  enum class Coding : unsigned char { as_is, inflate_for_tap, inflate };
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
  std::unique_ptr<std::string> error_text_;  // null: no failure so far
  Dialect dialect_ = Dialect::openai;
  Coding coding_ = Coding::as_is;
  int status_ = 0;
  Ending ending_ = Ending::by_framing;
  bool no_body_ = false;      // HEAD, 204, 304
  bool length_told_ = false;  // to the caller
  bool all_came_ = false;     // of the target's answer
  bool rewrites_ = false;     // the pieces are not simply the target's bytes
  bool opaque_ = false;       // the tap cannot read it
  bool holds_back_ = false;
  bool end_waits_ = false;  // end() has been called meanwhile
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace sluice::gateway
