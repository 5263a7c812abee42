// Answers of the older completions: a text, as a stream or as one body.
#include "api/delivered.h"
#include "api/openai/answer_writer.h"
#include "api/openai/usage_counts.h"

namespace sluice::api::openai {
namespace {

class CompletionWriter final : public ChatAnswerWriter {
 public:
  explicit CompletionWriter(const AnswerShape& shape) : ChatAnswerWriter(shape, "cmpl-") {}

  Result<void> resume(const SentFrames& sent, const Delivered& delivered) override;
  void on_start(const AnswerStart& start) override { set_model(start.model); }
  void on_text(uint32_t part, JsonText text) override;
  void on_refusal(uint32_t part, JsonText text) override { on_text(part, text); }
  void on_thinking(uint32_t, JsonText, bool) override { leave_out(PartKind::thinking); }
  void on_signature(uint32_t, const Opaque&, bool) override { leave_out("signature"); }
  void on_call(const CallStart&) override { leave_out(PartKind::tool_call); }
  void on_arguments(uint32_t, JsonText) override {}
  void on_media(uint32_t, PartKind kind, const Source&) override { leave_out(kind); }
  void on_citation(uint32_t, const Citation&) override { leave_out("citation"); }
  void on_extra(const Extra& extra) override { leave_out(extra); }
  void on_part_end(uint32_t) override {}
  void on_usage(const AnswerUsage& usage) override { usage_.set(usage); }
  void on_finish(const Finish& finish) override;
  void end() override;

 private:
  void write(JsonText text, std::string_view finish);
  void write_usage_member();

  std::string text_;  // of a body
  std::string_view finish_ = "stop";
  AnswerUsage usage_;
};

Result<void> CompletionWriter::resume(const SentFrames& sent, const Delivered& delivered) {
  if (!take_sent(sent).is_plain) return cannot_resume("another choice has begun");
  usage_ = delivered.usage;
  return {};
}

// A chunk, or a body without its usage and its last bracket.
void CompletionWriter::write(JsonText text, std::string_view finish) {
  if (stream_) out += "data: ";
  append_head(out, "text_completion");
  out += R"(,"choices":[{"index":0,"text":)";
  write_text(out, text);
  out += R"(,"logprobs":null,"finish_reason":)";
  if (finish.empty()) {
    out += "null";
  } else {
    append_json_string(out, finish);
  }
  out += "}]";
  if (stream_) out += usage_wanted_ ? ",\"usage\":null}\n\n" : "}\n\n";
}

void CompletionWriter::on_text(uint32_t, JsonText text) {
  if (text.empty()) return;
  if (stream_) {
    write(text, {});
  } else {
    text_ += text.escaped;
  }
}

void CompletionWriter::on_finish(const Finish& finish) {
  leave_out(finish, Dialect::openai);
  finish_ = finish_word(finish.reason, false);
  if (stream_) write({}, finish_);
}

void CompletionWriter::write_usage_member() {
  out += R"(,"usage":)";
  write_usage(out, usage_);
}

void CompletionWriter::end() {
  if (!stream_) {
    write(JsonText{text_}, finish_);
    if (usage_.counts.any()) write_usage_member();
    out += '}';
    return;
  }
  if (usage_wanted_ && usage_.counts.any()) {
    out += "data: ";
    append_head(out, "text_completion");
    out += R"(,"choices":[])";
    write_usage_member();
    out += "}\n\n";
  }
  out += "data: [DONE]\n\n";
}

}  // namespace

std::unique_ptr<EventWriter> make_completion_writer(const AnswerShape& shape) {
  return std::make_unique<CompletionWriter>(shape);
}

}  // namespace sluice::api::openai
