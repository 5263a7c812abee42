// Reads a target's answer, frame by frame or as one body.
#include <algorithm>
#include <array>
#include <utility>

#include "api/dialect.h"
#include "api/responses/output_reader.h"

namespace sluice::api::responses {
namespace {

class Reader final : public EventReader {
 public:
  explicit Reader(const Origin& target) : target_(target) {}
  Result<void> read_frame(std::string_view event, std::string_view data, EventSink& sink) override;
  Result<void> read_body(std::string_view body, EventSink& sink) override;
  void end(EventSink& sink) override;
  size_t held_bytes() const override { return output_.held_bytes(); }
  size_t scratch_bytes() const override { return document_.held_bytes(); }

 private:
  using Handler = void (Reader::*)(JsonValue frame, EventSink& sink);
  struct Entry {
    std::string_view type;
    Handler handler;
  };
  static const std::array<Entry, 21> entries;

  void on_created(JsonValue frame, EventSink& sink);
  void on_item_added(JsonValue frame, EventSink& sink);
  void on_item_done(JsonValue frame, EventSink& sink);
  void on_content_done(JsonValue frame, EventSink& sink);
  void on_text_delta(JsonValue frame, EventSink& sink);
  void on_text_done(JsonValue frame, EventSink& sink);
  void on_refusal_delta(JsonValue frame, EventSink& sink);
  void on_refusal_done(JsonValue frame, EventSink& sink);
  void on_annotation(JsonValue frame, EventSink& sink);
  void on_arguments_delta(JsonValue frame, EventSink& sink);
  void on_arguments_done(JsonValue frame, EventSink& sink);
  void on_input_done(JsonValue frame, EventSink& sink);
  void on_summary_delta(JsonValue frame, EventSink& sink);
  void on_summary_done(JsonValue frame, EventSink& sink);
  void on_thinking_delta(JsonValue frame, EventSink& sink);
  void on_thinking_done(JsonValue frame, EventSink& sink);
  void on_ended(JsonValue frame, EventSink& sink);
  void on_error_frame(JsonValue frame, EventSink& sink);

  void start(JsonValue answer, EventSink& sink);
  void read_answer(JsonValue answer, EventSink& sink);
  void tell_usage(JsonValue usage, EventSink& sink);
  void tell_finish(JsonValue answer, EventSink& sink);
  void tell_error(JsonValue error, EventSink& sink);

