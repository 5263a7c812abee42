#include "api/responses/output_writer.h"

#include <utility>

#include "api/json_unescape.h"
#include "api/text_units.h"
#include "base/base64.h"

namespace sluice::api::responses {

OutputWriter::OutputWriter(const AnswerShape& shape)
    : stream_(shape.stream),
      id_(shape.id),
      holds_thinking_(shape.origin.dialect == Dialect::responses),
      compacts_(shape.request.compacts),
      origin_(shape.origin) {
  const JsonValue asked = shape.request.document->root();
  const bool told = includes(asked["include"], include_encrypted) || !shape.request.store.value_or(true);
  takes_encrypted_ = told || shape.keeps_opaque;
  hides_opaque_ = !told && shape.keeps_opaque;
  for (const Tool& tool : shape.request.tools) {
    if (tool.other_type == namespace_tool) scoped_.emplace(tool.name.escaped);
    if (tool.kind == ToolKind::function && tool.other_type == search_tool) has_search_ = true;
  }
}

Result<void> OutputWriter::take_sent(const SentOutput& sent, std::optional<uint32_t> text_part) {
  if (sent.is_odd) return cannot_resume("its items do not follow one another");
  sequence_ = sent.next_sequence;
  output_ = sent.items;
  items_ = sent.item_count;
  if (!sent.open) return {};
  const SentOutput::Open& open = *sent.open;
  if (!open.is_message || (open.has_content && !open.is_text)) return cannot_resume("an item other than text is open");
  message_open_ = true;
  item_id_.clear();
  append_json_unescaped(item_id_, open.id);
  contents_ = open.content_count;
  content_list_ = open.contents;
  if (!open.has_content) return {};
  open_ = Open::text;
  part_ = text_part;
  text_ = open.text;
  annotations_ = open.annotations;
  annotation_count_ = open.annotation_count;
  logprobs_ = open.logprobs;
  if (open.text_ended) {
    end_content();
    forget_part();
  }
  return {};
}

// --- items ---

void OutputWriter::emit_item(std::string_view type, std::string_view item) {
  emit(type, [&](TextWriter& json) { json.member("output_index", items_).key("item").raw(item); });
}

void OutputWriter::open_item(std::string_view prefix) {
  begin();
  item_id_ = std::string(prefix) + id_ + std::to_string(made_ids_);
  if (!std::exchange(hidden_, false)) ++made_ids_;
}

void OutputWriter::finish_item(std::string item) {
  emit_item("response.output_item.done", item);
  if (items_++ != 0) output_ += ',';
  output_ += item;
}

// Writes an item that arrives whole.
void OutputWriter::write_whole_item(std::string item) {
  begin();
  close_all("completed");
  emit_item("response.output_item.added", item);
  finish_item(std::move(item));
}

// --- messages ---

void OutputWriter::open_message() {
  if (std::exchange(message_open_, true)) return;
  open_item("msg_");
  contents_ = 0;
  content_list_.clear();
  emit("response.output_item.added", [&](TextWriter& json) {
    json.member("output_index", items_).key("item").object().member("id", item_id_).member("type", "message");
    json.member("status", "in_progress").member("role", "assistant").key("content").array().end_array().end_object();
  });
}

void OutputWriter::close_message(std::string_view status) {
  if (!std::exchange(message_open_, false)) return;
  std::string item;
  TextWriter json(item);
  json.object().member("id", item_id_).member("type", "message").member("status", status).member("role", "assistant");
  json.key("content").array().raw(content_list_).end_array().end_object();
  finish_item(std::move(item));
}

// The open content as JSON, with an empty text unless `is_whole`.
std::string OutputWriter::content(bool is_whole) const {
  std::string part;
  TextWriter json(part);
  const JsonText text{is_whole ? std::string_view(text_) : std::string_view()};
  json.object().member("type", open_ == Open::refusal ? "refusal" : "output_text");
  json.text_member(open_ == Open::refusal ? "refusal" : "text", text);
  if (open_ == Open::text) {
    json.key("annotations").array().raw(is_whole ? annotations_ : "").end_array();
    json.key("logprobs").array().raw(is_whole ? logprobs_ : "").end_array();
  }
  json.end_object();
  return part;
}

void OutputWriter::add_text(uint32_t part, Open kind, JsonText text) {
  if (open_ == Open::text && kind == open_ && !part_) part_ = part;
  if (open_ != kind || part_ != part) {
    close_part();
    open_message();
    open_ = kind;
    part_ = part;
    refused_ |= kind == Open::refusal;
    emit("response.content_part.added", [&](TextWriter& json) {
      place_content(json);
      json.key("part").raw(content(false));
    });
  }
  if (text.empty()) return;
  text_ += text.escaped;
  emit(kind == Open::text ? "response.output_text.delta" : "response.refusal.delta", [&](TextWriter& json) {
    place_content(json);
    json.text_member("delta", text);
    if (kind == Open::text) json.key("logprobs").array().end_array();
  });
}

void OutputWriter::close_text() {
  const bool is_refusal = open_ == Open::refusal;
  emit(is_refusal ? "response.refusal.done" : "response.output_text.done", [&](TextWriter& json) {
    place_content(json);
    json.text_member(is_refusal ? "refusal" : "text", JsonText{text_});
    if (!is_refusal) json.key("logprobs").array().raw(logprobs_).end_array();
  });
  end_content();
}

void OutputWriter::end_content() {
  const std::string whole = content(true);
  emit("response.content_part.done", [&](TextWriter& json) {
    place_content(json);
    json.key("part").raw(whole);
  });
  if (contents_++ != 0) content_list_ += ',';
  content_list_ += whole;
}

// Of the open part so far: only what is new is looked at.
uint64_t OutputWriter::text_characters() {
  if (counted_part_ != part_) counted_bytes_ = counted_characters_ = 0;
  counted_part_ = part_;
  counted_characters_ += count_characters(JsonText{std::string_view(text_).substr(counted_bytes_)});
  counted_bytes_ = text_.size();
  return counted_characters_;
}

void OutputWriter::on_citation(uint32_t part, const Citation& citation) {
  const bool is_own = citation.from == Dialect::responses && !citation.raw.empty();
  if (open_ != Open::text || part_ != part || (!is_own && citation.url.empty())) {
    leave_out("citation");
    return;
  }
  std::string annotation(citation.raw);
  if (!is_own) {
    annotation.clear();
    TextWriter json(annotation);
    json.object().member("type", "url_citation");
    json.text_member("url", citation.url);
    json.text_member("title", citation.title);
    json.member("start_index", citation.begin.value_or(0));
    json.member("end_index", citation.end ? *citation.end : text_characters()).end_object();
  }
  emit("response.output_text.annotation.added", [&](TextWriter& json) {
    place_content(json);
    json.member("annotation_index", annotation_count_).key("annotation").raw(annotation);
  });
  if (annotation_count_++ != 0) annotations_ += ',';
  annotations_ += annotation;
}

// --- thinking ---

// An item that is encrypted for this API has to keep its id, which arrives at its end: until then the item is held.
void OutputWriter::open_thinking(uint32_t part) {
  if (open_ == Open::thinking && part_ == part) return;
  close_all("completed");
  open_item("rs_");
  open_ = Open::thinking;
  part_ = part;
  if (!holds_thinking_) tell_thinking_item();
}

void OutputWriter::tell_thinking_item() {
  emit("response.output_item.added", [&](TextWriter& json) {
    json.member("output_index", items_).key("item").object().member("id", item_id_).member("type", "reasoning");
    json.key("summary").array().end_array().end_object();
  });
}

void OutputWriter::on_thinking(uint32_t part, JsonText text, bool) {
  if (compacts_) return;
  open_thinking(part);
  if (text.empty()) return;
  if (!holds_thinking_) tell_thinking(text, text_.empty());
  text_ += text.escaped;
}

void OutputWriter::tell_thinking(JsonText text, bool is_first) {
  if (is_first) {
    emit("response.reasoning_summary_part.added", [&](TextWriter& json) {
      place(json);
      json.member("summary_index", 0).key("part").raw(R"({"type":"summary_text","text":""})");
    });
  }
  emit("response.reasoning_summary_text.delta", [&](TextWriter& json) {
    place(json);
    json.member("summary_index", 0);
    json.text_member("delta", text);
  });
}

void OutputWriter::on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) {
  if (compacts_) return;
  if (is_redacted && !takes_encrypted_) {
    leave_out("redacted_thinking");
    return;
  }
  hidden_ =
      hides_opaque_ && (is_redacted || opaque.id.escaped == of_next_call) && (open_ != Open::thinking || part_ != part);
  open_thinking(part);
  signature_ += opaque.data.escaped;
  signature_id_ = opaque.id.escaped;
  signature_origin_ = opaque.origin;
  is_redacted_ = is_redacted;
}

