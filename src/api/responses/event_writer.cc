// Writes an answer for a caller: the events of a stream, or the whole object at the end.
#include <algorithm>
#include <array>

#include "api/delivered.h"
#include "api/dialect.h"
#include "api/error_words.h"
#include "api/responses/answer_object.h"
#include "api/responses/output_writer.h"
#include "api/sent_frames.h"

namespace sluice::api::responses {
namespace {

// Codes that this API's callers know.
constexpr std::array<std::string_view, 8> known_codes = {
    "server_error",       "rate_limit_exceeded", "invalid_prompt",       "context_length_exceeded",
    "insufficient_quota", "usage_not_included",  "server_is_overloaded", "slow_down"};

std::string_view code_for(const ProviderError& error) {
  const auto known = std::find(known_codes.begin(), known_codes.end(), error.code);
  if (known != known_codes.end()) return *known;
  if (error.status == 429) return "rate_limit_exceeded";
  return error.status >= 400 && error.status < 500 ? "invalid_prompt" : "server_error";
}

class Writer final : public OutputWriter {
 public:
  explicit Writer(const AnswerShape& shape) : OutputWriter(shape), object_(shape) {}

  Result<void> resume(const SentFrames& sent, const Delivered& delivered) override;
  void on_start(const AnswerStart& start) override;
  void on_usage(const AnswerUsage& usage) override { usage_.set(usage); }
  void on_finish(const Finish& finish) override;
  void on_error(const ProviderError& error) override;
  void end() override;
  void fail(const Error& error, std::string_view request_id) override;

 private:
  void begin() override;
  void emit_answer(std::string_view type, const AnswerState& state);
  void emit_failed(std::string_view code, std::string_view message);

  AnswerObject object_;
  bool started_ = false, failed_ = false;
  AnswerUsage usage_;
  std::string_view status_ = "completed";
  std::string incomplete_;  // the reason, if status_ is "incomplete"
};

void Writer::emit_answer(std::string_view type, const AnswerState& state) {
  emit(type, [&](TextWriter& json) {
    json.key("response");
    object_.write(json, state);
  });
}

Result<void> Writer::resume(const SentFrames& sent, const Delivered& delivered) {
  SentOutput output;
  if (sent.state() != nullptr) output = static_cast<const SentOutput&>(*sent.state());
  for_each_frame(sent, [&output](JsonValue frame) { output.take(frame); });
  if (output.ended) return cannot_resume("its end has begun");
  if (Result<void> taken = take_sent(output, delivered.open_text); !taken) return taken;
  object_.set_begun(JsonText{output.id}, output.created_s);
  if (!output.model.empty()) object_.set_model(JsonText{output.model});
  started_ = output.begun;
  usage_ = delivered.usage;
  return {};
}

void Writer::on_start(const AnswerStart& start) {
  if (!start.model.empty()) object_.set_model(start.model);
  begin();
}

void Writer::begin() {
  if (std::exchange(started_, true)) return;
  emit_answer("response.created", {});
  emit_answer("response.in_progress", {});
}

void Writer::on_finish(const Finish& finish) {
  begin();
  const bool is_own = finish.from == Dialect::responses;
  if (finish.reason == FinishReason::length) {
    status_ = "incomplete";
    incomplete_ = is_own && !finish.word.empty() ? finish.word.escaped : "max_output_tokens";
  } else if (finish.reason == FinishReason::refusal && !refused_) {
    status_ = "incomplete";
    incomplete_ = "content_filter";
  } else if (finish.reason == FinishReason::pause) {
    if (is_own && finish.word.escaped == "queued") {
      status_ = "queued";
    } else if (is_own && finish.word.escaped == "in_progress") {
      status_ = "in_progress";
    }
  }
  leave_out(finish, Dialect::responses);
  tell_summary();
  close_all(status_ == "incomplete" ? "incomplete" : "completed");
}

void Writer::end() {
  if (failed_) return;
  begin();
  tell_summary();
  close_all("completed");
  const AnswerState state{status_, output_, incomplete_, {}, &usage_};
  if (stream_) {
    emit_answer(status_ == "incomplete" ? "response.incomplete" : "response.completed", state);
  } else {
    TextWriter json(out);
    object_.write(json, state);
  }
}

void Writer::emit_failed(std::string_view code, std::string_view message) {
  std::string error;
  JsonWriter(error).object().member("code", code).member("message", message).end_object();
  emit_answer("response.failed", {"failed", output_, {}, error, &usage_});
}

// Sends both of this API's failure events, as some callers look for one and some for the other.
void Writer::on_error(const ProviderError& error) {
  if (std::exchange(failed_, true)) return;
  const std::string_view code = code_for(error);
  if (!stream_) return write_plain_provider_error(error, {}, out);
  emit("error", [&](TextWriter& json) {
    json.member("code", error.code.empty() ? code : std::string_view(error.code)).member("message", error.message);
    json.member("param", nullptr);
    write_provider_error_object(error, json.key("error"));
  });
  emit_failed(code, error.message);
}

void Writer::fail(const Error& error, std::string_view request_id) {
  if (std::exchange(failed_, true)) return;
  if (!stream_) {
    out = error_body(Dialect::responses, error, request_id);
    return;
  }
  out += error_event(Dialect::responses, StreamFormat::sse, error, request_id, {true, sequence_++});
  emit_failed("server_error", error.message);
}

}  // namespace

std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape) { return std::make_unique<Writer>(shape); }

std::unique_ptr<SentState> make_sent_state() { return std::make_unique<SentOutput>(); }

}  // namespace sluice::api::responses
