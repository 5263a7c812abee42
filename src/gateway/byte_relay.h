// Relays an answer whose dialect is the caller's: the header fields that may pass and the body's bytes, unchanged or
// inflated (if the caller does not accept their coding). One write a turn.
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

  // AnswerTaker. Fails with target_broke if the coding is broken, with target_cut if nothing in the answer says that it
  // is whole (answer_end.h).
  void on_answer_body(std::string_view bytes) override;
  void on_answer_end() override;
  bool on_answer_turn() override;
  bool between_frames() const override {
    return whole_only() || (tap_ && tap_->between_frames() && !opaque_ && coding_ != Coding::inflate_for_tap);
  }
  // From now on only whole frames are sent, and they are remembered while there is room, because another target may
  // have to continue the stream. Call it after begin(). `target`: the one that answers, must outlive the relay;
  // `buffers`: see BufferHold.
  void remember(const routing::Target& target, BufferShare* buffers);
  // For a stream that broke off: what was remembered; nullptr: nothing.
  std::unique_ptr<api::SentFrames> take_sent();
  bool remembers() const { return sent_ != nullptr; }
  // --- resuming a stream of numbered events where it broke off ---
  // Sends whole frames, drops the incomplete one and returns the number of the last event that the caller has. nullopt:
  // it is unknown.
  std::optional<uint64_t> leave_off();
  // Continues after that event with the answer to the new request; events that the caller already has are dropped.
  // False: the answer is no such stream.
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
  http::Responder::Length choose_length(const http::ResponseHead& head);
  void choose_frames();
  void write_missing_end();
  bool lacks_answer() const;
  [[gnu::cold]] void look_at_last();
  [[gnu::cold]] void mask_from_here();
  [[gnu::cold]] void mask_pieces();
  [[gnu::cold]] void withhold();
  [[gnu::cold]] void count_sent();
  [[gnu::cold]] void drop_known();
  // The caller has whole frames only, whatever the tap has read beyond them.
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
  // The head of a 429, held until its body shows whether waiting helps; `body` is what has arrived so far.
  struct HeldHead {
    std::string lines, reason;
    http::Responder::Length length;
    std::string body{};
  };
  std::unique_ptr<HeldHead> held_head_;
  std::unique_ptr<api::SentFrames> sent_;    // null: it is not remembered
  const routing::Target* target_ = nullptr;  // the target that sent what is remembered
  std::optional<BufferHold> sent_hold_{};
  std::optional<uint64_t> next_number_{};    // number of the next event due, until it arrives
  size_t next_count_ = 0;                    // raw bytes at which memory is counted again
  bool taken_ = false, had_frames_ = false;  // take_sent() was called; it had frames
  std::string withheld_;                     // the bytes of a turn that reports a failure
  std::string compressed_;                   // has arrived, not inflated yet
  const config::Provider* provider_ = nullptr;
  std::unique_ptr<QuotedSecrets> secrets_;  // to be masked in an error's body; null: nothing to mask
  Dialect dialect_{};
  Coding coding_ = Coding::as_is;
  Ending ending_ = Ending::by_framing;
  bool no_body_ = false;       // HEAD, 204, 304
  bool length_told_ = false;   // to the caller
  bool all_came_ = false;      // of the target's answer
  bool rewrites_ = false;      // the body's length changes
  bool whole_frames_ = false;  // only whole frames are sent, and a missing end is added
  bool opaque_ = false;        // the tap cannot read it
  bool answers_ = false;       // RelayedRequest::answers, and the status is a success
  bool passes_ = false;        // passed through unread: the framing alone says if it is whole
  bool holds_back_ = false;
  bool end_waits_ = false;  // read_end() was called while bytes were held back
};

}  // namespace sluice::gateway
