#include <optional>
#include <utility>

#include "api/anthropic/body_writer.h"
#include "api/anthropic/message_envelope.h"
#include "api/anthropic/translate.h"
#include "api/delivered.h"
#include "api/error_body.h"
#include "api/sent_frames.h"

namespace sluice::api::anthropic {
namespace {

constexpr std::string_view empty_text = R"({"type":"text","text":""})";
constexpr std::string_view empty_thinking = R"({"type":"thinking","thinking":"","signature":""})";

class StreamWriter final : public EventWriter {
 public:
  explicit StreamWriter(const AnswerShape& shape) : envelope_(shape), no_signature_(wrap_unsigned(shape.origin, own)) {}

  Result<void> resume(const SentFrames& sent, const Delivered& delivered) override;
  void on_start(const AnswerStart& start) override;
  void on_text(uint32_t part, JsonText text) override;
  void on_refusal(uint32_t part, JsonText text) override;
  void on_thinking(uint32_t part, JsonText text, bool is_summary) override;
  void on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) override;
  void on_call(const CallStart& call) override;
  void on_arguments(uint32_t part, JsonText piece) override;
  void on_media(uint32_t, PartKind kind, const Source&) override { leave_out(kind); }
  void on_citation(uint32_t part, const Citation& citation) override;
  void on_extra(const Extra& extra) override;
  void on_part_end(uint32_t part) override;
  void on_usage(const AnswerUsage& usage) override { envelope_.usage.set(usage); }
  void on_finish(const Finish& finish) override;
  void on_error(const ProviderError& error) override;
  void end() override;
  void fail(const Error& error, std::string_view request_id) override;

 private:
  enum class Block : unsigned char { none, text, thinking, call, free_text_call };

  void begin_frame(std::string_view type);
  void end_frame() { out += "\n\n"; }
  void begin_block(std::string_view content);
  // Opens the block unless it is already open. `content`: JSON of the empty block.
  void ensure(uint32_t part, Block kind, std::string_view content);
  void write_delta(std::string_view type, std::string_view member, std::string_view escaped);
  void write_whole_block(std::string_view content);
  void close();

  MessageEnvelope envelope_;
  const std::string no_signature_;
  Block block_ = Block::none;
  bool is_unsigned_ = false;      // the open thinking block was begun by this writer
  std::optional<uint32_t> part_;  // of the open block; none: takes the part of the first text that arrives
  size_t next_index_ = 0, calls_ = 0;
  bool started_ = false, ended_ = false;
};

void StreamWriter::begin_frame(std::string_view type) {
  out += "event: ";
  out += type;
  out += R"(
data: {"type":")";
  out += type;
  out += '"';
}

// The state of the blocks in a stream that was already sent.
struct SentBlocks final : SentState {
  bool started = false, ended = false, is_odd = false;
  size_t next_index = 0;
  bool is_open = false;
  std::string open_type{};

  void take(JsonValue frame) override {
    const std::string_view type = frame["type"].word();
    const std::optional<uint64_t> index = frame["index"].count();
    if (type == "message_start") started = true;
    if (type == "message_delta" || type == "message_stop" || type == "error") ended = true;
    if (type == "content_block_start") {
      is_odd = is_odd || is_open || index != next_index;
      is_open = true;
      open_type = frame["content_block"]["type"].word();
      ++next_index;
    } else if (type == "content_block_stop") {
      is_odd = is_odd || !is_open || index != next_index - 1;
      is_open = false;
    } else if (type == "content_block_delta") {
      is_odd = is_odd || !is_open || index != next_index - 1;
    }
  }
};

Result<void> StreamWriter::resume(const SentFrames& sent, const Delivered& delivered) {
  SentBlocks blocks;
  if (sent.state() != nullptr) blocks = static_cast<const SentBlocks&>(*sent.state());
  for_each_frame(sent, [&blocks](JsonValue frame) { blocks.take(frame); });
  if (blocks.ended) return cannot_resume("its end has begun");
  if (blocks.is_odd) return cannot_resume("its blocks do not follow one another");
  if (blocks.is_open && blocks.open_type != "text")
    return cannot_resume("a block of '" + blocks.open_type + "' is open");
  started_ = blocks.started;
  next_index_ = blocks.next_index;
  if (blocks.is_open) {
    block_ = Block::text;
    part_ = delivered.open_text;
  }
  envelope_.take_id(JsonText{delivered.id});
  envelope_.take(AnswerStart{{}, JsonText{delivered.model}});
  envelope_.usage = delivered.usage;
  envelope_.told_bytes = delivered.text.size();
  return {};
}

void StreamWriter::on_start(const AnswerStart& start) {
  if (ended_ || std::exchange(started_, true)) return;
  envelope_.take(start);
  begin_frame("message_start");
  out += R"(,"message":{)";
  JsonWriter json(out);
  envelope_.write_opening(json, out);
  json.key("content").array().end_array().member("stop_reason", nullptr).member("stop_sequence", nullptr);
  envelope_.write_usage(json, false);
  out += "}}";
  end_frame();
}

void StreamWriter::begin_block(std::string_view content) {
  on_start({});
  begin_frame("content_block_start");
  out += R"(,"index":)";
  out += std::to_string(next_index_++);
  out += R"(,"content_block":)";
  out += content;
  out += '}';
  end_frame();
}

void StreamWriter::ensure(uint32_t part, Block kind, std::string_view content) {
  if (block_ == Block::text && kind == block_ && !part_) part_ = part;
  if (block_ == kind && part_ == part) return;
  close();
  begin_block(content);
  block_ = kind;
  part_ = part;
  is_unsigned_ = kind == Block::thinking;
}

void StreamWriter::close() {
  if (block_ == Block::none) return;
  if (block_ == Block::thinking && is_unsigned_ && !no_signature_.empty()) {
    write_delta("signature_delta", "signature", no_signature_);
  }
  if (block_ == Block::free_text_call) write_delta("input_json_delta", "partial_json", R"(\"})");
  block_ = Block::none;
  begin_frame("content_block_stop");
  out += R"(,"index":)";
  out += std::to_string(next_index_ - 1);
  out += '}';
  end_frame();
}

void StreamWriter::write_delta(std::string_view type, std::string_view member, std::string_view escaped) {
  begin_frame("content_block_delta");
  out += R"(,"index":)";
  out += std::to_string(next_index_ - 1);
  out += R"(,"delta":{"type":")";
  out += type;
  out += R"(",")";
  out += member;
  out += R"(":")";
  out += escaped;
  out += R"("}})";
  end_frame();
}

