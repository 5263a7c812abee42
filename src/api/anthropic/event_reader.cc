#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "api/anthropic/translate.h"
#include "api/json_unescape.h"
#include "api/target_error.h"

namespace sluice::api::anthropic {
namespace {

constexpr uint32_t of_no_part = std::numeric_limits<uint32_t>::max();

// --- words ---

FinishReason finish_reason_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, FinishReason>, 7> reasons = {{
      {"end_turn", FinishReason::stop},
      {"max_tokens", FinishReason::length},
      {"model_context_window_exceeded", FinishReason::length},
      {"tool_use", FinishReason::tool_calls},
      {"refusal", FinishReason::refusal},
      {"pause_turn", FinishReason::pause},
      {"compaction", FinishReason::pause},  // the caller sends it back, and the model continues
  }};
  for (const auto& [name, reason] : reasons) {
    if (name == word) return reason;
  }
  return FinishReason::stop;
}

int status_of(std::string_view error_type) {
  constexpr std::array<std::pair<std::string_view, int>, 10> statuses = {{
      {"invalid_request_error", 400},
      {"authentication_error", 401},
      {"billing_error", 402},
      {"permission_error", 403},
      {"not_found_error", 404},
      {"request_too_large", 413},
      {"rate_limit_error", 429},
      {"timeout_error", 504},
      {"overloaded_error", 529},
      {"api_error", 500},
  }};
  for (const auto& [name, status] : statuses) {
    if (name == error_type) return status;
  }
  return 0;
}

AnswerUsage usage_of(JsonValue sent) {
  AnswerUsage usage;
  usage.counts.input_uncached = sent["input_tokens"].count();
  usage.counts.cache_read = sent["cache_read_input_tokens"].count();
  usage.counts.cache_write = sent["cache_creation_input_tokens"].count();
  usage.counts.output = sent["output_tokens"].count();
  usage.counts.reasoning = sent["output_tokens_details"]["thinking_tokens"].count();
  const JsonValue written = sent["cache_creation"];
  usage.cache_write_1h = written["ephemeral_1h_input_tokens"].count();
  const uint64_t parts = usage.cache_write_1h.value_or(0) + written["ephemeral_5m_input_tokens"].count().value_or(0);
  if (parts > usage.counts.cache_write.value_or(0)) usage.counts.cache_write = parts;
  return usage;
}

// --- reading ---

class MessageReader final : public EventReader {
 public:
  explicit MessageReader(const Origin& target) : target_(target) {}

  Result<void> read_frame(std::string_view event, std::string_view data, EventSink& sink) override;
  Result<void> read_body(std::string_view body, EventSink& sink) override;
  void end(EventSink& sink) override;
  size_t held_bytes() const override {
    size_t bytes = 0;
    for (const Block& block : open_) bytes += block.head.size() + block.rest.size();
    return bytes;
  }
  size_t scratch_bytes() const override { return document_.held_bytes(); }

 private:
  enum class Kind : unsigned char {
    text,
    thinking,
    call,
    gathered,  // done by the provider itself: reported as a whole at the block's end
    told       // already reported
  };
  struct Block {
    uint64_t index;
    uint32_t part;
    Kind kind;
    bool begun = false;  // something of it has been reported
    std::string type{};
    std::string head{};  // gathered: its members so far, except the one that arrives in pieces
    std::string rest{};  // call: the input the block opened with; gathered: the member that arrives in pieces
    bool in_pieces = false;
  };
  static constexpr size_t max_open_blocks = 256;

  void start(JsonValue message, EventSink& sink);
  void open(uint64_t index, JsonValue content, EventSink& sink);
  void open_gathered(Block& block, JsonValue content);
  Result<void> read_delta(JsonValue frame, EventSink& sink);
  void take_delta(Block& block, JsonValue delta, EventSink& sink);
  void close(Block& block, EventSink& sink);
  void make_room(EventSink& sink);
  void close_all(EventSink& sink);
  void tell_citation(Block& block, JsonValue citation, EventSink& sink);
  void tell_signature(const Block& block, JsonText data, bool is_redacted, EventSink& sink);
  void take_ending(JsonValue of, EventSink& sink);
  void finish(EventSink& sink);
  void fail_with(std::string_view text, EventSink& sink);
  Block* find(uint64_t index);

