// Carries an attempt's answer to the caller as it arrives: the same bytes (byte_relay.h), or translated
// (event_relay.h). A tap reads along. Once begun, it takes the answer from the attempt itself and tells only how that
// ends.
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
#include "gateway/attempt.h"
#include "gateway/id_makers.h"
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
  // The target has told of its failure within a stream, which may go on for long behind it. Once. True: what it told is
  // not the caller's to see, and the relay is of no use any more.
  virtual bool on_error_told() = 0;

 protected:
  ~RelayEvents() = default;
};

// Fields of sluice's own that go on every answer.
struct OwnFields {
  std::string_view request_id;
  const routing::Target& target;  // what of its provider's keys is in the answer stays here
  uint32_t attempts = 1;
  std::span<const api::RateLimitFields::Field> rate_limits{};  // where there are any, the target's own do not pass
  std::string_view dropped{};  // what of the request the target was not told: `sluice-dropped`; "": nothing
  // A field that names an address at the target, at which the caller goes on, and the same address here; "": none.
  std::string_view address_field{}, address{};
};

// What of its request an answer has to fit.
struct RelayedRequest {
  Dialect dialect{};
  std::optional<std::string_view> codings;  // the caller's Accept-Encoding
  bool hide_usage = false;                  // keep back the usage chunk nobody asked for
  uint32_t choices = 1;                     // as many of them have to finish
  IdWatch* ids = nullptr;                   // looks for the id of what was made; outlives the relay's answer
  bool passes = false;                      // nothing is known of what comes but how it is framed
  bool answers = false;                     // a model's answer is due: nothing at all is none
  api::StreamFormat format{};               // of the caller's streams
  bool stream_asked = false;  // what comes is a stream, although its content-type may not say so (Gemini's JSON array)
};

class Relay : public AnswerTaker {
 public:
  // `responder` and `events` must outlive the relay; `pieces` is scratch that is used within one turn only.
  Relay(http::Responder& responder, std::vector<std::string_view>& pieces, RelayEvents& events)
      : responder_(responder), pieces_(pieces), events_(events) {}
  virtual ~Relay() = default;

  // Begins the answer, whose head was read at `now_ns`. `lines`: scratch. It fails (target_broke, told at the turn's
  // end) where the answer came in a coding that the caller does not take and that cannot be undone, or is a page where
  // an API's answer was due. False: it has failed.
  bool begin(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own, std::string& lines,
             uint64_t now_ns);
  // The caller has taken what waited for it. False: what follows now is enough for it, or all there is.
  virtual bool go_on() = 0;
  // The target broke off. True: what came is whole all the same, and has been written: Responder::finish() is due.
  virtual bool end_early() = 0;
  // The answer cannot be made whole: writes what is due, and an error event if the caller reads a stream. The caller's
  // connection is to be cut after it.
  virtual void break_off(const Error& error, std::string_view request_id) = 0;

  bool has_all() const override { return tap_ && tap_->whole() && streaming(); }

  bool begun() const { return begun_; }  // the caller's answer
  bool ended() const { return ended_; }
  // Loop::now_ns(); 0: it did not come to that.
  uint64_t first_byte_ns() const { return first_byte_ns_; }  // of the body was read
  uint64_t relayed_ns() const { return relayed_ns_; }        // the first of the answer was written
  bool streaming() const { return tap_ && tap_->format() != api::StreamFormat::none; }
  // The tap reads what it says.
  bool is_read() const { return tap_ && tap_->standing() != api::Standing::unread; }
  // What of the answer the caller could not be told, as in `sluice-dropped`.
  virtual std::string untold() const { return {}; }
  // A heartbeat may be put where the caller's stream stands.
  virtual bool between_frames() const = 0;
  // Of a stream: some of what was asked for has come, or its end.
  bool output_begun() const { return tap_ && (tap_->output_begun() || tap_->whole()); }
  int status() const { return status_; }                                          // the target's
  int told_status() const { return told_status_ != 0 ? told_status_ : status_; }  // to the caller
  void tell_status(int status) { told_status_ = status; }
  const api::AnswerTap* tap() const { return tap_ ? &*tap_ : nullptr; }
  // The target has said that it failed: by its status, or by an error within its answer. error_text() is where it says
  // so, as far as it has come.
  bool failed() const { return error_text_ != nullptr; }
  std::string_view error_text() const { return failed() ? std::string_view(*error_text_) : std::string_view(); }

 protected:
  virtual Result<void> begin_answer(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own,
                                    std::string& lines) = 0;
  // `bytes` of the answer, after any coding, which the tap has read.
  void look(std::string_view bytes) {
    if (error_text_ || tap_->saw_error()) keep_error(bytes);
    if (ids_ != nullptr) watch(bytes);
  }
  // What was kept back of this turn, since it tells of a failure, goes on.
  virtual void release() {}
  // What was written this turn is on its way. Whether the caller takes the answer fast enough for more to be read.
  bool after_turn();

  http::Responder& responder_;
  std::vector<std::string_view>& pieces_;
  RelayEvents& events_;
  std::optional<api::AnswerTap> tap_;
  std::unique_ptr<std::string> error_text_;  // null: the target has told of no failure so far
  std::unique_ptr<Error> failure_;           // met within a turn, told at its end
  uint64_t begun_ns_ = 0;                    // until the turn that the head came in is over
  uint64_t first_byte_ns_ = 0, relayed_ns_ = 0;
  int status_ = 0;
  int told_status_ = 0;  // 0: the target's
  bool begun_ = false;
  bool ended_ = false;
  bool error_told_ = false;

 private:
  [[gnu::cold]] void keep_error(std::string_view bytes);
  [[gnu::cold]] void watch(std::string_view bytes) {
    if (!ids_->take(bytes)) ids_ = nullptr;
  }

  IdWatch* ids_ = nullptr;
};

// The kind of error that a target's status stands for, for the caller's own word for it.
ErrorCode code_for(int status);

// The status for an error that was told within an answer of 200; `told`: by the error itself, `code`: its name.
[[gnu::cold]] int status_within(int told, std::string_view code);

// What comes where a model's answer is due and its type says nothing of it.
[[gnu::cold]] api::MediaType type_due(const RelayedRequest& request, api::StreamFormat format);

// Errors that both kinds of relay tell.
[[gnu::cold]] tl::unexpected<Error> nothing_answered(int status);
[[gnu::cold]] tl::unexpected<Error> cut_short();
[[gnu::cold]] tl::unexpected<Error> page_in_place(std::string_view type);
// Of a coding that nobody asked for.
[[gnu::cold]] tl::unexpected<Error> coding_unasked(std::string_view name);

}  // namespace sluice::gateway
