// Relays an attempt's answer to the caller as it arrives: the same bytes (byte_relay.h), or translated (event_relay.h).
// A tap reads along. Once begun, it receives the answer directly from the attempt and only reports how it ends.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/answer_tap.h"
#include "api/keep_alive.h"
#include "api/rate_limit_fields.h"
#include "base/result.h"
#include "gateway/attempt.h"
#include "gateway/id_makers.h"
#include "http/service.h"
#include "routing/router.h"

namespace sluice::gateway {

// How relaying an answer ends. The relay must not be destroyed inside an event.
class RelayEvents {
 public:
  // The whole answer has been written: call Responder::finish().
  virtual void on_relayed(uint64_t now_ns) = 0;
  // It cannot be completed or could not be begun: call break_off() if begun().
  virtual void on_relay_failed(const Error& error) = 0;
  // The target has reported a failure within a stream, which may continue for long after it. Called once. True: the
  // caller must not see the report, and the relay is not used any more.
  virtual bool on_error_told() = 0;

 protected:
  ~RelayEvents() = default;
};

// Header fields that sluice adds to every answer.
struct OwnFields {
  std::string_view request_id;
  const routing::Target& target;  // its provider's keys are masked in the answer
  uint32_t attempts = 1;
  std::span<const api::RateLimitFields::Field> rate_limits{};  // if there are any, the target's are dropped
  std::string_view dropped{};  // parts of the request that the target did not get: `sluice-dropped`; "": none
  // A field with an address at the target where the caller is to continue, and the same address here; "": none.
  std::string_view address_field{}, address{};
};

// What the relay needs to know of the request.
struct RelayedRequest {
  Dialect dialect{};
  std::optional<std::string_view> codings;  // the caller's Accept-Encoding
  bool hide_usage = false;                  // hide the usage chunk that the caller did not ask for
  uint32_t choices = 1;                     // how many choices have to finish
  IdWatch* ids = nullptr;                   // looks for the id of a created object; must outlive the answer
  bool passes = false;                      // nothing is known of the answer except its framing
  bool answers = false;                     // a model's answer is due: an empty one is an error
  api::StreamFormat format{};               // of the caller's streams
  bool stream_asked = false;  // expect a stream, even if the content-type does not say so (Gemini's JSON array)
};

class Relay : public AnswerTaker {
 public:
  // `responder`, `pieces` and `events` must outlive the relay; `pieces` is scratch that is only used within a turn.
  Relay(http::Responder& responder, std::vector<std::string_view>& pieces, RelayEvents& events)
      : responder_(responder), pieces_(pieces), events_(events) {}
  virtual ~Relay() = default;

  // Begins the answer, whose head was read at `now_ns`. `lines`: scratch. False: it failed with target_broke, which is
  // reported at the turn's end: the answer has a coding that the caller does not accept and that we cannot decode, or
  // it is a web page or empty where an API's answer was due.
  bool begin(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own, std::string& lines,
             uint64_t now_ns);
  // The bytes buffered for the caller have been sent. False: enough new ones are buffered, or the answer is over.
  virtual bool go_on() = 0;
  // The target broke off. True: what arrived is whole nevertheless and has been written: call Responder::finish().
  virtual bool end_early() = 0;
  // The answer cannot be completed: writes what is left, and an error event if the caller reads a stream. Cut the
  // caller's connection afterwards.
  virtual void break_off(const Error& error, std::string_view request_id) = 0;

  Progress progress() override {
    if (!std::exchange(said_, false)) return Progress::quiet;
    return tap_ && tap_->whole() && streaming() ? Progress::has_all : Progress::goes_on;
  }

