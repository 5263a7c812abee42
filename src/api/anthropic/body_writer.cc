#include "api/anthropic/body_writer.h"

#include <utility>

#include "api/answer.h"
#include "api/anthropic/message_envelope.h"
#include "api/error_body.h"
#include "api/json_unescape.h"

namespace sluice::api::anthropic {
namespace {

class BodyWriter final : public EventWriter {
 public:
  explicit BodyWriter(const AnswerShape& shape) : envelope_(shape), no_signature_(wrap_unsigned(shape.origin, own)) {}

  void on_start(const AnswerStart& start) override { envelope_.take(start); }
  void on_text(uint32_t part, JsonText text) override { answer_.on_text(part, text); }
  void on_refusal(uint32_t part, JsonText text) override { answer_.on_refusal(part, text); }
  void on_thinking(uint32_t part, JsonText text, bool is_summary) override {
    answer_.on_thinking(part, text, is_summary);
  }
  void on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) override {
    answer_.on_signature(part, opaque, is_redacted);
  }
  void on_call(const CallStart& call) override { answer_.on_call(call); }
  void on_arguments(uint32_t part, JsonText piece) override { answer_.on_arguments(part, piece); }
  void on_media(uint32_t, PartKind kind, const Source&) override { leave_out(kind); }
  void on_citation(uint32_t part, const Citation& citation) override { answer_.on_citation(part, citation); }
  void on_extra(const Extra& extra) override;
  void on_part_end(uint32_t part) override { answer_.on_part_end(part); }
  void on_usage(const AnswerUsage& usage) override { envelope_.usage.set(usage); }
  void on_finish(const Finish& finish) override { finish_.on_finish(finish); }
  void on_error(const ProviderError& error) override;
  void end() override;
  void fail(const Error& error, std::string_view request_id) override;
  size_t held_bytes() const override { return answer_.bytes(); }

 private:
  void write_piece(const Answer::Piece& piece);
  void write_text(const Answer::Piece& piece);
  void write_call(const Answer::Piece& piece);
  void write_opaque_block(std::string_view data);
  void begin(std::string_view type);

  MessageEnvelope envelope_;
  const std::string no_signature_;
  AnswerCollector answer_{}, finish_{};
  size_t calls_ = 0;
  bool ended_ = false;
};

void BodyWriter::on_extra(const Extra& extra) {
  if (extra.from == own && extra.kind == Extra::Kind::hosted_item) return answer_.on_extra(extra);
  if (extra.from == own && extra.type == "container") {
    envelope_.container = extra.raw;
  } else {
    leave_out(extra);
  }
}

void BodyWriter::begin(std::string_view type) {
  if (out.back() != '[') out += ',';
  out += R"({"type":")";
  out += type;
  out += '"';
}

void BodyWriter::write_text(const Answer::Piece& piece) {
  std::string citations;
  for (const Answer::Note& note : piece.notes) {
    if (!note.is_citation) continue;
    const std::string told = told_citation(
        {JsonText{note.url}, JsonText{note.title}, JsonText{note.quote}, note.begin, note.end, note.raw, note.from});
    if (told.empty()) {
      leave_out("citation");
      continue;
    }
    citations += citations.empty() ? "" : ",";
    citations += told;
  }
  if (piece.text.empty() && citations.empty()) return;
  begin("text");
  escaped_member(out, "text", JsonText{piece.text});
  if (!citations.empty()) out += R"(,"citations":[)" + citations + ']';
  out += '}';
}

void BodyWriter::write_opaque_block(std::string_view data) {
  begin("redacted_thinking");
  out += R"(,"data":")";
  out += data;
  out += "\"}";
}

void BodyWriter::write_call(const Answer::Piece& piece) {
  if (!piece.opaque.empty()) {
    write_opaque_block(told_call_signature({JsonText{piece.opaque}, piece.origin, {}}));
  }
  begin("tool_use");
  escaped_member(out, "id", JsonText{envelope_.call_id(JsonText{piece.id}, ++calls_)});
  escaped_member(out, "name", JsonText{piece.name});
  out += R"(,"input":)";
  if (piece.call_kind == CallKind::custom) {
    out += R"({"input":")" + piece.arguments + "\"}";
  } else {
    std::string arguments;
    append_json_unescaped(arguments, piece.arguments);
    append_arguments_object(out, arguments, "answer.arguments", untold);
  }
  out += '}';
}

void BodyWriter::write_piece(const Answer::Piece& piece) {
  switch (piece.kind) {
    case PartKind::text:
    case PartKind::refusal:
      write_text(piece);
      break;
    case PartKind::thinking: {
      begin("thinking");
      escaped_member(out, "thinking", JsonText{piece.text});
      const Opaque opaque{JsonText{piece.opaque}, piece.origin, JsonText{piece.opaque_id}};
      escaped_member(out, "signature", JsonText{opaque.empty() ? no_signature_ : told_opaque(opaque)});
      out += '}';
      break;
    }
    case PartKind::redacted:
      write_opaque_block(told_opaque({JsonText{piece.opaque}, piece.origin, JsonText{piece.opaque_id}}));
      break;
    case PartKind::tool_call:
      write_call(piece);
      break;
    default:
      for (const Answer::Note& note : piece.notes) {
        if (out.back() != '[') out += ',';
        out += note.raw;
      }
  }
}

void BodyWriter::end() {
  if (std::exchange(ended_, true)) return;
  for (const Answer::Piece& piece : answer_.answer.pieces) {
    envelope_.called = envelope_.called || piece.kind == PartKind::tool_call;
    envelope_.refused = envelope_.refused || piece.kind == PartKind::refusal;
    envelope_.told_bytes += piece.text.size() + piece.arguments.size();
  }
  const Answer& finished = finish_.answer;
  envelope_.take(Finish{finished.reason, JsonText{finished.word}, JsonText{finished.stop_sequence}, finished.details,
                        finished.from});
  if (finished.from != own && !finished.details.empty()) leave_out("finish_details");
  if (finished.unusable) untold.add("finish_reason", DropReason::changed);
  JsonWriter json(out);
  json.object();
  envelope_.write_opening(json, out);
  json.key("content").array();
  for (const Answer::Piece& piece : answer_.answer.pieces) write_piece(piece);
  json.end_array();
  envelope_.write_ending(json, out);
  envelope_.write_usage(json, true);
  json.end_object();
}

void BodyWriter::on_error(const ProviderError& error) {
  if (!std::exchange(ended_, true)) out = error_json(error);
}

void BodyWriter::fail(const Error& error, std::string_view request_id) {
  if (!std::exchange(ended_, true)) out = error_body(own, error, request_id);
}

}  // namespace

std::unique_ptr<EventWriter> make_body_writer(const AnswerShape& shape) { return std::make_unique<BodyWriter>(shape); }

}  // namespace sluice::api::anthropic
