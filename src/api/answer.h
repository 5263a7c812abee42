// An answer gathered as a whole, from its events: for callers who asked for no stream, and for what a stream has to
// repeat at its end.
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

// Owns all its texts. JSON-escaped where events have JsonText.
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
    std::string text{};  // of thinking too
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
    size_t bytes = 0;  // about what it takes
  };

  std::string id{}, model{};
  std::vector<Piece> pieces{};  // in the order in which they began
  std::vector<Note> extras{};   // of no piece
  AnswerUsage usage{};
  FinishReason reason = FinishReason::stop;
  bool finished = false;
  std::string word{}, stop_sequence{}, details{};
  bool unusable = false;  // Finish's
  Dialect from{};
  std::optional<ProviderError> error{};
};

class AnswerCollector final : public EventSink {
 public:
  Answer answer;

  // nullptr: nothing of it has come.
  Answer::Piece* find(uint32_t part);
  // About what the pieces and extras take.
  size_t bytes() const { return bytes_; }
  // Only if nothing else is asked of the answer: that piece of it goes, which began first. nullopt: there is none.
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
  // The one that `more` bytes belong to, made where it is new.
  Answer::Piece& piece(uint32_t part, PartKind kind, size_t more);

  LatestPlace<uint32_t> places_{};  // counted from the first piece that ever began
  size_t taken_ = 0;                // pieces, at the front
  size_t gone_ = 0;                 // that were before those
  size_t bytes_ = 0;
};

// Tells the whole of it to a sink, each piece at once.
void replay(const Answer& answer, EventSink& sink);
// One piece. `with_end`: and that it has ended.
void replay_piece(const Answer::Piece& piece, EventSink& sink, bool with_end);

}  // namespace sluice::api
