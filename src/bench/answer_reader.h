// Reads one answer as it arrives: whether it is the expected kind and complete, when text arrives, how many tokens it
// reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer_tap.h"
#include "api/frame_gatherer.h"
#include "api/json_scan.h"
#include "base/dialect.h"
#include "bench/failure.h"
#include "http/message.h"

namespace sluice::bench {

class AnswerReader final : api::JsonSink, api::FrameTaker {
 public:
  // `stream`: whether a stream was requested. `dialect`: openai or anthropic.
  AnswerReader(Dialect dialect, bool stream);

  void begin(const http::ResponseHead& head);
  // Takes bytes of the body; returns how many frames with text they complete. A frame with only a role, an id or a
  // finish reason does not count.
  uint32_t feed(std::string_view bytes);
  // Call at the end of the message. Returns why it is not a valid answer, or nothing if it is.
  std::optional<CallFailure> finish();
  // As reported; nullopt if not reported.
  std::optional<uint64_t> output_tokens() const { return tap_.usage().output; }

 private:
  static constexpr size_t kept_bytes = 2048;          // of an answer's beginning, for the failure message
  static constexpr size_t event_bytes = 1024 * 1024;  // of one event; a stream with a longer one fails

  void on_value(uint8_t node, api::JsonKind kind, std::string_view text) override;
  void on_frame(std::string_view event, std::string_view data) override;
  std::optional<CallFailure> refused() const;

  const Dialect dialect_;
  const bool stream_;
  int status_ = 0;
  bool is_events_ = false;   // according to its content type
  bool has_answer_ = false;  // a body's list of choices or content blocks was found
  std::string detail_;       // from the head, for the failure message
  std::string kept_;
  std::string error_;  // of a stream: the text of its error frame, or what is wrong with its framing
  bool broken_ = false;
  uint32_t with_text_ = 0;  // frames completed by the current bytes
  api::AnswerTap tap_;
  std::vector<std::string_view> pieces_;  // output of the tap, unused
  api::JsonScan scan_;
  std::optional<api::FrameGatherer> events_;
};

// Whether a stream frame's data carries text of an answer, a thought or a call's arguments.
bool carries_text(Dialect dialect, std::string_view data);

}  // namespace sluice::bench