  bool begun() const { return begun_; }  // the caller's answer has begun
  bool ended() const { return ended_; }
  // Loop::now_ns(); 0: that point was not reached.
  uint64_t first_byte_ns() const { return first_byte_ns_; }  // the body's first byte was read
  uint64_t relayed_ns() const { return relayed_ns_; }        // the answer's first bytes were written
  bool streaming() const { return tap_ && tap_->format() != api::StreamFormat::none; }
  // The tap can read it.
  bool is_read() const { return tap_ && tap_->standing() != api::Standing::unread; }
  // Parts of the answer that could not be translated for the caller, in the form of `sluice-dropped`.
  virtual std::string untold() const { return {}; }
  // A heartbeat may be inserted into the caller's stream now.
  virtual bool between_frames() const = 0;
  // Of a stream: the first output has arrived, or its end.
  bool output_begun() const { return tap_ && (tap_->output_begun() || (tap_->whole() && tap_->is_answer())); }
  // Its stream has ended by what it said, before it told of any error: nothing may follow it.
  bool ended_well() const { return tap_ && streaming() && tap_->ended_well(); }
  int status() const { return status_; }                                          // the target's
  int told_status() const { return told_status_ != 0 ? told_status_ : status_; }  // to the caller
  void tell_status(int status) { told_status_ = status; }
  const api::AnswerTap* tap() const { return tap_ ? &*tap_ : nullptr; }
  // The target has reported a failure, by its status or by an error within its answer. error_text() is that report, as
  // far as it has arrived.
  bool failed() const { return error_text_ != nullptr; }
  std::string_view error_text() const { return failed() ? std::string_view(*error_text_) : std::string_view(); }

 protected:
  virtual Result<void> begin_answer(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own,
                                    std::string& lines) = 0;
  // `bytes`: of the answer, decoded; the tap has read them.
  void look(std::string_view bytes) {
    if (error_text_ || tap_->saw_error()) keep_error(bytes);
    if (ids_ != nullptr) watch(bytes);
    said_ = said_ || !api::may_be_keep_alive(bytes) || !api::is_keep_alive(bytes);
  }
  // For answers of targets that have no clock (RFC 9110 section 6.6.1).
  void write_date(std::string& lines) const;
  // Sends what was held back of this turn because it reports a failure.
  virtual void release() {}
  // This turn's bytes have been written. Returns whether the caller reads fast enough to continue reading.
  bool after_turn();

  http::Responder& responder_;
  std::vector<std::string_view>& pieces_;
  RelayEvents& events_;
  std::optional<api::AnswerTap> tap_;
  std::unique_ptr<std::string> error_text_;  // null: no failure reported so far
  std::unique_ptr<Error> failure_;           // met within a turn, reported at its end
  uint64_t begun_ns_ = 0;                    // when the head was read; 0 after the first turn
  uint64_t first_byte_ns_ = 0, relayed_ns_ = 0;
  int status_ = 0;
  int told_status_ = 0;  // 0: as status_
  bool begun_ = false;
  bool ended_ = false;
  bool error_told_ = false;
  bool said_ = false;  // something, since progress() was asked

 private:
  [[gnu::cold]] void keep_error(std::string_view bytes);
  [[gnu::cold]] void watch(std::string_view bytes) {
    if (!ids_->take(bytes)) ids_ = nullptr;
  }

  IdWatch* ids_ = nullptr;
};

// The status for an error reported within an answer of 200. `told`: the error's own status, `code` and `message`: its
// words.
[[gnu::cold]] int status_within(int told, std::string_view code, std::string_view message);

// The media type to assume if a model's answer is due and its content-type does not tell.
[[gnu::cold]] api::MediaType type_due(const RelayedRequest& request, api::StreamFormat format);

// Errors that both kinds of relay report.
[[gnu::cold]] tl::unexpected<Error> nothing_answered(int status);
[[gnu::cold]] tl::unexpected<Error> cut_short();
[[gnu::cold]] tl::unexpected<Error> stream_unasked();
[[gnu::cold]] tl::unexpected<Error> no_answer(Dialect dialect);
[[gnu::cold]] tl::unexpected<Error> page_in_place(std::string_view type);
// The answer has a coding that was not asked for.
[[gnu::cold]] tl::unexpected<Error> coding_unasked(std::string_view name);

}  // namespace sluice::gateway
