// Carries an answer whose dialect is the caller's: head fields that may pass, body bytes as they are (or inflated,
// where the caller does not take the coding they came in), one write a turn.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/sent_frames.h"
#include "config/config.h"
#include "gateway/answer_end.h"
#include "gateway/buffer_budget.h"
#include "gateway/quoted_secrets.h"
#include "gateway/relay.h"
#include "http/inflater.h"

namespace sluice::gateway {

class ByteRelay final : public Relay {
 public:
  using Relay::Relay;

  // AnswerTaker. It fails (target_broke) where the coding is broken, and (target_cut) where nothing in the answer says
  // that it is whole (answer_end.h).
  void on_answer_body(std::string_view bytes) override;
  void on_answer_end() override;
  bool on_answer_turn() override;
  bool between_frames() const override {
    return whole_only() || (tap_ && tap_->between_frames() && !opaque_ && coding_ != Coding::inflate_for_tap);
  }
  // From now on only whole frames go on, and what they say is kept, as long as there is room for it: another target may
  // have to go on with the stream. Once it has begun. `target`: who answers, outlives the relay; `buffers`: as
  // BufferHold's.
  void remember(const routing::Target& target, BufferShare* buffers);
  // Of a stream that broke off; nullptr: it is not remembered.
  std::unique_ptr<api::SentFrames> take_sent();
  bool remembers() const { return sent_ != nullptr; }
  // --- a stream of numbered events that is asked for once more where it broke off ---
  // Lets go what is whole, drops what is not, and returns the number of the last event that the caller has. nullopt:
  // that cannot be told.
  std::optional<uint64_t> leave_off();
  // Goes on behind that event with the answer to that, whose events before it are dropped. False: it is no such stream.
  bool go_on_with(const http::ResponseHead& head);
  // Where the caller's stream stands, if it is an array.
  api::ArrayPlace array_place() const;
  bool go_on() override { return !holds_back_ || inflate_on(); }
  bool end_early() override;
  void break_off(const Error& error, std::string_view request_id) override;

 private:
  enum class Coding : unsigned char { as_is, inflate_for_tap, inflate };
  Result<void> begin_answer(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own,
                            std::string& lines) override;
  Result<void> read(std::string_view bytes);
  Result<void> read_end();
  void turn();
  [[gnu::cold]] bool inflate_on();
  [[gnu::cold]] Result<void> inflate_more();
  void keep();
  void choose_frames();
  void write_missing_end();
  [[gnu::cold]] void mask_pieces();
  [[gnu::cold]] void withhold();
  [[gnu::cold]] void count_sent();
  [[gnu::cold]] void drop_known();
  // All that the caller has are whole frames, whatever the tap has read beyond them.
  bool whole_only() const { return taken_ || (sent_ && sent_->complete()); }
  void release() override;
  [[gnu::cold]] bool hold_back();
  [[gnu::cold]] void send_held();
  Shape shape() const;
  api::Standing standing() const;
  CallerFraming caller_framing() const;
  [[gnu::cold]] Result<void> inflate();
  [[gnu::cold]] void read_along(std::string_view bytes);

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
  std::unique_ptr<api::SentFrames> sent_;    // null: it is not remembered
  const routing::Target* target_ = nullptr;  // who sent it
  std::optional<BufferHold> sent_hold_{};
  std::optional<uint64_t> next_number_{};    // of the event that is due, until it has come
  size_t next_count_ = 0;                    // of its bytes, when they are counted again
  bool taken_ = false, had_frames_ = false;  // what was remembered; it held some
  std::string withheld_;                     // of a turn that tells of a failure
  std::string compressed_;                   // what has come and is not inflated yet
  std::unique_ptr<QuotedSecrets> secrets_;   // to be looked for in the body; null: in none but an error's
  Dialect dialect_{};
  Coding coding_ = Coding::as_is;
  Ending ending_ = Ending::by_framing;
  bool no_body_ = false;       // HEAD, 204, 304
  bool length_told_ = false;   // to the caller
  bool all_came_ = false;      // of the target's answer
  bool rewrites_ = false;      // what goes out has another length than what comes in
  bool whole_frames_ = false;  // only these go out, and the end that they lack
  bool opaque_ = false;        // the tap cannot read it
  bool passes_ = false;        // it is whole where its framing says so, whatever it is
  bool holds_back_ = false;
  bool end_waits_ = false;  // read_end() has been called meanwhile
};

}  // namespace sluice::gateway
