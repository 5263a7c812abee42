// Writes answers for callers of Ollama's API: lines of a stream, or one body, for /api/chat and /api/generate.
//
// A line holds one event and contains no line break; a body is a single such line with everything. Durations are left
// out: they describe the machine that runs the model and are not known here.
#include <optional>
#include <string>

#include "api/delivered.h"
#include "api/error_body.h"
#include "api/json_unescape.h"
#include "api/ollama/translate.h"
#include "base/time_text.h"

namespace sluice::api::ollama {
namespace {

constexpr int64_t ms_per_s = 1000;

// Appends JSON as it was spelled, but on one line: line breaks between its tokens have no meaning.
void append_in_line(std::string& out, std::string_view json) {
  for (const char c : json) {
    if (c != '\n' && c != '\r') out += c;
  }
}

// Escapes Unicode line ends, which JSON allows in strings: callers' libraries split lines at them too (httpx's
// iter_lines, which Ollama's SDK uses).
void escape_line_ends(std::string& out, size_t from) {
  constexpr struct {
    std::string_view bytes, escape;
  } line_ends[] = {{"\u2028", "\\u2028"}, {"\u2029", "\\u2029"}, {"\u0085", "\\u0085"}};
  for (const auto& [bytes, escape] : line_ends) {
    for (size_t at = out.find(bytes, from); at != std::string::npos; at = out.find(bytes, at + escape.size())) {
      out.replace(at, bytes.size(), escape);
    }
  }
}

class OllamaEventWriter final : public EventWriter {
 public:
  explicit OllamaEventWriter(const AnswerShape& shape);
  Result<void> resume(const SentFrames& sent, const Delivered& delivered) override;
  void on_start(const AnswerStart& start) override;
  void on_text(uint32_t part, JsonText text) override;
  void on_refusal(uint32_t part, JsonText text) override { on_text(part, text); }
  void on_thinking(uint32_t part, JsonText text, bool is_summary) override;
  void on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) override;
  void on_call(const CallStart& call) override;
  void on_arguments(uint32_t part, JsonText piece) override;
  void on_media(uint32_t part, PartKind kind, const Source& source) override;
  void on_citation(uint32_t, const Citation&) override { leave_out("citation"); }
  void on_extra(const Extra& extra) override;
  void on_part_end(uint32_t part) override;
  void on_usage(const AnswerUsage& usage) override { usage_.set(usage); }
  void on_finish(const Finish& finish) override;
  void on_error(const ProviderError& error) override;
  void end() override;
  void fail(const Error& error, std::string_view request_id) override;
  size_t held_bytes() const override {
    return line_.text.size() + line_.thinking.size() + line_.calls.size() + line_.images.size() +
           line_.logprobs.size() + line_.extras.size() + (call_ ? call_->arguments.size() : 0);
  }

 private:
  // Lists hold only what stands between their brackets.
  struct Line {
    std::string text{}, thinking{}, calls{}, images{}, logprobs{};
    std::string extras{};  // members, each preceded by a comma
  };
  struct OpenCall {
    uint32_t part;
    CallKind kind;
    std::string id, name, arguments;
  };

  void flush_of_stream() {
    if (is_stream_) write_line(false);
  }
  void write_line(bool is_last);
  void write_content(JsonWriter& json);
  void write_counts(JsonWriter& json);
  void add_arguments(const OpenCall& call);

  const bool is_stream_, is_generate_;
  const std::string id_;
  std::string model_;
  const TimeText created_;
  Line line_;
  std::optional<OpenCall> call_;
  unsigned calls_ = 0;
  std::string context_, word_ = "stop";
  AnswerUsage usage_;
  bool over_ = false;
};

OllamaEventWriter::OllamaEventWriter(const AnswerShape& shape)
    : is_stream_(shape.stream),
      is_generate_(shape.endpoint.ends_with("generate")),
      id_(shape.id),
      created_(shape.created_s * ms_per_s) {
  append_json_escaped(model_, shape.model);
}

// Lines do not depend on earlier ones.
Result<void> OllamaEventWriter::resume(const SentFrames& sent, const Delivered& delivered) {
  if (!is_stream_) return EventWriter::resume(sent, delivered);
  if (!delivered.model.empty()) model_ = delivered.model;
  usage_ = delivered.usage;
  return {};
}

void OllamaEventWriter::on_start(const AnswerStart& start) {
  if (!start.model.empty()) model_ = start.model.escaped;
}

void OllamaEventWriter::on_text(uint32_t, JsonText text) {
  if (text.empty()) return;
  line_.text += text.escaped;
  flush_of_stream();
}

void OllamaEventWriter::on_thinking(uint32_t, JsonText text, bool) {
  if (text.empty()) return;
  line_.thinking += text.escaped;
  flush_of_stream();
}

// Ollama has no place for a signature. A target that requires one is then asked without the thinking it belongs to.
void OllamaEventWriter::on_signature(uint32_t, const Opaque&, bool is_redacted) {
  leave_out(is_redacted ? "redacted_thinking" : "signature");
}

void OllamaEventWriter::on_call(const CallStart& call) {
  call_.emplace(
      OpenCall{call.part, call.kind, std::string(call.id.escaped), std::string(call.name.escaped), std::string()});
  if (call_->id.empty()) call_->id = "call_" + id_ + std::to_string(calls_);
  if (!call.opaque.empty()) leave_out("signature");
}

void OllamaEventWriter::on_arguments(uint32_t part, JsonText piece) {
  if (call_ && call_->part == part) call_->arguments += piece.escaped;
}

void OllamaEventWriter::on_part_end(uint32_t part) {
  if (!call_ || call_->part != part) return;
  std::string& out_calls = line_.calls;
  if (!out_calls.empty()) out_calls += ',';
  out_calls += R"({"id":")" + call_->id + R"(","function":{"index":)" + std::to_string(calls_++) + R"(,"name":")" +
               call_->name + R"(","arguments":)";
  add_arguments(*call_);
  out_calls += "}}";
  call_.reset();
  flush_of_stream();
}

