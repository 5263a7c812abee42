// Writes answers for Gemini's callers. Each piece of a stream is a complete GenerateContentResponse, sent as a
// server-sent event or as an element of an array; a plain body is one response with all pieces. The finish reason and
// the usage are in the last one.
#include <algorithm>
#include <utility>

#include "api/delivered.h"
#include "api/dialect.h"
#include "api/error_body.h"
#include "api/gemini/answer_notes.h"
#include "api/gemini/error_words.h"
#include "api/gemini/signature.h"
#include "api/gemini/translate.h"
#include "api/json_unescape.h"
#include "api/sent_frames.h"
#include "base/json_writer.h"

namespace sluice::api::gemini {
namespace {

void append_quoted(std::string& out, std::string_view escaped) { ((out += '"') += escaped) += '"'; }

std::string text_part(std::string_view text, bool is_thought, std::string_view signature) {
  std::string part;
  part.reserve(text.size() + signature.size() + 64);  // allocated once
  append_quoted(part += R"({"text":)", text);
  if (is_thought) part += R"(,"thought":true)";
  if (!signature.empty()) append_quoted(part += R"(,"thoughtSignature":)", signature);
  return part += '}';
}

class GenerateContentWriter final : public EventWriter {
 public:
  explicit GenerateContentWriter(const AnswerShape& shape)
      : stream_(shape.stream),
        array_(shape.json_array),
        shows_thoughts_(!shape.request.reasoning.summary.empty() && shape.request.reasoning.summary != "none"),
        id_(shape.id) {
    append_json_escaped(model_, shape.model);
  }

  Result<void> resume(const SentFrames& sent, const Delivered& delivered) override;
  void on_start(const AnswerStart& start) override;
  void on_text(uint32_t part, JsonText text) override;
  void on_refusal(uint32_t part, JsonText text) override {
    refused_ = true;
    on_text(part, text);
  }
  void on_thinking(uint32_t part, JsonText text, bool is_summary) override;
  void on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) override;
  void on_call(const CallStart& call) override;
  void on_arguments(uint32_t part, JsonText piece) override;
  void on_media(uint32_t part, PartKind kind, const Source& source) override;
  void on_citation(uint32_t part, const Citation& citation) override;
  void on_extra(const Extra& extra) override;
  void on_part_end(uint32_t part) override;
  void on_usage(const AnswerUsage& usage) override;
  void on_finish(const Finish& finish) override;
  void on_error(const ProviderError& error) override;
  void end() override;
  void fail(const Error& error, std::string_view request_id) override;
  size_t held_bytes() const override {
    return parts_.size() + text_.size() + (gathered_ ? gathered_->data.size() : 0) + signature_.size() +
           (call_ ? call_->arguments.size() : 0) + chunks_.size() + supports_.size() + notes_.size() + tokens_.size();
  }

 private:
  struct Call {
    std::string id{}, name{}, arguments{}, signature{};
    CallKind kind{};
  };
  struct Gathered {  // a signature, which may arrive in pieces
    std::string data{}, id{};
    Origin origin{};
    bool is_redacted = false;
  };

  void write_part(std::string_view part, bool takes_signature = false);
  void write_gathered_text();
  void write_call();
  void write_signature();
  void end_signature();
  void write_chunk(std::string_view parts, bool is_last);
  void write_last(JsonWriter& json);
  void write_usage(JsonWriter& json);
  void write_notes(JsonWriter& json);
  void begin_frame();
  void end_frame();

