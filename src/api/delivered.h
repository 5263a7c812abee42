// What the caller already has of an answer, as far as another target needs it to continue the answer: its text, what is
// open, and, if no other target can continue it, why.
//
// For a translated answer, DeliveredSink records this as it is written. For one that passes unchanged, the frames are
// kept (sent_frames.h) and read only when needed (sent_reading.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/event.h"
#include "api/request.h"

namespace sluice::api {

// Why no other target can continue an answer.
enum class Bar : unsigned char {
  none,
  structured,  // it follows a schema, which two halves together seldom do
  choices,     // it is several answers at once
  too_long,    // more than is remembered
  unread,      // what was sent cannot be read
  call,        // a tool was called: its arguments cannot be mended, and a call that is done may have been acted on
  thinking,    // it broke off in thinking that only its target can sign
  refusal,     // the model has begun to refuse
  media,       // a picture or a sound
  hosted,      // the provider ran a tool itself
  finished,    // the caller has been told how it ended
  failed       // the caller has been told that it failed
};
// "it had called a tool"; "" for none.
std::string_view why(Bar bar);

// What in the request itself prevents it.
Bar bar_of(const Request& request);

// Texts are escaped.
struct Delivered {
  static constexpr size_t max_text_bytes = 4 * 1024 * 1024;

  struct OpenThinking {
    uint32_t part;
    bool bound;  // useless without the signature that its target had yet to send
  };

  std::string id{}, model{};             // as the answer names them; "" where it does not
  std::string text{};                    // of all its text parts, joined
  std::optional<uint32_t> open_text{};   // the text part that has not ended
  std::vector<OpenThinking> thinking{};  // that has not ended
  uint32_t next_part = 0;                // above the number of each of its parts
  AnswerUsage usage{};                   // as far as reported
  Bar told_bar = Bar::none;              // set by an event; it stays, whatever follows
  bool text_forgotten = false;           // Bar::too_long

  Bar bar() const;
  // Drops the text, and keeps no more of it.
  void forget_text();
  void set_bar(Bar bar) {
    if (told_bar == Bar::none) told_bar = bar;
  }
};

// Records the events that pass it. It stands directly before the caller's writer: what waits before it has not been
// delivered.
class DeliveredSink final : public EventSink {
 public:
  // `delivered` and `next` must outlive it; `next` may be null. `signs_thinking`: of the answering target's dialect
  // (TranslationRoom).
  DeliveredSink(Delivered& delivered, bool signs_thinking, EventSink* next)
      : delivered_(delivered), next_(next), signs_thinking_(signs_thinking) {}
  void on_start(const AnswerStart& start) override;
  void on_text(uint32_t part, JsonText text) override;
  void on_refusal(uint32_t part, JsonText text) override;
  void on_thinking(uint32_t part, JsonText text, bool is_summary) override;
  void on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) override;
  void on_call(const CallStart& call) override;
  void on_arguments(uint32_t part, JsonText piece) override;
  void on_media(uint32_t part, PartKind kind, const Source& source) override;
  void on_citation(uint32_t part, const Citation& citation) override;
  void on_extra(const Extra& extra) override;
  void on_part_end(uint32_t part) override;
  void on_usage(const AnswerUsage& usage) override;
  void on_finish(const Finish& finish) override;
  void on_error(const ProviderError& error) override;

 private:
  void take_part(uint32_t part);
  Delivered::OpenThinking& thinking(uint32_t part);

  Delivered& delivered_;
  EventSink* const next_;
  const bool signs_thinking_;
};

}  // namespace sluice::api