  const Origin target_;
  JsonDocument document_{};
  std::vector<Block> open_{};
  uint32_t next_part_ = 0;
  bool started_ = false, called_ = false, ended_ = false, knows_reason_ = false;
  std::string word_{}, stop_sequence_{}, details_{}, scratch_{};
};

Result<void> MessageReader::read_frame(std::string_view event, std::string_view data, EventSink& sink) {
  if (Result<void> done = document_.parse(data); !done) return done;
  const JsonValue frame = document_.root();
  if (!frame.is_object()) return fail(ErrorCode::bad_request, "a frame is not an object");
  std::string_view type = frame["type"].word();
  if (type.empty()) type = frame["error"].has_value() ? "error" : event;
  if (type == "ping" || ended_) return {};
  if (type == "content_block_delta") return read_delta(frame, sink);
  const std::optional<uint64_t> index = frame["index"].count();
  if (type == "content_block_start") {
    if (!index || !frame["content_block"].is_object()) {
      return fail(ErrorCode::bad_request, "a block of content begins without its index or content");
    }
    if (Block* const before = find(*index)) close(*before, sink);
    open(*index, frame["content_block"], sink);
  } else if (type == "content_block_stop") {
    Block* const block = index ? find(*index) : nullptr;
    if (block == nullptr) return fail(ErrorCode::bad_request, "a block of content ends that has not begun");
    close(*block, sink);
  } else if (type == "message_start") {
    start(frame["message"], sink);
  } else if (type == "message_delta") {
    start({}, sink);
    take_ending(frame["delta"], sink);
    if (frame["context_management"].has_value()) {
      sink.on_extra({Extra::Kind::other, of_no_part, own, "context_management", frame["context_management"].raw()});
    }
    if (frame["usage"].is_object()) sink.on_usage(usage_of(frame["usage"]));
  } else if (type == "message_stop") {
    start({}, sink);
    finish(sink);
  } else if (type == "error") {
    fail_with(data, sink);
  } else if (type.empty()) {
    return fail(ErrorCode::bad_request, "a frame has no type");
  } else {
    sink.on_extra({Extra::Kind::other, of_no_part, own, type, frame.raw()});
  }
  return {};
}

Result<void> MessageReader::read_body(std::string_view body, EventSink& sink) {
  if (Result<void> done = document_.parse(body); !done) return done;
  const JsonValue message = document_.root();
  if (message["type"].word() == "error" || message["error"].has_value()) {
    fail_with(body, sink);
    return {};
  }
  if (!message["content"].is_array()) return fail(ErrorCode::bad_request, "the answer has no content");
  start(message, sink);
  for (const JsonValue content : message["content"]) {
    if (!content.is_object()) continue;
    open(0, content, sink);
    close(open_.back(), sink);
  }
  take_ending(message, sink);
  if (message["context_management"].has_value()) {
    sink.on_extra({Extra::Kind::other, of_no_part, own, "context_management", message["context_management"].raw()});
  }
  finish(sink);
  return {};
}

void MessageReader::end(EventSink& sink) {
  if (ended_) return;
  if (knows_reason_) return finish(sink);
  close_all(sink);
}

void MessageReader::start(JsonValue message, EventSink& sink) {
  if (std::exchange(started_, true)) return;
  sink.on_start({message["id"].text(), message["model"].text()});
  if (message["usage"].is_object()) sink.on_usage(usage_of(message["usage"]));
}

// --- blocks ---

MessageReader::Block* MessageReader::find(uint64_t index) {
  const auto found = std::find_if(open_.begin(), open_.end(), [index](const Block& b) { return b.index == index; });
  return found == open_.end() ? nullptr : &*found;
}

void MessageReader::open(uint64_t index, JsonValue content, EventSink& sink) {
  start({}, sink);
  make_room(sink);
  const std::string_view type = content["type"].word();
  Block& block = open_.emplace_back(Block{index, next_part_++, Kind::told});
  if (type == "text") {
    block.kind = Kind::text;
    if (!content["text"].text().empty()) {
      block.begun = true;
      sink.on_text(block.part, content["text"].text());
    }
    for (const JsonValue citation : content["citations"]) tell_citation(block, citation, sink);
  } else if (type == "thinking") {
    block.kind = Kind::thinking;
    if (!content["thinking"].text().empty()) {
      block.begun = true;
      sink.on_thinking(block.part, content["thinking"].text(), false);
    }
    if (!content["signature"].text().empty()) {
      block.begun = true;
      tell_signature(block, content["signature"].text(), false, sink);
    }
  } else if (type == "redacted_thinking") {
    block.begun = true;
    tell_signature(block, content["data"].text(), true, sink);
  } else if (type == "tool_use") {
    block.kind = Kind::call;
    block.begun = called_ = true;
    if (!content["input"].empty()) block.rest = content["input"].raw();
    sink.on_call({block.part, content["id"].text(), content["name"].text(), CallKind::function, {}});
  } else if (type == "server_tool_use" || type == "mcp_tool_use" || type == "compaction") {
    block.kind = Kind::gathered;
    open_gathered(block, content);
  } else {
    block.begun = true;
    sink.on_extra({Extra::Kind::hosted_item, block.part, own, type, content.raw()});
  }
}

void MessageReader::open_gathered(Block& block, JsonValue content) {
  block.begun = true;
  block.type = content["type"].word();
  for (const JsonValue member : content) {
    if (member.named("input")) {
      block.rest = member.raw();
      continue;
    }
    if (!block.head.empty()) block.head += ',';
    block.head += '"';
    block.head += member.key().escaped;
    block.head += "\":";
    block.head += member.raw();
  }
}

Result<void> MessageReader::read_delta(JsonValue frame, EventSink& sink) {
  const std::optional<uint64_t> index = frame["index"].count();
  const JsonValue delta = frame["delta"];
  if (!index || !delta.is_object()) return fail(ErrorCode::bad_request, "a piece of content has no index or delta");
  Block* block = find(*index);
  if (block == nullptr) {
    const std::string_view type = delta["type"].word();
    const bool tells_kind = type == "text_delta" || type == "thinking_delta";
    if (!tells_kind) return fail(ErrorCode::bad_request, "a piece belongs to a block of content that has not begun");
    start({}, sink);
    make_room(sink);
    block = &open_.emplace_back(Block{*index, next_part_++, type == "text_delta" ? Kind::text : Kind::thinking});
  }
  take_delta(*block, delta, sink);
  return {};
}

void MessageReader::take_delta(Block& block, JsonValue delta, EventSink& sink) {
  const std::string_view type = delta["type"].word();
  const auto piece = [&](std::string_view name) { return delta[name].text(); };
  if (type == "text_delta" && block.kind == Kind::text) {
    if (piece("text").empty()) return;
    block.begun = true;
    sink.on_text(block.part, piece("text"));
  } else if (type == "thinking_delta" && block.kind == Kind::thinking) {
    if (piece("thinking").empty()) return;
    block.begun = true;
    sink.on_thinking(block.part, piece("thinking"), false);
  } else if (type == "signature_delta" && block.kind == Kind::thinking) {
    if (piece("signature").empty()) return;
    block.begun = true;
    tell_signature(block, piece("signature"), false, sink);
  } else if (type == "input_json_delta" && block.kind == Kind::call) {
    if (piece("partial_json").empty()) return;
    block.in_pieces = true;
    sink.on_arguments(block.part, piece("partial_json"));
  } else if (type == "input_json_delta" && block.kind == Kind::gathered) {
    if (!std::exchange(block.in_pieces, true)) block.rest.clear();
    append_json_unescaped(block.rest, piece("partial_json").escaped);
  } else if (type == "citations_delta" && block.kind == Kind::text) {
    tell_citation(block, delta["citation"], sink);
  } else if (type == "compaction_delta" && block.kind == Kind::gathered) {
    block.head = R"("type":"compaction")";
    for (const JsonValue member : delta) {
      if (member.named("type")) continue;
      block.head += ",\"" + std::string(member.key().escaped) + "\":" + std::string(member.raw());
    }
  } else {
    sink.on_extra({Extra::Kind::other, block.part, own, type, delta.raw()});
  }
}

void MessageReader::close(Block& block, EventSink& sink) {
  if (block.kind == Kind::call && !block.in_pieces) {
    scratch_.clear();
    append_json_escaped(scratch_, block.rest.empty() ? "{}" : block.rest);
    sink.on_arguments(block.part, JsonText{scratch_});
  } else if (block.kind == Kind::gathered) {
    scratch_ = '{' + block.head;
    if (block.type != "compaction") {
      JsonDocument input;
      const bool is_json = input.parse(block.rest).has_value();
      scratch_ += R"(,"input":)";
      scratch_ += is_json ? block.rest : "{}";
    }
    scratch_ += '}';
    sink.on_extra({Extra::Kind::hosted_item, block.part, own, block.type, scratch_});
  }
  if (block.begun) sink.on_part_end(block.part);
  open_.erase(open_.begin() + (&block - open_.data()));
}

// Blocks come one after another, each with an end. If a target leaves out the ends, the oldest block is closed.
void MessageReader::make_room(EventSink& sink) {
  if (open_.size() == max_open_blocks) close(open_.front(), sink);
}

void MessageReader::close_all(EventSink& sink) {
  while (!open_.empty()) close(open_.front(), sink);
}

void MessageReader::tell_citation(Block& block, JsonValue citation, EventSink& sink) {
  if (!citation.is_object()) return;
  block.begun = true;
  Citation told;
  const JsonValue url = citation["url"].exists() ? citation["url"] : citation["source"];
  const JsonValue title = citation["title"].exists() ? citation["title"] : citation["document_title"];
  told.url = url.text();
  told.title = title.text();
  told.quote = citation["cited_text"].text();
  told.raw = citation.raw();
  told.from = own;
  sink.on_citation(block.part, told);
}

void MessageReader::tell_signature(const Block& block, JsonText data, bool is_redacted, EventSink& sink) {
  Opaque opaque = unwrap(data, own);
  if (opaque.origin == Origin{own, {}}) opaque.origin = target_;
  sink.on_signature(block.part, opaque, is_redacted);
}

// --- the end ---

void MessageReader::take_ending(JsonValue of, EventSink& sink) {
  if (of["stop_reason"].is_string()) {
    knows_reason_ = true;
    word_ = of["stop_reason"].text().escaped;
  }
  if (of["stop_sequence"].is_string()) stop_sequence_ = of["stop_sequence"].text().escaped;
  if (of["stop_details"].has_value()) details_ = of["stop_details"].raw();
  if (of["container"].has_value()) {
    sink.on_extra({Extra::Kind::other, of_no_part, own, "container", of["container"].raw()});
  }
}

void MessageReader::finish(EventSink& sink) {
  if (std::exchange(ended_, true)) return;
  close_all(sink);
  if (is_failed_finish(word_)) return sink.on_error({0, word_, std::string(failed_finish_message), {}});
  Finish finish;
  finish.reason = finish_reason_of(word_);
  if (finish.reason == FinishReason::stop && called_) finish.reason = FinishReason::tool_calls;
  finish.word = JsonText{word_};
  finish.stop_sequence = JsonText{stop_sequence_};
  finish.details = details_;
  finish.from = own;
  sink.on_finish(finish);
}

void MessageReader::fail_with(std::string_view text, EventSink& sink) {
  start({}, sink);
  ended_ = true;
  TargetWords words = target_words(text);
  ProviderError error;
  error.status = status_of(words.code);
  error.code = std::move(words.code);
  error.message = std::move(words.message);
  sink.on_error(error);
}

}  // namespace

std::unique_ptr<EventReader> make_reader(const Origin& target) { return std::make_unique<MessageReader>(target); }

}  // namespace sluice::api::anthropic
