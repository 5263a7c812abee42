// What of an answer the caller has already, as far as going on with it elsewhere needs to be known: its text, what is
// open, and why nobody else can go on with it, if so.
//
// Of an answer that is translated, DeliveredSink remembers it as it is written; of one that passes as it came, the
// frames are kept (sent_frames.h) and read once they are needed (sent_reading.h).
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

// Why nobody else can go on with an answer.
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
  finished,    // it has been told how it ended
  failed       // it has been told that it failed
};
// "it had called a tool"; "" for none.
std::string_view why(Bar bar);

// What stands against it in the question itself.
Bar bar_of(const Request& request);

// Texts are escaped.
struct Delivered {
  static constexpr size_t max_text_bytes = 4 * 1024 * 1024;

  struct OpenThinking {
    uint32_t part;
    bool bound;  // of no use without the signature that its target would still have given
  };

  std::string id{}, model{};             // as the answer names them; "" where it does not
  std::string text{};                    // of all its parts of text, one behind the other
  std::optional<uint32_t> open_text{};   // the part of text that has not ended
  std::vector<OpenThinking> thinking{};  // that has not ended
  uint32_t next_part = 0;                // no part of it has that number, or a larger one
  AnswerUsage usage{};                   // as far as it was told
  Bar told_bar = Bar::none;              // what was told so far, whatever comes
  bool text_forgotten = false;           // Bar::too_long

  Bar bar() const;
  // Nothing more of it is kept.
  void forget_text();
  void set_bar(Bar bar) {
    if (told_bar == Bar::none) told_bar = bar;
  }
};

// Remembers what passes it. Stands right before the caller's writer: what waits elsewhere was not delivered.
class DeliveredSink final : public EventSink {
 public:
  // Both must outlive it. `signs_thinking`: of the target that answers (TranslationRoom). `next`: may be null.
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