void StreamWriter::write_whole_block(std::string_view content) {
  close();
  begin_block(content);
  block_ = Block::text;
  close();
}

void StreamWriter::on_text(uint32_t part, JsonText text) {
  if (ended_ || text.empty()) return;
  envelope_.told_bytes += text.escaped.size();
  ensure(part, Block::text, empty_text);
  write_delta("text_delta", "text", text.escaped);
}

void StreamWriter::on_refusal(uint32_t part, JsonText text) {
  envelope_.refused = true;
  on_text(part, text);
}

void StreamWriter::on_thinking(uint32_t part, JsonText text, bool) {
  if (ended_ || text.empty()) return;
  envelope_.told_bytes += text.escaped.size();
  ensure(part, Block::thinking, empty_thinking);
  write_delta("thinking_delta", "thinking", text.escaped);
}

void StreamWriter::on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) {
  if (ended_ || opaque.empty()) return;
  if (is_redacted) {
    write_whole_block(R"({"type":"redacted_thinking","data":")" + told_opaque(opaque) + "\"}");
    return;
  }
  ensure(part, Block::thinking, empty_thinking);
  is_unsigned_ = false;
  write_delta("signature_delta", "signature", told_opaque(opaque));
}

void StreamWriter::on_call(const CallStart& call) {
  if (ended_) return;
  envelope_.called = true;
  if (!call.opaque.empty()) {
    write_whole_block(R"({"type":"redacted_thinking","data":")" + told_call_signature(call.opaque) + "\"}");
  }
  std::string content;
  JsonWriter json(content);
  json.object().member("type", "tool_use");
  escaped_member(content, "id", JsonText{envelope_.call_id(call.id, ++calls_)});
  escaped_member(content, "name", call.name);
  json.key("input").object().end_object().end_object();
  ensure(call.part, call.kind == CallKind::custom ? Block::free_text_call : Block::call, content);
  if (block_ == Block::free_text_call) write_delta("input_json_delta", "partial_json", R"({\"input\":\")");
}

void StreamWriter::on_arguments(uint32_t part, JsonText piece) {
  if (ended_ || piece.empty() || part_ != part) return;
  envelope_.told_bytes += piece.escaped.size();
  if (block_ == Block::call) return write_delta("input_json_delta", "partial_json", piece.escaped);
  if (block_ != Block::free_text_call) return;
  std::string within;  // escaped twice: the piece goes into a string inside the JSON text
  append_json_escaped(within, piece.escaped);
  write_delta("input_json_delta", "partial_json", within);
}

void StreamWriter::on_citation(uint32_t part, const Citation& citation) {
  const std::string told = told_citation(citation);
  if (ended_ || told.empty() || (block_ != Block::none && part_ != part)) {
    leave_out("citation");
    return;
  }
  ensure(part, Block::text, empty_text);
  begin_frame("content_block_delta");
  out += R"(,"index":)";
  out += std::to_string(next_index_ - 1);
  out += R"(,"delta":{"type":"citations_delta","citation":)";
  out += told;
  out += "}}";
  end_frame();
}

void StreamWriter::on_extra(const Extra& extra) {
  if (ended_) return;
  if (extra.from == own && extra.kind == Extra::Kind::hosted_item) {
    write_whole_block(extra.raw);
  } else if (extra.from == own && extra.type == "container") {
    envelope_.container = extra.raw;
  } else {
    leave_out(extra);
  }
}

void StreamWriter::on_part_end(uint32_t part) {
  if (!ended_ && part_ == part) close();
}

void StreamWriter::on_finish(const Finish& finish) {
  if (ended_) return;
  on_start({});
  close();
  envelope_.take(finish);
  if (finish.from != own && !finish.details.empty()) leave_out("finish_details");
  if (finish.unusable) untold.add("finish_reason", DropReason::changed);
}

void StreamWriter::on_error(const ProviderError& error) {
  if (std::exchange(ended_, true)) return;
  out += "event: error\ndata: " + error_json(error) + "\n\n";
}

void StreamWriter::end() {
  if (ended_) return;
  on_start({});
  close();
  ended_ = true;
  begin_frame("message_delta");
  out += R"(,"delta":{)";
  JsonWriter json(out);
  envelope_.write_ending(json, out);
  out += '}';
  envelope_.write_usage(json, true);
  out += '}';
  end_frame();
  begin_frame("message_stop");
  out += '}';
  end_frame();
}

void StreamWriter::fail(const Error& error, std::string_view request_id) {
  if (std::exchange(ended_, true)) return;
  EventPlace place;
  place.between_frames = true;
  out += error_event(own, StreamFormat::sse, error, request_id, place);
}

}  // namespace

std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape) {
  if (shape.stream) return std::make_unique<StreamWriter>(shape);
  return make_body_writer(shape);
}

std::unique_ptr<SentState> make_sent_state() { return std::make_unique<SentBlocks>(); }

}  // namespace sluice::api::anthropic
