#include "demo/script.h"

#include <algorithm>
#include <utility>

#include "base/json_writer.h"

namespace sluice::demo {
namespace {

// The indices of an answer's parts.
constexpr uint32_t thinking_part = 0, text_part = 1, first_call_part = 2;

constexpr std::string_view source_url = "https://example.com/demo", source_title = "The demo's own source";

api::JsonText escape(std::string& scratch, std::string_view text) {
  scratch.clear();
  append_json_escaped(scratch, text);
  return {scratch};
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }  // of UTF-8

api::FinishReason reason_of(const Reply& reply, Dialect dialect) {
  switch (reply.finish) {
    case Reply::Finish::stop:
      break;
    case Reply::Finish::length:
      return api::FinishReason::length;
    case Reply::Finish::calls:
      return api::FinishReason::tool_calls;
    case Reply::Finish::refusal:
      // OpenAI's models state the refusal and finish with "stop".
      if (dialect != Dialect::openai && dialect != Dialect::responses) return api::FinishReason::refusal;
  }
  return api::FinishReason::stop;
}

}  // namespace

Script::Script(Reply reply, std::unique_ptr<api::EventWriter> writer, Dialect dialect, std::string id)
    : reply_(std::move(reply)), writer_(std::move(writer)), dialect_(dialect), id_(std::move(id)) {}

void Script::take(std::string& out) {
  if (out.empty()) {
    out.swap(writer_->out);
  } else {
    out += writer_->out;
  }
  writer_->out.clear();
}

void Script::open(std::string& out) {
  tell_usage(false);
  writer_->on_start({{}, escape(escaped_, reply_.model)});
  take(out);
}

bool Script::next(std::string& out) {
  if (thinking_at_ < reply_.thinking.size()) {
    think();
  } else if (text_at_ < reply_.text.size()) {
    say();
  } else if (call_ < reply_.calls.size()) {
    call();
  }
  take(out);
  return thinking_at_ < reply_.thinking.size() || text_at_ < reply_.text.size() || call_ < reply_.calls.size();
}

void Script::close(std::string& out) {
  tell_usage(true);
  api::Finish finish;
  finish.reason = reason_of(reply_, dialect_);
  finish.from = dialect_;
  writer_->on_finish(finish);
  writer_->end();
  take(out);
}

void Script::fail(std::string& out, const Error& error) {
  writer_->fail(error, {});
  take(out);
}

void Script::think() {
  const std::string_view piece = word_at(reply_.thinking, thinking_at_);
  writer_->on_thinking(thinking_part, escape(escaped_, piece), false);
  thinking_at_ += piece.size();
  if (thinking_at_ < reply_.thinking.size()) return;
  const std::string signature = "demo" + id_;
  writer_->on_signature(thinking_part, {{signature}, {dialect_, {}}, {}}, false);
  writer_->on_part_end(thinking_part);
}

void Script::say() {
  const std::string_view piece = word_at(reply_.text, text_at_);
  if (reply_.finish == Reply::Finish::refusal) {
    writer_->on_refusal(text_part, escape(escaped_, piece));
  } else {
    writer_->on_text(text_part, escape(escaped_, piece));
  }
  text_at_ += piece.size();
  if (text_at_ < reply_.text.size()) return;
  if (reply_.cites) cite();
  writer_->on_part_end(text_part);
}

void Script::cite() {
  api::Citation citation;
  citation.url = {source_url};
  citation.title = {source_title};
  citation.quote = escape(escaped_, reply_.text);
  citation.begin = 0;
  citation.end = static_cast<uint64_t>(std::count_if(reply_.text.begin(), reply_.text.end(), begins_character));
  writer_->on_citation(text_part, citation);
}

void Script::call() {
  const ToolCall& call = reply_.calls[call_];
  const uint32_t part = first_call_part + static_cast<uint32_t>(call_);
  if (argument_at_ == 0) {
    const std::string id = (dialect_ == Dialect::anthropic ? "toolu_" : "call_") + id_ + "_" + std::to_string(call_);
    api::CallStart start;
    start.part = part;
    start.id = {id};
    start.name = escape(escaped_, call.name);
    start.kind = call.freeform ? api::CallKind::custom : api::CallKind::function;
    writer_->on_call(start);
  }
  const std::string_view piece = slice_at(call.arguments, argument_at_, reply_.slice_bytes);
  writer_->on_arguments(part, escape(escaped_, piece));
  argument_at_ += piece.size();
  if (argument_at_ < call.arguments.size()) return;
  writer_->on_part_end(part);
  argument_at_ = 0;
  ++call_;
}

void Script::tell_usage(bool whole) {
  api::AnswerUsage usage;
  usage.counts.input_uncached = reply_.input_tokens;
  if (whole) {
    usage.counts.output = reply_.output_tokens;
    if (reply_.thinking_tokens != 0) usage.counts.reasoning = reply_.thinking_tokens;
  }
  writer_->on_usage(usage);
}

}  // namespace sluice::demo