  const bool stream_, array_, shows_thoughts_;
  std::string id_;
  std::string model_;                   // escaped
  std::string parts_;                   // of a body
  bool last_takes_signature_ = false;   // of a body: the last part is a text without a signature
  std::string text_;                    // of a body: the current part's text
  bool is_thought_ = false;             // the current text is a thought
  std::optional<uint32_t> thinking_{};  // the last thinking part
  std::optional<Gathered> gathered_{};  // of the current part
  std::string signature_;               // of a thinking: sent with the next call or the last text
  std::optional<Call> call_{};
  uint32_t calls_ = 0;
  std::string chunks_, supports_;  // sources, as elements of groundingMetadata's lists
  uint32_t sources_ = 0;
  std::string notes_;   // from a Gemini target: members of the candidate, unchanged
  std::string tokens_;  // elements of the logprobs
  AnswerUsage usage_;
  bool has_usage_ = false;
  bool refused_ = false;  // the model has refused in words
  std::string word_ = "STOP", details_;
  bool has_frames_ = false;
  size_t frame_at_ = 0;
  bool failed_ = false;
};

Result<void> GenerateContentWriter::resume(const SentFrames& sent, const Delivered& delivered) {
  if (!stream_) return EventWriter::resume(sent, delivered);
  if (!delivered.id.empty()) {
    id_.clear();
    append_json_unescaped(id_, delivered.id);
  }
  if (!delivered.model.empty()) model_ = delivered.model;
  has_frames_ = sent.any();
  usage_ = delivered.usage;
  has_usage_ = usage_.counts.any();
  return {};
}

void GenerateContentWriter::on_start(const AnswerStart& start) {
  if (!start.model.empty()) model_ = start.model.escaped;
}

// --- frames ---

void GenerateContentWriter::begin_frame() {
  if (stream_) out += array_ ? (has_frames_ ? ",\n" : "[") : "data: ";
  has_frames_ = true;
  frame_at_ = out.size();
}

// Raw JSON may span several lines, but an event's data must be one line.
void GenerateContentWriter::end_frame() {
  if (!stream_ || array_) return;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(frame_at_), out.end(), [](char c) { return c == '\n' || c == '\r'; },
      ' ');
  out += "\n\n";
}

void GenerateContentWriter::write_part(std::string_view part, bool takes_signature) {
  if (stream_) return write_chunk(part, false);
  if (!parts_.empty()) parts_ += ',';
  parts_ += part;
  last_takes_signature_ = takes_signature;
}

void GenerateContentWriter::write_chunk(std::string_view parts, bool is_last) {
  begin_frame();
  JsonWriter json(out);
  json.object().key("candidates").array().object();
  if (!parts.empty()) {
    json.key("content").object().key("parts").array().raw(parts).end_array().member("role", "model").end_object();
  }
  if (is_last) write_last(json);
  json.member("index", 0).end_object().end_array();
  if (is_last && has_usage_) write_usage(json);
  json.key("modelVersion");
  append_quoted(out, model_);
  json.member("responseId", id_).end_object();
  end_frame();
}

// --- parts ---

void GenerateContentWriter::on_text(uint32_t, JsonText text) {
  if (text.empty()) return;
  if (stream_) return write_part(text_part(text.escaped, false, {}));
  if (is_thought_) write_gathered_text();
  text_ += text.escaped;
}

void GenerateContentWriter::on_thinking(uint32_t part, JsonText text, bool) {
  if (std::exchange(thinking_, part) != part) write_signature();  // of the previous thinking part
  if (text.empty() || !shows_thoughts_) return;
  if (stream_) return write_part(text_part(text.escaped, true, {}));
  is_thought_ = true;
  text_ += text.escaped;
}

void GenerateContentWriter::write_gathered_text() {
  if (!text_.empty()) write_part(text_part(text_, is_thought_, {}), !is_thought_);
  text_.clear();
  is_thought_ = false;
}

void GenerateContentWriter::on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) {
  if (std::exchange(thinking_, part) != part) write_signature();
  if (!gathered_) gathered_ = Gathered{{}, std::string(opaque.id.escaped), opaque.origin, is_redacted};
  gathered_->data += opaque.data.escaped;
}

// Gemini's signature is written where it stood; another dialect's goes with the next part.
void GenerateContentWriter::end_signature() {
  if (!gathered_) return;
  const Gathered& of = *gathered_;
  const bool is_own = of.origin.dialect == Dialect::gemini;
  std::string written = signature_of({JsonText{of.data}, of.origin, JsonText{of.id}}, of.is_redacted);
  const bool is_thought = !of.is_redacted;
  gathered_.reset();
  if (is_own && is_thought) return write_part(text_part({}, true, written));
  signature_ = std::move(written);
  if (is_own) write_signature();
}

