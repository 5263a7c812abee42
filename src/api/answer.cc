#include "api/answer.h"

#include <algorithm>

namespace sluice::api {

Answer::Piece* AnswerCollector::find(uint32_t part) {
  const std::optional<size_t> place = places_.find(part);
  return place ? &answer.pieces[*place - gone_] : nullptr;
}

std::optional<Answer::Piece> AnswerCollector::take_first() {
  std::vector<Answer::Piece>& pieces = answer.pieces;
  if (pieces.empty()) return std::nullopt;
  Answer::Piece first = std::move(pieces[taken_++]);
  places_.erase(first.part);
  if (2 * taken_ >= pieces.size()) {
    pieces.erase(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(taken_));
    gone_ += std::exchange(taken_, 0);
  }
  return first;
}

Answer::Piece& AnswerCollector::piece(uint32_t part, PartKind kind) {
  if (Answer::Piece* const known = find(part)) return *known;
  Answer::Piece& made = answer.pieces.emplace_back();
  made.kind = kind;
  made.part = part;
  places_.set(part, gone_ + answer.pieces.size() - 1);
  return made;
}

void AnswerCollector::on_start(const AnswerStart& start) {
  if (!start.id.empty()) answer.id = start.id.escaped;
  if (!start.model.empty()) answer.model = start.model.escaped;
}

void AnswerCollector::on_text(uint32_t part, JsonText text) { piece(part, PartKind::text).text += text.escaped; }

void AnswerCollector::on_refusal(uint32_t part, JsonText text) { piece(part, PartKind::refusal).text += text.escaped; }

void AnswerCollector::on_thinking(uint32_t part, JsonText text, bool is_summary) {
  Answer::Piece& thinking = piece(part, PartKind::thinking);
  thinking.text += text.escaped;
  thinking.is_summary = is_summary;
}

void AnswerCollector::on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) {
  Answer::Piece& thinking = piece(part, is_redacted ? PartKind::redacted : PartKind::thinking);
  thinking.opaque += opaque.data.escaped;
  thinking.opaque_id = opaque.id.escaped;
  thinking.origin = opaque.origin;
}

void AnswerCollector::on_call(const CallStart& call) {
  Answer::Piece& made = piece(call.part, PartKind::tool_call);
  made.id = call.id.escaped;
  made.name = call.name.escaped;
  made.call_kind = call.kind;
  made.opaque = call.opaque.data.escaped;
  made.opaque_id = call.opaque.id.escaped;
  made.origin = call.opaque.origin;
}

void AnswerCollector::on_arguments(uint32_t part, JsonText piece_of_it) {
  piece(part, PartKind::tool_call).arguments += piece_of_it.escaped;
}

void AnswerCollector::on_media(uint32_t part, PartKind kind, const Source& source) {
  Answer::Piece& media = piece(part, kind);
  media.source_kind = source.kind;
  media.media_type = source.media_type;
  media.data = source.data.escaped;
}

void AnswerCollector::on_citation(uint32_t part, const Citation& citation) {
  piece(part, PartKind::text)
      .notes.push_back({true,
                        std::string(citation.url.escaped),
                        std::string(citation.title.escaped),
                        std::string(citation.quote.escaped),
                        citation.begin,
                        citation.end,
                        {},
                        citation.from,
                        {},
                        std::string(citation.raw)});
}

void AnswerCollector::on_extra(const Extra& extra) {
  Answer::Note note;
  note.kind = extra.kind;
  note.from = extra.from;
  note.type = extra.type;
  note.raw = extra.raw;
  Answer::Piece* const of = find(extra.part);
  if (extra.kind == Extra::Kind::hosted_item) {
    piece(extra.part, PartKind::other).notes.push_back(std::move(note));
  } else {
    (of != nullptr ? of->notes : answer.extras).push_back(std::move(note));
  }
}

void AnswerCollector::on_part_end(uint32_t part) {
  if (Answer::Piece* const ended = find(part)) ended->ended = true;
}

void AnswerCollector::on_usage(const AnswerUsage& usage) { answer.usage.set(usage); }

void AnswerCollector::on_finish(const Finish& finish) {
  answer.finished = true;
  answer.reason = finish.reason;
  answer.word = finish.word.escaped;
  answer.stop_sequence = finish.stop_sequence.escaped;
  answer.details = finish.details;
  answer.from = finish.from;
}

void AnswerCollector::on_error(const ProviderError& error) { answer.error = error; }

// --- telling it again ---

namespace {

void replay_note(const Answer::Note& note, uint32_t part, EventSink& sink) {
  if (note.is_citation) {
    sink.on_citation(part, {JsonText{note.url}, JsonText{note.title}, JsonText{note.quote}, note.begin, note.end,
                            note.raw, note.from});
  } else {
    sink.on_extra({note.kind, part, note.from, note.type, note.raw});
  }
}

}  // namespace

void replay_piece(const Answer::Piece& piece, EventSink& sink, bool with_end) {
  const Opaque opaque{JsonText{piece.opaque}, piece.origin, JsonText{piece.opaque_id}};
  switch (piece.kind) {
    case PartKind::text:
      sink.on_text(piece.part, JsonText{piece.text});
      break;
    case PartKind::refusal:
      sink.on_refusal(piece.part, JsonText{piece.text});
      break;
    case PartKind::thinking:
    case PartKind::redacted:
      if (piece.kind == PartKind::thinking) sink.on_thinking(piece.part, JsonText{piece.text}, piece.is_summary);
      if (!opaque.empty()) sink.on_signature(piece.part, opaque, piece.kind == PartKind::redacted);
      break;
    case PartKind::tool_call:
      sink.on_call({piece.part, JsonText{piece.id}, JsonText{piece.name}, piece.call_kind, opaque});
      if (!piece.arguments.empty()) sink.on_arguments(piece.part, JsonText{piece.arguments});
      break;
    case PartKind::image:
    case PartKind::audio:
    case PartKind::video:
    case PartKind::document:
      sink.on_media(piece.part, piece.kind, {piece.source_kind, piece.media_type, JsonText{piece.data}});
      break;
    case PartKind::tool_result:
    case PartKind::compaction:
    case PartKind::other:
      break;
  }
  for (const Answer::Note& note : piece.notes) replay_note(note, piece.part, sink);
  if (with_end) sink.on_part_end(piece.part);
}

void replay(const Answer& answer, EventSink& sink) {
  sink.on_start({JsonText{answer.id}, JsonText{answer.model}});
  for (const Answer::Piece& piece : answer.pieces) replay_piece(piece, sink, true);
  uint32_t behind_all = 0;
  for (const Answer::Piece& piece : answer.pieces) behind_all = std::max(behind_all, piece.part + 1);
  for (const Answer::Note& note : answer.extras) replay_note(note, behind_all, sink);
  sink.on_usage(answer.usage);
  if (answer.error) return sink.on_error(*answer.error);
  sink.on_finish({answer.reason, JsonText{answer.word}, JsonText{answer.stop_sequence}, answer.details, answer.from});
}

}  // namespace sluice::api
