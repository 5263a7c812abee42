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
  bytes_ -= first.bytes;
  places_.erase(first.part);
  if (2 * taken_ >= pieces.size()) {
    pieces.erase(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(taken_));
    gone_ += std::exchange(taken_, 0);
  }
  return first;
}

Answer::Piece& AnswerCollector::piece(uint32_t part, PartKind kind, size_t more) {
  Answer::Piece* known = find(part);
  if (known == nullptr) {
    known = &answer.pieces.emplace_back();
    known->kind = kind;
    known->part = part;
    places_.set(part, gone_ + answer.pieces.size() - 1);
    more += sizeof *known;
  }
  known->bytes += more;
  bytes_ += more;
  return *known;
}

void AnswerCollector::on_start(const AnswerStart& start) {
  if (!start.id.empty()) answer.id = start.id.escaped;
  if (!start.model.empty()) answer.model = start.model.escaped;
}

void AnswerCollector::on_text(uint32_t part, JsonText text) {
  piece(part, PartKind::text, text.size()).text += text.escaped;
}

void AnswerCollector::on_refusal(uint32_t part, JsonText text) {
  piece(part, PartKind::refusal, text.size()).text += text.escaped;
}

void AnswerCollector::on_thinking(uint32_t part, JsonText text, bool is_summary) {
  Answer::Piece& thinking = piece(part, PartKind::thinking, text.size());
  thinking.text += text.escaped;
  thinking.is_summary = is_summary;
}

void AnswerCollector::on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) {
  Answer::Piece& thinking = piece(part, is_redacted ? PartKind::redacted : PartKind::thinking, opaque.data.size());
  thinking.opaque += opaque.data.escaped;
  thinking.opaque_id = opaque.id.escaped;
  thinking.origin = opaque.origin;
}

void AnswerCollector::on_call(const CallStart& call) {
  Answer::Piece& made = piece(call.part, PartKind::tool_call, call.name.size() + call.opaque.data.size());
  made.id = call.id.escaped;
  made.name = call.name.escaped;
  made.call_kind = call.kind;
  made.opaque = call.opaque.data.escaped;
  made.opaque_id = call.opaque.id.escaped;
  made.origin = call.opaque.origin;
}

void AnswerCollector::on_arguments(uint32_t part, JsonText piece_of_it) {
  piece(part, PartKind::tool_call, piece_of_it.size()).arguments += piece_of_it.escaped;
}

void AnswerCollector::on_media(uint32_t part, PartKind kind, const Source& source) {
  Answer::Piece& media = piece(part, kind, source.data.size());
  media.source_kind = source.kind;
  media.media_type = source.media_type;
  media.data = source.data.escaped;
}

void AnswerCollector::on_citation(uint32_t part, const Citation& citation) {
  Answer::Note note;
  note.is_citation = true;
  note.url = citation.url.escaped;
  note.title = citation.title.escaped;
  note.quote = citation.quote.escaped;
  note.begin = citation.begin;
  note.end = citation.end;
  note.from = citation.from;
  note.raw = citation.raw;
  const size_t bytes = sizeof note + note.url.size() + note.title.size() + note.quote.size() + note.raw.size();
  piece(part, PartKind::text, bytes).notes.push_back(std::move(note));
}

void AnswerCollector::on_extra(const Extra& extra) {
  Answer::Note note;
  note.kind = extra.kind;
  note.from = extra.from;
  note.type = extra.type;
  note.raw = extra.raw;
  const size_t bytes = sizeof note + note.raw.size();
  if (extra.kind == Extra::Kind::hosted_item || find(extra.part) != nullptr) {
    piece(extra.part, PartKind::other, bytes).notes.push_back(std::move(note));
  } else {
    answer.extras.push_back(std::move(note));
    bytes_ += bytes;
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
  answer.unusable = finish.unusable;
  answer.details = finish.details;
  answer.from = finish.from;
}

void AnswerCollector::on_error(const ProviderError& error) { answer.error = error; }

// --- replaying ---

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
  sink.on_finish({answer.reason, JsonText{answer.word}, JsonText{answer.stop_sequence}, answer.details, answer.from,
                  answer.unusable});
}

}  // namespace sluice::api