  const Origin target_;
  JsonDocument document_;
  OutputReader output_{target_};
  bool started_ = false, finished_ = false;
};

constexpr std::array<Reader::Entry, 21> Reader::entries = {{
    {"response.output_text.delta", &Reader::on_text_delta},
    {"response.function_call_arguments.delta", &Reader::on_arguments_delta},
    {"response.reasoning_summary_text.delta", &Reader::on_summary_delta},
    {"response.reasoning_text.delta", &Reader::on_thinking_delta},
    {"response.custom_tool_call_input.delta", &Reader::on_arguments_delta},
    {"response.refusal.delta", &Reader::on_refusal_delta},
    {"response.created", &Reader::on_created},
    {"response.in_progress", &Reader::on_created},
    {"response.output_item.added", &Reader::on_item_added},
    {"response.output_item.done", &Reader::on_item_done},
    {"response.content_part.done", &Reader::on_content_done},
    {"response.output_text.done", &Reader::on_text_done},
    {"response.refusal.done", &Reader::on_refusal_done},
    {"response.output_text.annotation.added", &Reader::on_annotation},
    {"response.function_call_arguments.done", &Reader::on_arguments_done},
    {"response.custom_tool_call_input.done", &Reader::on_input_done},
    {"response.reasoning_summary_text.done", &Reader::on_summary_done},
    {"response.reasoning_text.done", &Reader::on_thinking_done},
    {"response.completed", &Reader::on_ended},
    {"response.incomplete", &Reader::on_ended},
    {"response.failed", &Reader::on_ended},
}};

// --- frames and bodies ---

Result<void> Reader::read_frame(std::string_view event, std::string_view data, EventSink& sink) {
  if (data == "[DONE]") return {};
  if (Result<void> done = document_.parse(data); !done) return done;
  const JsonValue frame = document_.root();
  if (!frame.is_object()) return fail(ErrorCode::bad_request, "the frame is not a JSON object");
  if (finished_) return {};
  std::string_view type = frame["type"].word();
  if (type.empty()) type = event;
  const bool is_error = type == "error" || (type.empty() && frame["error"].has_value());
  const auto entry = std::find_if(entries.begin(), entries.end(), [type](const Entry& e) { return e.type == type; });
  if (entry == entries.end() && !is_error) return {};
  if (entry == entries.end() || !frame["response"].is_object()) start({}, sink);
  is_error ? on_error_frame(frame, sink) : (this->*entry->handler)(frame, sink);
  return {};
}

Result<void> Reader::read_body(std::string_view body, EventSink& sink) {
  if (Result<void> done = document_.parse(body); !done) return done;
  const JsonValue answer = document_.root();
  if (!answer.is_object()) return fail(ErrorCode::bad_request, "the answer is not a JSON object");
  if (!answer["output"].is_array() && !answer["error"].has_value()) {
    return fail(ErrorCode::bad_request, "the answer has no 'output'");
  }
  read_answer(answer, sink);
  return {};
}

void Reader::end(EventSink& sink) {
  if (finished_ || !started_) return;
  output_.end_all(sink);
  finished_ = true;
  sink.on_finish({output_.has_calls() ? FinishReason::tool_calls : FinishReason::stop, {}, {}, {}, target_.dialect});
}

// The whole answer: a body, or what a stream repeats at its end. What the stream has reported is not reported again.
void Reader::read_answer(JsonValue answer, EventSink& sink) {
  start(answer, sink);
  output_.read(answer["output"], sink);
  output_.end_all(sink);
  tell_usage(answer["usage"], sink);
  tell_finish(answer, sink);
}

void Reader::start(JsonValue answer, EventSink& sink) {
  if (!std::exchange(started_, true)) sink.on_start({answer["id"].text(), answer["model"].text()});
}

void Reader::on_created(JsonValue frame, EventSink& sink) { start(frame["response"], sink); }

void Reader::on_ended(JsonValue frame, EventSink& sink) { read_answer(frame["response"], sink); }

// --- the output ---

void Reader::on_item_added(JsonValue frame, EventSink& sink) {
  const JsonValue value = frame["item"];
  OutputItem& item = output_.item_of(frame, kind_of_item(value["type"].word()));
  output_.begin(item, value, sink);
}

void Reader::on_item_done(JsonValue frame, EventSink& sink) {
  const JsonValue value = frame["item"];
  OutputItem& item = output_.item_of(frame, kind_of_item(value["type"].word()));
  output_.begin(item, value, sink);
  output_.end(item, value, sink);
}

void Reader::on_text_delta(JsonValue frame, EventSink& sink) {
  OutputItem& item = output_.item_of(frame, OutputItem::Kind::message);
  OutputItem::Content& content = output_.content_of(item, frame["content_index"].count().value_or(0));
  const JsonText delta = frame["delta"].text();
  if (!delta.empty()) output_.tell_text(content, delta, frame["logprobs"], sink);
}

void Reader::on_text_done(JsonValue frame, EventSink& sink) {
  OutputItem& item = output_.item_of(frame, OutputItem::Kind::message);
  OutputItem::Content& content = output_.content_of(item, frame["content_index"].count().value_or(0));
  if (!content.told) output_.tell_text(content, frame["text"].text(), {}, sink);
  if (!content.logged) output_.tell_logprobs(content, frame["logprobs"], sink);
}

void Reader::on_refusal_delta(JsonValue frame, EventSink& sink) {
  OutputItem& item = output_.item_of(frame, OutputItem::Kind::message);
  OutputItem::Content& content = output_.content_of(item, frame["content_index"].count().value_or(0));
  const JsonText delta = frame["delta"].text();
  if (!delta.empty()) output_.tell_refusal(content, delta, sink);
}

void Reader::on_refusal_done(JsonValue frame, EventSink& sink) {
  OutputItem& item = output_.item_of(frame, OutputItem::Kind::message);
  OutputItem::Content& content = output_.content_of(item, frame["content_index"].count().value_or(0));
  if (!content.told) output_.tell_refusal(content, frame["refusal"].text(), sink);
}

void Reader::on_content_done(JsonValue frame, EventSink& sink) {
  const JsonValue part = frame["part"];
  const std::string_view type = part["type"].word();
  if (type != "output_text" && type != "refusal") return;  // a reasoning item's
  output_.end_content(output_.item_of(frame, OutputItem::Kind::message), part,
                      frame["content_index"].count().value_or(0), sink);
}

void Reader::on_annotation(JsonValue frame, EventSink& sink) {
  OutputItem& item = output_.item_of(frame, OutputItem::Kind::message);
  OutputItem::Content& content = output_.content_of(item, frame["content_index"].count().value_or(0));
  if (content.ended) return;
  content.noted = true;
  output_.tell_citation(content.part, frame["annotation"], sink);
}

void Reader::on_arguments_delta(JsonValue frame, EventSink& sink) {
  output_.tell_arguments(output_.item_of(frame, OutputItem::Kind::function), frame["delta"].text(), sink);
}

void Reader::on_arguments_done(JsonValue frame, EventSink& sink) {
  OutputItem& item = output_.item_of(frame, OutputItem::Kind::function);
  if (!item.told) output_.tell_arguments(item, frame["arguments"].text(), sink);
}

void Reader::on_input_done(JsonValue frame, EventSink& sink) {
  OutputItem& item = output_.item_of(frame, OutputItem::Kind::custom);
  if (!item.told) output_.tell_arguments(item, frame["input"].text(), sink);
}

void Reader::on_summary_delta(JsonValue frame, EventSink& sink) {
  OutputItem& item = output_.item_of(frame, OutputItem::Kind::reasoning);
  output_.begin(item, {}, sink);
  output_.tell_thinking(item, frame["delta"].text(), frame["summary_index"].count().value_or(0), true, sink);
}

void Reader::on_summary_done(JsonValue frame, EventSink& sink) {
  OutputItem& item = output_.item_of(frame, OutputItem::Kind::reasoning);
  const uint64_t piece = frame["summary_index"].count().value_or(0);
  if (item.told && item.piece_index >= piece) return;
  output_.begin(item, {}, sink);
  output_.tell_thinking(item, frame["text"].text(), piece, true, sink);
}

void Reader::on_thinking_delta(JsonValue frame, EventSink& sink) {
  OutputItem& item = output_.item_of(frame, OutputItem::Kind::reasoning);
  output_.begin(item, {}, sink);
  output_.tell_thinking(item, frame["delta"].text(), frame["content_index"].count().value_or(0), false, sink);
}

void Reader::on_thinking_done(JsonValue frame, EventSink& sink) {
  OutputItem& item = output_.item_of(frame, OutputItem::Kind::reasoning);
  const uint64_t piece = frame["content_index"].count().value_or(0);
  if (item.told && (item.is_summary || item.piece_index >= piece)) return;
  output_.begin(item, {}, sink);
  output_.tell_thinking(item, frame["text"].text(), piece, false, sink);
}

// --- the end ---

void Reader::tell_usage(JsonValue usage, EventSink& sink) {
  if (!usage.is_object()) return;
  SentCounts counts;
  const auto add = [&counts](SentCounts::Count which, JsonValue value) {
    if (const auto count = value.count()) counts.add(which, *count, false);
  };
  add(SentCounts::input, usage["input_tokens"]);
  add(SentCounts::output, usage["output_tokens"]);
  add(SentCounts::total, usage["total_tokens"]);
  add(SentCounts::cache_read, usage["input_tokens_details"]["cached_tokens"]);
  add(SentCounts::cache_write, usage["input_tokens_details"]["cache_write_tokens"]);
  add(SentCounts::reasoning, usage["output_tokens_details"]["reasoning_tokens"]);
  AnswerUsage told;
  told.counts = usage_from(counts, room_of(target_.dialect).places);
  if (told.counts.any()) sink.on_usage(told);
}

// "queued" and "in_progress" in a body are reported as a pause: there will be more, which has to be asked for.
void Reader::tell_finish(JsonValue answer, EventSink& sink) {
  const std::string_view status = answer["status"].word();
  if (status == "failed" || status == "cancelled" || answer["error"].has_value()) {
    if (answer["error"].has_value()) return tell_error(answer["error"], sink);
    finished_ = true;
    return sink.on_error({0, std::string(status), "the answer has the status '" + std::string(status) + "'", {}});
  }
  finished_ = true;
  Finish finish;
  finish.from = target_.dialect;
  finish.word = answer["status"].text();
  if (output_.has_refusal()) finish.reason = FinishReason::refusal;
  if (output_.has_calls()) finish.reason = FinishReason::tool_calls;
  if (status == "incomplete") {
    const JsonValue details = answer["incomplete_details"];
    finish.word = details["reason"].text();
    if (details.size() > 1) finish.details = details.raw();  // otherwise finish.word has everything
    finish.reason = details["reason"].word() == "content_filter" ? FinishReason::refusal : FinishReason::length;
  } else if (status == "queued" || status == "in_progress") {
    finish.reason = FinishReason::pause;
  }
  sink.on_finish(finish);
}

void Reader::on_error_frame(JsonValue frame, EventSink& sink) {
  const JsonValue inner = frame["error"];
  tell_error(inner.has_value() ? inner : frame, sink);
}

void Reader::tell_error(JsonValue error, EventSink& sink) {
  finished_ = true;
  TextArena arena;
  ProviderError told;
  told.message = arena.unescape(error.is_string() ? error.text() : error["message"].text());
  told.code = arena.unescape(error["code"].text());
  if (told.code.empty() && error["type"].word() != "error") told.code = arena.unescape(error["type"].text());
  if (told.code == "rate_limit_exceeded") told.status = 429;
  if (told.code == "server_error") told.status = 500;
  if (told.code == "invalid_prompt") told.status = 400;
  sink.on_error(told);
}

}  // namespace

std::unique_ptr<EventReader> make_reader(const Origin& target) { return std::make_unique<Reader>(target); }

}  // namespace sluice::api::responses
