#include "api/responses/output_reader.h"

#include <algorithm>
#include <utility>

namespace sluice::api::responses {

OutputItem::Kind kind_of_item(std::string_view type) {
  if (type == "message") return OutputItem::Kind::message;
  if (type == "reasoning") return OutputItem::Kind::reasoning;
  if (type == "function_call") return OutputItem::Kind::function;
  if (type == "custom_tool_call") return OutputItem::Kind::custom;
  return OutputItem::Kind::hosted;
}

OutputItem& OutputReader::item_of(JsonValue frame, OutputItem::Kind kind) {
  const std::optional<uint64_t> index = frame["output_index"].count();
  if (!index && !items_.empty()) return items_.back();
  if (const std::optional<size_t> found = places_.find(index.value_or(0))) return items_[*found];
  return add(index.value_or(0), kind);
}

OutputItem& OutputReader::add(uint64_t index, OutputItem::Kind kind) {
  places_.set(index, items_.size());
  OutputItem& made = items_.emplace_back();
  made.kind = kind;
  return made;
}

OutputItem::Content& OutputReader::content_of(OutputItem& item, uint64_t index) {
  const std::pair<const OutputItem*, uint64_t> key{&item, index};
  if (const std::optional<size_t> found = content_places_.find(key)) return item.contents[*found];
  content_places_.set(key, item.contents.size());
  ++contents_;
  OutputItem::Content& made = item.contents.emplace_back();
  made.part = parts_++;
  return made;
}

size_t OutputReader::held_bytes() const {
  constexpr size_t each = LatestPlace<uint64_t>::bytes_each;
  return items_.size() * (sizeof(OutputItem) + each) + contents_ * (sizeof(OutputItem::Content) + each);
}

// A call that has no name yet is reported at its end.
void OutputReader::begin(OutputItem& item, JsonValue value, EventSink& sink) {
  const bool is_call = item.kind == OutputItem::Kind::function || item.kind == OutputItem::Kind::custom;
  if (item.begun || item.kind == OutputItem::Kind::message || (is_call && value["name"].text().empty())) return;
  item.begun = true;
  item.part = parts_++;
  if (!is_call) return;
  called_ = true;
  const JsonText space = value["namespace"].text();
  std::string whole;
  JsonText name = value["name"].text();
  if (!space.empty()) {
    whole = std::string(space.escaped) + "." + std::string(name.escaped);
    name = JsonText{whole};
  }
  const JsonText id = value["call_id"].text();
  sink.on_call({item.part,
                id.empty() ? value["id"].text() : id,
                name,
                item.kind == OutputItem::Kind::custom ? CallKind::custom : CallKind::function,
                {}});
}

void OutputReader::end(OutputItem& item, JsonValue value, EventSink& sink) {
  if (item.ended) return;
  end_open(item, value, sink);
  item.ended = true;
}

void OutputReader::end_open(OutputItem& item, JsonValue value, EventSink& sink) {
  switch (item.kind) {
    case OutputItem::Kind::message:
      return end_message(item, value, sink);
    case OutputItem::Kind::reasoning:
      return end_reasoning(item, value, sink);
    case OutputItem::Kind::function:
    case OutputItem::Kind::custom:
      if (!item.begun) return;
      if (!item.told)
        tell_arguments(item, value[item.kind == OutputItem::Kind::custom ? "input" : "arguments"].text(), sink);
      break;
    case OutputItem::Kind::hosted:
      end_hosted(item, value, sink);
      break;
  }
  sink.on_part_end(item.part);
}

// A generated picture is for all callers; the item itself is for callers of this dialect.
void OutputReader::end_hosted(const OutputItem& item, JsonValue value, EventSink& sink) {
  const std::string_view type = value["type"].word();
  const JsonText picture = type == made_image ? value["result"].text() : JsonText{};
  if (!picture.empty()) {
    sink.on_media(item.part, PartKind::image, {Source::Kind::base64, sniff_media_type(picture.escaped), picture});
  }
  const Extra::Kind kind = picture.empty() ? Extra::Kind::hosted_item : Extra::Kind::shown_item;
  sink.on_extra({kind, item.part, target_.dialect, type, value.raw()});
}

void OutputReader::end_message(OutputItem& item, JsonValue value, EventSink& sink) {
  uint64_t index = 0;
  for (const JsonValue content : value["content"]) end_content(item, content, index++, sink);
  for (OutputItem::Content& content : item.contents) {
    if (!std::exchange(content.ended, true)) sink.on_part_end(content.part);
  }
}

// `value`: a content of a message, whole.
void OutputReader::end_content(OutputItem& item, JsonValue value, uint64_t index, EventSink& sink) {
  OutputItem::Content& content = content_of(item, index);
  if (content.ended) return;
  const bool is_refusal = value["type"].word() == "refusal";
  if (!content.told && is_refusal) tell_refusal(content, value["refusal"].text(), sink);
  if (!content.told) tell_text(content, value["text"].text(), {}, sink);
  if (!content.logged) tell_logprobs(content, value["logprobs"], sink);
  if (!std::exchange(content.noted, true)) {
    for (const JsonValue annotation : value["annotations"]) tell_citation(content.part, annotation, sink);
  }
  content.ended = true;
  sink.on_part_end(content.part);
}

// The text is the thinking itself or, if that is not shown, its summaries. Encrypted content is bound to the item's id.
void OutputReader::end_reasoning(OutputItem& item, JsonValue value, EventSink& sink) {
  if (!item.told) {
    uint64_t piece = 0;
    for (const JsonValue content : value["content"]) tell_thinking(item, content["text"].text(), piece++, false, sink);
  }
  if (!item.told) {
    uint64_t piece = 0;
    for (const JsonValue summary : value["summary"]) tell_thinking(item, summary["text"].text(), piece++, true, sink);
  }
  const JsonText encrypted = value["encrypted_content"].text();
  if (!encrypted.empty()) {
    Opaque opaque = unwrap(encrypted, target_.dialect);
    if (opaque.data == encrypted) opaque = {encrypted, target_, value["id"].text()};
    sink.on_signature(item.part, opaque, !item.told);
  }
  if (item.told || !encrypted.empty()) sink.on_part_end(item.part);
}

void OutputReader::read(JsonValue output, EventSink& sink) {
  if (!items_.empty()) return;
  uint64_t index = 0;
  for (const JsonValue value : output) {
    OutputItem& item = add(index++, kind_of_item(value["type"].word()));
    begin(item, value, sink);
    end(item, value, sink);
  }
}

void OutputReader::end_all(EventSink& sink) {
  for (OutputItem& item : items_) {
    for (OutputItem::Content& content : item.contents) {
      if (!std::exchange(content.ended, true)) sink.on_part_end(content.part);
    }
    if (std::exchange(item.ended, true)) continue;
    if (item.begun && item.kind != OutputItem::Kind::hosted &&
        (item.kind != OutputItem::Kind::reasoning || item.told)) {
      sink.on_part_end(item.part);
    }
  }
}

// --- what items hold ---

void OutputReader::tell_text(OutputItem::Content& content, JsonText text, JsonValue logprobs, EventSink& sink) {
  if (content.ended) return;
  content.told = true;
  sink.on_text(content.part, text);
  tell_logprobs(content, logprobs, sink);
}

void OutputReader::tell_logprobs(OutputItem::Content& content, JsonValue list, EventSink& sink) {
  if (content.ended || !list.is_array() || list.empty()) return;
  content.logged = true;
  sink.on_extra({Extra::Kind::logprobs, content.part, target_.dialect, "logprobs", list.raw()});
}

void OutputReader::tell_refusal(OutputItem::Content& content, JsonText text, EventSink& sink) {
  if (content.ended) return;
  content.told = refused_ = true;
  sink.on_refusal(content.part, text);
}

void OutputReader::tell_arguments(OutputItem& item, JsonText text, EventSink& sink) {
  if (!item.begun || item.ended || text.empty() ||
      (item.kind != OutputItem::Kind::function && item.kind != OutputItem::Kind::custom))
    return;
  item.told = true;
  sink.on_arguments(item.part, text);
}

// Reports either the thinking or its summary, whichever arrives first.
void OutputReader::tell_thinking(OutputItem& item, JsonText text, uint64_t piece, bool is_summary, EventSink& sink) {
  if (item.ended || text.empty() || item.kind != OutputItem::Kind::reasoning) return;
  if (item.told && item.is_summary != is_summary) return;
  if (item.told && item.piece_index != piece) sink.on_thinking(item.part, JsonText{between_pieces}, is_summary);
  item.told = true;
  item.is_summary = is_summary;
  item.piece_index = piece;
  sink.on_thinking(item.part, text, is_summary);
}

void OutputReader::tell_citation(uint32_t part, JsonValue annotation, EventSink& sink) {
  if (!annotation.is_object()) return;
  sink.on_citation(part, {annotation["url"].text(),
                          annotation["title"].text(),
                          {},
                          annotation["start_index"].count(),
                          annotation["end_index"].count(),
                          annotation.raw(),
                          target_.dialect});
}

}  // namespace sluice::api::responses