void GenerateContentWriter::write_signature() {
  if (signature_.empty()) return;
  if (!stream_ && last_takes_signature_) {
    parts_.pop_back();
    append_quoted(parts_ += R"(,"thoughtSignature":)", signature_);
    parts_ += '}';
    last_takes_signature_ = false;
  } else {
    write_part(text_part({}, false, signature_));
  }
  signature_.clear();
}

void GenerateContentWriter::on_call(const CallStart& call) {
  call_ = Call{};
  Call& made = *call_;
  made.id = call.id.empty() ? "call_" + id_ + '_' + std::to_string(calls_) : std::string(call.id.escaped);
  ++calls_;
  made.name = call.name.escaped;
  made.kind = call.kind;
  if (!call.opaque.empty()) {
    write_signature();
    made.signature = signature_of(call.opaque, false);
  } else {
    made.signature = std::exchange(signature_, {});
  }
}

void GenerateContentWriter::on_arguments(uint32_t, JsonText piece) {
  if (call_) call_->arguments += piece.escaped;
}

void GenerateContentWriter::write_call() {
  const Call call = *std::exchange(call_, std::nullopt);
  std::string part;
  JsonWriter json(part);
  json.object().key("functionCall").object().key("id");
  append_quoted(part, call.id);
  json.key("name");
  append_quoted(part, call.name);
  json.key("args");
  if (call.kind == CallKind::custom) {
    append_quoted(part += R"({"input":)", call.arguments);
    part += '}';
  } else {
    std::string arguments;
    append_json_unescaped(arguments, call.arguments);
    append_arguments_object(part, arguments, "answer.arguments", untold);
  }
  json.end_object();
  if (!call.signature.empty()) {
    json.key("thoughtSignature");
    append_quoted(part, call.signature);
  }
  json.end_object();
  write_part(part);
}

void GenerateContentWriter::on_media(uint32_t, PartKind kind, const Source& source) {
  const bool is_url = source.kind == Source::Kind::url;
  if (!is_url && source.kind != Source::Kind::base64) {
    leave_out(kind);
    return;
  }
  const std::string_view type =
      source.media_type.empty() && !is_url ? sniff_media_type(source.data.escaped) : source.media_type;
  std::string part;
  JsonWriter json(part);
  json.object().key(is_url ? "fileData" : "inlineData").object();
  if (!type.empty()) json.member("mimeType", type);
  json.key(is_url ? "fileUri" : "data");
  append_quoted(part, source.data.escaped);
  json.end_object().end_object();
  write_part(part);
}

void GenerateContentWriter::on_part_end(uint32_t) {
  if (call_) return write_call();
  write_gathered_text();
  end_signature();
}

// --- notes ---

void GenerateContentWriter::on_citation(uint32_t, const Citation& citation) {
  if (citation.url.empty() && citation.title.empty()) {
    if (citation.from != Dialect::gemini) leave_out("citation");  // Gemini's are repeated as groundingMetadata
    return;
  }
  if (!chunks_.empty()) chunks_ += ',';
  if (citation.url.empty()) {  // of a document in the request
    append_quoted(chunks_ += R"({"retrievedContext":{"title":)", citation.title.escaped);
  } else {
    append_quoted(chunks_ += R"({"web":{"uri":)", citation.url.escaped);
    if (!citation.title.empty()) append_quoted(chunks_ += R"(,"title":)", citation.title.escaped);
  }
  chunks_ += "}}";
  if (!supports_.empty()) supports_ += ',';
  supports_ += R"({"segment":{)";
  if (!citation.quote.empty()) append_quoted(supports_ += R"("text":)", citation.quote.escaped);
  supports_ += R"(},"groundingChunkIndices":[)" + std::to_string(sources_++) + "]}";
}

void GenerateContentWriter::on_extra(const Extra& extra) {
  const bool is_own = extra.from == Dialect::gemini;
  if (extra.kind == Extra::Kind::logprobs) {
    const std::string_view elements = extra.raw.substr(1, extra.raw.size() - 2);
    if (elements.empty()) return;
    if (!tokens_.empty()) tokens_ += ',';
    tokens_ += elements;
  } else if (is_own && extra.kind == Extra::Kind::hosted_item) {
    write_part(extra.raw);
  } else if (is_own && extra.type != "candidate") {
    append_quoted(notes_ += ',', extra.type);
    (notes_ += ':') += extra.raw;
  } else {
    leave_out(extra);
  }
}

