// A stream of chat completions for a caller, chunk by chunk.
#include <algorithm>
#include <utility>
#include <vector>

#include "api/delivered.h"
#include "api/latest_place.h"
#include "api/openai/answer_writer.h"
#include "api/openai/usage_counts.h"

namespace sluice::api::openai {
namespace {

class ChatStreamWriter final : public ChatAnswerWriter {
 public:
  explicit ChatStreamWriter(const AnswerShape& shape) : ChatAnswerWriter(shape, "chatcmpl-") {}

  Result<void> resume(const SentFrames& sent, const Delivered& delivered) override;

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
  void on_usage(const AnswerUsage& usage) override { usage_.set(usage); }
  void on_finish(const Finish& finish) override;
  void end() override;
  size_t held_bytes() const override { return calls_.size() * (sizeof(Call) + LatestPlace<uint32_t>::bytes_each); }

 private:
  struct Call {
    CallKind kind;
    bool told, has_arguments;
  };

  void begin();
  void make_head();
  // The chunk up to its delta's members, and what follows them.
  void open_chunk();
  void close_chunk(std::string_view finish = {}, std::string_view logprobs = {});
  void delta(std::string_view name, JsonText text);
  size_t thought_of(uint32_t part);
  void arguments(size_t index, JsonText piece);

  std::string head_;  // of each chunk
  std::vector<Call> calls_;
  LatestPlace<uint32_t> places_{};   // indexes of calls, by their parts
  std::optional<uint32_t> thought_;  // the last part of thinking
  size_t thoughts_ = 0;
  bool is_summary_ = false;
  std::optional<uint32_t> text_;  // the last part of text
  uint64_t text_begin_ = 0, text_chars_ = 0;
  AnswerUsage usage_;
};

void ChatStreamWriter::on_start(const AnswerStart& start) {
  set_model(start.model);
  begin();
}

Result<void> ChatStreamWriter::resume(const SentFrames& sent, const Delivered& delivered) {
  const SentChunks chunks = take_sent(sent);
  if (!chunks.is_plain) return cannot_resume("a call, or another choice, has begun");
  if (!chunks.any) return {};
  make_head();
  usage_ = delivered.usage;
  thoughts_ = chunks.thoughts;
  text_ = delivered.open_text;
  (text_ ? text_chars_ : text_begin_) = count_characters(JsonText{delivered.text});
  return {};
}

void ChatStreamWriter::make_head() {
  head_ = "data: ";
  append_head(head_, "chat.completion.chunk");
  head_ += R"(,"choices":[{"index":0,"delta":{)";
}

// The role is sent once, before anything else.
void ChatStreamWriter::begin() {
  if (!head_.empty()) return;
  make_head();
  open_chunk();
  out += R"("role":"assistant","content":"")";
  close_chunk();
}

void ChatStreamWriter::open_chunk() {
  begin();
  out += head_;
}

void ChatStreamWriter::close_chunk(std::string_view finish, std::string_view logprobs) {
  out += R"(},"logprobs":)";
  if (logprobs.empty()) {
    out += "null";
  } else {
    out += R"({"content":)";
    out += logprobs;
    out += R"(,"refusal":null})";
  }
  out += R"(,"finish_reason":)";
  if (finish.empty()) {
    out += "null";
  } else {
    append_json_string(out, finish);
  }
  out += usage_wanted_ ? "}],\"usage\":null}\n\n" : "}]}\n\n";
}

void ChatStreamWriter::delta(std::string_view name, JsonText text) {
  open_chunk();
  out += '"';
  out += name;
  out += "\":";
  write_text(out, text);
  close_chunk();
}

void ChatStreamWriter::on_text(uint32_t part, JsonText text) {
  if (text.empty()) return;
  if (text_ != part) text_begin_ += std::exchange(text_chars_, 0);
  text_ = part;
  text_chars_ += count_characters(text);
  delta("content", text);
}

void ChatStreamWriter::on_refusal(uint32_t, JsonText text) {
  if (!text.empty()) delta("refusal", text);
}

size_t ChatStreamWriter::thought_of(uint32_t part) {
  if (thought_ != part) {
    thought_ = part;
    ++thoughts_;
  }
  return thoughts_ - 1;
}

// The text is sent twice: callers read one of the two, and those that read the details send them back.
void ChatStreamWriter::on_thinking(uint32_t part, JsonText text, bool is_summary) {
  if (text.empty()) return;
  is_summary_ = is_summary;
  open_chunk();
  out += R"("reasoning_content":)";
  write_text(out, text);
  out += R"(,"reasoning_details":[)";
  append_thought(out, text, is_summary, thought_of(part));
  out += ']';
  close_chunk();
}

void ChatStreamWriter::on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) {
  if (opaque.empty()) return;
  const bool goes_on = thought_ == part;
  open_chunk();
  out += R"("reasoning_details":[)";
  append_opaque_thought(out, opaque, !is_redacted && !(goes_on && is_summary_), thought_of(part));
  out += ']';
  close_chunk();
}

void ChatStreamWriter::on_call(const CallStart& call) {
  const bool told = !old_functions_ || calls_.empty();
  places_.set(call.part, calls_.size());
  calls_.push_back({call.kind, told, false});
  if (!told) {
    leave_out("call");  // the old form has room for one
    return;
  }
  open_chunk();
  if (old_functions_) {
    out += R"("function_call":{"name":)";
    write_text(out, call.name);
    out += R"(,"arguments":""})";
  } else {
    out += R"("tool_calls":[{"index":)" + std::to_string(calls_.size() - 1) + ',';
    const std::string made = call.id.empty() ? made_id(calls_.size()) : std::string();
    append_call(out, call, call.id.empty() ? JsonText{made} : call.id, {});
    out += ']';
  }
  close_chunk();
}

void ChatStreamWriter::arguments(size_t index, JsonText piece) {
  calls_[index].has_arguments = true;
  if (!calls_[index].told) return;
  const bool custom = calls_[index].kind == CallKind::custom;
  open_chunk();
  if (old_functions_) {
    out += R"("function_call":{"arguments":)";
    write_text(out, piece);
    out += '}';
  } else {
    out += R"("tool_calls":[{"index":)" + std::to_string(index);
    out += custom ? R"(,"custom":{"input":)" : R"(,"function":{"arguments":)";
    write_text(out, piece);
    out += "}}]";
  }
  close_chunk();
}

void ChatStreamWriter::on_arguments(uint32_t part, JsonText piece) {
  if (piece.empty()) return;
  if (const std::optional<size_t> call = places_.find(part)) arguments(*call, piece);
}

void ChatStreamWriter::on_media(uint32_t, PartKind kind, const Source& source) {
  if (kind != PartKind::image || source.kind == Source::Kind::file_id) {
    leave_out(kind);
    return;
  }
  open_chunk();
  out += R"("images":[{"type":"image_url","image_url":{"url":")";
  if (source.kind == Source::Kind::base64) {
    append_data_url(out, source);
  } else {
    out += source.data.escaped;
  }
  out += R"("}}])";
  close_chunk();
}

