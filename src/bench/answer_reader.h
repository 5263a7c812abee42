// Reads one answer as it arrives: whether it is what was asked for and whole, when it brings text, what it cost.
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
  // `stream`: a stream was asked for. `dialect`: openai or anthropic.
  AnswerReader(Dialect dialect, bool stream);

  void begin(const http::ResponseHead& head);
  // Bytes of the body; returns how many frames with text they have completed. A frame that carries a role and no text,
  // an id or a finish reason does not count.
  uint32_t feed(std::string_view bytes);
  // The message is whole. Why it is no answer, or nothing: it is one.
  std::optional<CallFailure> finish();
  // As reported; nothing where it was not.
  std::optional<uint64_t> output_tokens() const { return tap_.usage().output; }

 private:
  static constexpr size_t kept_bytes = 2048;          // of an answer's beginning, for its failure's message
  static constexpr size_t event_bytes = 1024 * 1024;  // of one event; a stream with a longer one has failed

  void on_value(uint8_t node, api::JsonKind kind, std::string_view text) override;
  void on_frame(std::string_view event, std::string_view data) override;
  std::optional<CallFailure> refused() const;

  const Dialect dialect_;
  const bool stream_;
  int status_ = 0;
  bool is_events_ = false;   // by its content type
  bool has_answer_ = false;  // a body's list of choices, or of content blocks, is there
  std::string detail_;       // of the head, for a failure's message
  std::string kept_;
  std::string error_;  // of a stream: what its error frame says, or what is wrong with its framing
  bool broken_ = false;
  uint32_t with_text_ = 0;  // frames of the bytes that are fed
  api::AnswerTap tap_;
  std::vector<std::string_view> pieces_;  // what the tap hands out; nobody wants it
  api::JsonScan scan_;
  std::optional<api::FrameGatherer> events_;
};

// Whether the data of a stream's frame carries text: of an answer, a thought or a call's arguments.
bool carries_text(Dialect dialect, std::string_view data);

}  // namespace sluice::bench
