// A chat completion for a caller, as one body.
#include "api/openai/answer_writer.h"
#include "api/openai/usage_counts.h"

namespace sluice::api::openai {
namespace {

class ChatBodyWriter final : public ChatGatheringWriter {
 public:
  explicit ChatBodyWriter(const AnswerShape& shape) : ChatGatheringWriter(shape, "chatcmpl-") {}
  void end() override;

 private:
  using Piece = Answer::Piece;
  void read_piece(const Piece& piece);
  void read_thinking(const Piece& piece);
  void read_call(const Piece& piece);
  void read_image(const Piece& piece);
  void read_note(const Answer::Note& note, uint64_t text_begin, uint64_t text_chars);
  void write_message();

  // Members of the message; lists without their brackets.
  std::string text_{}, refusal_{}, thinking_{}, details_{}, calls_{}, annotations_{}, images_{}, others_{}, logprobs_{};
  size_t thoughts_ = 0, call_count_ = 0;
  uint64_t text_chars_ = 0;
};

void begin_entry(std::string& list) {
  if (!list.empty()) list += ',';
}

void ChatBodyWriter::read_piece(const Piece& piece) {
  const uint64_t begin = text_chars_;
  switch (piece.kind) {
    case PartKind::text:
      text_ += piece.text;
      text_chars_ += count_characters(JsonText{piece.text});
      break;
    case PartKind::refusal:
      refusal_ += piece.text;
      break;
    case PartKind::thinking:
    case PartKind::redacted:
      read_thinking(piece);
      break;
    case PartKind::tool_call:
      read_call(piece);
      break;
    case PartKind::image:
      read_image(piece);
      break;
    default:
      if (piece.notes.empty()) leave_out(piece.kind);  // otherwise each note is reported
      break;
  }
  for (const Answer::Note& note : piece.notes) read_note(note, begin, text_chars_ - begin);
}

void ChatBodyWriter::read_thinking(const Piece& piece) {
  thinking_ += piece.text;
  const Opaque opaque{JsonText{piece.opaque}, piece.origin, JsonText{piece.opaque_id}};
  const bool as_signature = piece.kind == PartKind::thinking && !piece.is_summary;
  if (!piece.text.empty()) {
    begin_entry(details_);
    append_thought(details_, JsonText{piece.text}, piece.is_summary, thoughts_);
  }
  if (!opaque.empty()) {
    begin_entry(details_);
    append_opaque_thought(details_, opaque, as_signature, thoughts_);
  }
  ++thoughts_;
}

void ChatBodyWriter::read_call(const Piece& piece) {
  ++call_count_;
  std::string arguments = piece.arguments;
  if (arguments.empty() && piece.call_kind == CallKind::function) arguments = "{}";
  if (old_functions_) {
    if (call_count_ > 1) {
      leave_out("call");  // the old form has room for one
      return;
    }
    calls_ = R"({"name":")" + piece.name + R"(","arguments":")" + arguments + "\"}";
    return;
  }
  const std::string id = piece.id.empty() ? made_id(call_count_) : piece.id;
  begin_entry(calls_);
  calls_ += '{';
  append_call(calls_,
              {piece.part,
               JsonText{id},
               JsonText{piece.name},
               piece.call_kind,
               {JsonText{piece.opaque}, piece.origin, JsonText{piece.opaque_id}}},
              JsonText{id}, JsonText{arguments});
}

void ChatBodyWriter::read_image(const Piece& piece) {
  if (piece.source_kind == Source::Kind::file_id) {
    leave_out(piece.kind);
    return;
  }
  begin_entry(images_);
  images_ += R"({"type":"image_url","image_url":{"url":")";
  if (piece.source_kind == Source::Kind::base64) {
    append_data_url(images_, {piece.source_kind, piece.media_type, JsonText{piece.data}});
  } else {
    images_ += piece.data;
  }
  images_ += R"("}})";
}

void ChatBodyWriter::read_note(const Answer::Note& note, uint64_t text_begin, uint64_t text_chars) {
  if (note.is_citation) {
    std::string entry;
    if (!append_annotation(
            entry,
            {JsonText{note.url}, JsonText{note.title}, JsonText{note.quote}, note.begin, note.end, note.raw, note.from},
            text_begin, text_chars)) {
      leave_out("citation");
      return;
    }
    begin_entry(annotations_);
    annotations_ += entry;
  } else if (note.kind == Extra::Kind::logprobs) {
    const std::string_view inner = std::string_view(note.raw).substr(1, note.raw.size() - 2);  // without the brackets
    begin_entry(logprobs_);
    logprobs_ += inner;
  } else if (note.kind == Extra::Kind::other && note.from == Dialect::openai && note.type == "annotation") {
    begin_entry(annotations_);
    annotations_ += note.raw;
  } else if (note.kind == Extra::Kind::other && note.from == Dialect::openai && is_member(note.type)) {
    others_ += ",\"" + note.type + "\":" + note.raw;
  } else {
    leave_out(Extra{note.kind, 0, note.from, note.type, note.raw});
  }
}

void ChatBodyWriter::write_message() {
  out += R"({"role":"assistant","content":)";
  if (text_.empty() && (call_count_ != 0 || !refusal_.empty())) {
    out += "null";
  } else {
    write_text(out, JsonText{text_});
  }
  out += R"(,"refusal":)";
  if (refusal_.empty()) {
    out += "null";
  } else {
    write_text(out, JsonText{refusal_});
  }
  if (!thinking_.empty()) {
    out += R"(,"reasoning_content":)";
    write_text(out, JsonText{thinking_});
  }
  if (!details_.empty()) out += R"(,"reasoning_details":[)" + details_ + ']';
  if (!calls_.empty() && old_functions_) out += R"(,"function_call":)" + calls_;
  if (!calls_.empty() && !old_functions_) out += R"(,"tool_calls":[)" + calls_ + ']';
  if (!annotations_.empty()) out += R"(,"annotations":[)" + annotations_ + ']';
  if (!images_.empty()) out += R"(,"images":[)" + images_ + ']';
  out += others_;
  out += '}';
}

void ChatBodyWriter::end() {
  const Answer& answer = gathered_.answer;
  set_model(JsonText{answer.model});
  for (const Piece& piece : answer.pieces) read_piece(piece);
  for (const Answer::Note& note : answer.extras) read_note(note, 0, text_chars_);
  leave_out(Finish{answer.reason, {}, JsonText{answer.stop_sequence}, answer.details, answer.from, answer.unusable},
            Dialect::openai);
  append_head(out, "chat.completion");
  out += R"(,"choices":[{"index":0,"message":)";
  write_message();
  out += R"(,"logprobs":)";
  out += logprobs_.empty() ? std::string("null") : R"({"content":[)" + logprobs_ + R"(],"refusal":null})";
  out += R"(,"finish_reason":")";
  out += finish_word(answer.reason, call_count_ != 0);
  out += R"("}])";
  if (answer.usage.counts.any()) {
    out += R"(,"usage":)";
    write_usage(out, answer.usage);
  }
  out += '}';
}

}  // namespace

std::unique_ptr<EventWriter> make_body_writer(const AnswerShape& shape) {
  return std::make_unique<ChatBodyWriter>(shape);
}

}  // namespace sluice::api::openai
