#include "api/openai/answer_writer.h"

#include <algorithm>

#include "api/delivered.h"
#include "api/error_body.h"
#include "api/json_unescape.h"
#include "api/sent_frames.h"

namespace sluice::api::openai {
ChatAnswerWriter::ChatAnswerWriter(const AnswerShape& shape, std::string_view id_prefix)
    : stream_(shape.stream),
      usage_wanted_(shape.request.usage_wanted),
      id_(std::string(id_prefix) + shape.id),
      created_s_(shape.created_s) {
  append_json_escaped(model_, shape.model);
  const JsonValue root = shape.request.document->root();
  old_functions_ = root["functions"].is_array() && !root["tools"].has_value();
}

void ChatAnswerWriter::set_model(JsonText model) {
  if (!model.empty()) model_ = model.escaped;
}

void SentChunks::take(JsonValue chunk) {
  for (const JsonValue choice : chunk["choices"]) {
    const JsonValue delta = choice["delta"];
    any = true;
    const bool calls = !delta["tool_calls"].empty() || delta["function_call"].has_value();
    if (calls || choice["index"].count().value_or(0) != 0) is_plain = false;
    for (const JsonValue detail : delta["reasoning_details"]) {
      thoughts = std::max(thoughts, detail["index"].count().value_or(0) + 1);
    }
  }
  if (const JsonText told = chunk["id"].text(); !told.empty()) id = told.escaped;
  if (const JsonText told = chunk["model"].text(); !told.empty()) model = told.escaped;
  if (const auto created = chunk["created"].count()) created_s = static_cast<int64_t>(*created);
}

SentChunks ChatAnswerWriter::take_sent(const SentFrames& sent) {
  SentChunks chunks;
  if (sent.state() != nullptr) chunks = static_cast<const SentChunks&>(*sent.state());
  for_each_frame(sent, [&chunks](JsonValue chunk) { chunks.take(chunk); });
  if (!chunks.id.empty()) {
    id_.clear();
    append_json_unescaped(id_, chunks.id);
  }
  created_s_ = chunks.created_s.value_or(created_s_);
  set_model(JsonText{chunks.model});
  return chunks;
}

void ChatAnswerWriter::append_head(std::string& to, std::string_view object) const {
  JsonWriter json(to);
  json.object().member("id", id_).member("object", object).member("created", created_s_);
  text_member(json, to, "model", JsonText{model_});
}

std::string_view ChatAnswerWriter::finish_word(FinishReason reason, bool has_calls) const {
  switch (reason) {
    case FinishReason::stop:
    case FinishReason::pause:
    case FinishReason::tool_calls:
      if (!has_calls) return "stop";
      return old_functions_ ? "function_call" : "tool_calls";
    case FinishReason::length:
      return "length";
    case FinishReason::refusal:
      return "content_filter";
  }
  return "stop";
}

std::string ChatAnswerWriter::made_id(size_t number) const {
  return "call_" + id_.substr(id_.find('-') + 1) + std::to_string(number);
}

void ChatAnswerWriter::on_error(const ProviderError& error) {
  if (stream_) out += "data: ";
  write_plain_provider_error(error, {}, out);
  if (stream_) out += "\n\n";
}

void ChatAnswerWriter::fail(const Error& error, std::string_view request_id) {
  out += stream_ ? error_event(Dialect::openai, StreamFormat::sse, error, request_id, {.between_frames = true})
                 : error_body(Dialect::openai, error, request_id);
}

// --- pieces ---

void append_thought(std::string& out, JsonText text, bool is_summary, size_t index) {
  JsonWriter json(out);
  out += is_summary ? R"({"type":"reasoning.summary","summary":)" : R"({"type":"reasoning.text","text":)";
  write_text(out, text);
  json.member("index", index).end_object();
}

std::string caller_data(const Opaque& opaque) {
  return opaque.origin.dialect == Dialect::openai ? std::string(opaque.data.escaped) : wrap(opaque);
}

void append_opaque_thought(std::string& out, const Opaque& opaque, bool as_signature, size_t index) {
  JsonWriter json(out);
  out += as_signature ? R"({"type":"reasoning.text","signature":)" : R"({"type":"reasoning.encrypted","data":)";
  write_text(out, JsonText{caller_data(opaque)});
  if (opaque.origin.dialect == Dialect::openai) {
    const DetailName name = detail_name_of(opaque.id);
    if (!name.format.empty()) text_member(json, out, "format", JsonText{name.format});
    if (!name.id.empty()) text_member(json, out, "id", JsonText{name.id});
  }
  json.member("index", index).end_object();
}

void append_call(std::string& out, const CallStart& call, JsonText id, JsonText arguments) {
  const bool custom = call.kind == CallKind::custom;
  out += R"("id":)";
  write_text(out, id);
  out += custom ? R"(,"type":"custom","custom":{"name":)" : R"(,"type":"function","function":{"name":)";
  write_text(out, call.name);
  out += custom ? R"(,"input":)" : R"(,"arguments":)";
  write_text(out, arguments);
  out += '}';
  if (!call.opaque.empty()) {  // where Google's own OpenAI-compatible API puts it
    out += R"(,"extra_content":{"google":{"thought_signature":)";
    write_text(out, JsonText{caller_data(call.opaque)});
    out += "}}";
  }
  out += '}';
}

bool append_annotation(std::string& out, const Citation& citation, uint64_t text_begin, uint64_t text_chars) {
  if (citation.from == Dialect::openai && !citation.raw.empty()) {
    out += citation.raw;
    return true;
  }
  if (citation.url.empty()) return false;
  JsonWriter json(out);
  out += R"({"type":"url_citation","url_citation":{"url":)";
  write_text(out, citation.url);
  text_member(json, out, "title", citation.title);
  json.member("start_index", text_begin + citation.begin.value_or(0));
  json.member("end_index", text_begin + citation.end.value_or(text_chars)).end_object().end_object();
  return true;
}

std::unique_ptr<SentState> make_sent_state() { return std::make_unique<SentChunks>(); }

}  // namespace sluice::api::openai