// Data that is encrypted for this API is given unchanged; anything else is wrapped with its origin.
std::string OutputWriter::given_signature() const {
  if (!takes_encrypted_) return "";
  if (signature_.empty()) return hides_opaque_ ? "" : wrap_unsigned(origin_, Dialect::responses);
  if (signature_origin_.dialect == Dialect::responses) return signature_;
  const std::string_view id = is_redacted_ ? of_redacted : std::string_view(signature_id_);
  return wrap({JsonText{signature_}, signature_origin_, JsonText{id}});
}

void OutputWriter::close_thinking() {
  if (holds_thinking_) {
    if (signature_origin_.dialect == Dialect::responses && !signature_id_.empty()) item_id_ = signature_id_;
    tell_thinking_item();
    if (!text_.empty()) tell_thinking(JsonText{text_}, true);
  }
  std::string part;
  TextWriter piece(part);
  if (!text_.empty()) {
    piece.object().member("type", "summary_text");
    piece.text_member("text", JsonText{text_});
    piece.end_object();
    emit("response.reasoning_summary_text.done", [&](TextWriter& json) {
      place(json);
      json.member("summary_index", 0);
      json.text_member("text", JsonText{text_});
    });
    emit("response.reasoning_summary_part.done", [&](TextWriter& json) {
      place(json);
      json.member("summary_index", 0).key("part").raw(part);
    });
  }
  std::string item;
  TextWriter json(item);
  json.object().member("id", item_id_).member("type", "reasoning").key("summary").array().raw(part).end_array();
  const std::string signature = given_signature();
  if (!signature.empty()) json.text_member("encrypted_content", JsonText{signature});
  json.end_object();
  finish_item(std::move(item));
}