void ChatStreamWriter::on_citation(uint32_t, const Citation& citation) {
  std::string annotation;
  if (!append_annotation(annotation, citation, text_begin_, text_chars_)) {
    leave_out("citation");
    return;
  }
  open_chunk();
  out += R"("annotations":[)" + annotation + ']';
  close_chunk();
}

void ChatStreamWriter::on_extra(const Extra& extra) {
  if (extra.kind == Extra::Kind::logprobs) {
    open_chunk();
    close_chunk({}, extra.raw);
  } else if (extra.kind == Extra::Kind::other && extra.from == Dialect::openai && is_member(extra.type)) {
    open_chunk();
    if (extra.type == "annotation") {
      out += R"("annotations":[)" + std::string(extra.raw) + ']';
    } else {
      out += '"' + std::string(extra.type) + "\":";
      out += extra.raw;
    }
    close_chunk();
  } else {
    leave_out(extra);
  }
}

// A call without arguments gets an empty object.
void ChatStreamWriter::on_part_end(uint32_t part) {
  const std::optional<size_t> place = places_.find(part);
  if (!place) return;
  const Call& call = calls_[*place];
  if (!call.has_arguments && call.kind == CallKind::function) arguments(*place, JsonText{"{}"});
}

void ChatStreamWriter::on_finish(const Finish& finish) {
  leave_out(finish, Dialect::openai);
  open_chunk();
  close_chunk(finish_word(finish.reason, !calls_.empty()));
}

void ChatStreamWriter::end() {
  if (usage_wanted_ && usage_.counts.any()) {
    out += "data: ";
    append_head(out, "chat.completion.chunk");
    out += R"(,"choices":[],"usage":)";
    write_usage(out, usage_);
    out += "}\n\n";
  }
  out += "data: [DONE]\n\n";
}

}  // namespace

std::unique_ptr<EventWriter> make_stream_writer(const AnswerShape& shape) {
  return std::make_unique<ChatStreamWriter>(shape);
}

std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape) {
  if (shape.endpoint == "completions") return make_completion_writer(shape);
  return shape.stream ? make_stream_writer(shape) : make_body_writer(shape);
}

}  // namespace sluice::api::openai