void GenerateContentWriter::on_usage(const AnswerUsage& usage) {
  usage_.set(usage);
  has_usage_ = true;
}

void GenerateContentWriter::on_finish(const Finish& finish) {
  details_ = finish.details;
  if (finish.from == Dialect::gemini && !finish.word.empty()) {
    word_ = finish.word.escaped;
    return;
  }
  details_.clear();
  leave_out(finish, Dialect::gemini);
  switch (finish.reason) {
    case FinishReason::stop:
      word_ = refused_ ? "SAFETY" : "STOP";
      break;
    case FinishReason::tool_calls:
      word_ = "STOP";
      break;
    case FinishReason::length:
      word_ = "MAX_TOKENS";
      break;
    case FinishReason::refusal:
      word_ = "SAFETY";
      break;
    case FinishReason::pause:  // the turn should be sent back, but Gemini has no word that makes callers do so
      word_ = "STOP";
  }
}

// --- the end ---

void GenerateContentWriter::end() {
  if (failed_) return;
  write_gathered_text();
  if (stream_) {
    const std::string last = text_part({}, false, signature_);
    write_chunk(last, true);
  } else {
    write_signature();
    write_chunk(parts_, true);
  }
  if (stream_ && array_) out += ']';
}

void GenerateContentWriter::write_last(JsonWriter& json) {
  json.key("finishReason");
  append_quoted(out, word_);
  if (!details_.empty()) {
    JsonDocument document;
    if (document.parse(details_)) {
      for (const JsonValue member : document.root()) json.key(member.key().escaped).raw(member.raw());
    }
  }
  write_notes(json);
}

void GenerateContentWriter::write_notes(JsonWriter& json) {
  out += notes_;
  if (!chunks_.empty() && notes_.find(R"(,"groundingMetadata":)") == std::string::npos) {
    json.key("groundingMetadata").object().key("groundingChunks").array().raw(chunks_).end_array();
    json.key("groundingSupports").array().raw(supports_).end_array().end_object();
  }
  if (tokens_.empty()) return;
  JsonDocument document;
  const std::string list = '[' + tokens_ + ']';
  if (!document.parse(list)) return;
  json.key("logprobsResult");
  append_logprobs_result(out, document.root());
}

void GenerateContentWriter::write_usage(JsonWriter& json) {
  const Usage& counts = usage_.counts;
  const uint64_t tools = usage_.tool_input.value_or(0);
  const uint64_t prompt = usage_.input() - std::min(tools, usage_.input());
  const uint64_t output = counts.output.value_or(0);
  const uint64_t thoughts = std::min(counts.reasoning.value_or(0), output);
  json.key("usageMetadata").object().member("promptTokenCount", prompt);
  if (counts.output) json.member("candidatesTokenCount", output - thoughts);
  if (counts.cache_read) json.member("cachedContentTokenCount", *counts.cache_read);
  if (counts.reasoning) json.member("thoughtsTokenCount", thoughts);
  if (usage_.tool_input) json.member("toolUsePromptTokenCount", tools);
  json.member("totalTokenCount", usage_.input() + output).end_object();
}

void GenerateContentWriter::on_error(const ProviderError& error) {
  failed_ = true;
  if (!stream_) out.clear();
  begin_frame();
  write_provider_error(error, out);
  end_frame();
  if (stream_ && array_) out += ']';
}

void GenerateContentWriter::fail(const Error& error, std::string_view request_id) {
  failed_ = true;
  if (!stream_) {
    out = error_body(Dialect::gemini, error, request_id);
    return;
  }
  const EventPlace place{true, 0, has_frames_ ? ArrayPlace::after_element : ArrayPlace::nothing_yet};
  out += error_event(Dialect::gemini, array_ ? StreamFormat::json_array : StreamFormat::sse, error, request_id, place);
}

}  // namespace

std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape) {
  return std::make_unique<GenerateContentWriter>(shape);
}

}  // namespace sluice::api::gemini
