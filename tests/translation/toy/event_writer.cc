#include "translation/toy/translate.h"

namespace sluice::test::toy {

using namespace api;

namespace {

class Writer final : public EventWriter {
 public:
  explicit Writer(const AnswerShape& shape) : stream_(shape.stream), model_(shape.model) {}

  void on_start(const AnswerStart& start) override {
    if (!start.model.empty()) model_ = start.model.escaped;
  }
  void on_text(uint32_t, JsonText text) override {
    words_ += text.escaped;
    if (stream_) write_line(false);
  }
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
  void on_finish(const Finish& finish) override { full_ = finish.reason == FinishReason::length; }
  void on_error(const ProviderError& error) override { fail({ErrorCode::target_error, error.message}, {}); }
  void end() override {
    if (!failed_) write_line(true);
  }
  void fail(const Error& error, std::string_view) override {
    if (std::exchange(failed_, true)) return;
    write_error(error, {}, out);
    if (stream_) out += '\n';
  }

 private:
  void write_line(bool is_last) {
    JsonWriter json(out);
    json.object().key("model").raw('"' + model_ + '"').key("words").raw('"' + std::exchange(words_, {}) + '"');
    if (is_last) {
      json.member("over", full_ ? "full" : "done").key("cost").object();
      json.member("in", usage_.input()).member("out", usage_.counts.output.value_or(0)).end_object();
    }
    json.end_object();
    if (stream_) out += '\n';
  }

  const bool stream_;
  std::string model_, words_;  // escaped
  AnswerUsage usage_;
  bool full_ = false, failed_ = false;
};

}  // namespace

std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape) { return std::make_unique<Writer>(shape); }

}  // namespace sluice::test::toy
