#include "api/responses/sent_output.h"

#include <algorithm>

namespace sluice::api::responses {
namespace {

void append_element(std::string& list, std::string_view element) {
  if (!list.empty()) list += ',';
  list += element;
}

}  // namespace

size_t SentOutput::held_bytes() const {
  size_t bytes = items.size();
  if (open) bytes += open->contents.size() + open->text.size() + open->annotations.size() + open->logprobs.size();
  return bytes;
}

void SentOutput::take(JsonValue frame) {
  const std::string_view type = frame["type"].word();
  next_sequence = std::max(next_sequence, frame["sequence_number"].count().value_or(next_sequence) + 1);
  if (const JsonValue answer = frame["response"]; answer.is_object()) {
    begun = true;
    id = answer["id"].text().escaped;
    model = answer["model"].text().escaped;
    if (const auto created = answer["created_at"].count()) created_s = static_cast<int64_t>(*created);
    const std::string_view status = answer["status"].word();
    if (status != "in_progress" && status != "queued") ended = true;
  } else if (type == "error") {
    ended = true;
  } else if (type == "response.output_item.added") {
    is_odd = is_odd || open || frame["output_index"].count() != item_count;
    open = Open();
    open->id = frame["item"]["id"].text().escaped;
    open->is_message = frame["item"]["type"].word() == "message";
  } else if (type == "response.output_item.done") {
    end_item(frame["item"]);
  } else if (open) {
    take_content(type, frame);
  } else {
    is_odd = true;  // belongs to no item
  }
}

void SentOutput::end_item(JsonValue item) {
  if (!open && item["type"].word() == "message") is_odd = true;
  open.reset();
  append_element(items, item.raw());
  ++item_count;
}

void SentOutput::take_content(std::string_view type, JsonValue frame) {
  Open& message = *open;
  if (type == "response.content_part.added") {
    is_odd = is_odd || message.has_content || frame["content_index"].count() != message.content_count;
    message.has_content = true;
    message.is_text = frame["part"]["type"].word() == "output_text";
    message.text = frame["part"]["text"].text().escaped;
  } else if (type == "response.output_text.delta") {
    is_odd = is_odd || !message.has_content || message.text_ended;
    message.text += frame["delta"].text().escaped;
    for (const JsonValue token : frame["logprobs"]) append_element(message.logprobs, token.raw());
  } else if (type == "response.output_text.annotation.added") {
    append_element(message.annotations, frame["annotation"].raw());
    ++message.annotation_count;
  } else if (type == "response.output_text.done") {
    message.text_ended = true;
    message.text = frame["text"].text().escaped;
  } else if (type == "response.content_part.done") {
    append_element(message.contents, frame["part"].raw());
    ++message.content_count;
    message.has_content = message.text_ended = false;
    message.annotation_count = 0;
    for (std::string* const of_it : {&message.text, &message.annotations, &message.logprobs}) of_it->clear();
  }
}

}  // namespace sluice::api::responses