// Arguments are an object here; any other value is wrapped in one.
void OllamaEventWriter::add_arguments(const OpenCall& call) {
  if (call.kind == CallKind::custom) {
    line_.calls += R"({"input":")" + call.arguments + R"("})";
    return;
  }
  std::string plain;
  append_json_unescaped(plain, call.arguments);
  std::string object;
  append_arguments_object(object, plain, "answer.arguments", untold);
  append_in_line(line_.calls, object);
}

void OllamaEventWriter::on_media(uint32_t, PartKind kind, const Source& source) {
  if (kind != PartKind::image || source.kind != Source::Kind::base64) {
    leave_out(kind);
    return;
  }
  if (!line_.images.empty()) line_.images += ',';
  line_.images += '"';
  line_.images += source.data.escaped;
  line_.images += '"';
  flush_of_stream();
}

void OllamaEventWriter::on_extra(const Extra& extra) {
  if (extra.kind == Extra::Kind::logprobs && extra.raw.size() > 2) {
    if (!line_.logprobs.empty()) line_.logprobs += ',';
    append_in_line(line_.logprobs, extra.raw.substr(1, extra.raw.size() - 2));
    flush_of_stream();
  } else if (extra.from == own && extra.type == "context" && is_generate_) {
    context_.clear();
    append_in_line(context_, extra.raw);
  } else if (extra.from == own && extra.kind == Extra::Kind::other && extra.type.find('.') == std::string_view::npos) {
    line_.extras.append(",\"").append(extra.type).append("\":");
    append_in_line(line_.extras, extra.raw);
    flush_of_stream();
  } else {
    leave_out(extra);
  }
}

// Written in end(), since counts may follow.
void OllamaEventWriter::on_finish(const Finish& finish) {
  if (finish.from == own && !finish.word.empty()) {
    word_ = finish.word.escaped;
    return;
  }
  if (finish.reason == FinishReason::length) word_ = "length";
  // Reported as a plain stop, since Ollama has no word for a refusal.
  if (finish.reason == FinishReason::refusal) untold.add("finish_reason", DropReason::changed);
  leave_out(finish, own);
}

void OllamaEventWriter::on_error(const ProviderError& error) {
  if (over_) return;
  over_ = true;
  const size_t begin = out.size();
  write_provider_error(error, {}, out);
  escape_line_ends(out, begin);
  if (is_stream_) out += '\n';
}

void OllamaEventWriter::end() {
  if (over_) return;
  over_ = true;
  write_line(true);
}

void OllamaEventWriter::fail(const Error& error, std::string_view request_id) {
  if (over_) return;
  over_ = true;
  out += is_stream_ ? error_event(own, StreamFormat::ndjson, error, request_id, {.between_frames = true})
                    : error_body(own, error, request_id);
}

void OllamaEventWriter::write_line(bool is_last) {
  if (over_ && !is_last) return;
  const size_t begin = out.size();
  JsonWriter json(out);
  json.object();
  text_member(json, out, "model", JsonText{model_});
  json.member("created_at", created_.view());
  if (is_generate_) {
    text_member(json, out, "response", JsonText{line_.text});
    write_content(json);
  } else {
    json.key("message").object().member("role", "assistant");
    text_member(json, out, "content", JsonText{line_.text});
    write_content(json);
    json.end_object();
  }
  if (!line_.logprobs.empty()) json.key("logprobs").array().raw(line_.logprobs).end_array();
  json.member("done", is_last);
  out += line_.extras;
  if (is_last) write_counts(json);
  json.end_object();
  escape_line_ends(out, begin);
  if (is_stream_) out += '\n';
  for (std::string* const said :
       {&line_.text, &line_.thinking, &line_.calls, &line_.images, &line_.logprobs, &line_.extras}) {
    said->clear();
  }
}

void OllamaEventWriter::write_content(JsonWriter& json) {
  if (!line_.thinking.empty()) text_member(json, out, "thinking", JsonText{line_.thinking});
  if (!line_.images.empty()) json.key("images").array().raw(line_.images).end_array();
  if (!line_.calls.empty()) json.key("tool_calls").array().raw(line_.calls).end_array();
}

void OllamaEventWriter::write_counts(JsonWriter& json) {
  text_member(json, out, "done_reason", JsonText{word_});
  if (!context_.empty()) json.key("context").raw(context_);
  const Usage& counts = usage_.counts;
  if (counts.input_uncached || counts.cache_read || counts.cache_write) {
    json.member("prompt_eval_count", usage_.input());
  }
  if (counts.output) json.member("eval_count", *counts.output);
}

}  // namespace

// The format has no place for a code.
void write_provider_error(const ProviderError& error, std::string_view, std::string& out) {
  JsonWriter(out).object().member("error", error.message).end_object();
}

std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape) {
  return std::make_unique<OllamaEventWriter>(shape);
}

}  // namespace sluice::api::ollama