// --- calls ---

void OutputWriter::on_call(const CallStart& call) {
  if (compacts_) {
    leave_out(PartKind::tool_call);
    return;
  }
  close_all("completed");
  if (!call.opaque.empty()) {  // sent as a reasoning item before the call
    if (takes_encrypted_) {
      on_signature(call.part, {call.opaque.data, call.opaque.origin, JsonText{of_next_call}}, false);
      close_part();
    } else {
      leave_out("signature");
    }
  }
  open_ = call.kind == CallKind::custom ? Open::custom : Open::function;
  if (has_search_ && open_ == Open::function && call.name.escaped == search_tool) open_ = Open::search;
  part_ = call.part;
  open_item(open_ == Open::custom ? "ctc_" : open_ == Open::search ? "tsc_" : "fc_");
  call_id_ = call.id.empty() ? "call_" + id_ + std::to_string(made_ids_++) : std::string(call.id.escaped);
  const std::string_view name = call.name.escaped;
  const size_t dot = scoped_.contains(name) ? name.rfind('.') : name.npos;
  call_space_ = dot == name.npos ? "" : name.substr(0, dot);
  call_name_ = dot == name.npos ? name : name.substr(dot + 1);
  emit_item("response.output_item.added", call_item({}, false));
}

std::string OutputWriter::call_item(JsonText arguments, bool is_whole) const {
  std::string item;
  TextWriter json(item);
  json.object().member("id", item_id_);
  if (open_ == Open::search) {
    TextArena arena;
    JsonDocument document;
    const std::string_view text = arena.unescape(arguments);
    json.member("type", "tool_search_call").member("execution", "client");
    json.key("arguments").raw(document.parse(text) ? text : "{}");
  } else {
    json.member("type", open_ == Open::custom ? "custom_tool_call" : "function_call");
    if (!call_space_.empty()) json.text_member("namespace", JsonText{call_space_});
    json.text_member("name", JsonText{call_name_});
    json.text_member(open_ == Open::custom ? "input" : "arguments", arguments);
  }
  json.text_member("call_id", JsonText{call_id_});
  json.member("status", is_whole ? "completed" : "in_progress").end_object();
  return item;
}

