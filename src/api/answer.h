// A whole answer, collected from its events: for callers that asked for no stream, and for streams that repeat the
// answer at their end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/event.h"
#include "api/latest_place.h"

namespace sluice::api {

// Owns all its strings. They are JSON-escaped where the events have JsonText.
struct Answer {
  struct Note {  // a citation or an extra
    bool is_citation = false;
    std::string url{}, title{}, quote{};
    std::optional<uint64_t> begin{}, end{};
    Extra::Kind kind{};
    Dialect from{};
    std::string type{}, raw{};
  };
  struct Piece {
    PartKind kind =
        PartKind::text;  // text, refusal, thinking, redacted, tool_call, image, audio, video, document, other
    uint32_t part = 0;
    std::string text{};  // thinking too
    bool is_summary = false;
    std::string id{}, name{};
    CallKind call_kind = CallKind::function;
    std::string arguments{};  // JSON text in a JSON string, still escaped
    std::string opaque{}, opaque_id{};
    Origin origin{};
    Source::Kind source_kind{};
    std::string media_type{}, data{};
    std::vector<Note> notes{};
    bool ended = false;
    size_t bytes = 0;  // approximate memory use
  };

  std::string id{}, model{};
  std::vector<Piece> pieces{};  // in the order in which they began
  std::vector<Note> extras{};   // that belong to no piece
  AnswerUsage usage{};
  FinishReason reason = FinishReason::stop;
  bool finished = false;
  std::string word{}, stop_sequence{}, details{};
  bool unusable = false;  // as in Finish
  Dialect from{};
  std::optional<ProviderError> error{};
};

class AnswerCollector final : public EventSink {
 public:
  Answer answer;

  // nullptr: none of the part has arrived.
  Answer::Piece* find(uint32_t part);
  // Approximate memory use of the pieces and extras.
  size_t bytes() const { return bytes_; }
  // Removes and returns the piece that began first; nullopt: there is none. `answer` must not be read afterwards.
  std::optional<Answer::Piece> take_first();

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
  // The part's piece, created if it is new. `more` bytes are counted for it.
  Answer::Piece& piece(uint32_t part, PartKind kind, size_t more);

  LatestPlace<uint32_t> places_{};  // counted from the first piece that ever began
  size_t taken_ = 0;                // pieces at the front that take_first() has moved out
  size_t gone_ = 0;                 // pieces erased before those
  size_t bytes_ = 0;
};

// Replays the whole answer to a sink, each piece undivided.
void replay(const Answer& answer, EventSink& sink);
// Replays one piece. `with_end`: and its on_part_end().
void replay_piece(const Answer::Piece& piece, EventSink& sink, bool with_end);

}  // namespace sluice::api
