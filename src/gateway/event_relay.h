// Relays an answer whose dialect is not the caller's: the target's bytes become events, the events the caller's bytes
// (translation.h). One write a turn. Plain answers and errors are sent once they are whole, so that the status fits the
// outcome; streams are sent as they arrive.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/frame_gatherer.h"
#include "config/config.h"
#include "gateway/answer_end.h"
#include "gateway/buffer_budget.h"
#include "gateway/relay.h"
#include "gateway/translation.h"
#include "http/inflater.h"

namespace sluice::gateway {

class EventRelay final : public Relay, api::FrameTaker {
 public:
  // `translation` must outlive it. `share`: counts the memory it holds; nullptr: not counted.
  EventRelay(http::Responder& responder, std::vector<std::string_view>& pieces, RelayEvents& events,
             Translation& translation, BufferShare* share)
      : Relay(responder, pieces, events), translation_(translation), hold_(share) {}

  // The caller already has the beginning of this stream: no head is sent. Call it before begin().
  void go_on_with_stream() { begun_ = true; }

  // AnswerTaker. Fails with target_broke if the coding is broken or the answer is not of the target's dialect, with
  // target_cut if it ended before its finish.
  void on_answer_body(std::string_view bytes) override;
  void on_answer_end() override;
  bool on_answer_turn() override;
  bool go_on() override;
  bool between_frames() const override { return true; }  // the writer only writes whole frames
  bool end_early() override;
  std::string untold() const override;
  void break_off(const Error& error, std::string_view request_id) override;

  // Frames that could not be read and were left out.
  uint32_t bad_frames() const { return bad_frames_; }

 private:
  Result<void> begin_answer(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own,
                            std::string& lines) override;
  void write_fields(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own,
                    std::string& lines) const;
  void on_frame(std::string_view event, std::string_view data) override;
  Result<void> read(std::string_view bytes);
  [[gnu::cold]] Result<void> inflate();
  Result<void> count_held();
  Result<void> read_end();
  Result<void> end_answer();
  void end_as_error(int status, const api::ProviderError* told);
  void name_untold();
  void send_head(int status);
  [[gnu::cold]] bool tell_error();
  void turn();
  bool is_error() const { return status_ >= 300; }

  Translation& translation_;
  BufferHold hold_;  // memory that the translation keeps of a stream
  std::unique_ptr<http::Inflater> inflater_;
  std::unique_ptr<api::FrameGatherer> gatherer_;  // null: an error's body, which error_text_ collects
  const config::Provider* provider_ = nullptr;    // its keys must not be revealed
  std::string compressed_, inflated_;             // arrived and not inflated yet; scratch
  std::string lines_;                             // the head's, until it is sent
  std::string request_id_;
  std::string error_body_;
  Dialect dialect_{};  // the caller's
  uint64_t retry_after_s_ = 0;
  uint32_t bad_frames_ = 0;
  uint32_t frames_ = 0;
  bool says_retry_ = false;  // the target's head has x-should-retry
  bool waits_ = false;       // inflating continues once the caller's buffer has drained
  bool all_came_ = false;
};

}  // namespace sluice::gateway