void OutputWriter::on_arguments(uint32_t part, JsonText piece) {
  if (part_ != part || (open_ != Open::function && open_ != Open::custom && open_ != Open::search)) {
    leave_out("arguments");
    return;
  }
  if (piece.empty()) return;
  text_ += piece.escaped;
  if (open_ == Open::search) return;
  emit(open_ == Open::custom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta",
       [&](TextWriter& json) {
         place(json);
         json.text_member("delta", piece);
       });
}

void OutputWriter::close_call() {
  if (open_ == Open::function && text_.empty() && part_) on_arguments(*part_, JsonText{"{}"});
  if (open_ == Open::custom) {
    emit("response.custom_tool_call_input.done", [&](TextWriter& json) {
      place(json);
      json.text_member("input", JsonText{text_});
    });
  } else if (open_ == Open::function) {
    emit("response.function_call_arguments.done", [&](TextWriter& json) {
      place(json);
      json.text_member("name", JsonText{call_name_});
      json.text_member("arguments", JsonText{text_});
    });
  }
  finish_item(call_item(JsonText{text_}, true));
}

// --- media and extras ---

void OutputWriter::on_media(uint32_t, PartKind kind, const Source& source) {
  if (kind != PartKind::image || source.kind != Source::Kind::base64) {
    leave_out(kind);
    return;
  }
  std::string item;
  TextWriter json(item);
  json.object().member("id", "ig_" + id_ + std::to_string(made_ids_++)).member("type", made_image);
  json.member("status", "completed");
  json.text_member("result", source.data);
  json.end_object();
  made_item_ = std::move(item);
}

void OutputWriter::on_extra(const Extra& extra) {
  const bool is_own = extra.from == Dialect::responses;
  const bool is_makers = maker_of(extra.from) == maker_of(Dialect::responses);
  if (extra.kind == Extra::Kind::hosted_item && is_own) {
    write_whole_item(std::string(extra.raw));
  } else if (extra.kind == Extra::Kind::shown_item && is_own) {
    made_item_ = extra.raw;
  } else if (extra.kind == Extra::Kind::logprobs && is_makers && open_ == Open::text && part_ == extra.part &&
             extra.raw.size() > 2) {
    if (!logprobs_.empty()) logprobs_ += ',';
    logprobs_ += extra.raw.substr(1, extra.raw.size() - 2);
  } else {
    leave_out(extra);
  }
}

void OutputWriter::tell_summary() {
  if (!compacts_ || std::exchange(summary_told_, true)) return;
  TextArena arena;
  const std::string data = base64_of(arena.unescape(JsonText{summary_}));
  std::string item;
  TextWriter json(item);
  json.object().member("type", "compaction").member("id", "cmp_" + id_);
  json.text_member("encrypted_content", JsonText{wrap({JsonText{data}, origin_, JsonText{of_summary}})});
  json.end_object();
  write_whole_item(std::move(item));
}

// --- the end of parts ---

void OutputWriter::close_part() {
  switch (open_) {
    case Open::nothing:
      return;
    case Open::text:
    case Open::refusal:
      close_text();
      break;
    case Open::thinking:
      close_thinking();
      break;
    case Open::function:
    case Open::custom:
    case Open::search:
      close_call();
      break;
  }
  forget_part();
}

void OutputWriter::forget_part() {
  open_ = Open::nothing;
  text_.clear();
  annotations_.clear();
  logprobs_.clear();
  annotation_count_ = 0;
  signature_.clear();
  signature_id_.clear();
  is_redacted_ = false;
}

void OutputWriter::close_all(std::string_view status) {
  close_part();
  close_message(status);
}

void OutputWriter::on_part_end(uint32_t part) {
  if (open_ != Open::nothing && part_ == part) close_part();
  if (!made_item_.empty()) write_whole_item(std::exchange(made_item_, {}));
}

}  // namespace sluice::api::responses
