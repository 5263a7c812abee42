#include "api/delivered.h"

#include <algorithm>
#include <array>

#include "base/give_back.h"

namespace sluice::api {

std::string_view why(Bar bar) {
  constexpr std::array<std::string_view, static_cast<size_t>(Bar::failed) + 1> sentences = {
      "",
      "it follows a schema",
      "several answers were asked for",
      "it was longer than sluice remembers",
      "what was sent of it cannot be read",
      "it had called a tool",
      "it broke off in thinking that only its target can sign",
      "it had begun to refuse",
      "it holds a picture or a sound",
      "its provider had run a tool",
      "its end had already been sent",
      "its failure had already been sent"};
  return sentences[static_cast<size_t>(bar)];
}

Bar bar_of(const Request& request) {
  if (request.choices > 1) return Bar::choices;
  return request.response_format.kind == ResponseFormat::Kind::json_schema ? Bar::structured : Bar::none;
}

Bar Delivered::bar() const {
  if (told_bar != Bar::none) return told_bar;
  const bool is_bound =
      std::any_of(thinking.begin(), thinking.end(), [](const OpenThinking& one) { return one.bound; });
  return is_bound ? Bar::thinking : Bar::none;
}

void Delivered::forget_text() {
  text_forgotten = true;
  set_bar(Bar::too_long);
  give_back(text);
}

// --- DeliveredSink ---

void DeliveredSink::take_part(uint32_t part) {
  if (part != UINT32_MAX) delivered_.next_part = std::max(delivered_.next_part, part + 1);
}

void DeliveredSink::on_start(const AnswerStart& start) {
  if (delivered_.id.empty()) delivered_.id = start.id.escaped;
  if (delivered_.model.empty()) delivered_.model = start.model.escaped;
  if (next_ != nullptr) next_->on_start(start);
}

void DeliveredSink::on_text(uint32_t part, JsonText text) {
  take_part(part);
  if (!text.empty()) {
    delivered_.open_text = part;
    const bool fits = delivered_.text.size() + text.escaped.size() <= Delivered::max_text_bytes;
    if (fits && !delivered_.text_forgotten) {
      delivered_.text += text.escaped;
    } else {
      delivered_.forget_text();
    }
  }
  if (next_ != nullptr) next_->on_text(part, text);
}

void DeliveredSink::on_refusal(uint32_t part, JsonText text) {
  take_part(part);
  delivered_.set_bar(Bar::refusal);
  if (next_ != nullptr) next_->on_refusal(part, text);
}

Delivered::OpenThinking& DeliveredSink::thinking(uint32_t part) {
  take_part(part);
  std::vector<Delivered::OpenThinking>& all = delivered_.thinking;
  const auto known = std::find_if(all.begin(), all.end(), [part](const auto& one) { return one.part == part; });
  if (known != all.end()) return *known;
  return all.emplace_back(Delivered::OpenThinking{part, signs_thinking_});
}

void DeliveredSink::on_thinking(uint32_t part, JsonText text, bool is_summary) {
  thinking(part);
  if (next_ != nullptr) next_->on_thinking(part, text, is_summary);
}

// A signature may arrive in pieces: only the part's end shows that it is whole.
void DeliveredSink::on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) {
  thinking(part).bound = true;
  if (next_ != nullptr) next_->on_signature(part, opaque, is_redacted);
}

void DeliveredSink::on_call(const CallStart& call) {
  take_part(call.part);
  delivered_.set_bar(Bar::call);
  if (next_ != nullptr) next_->on_call(call);
}

void DeliveredSink::on_arguments(uint32_t part, JsonText piece) {
  if (next_ != nullptr) next_->on_arguments(part, piece);
}

void DeliveredSink::on_media(uint32_t part, PartKind kind, const Source& source) {
  take_part(part);
  delivered_.set_bar(Bar::media);
  if (next_ != nullptr) next_->on_media(part, kind, source);
}

void DeliveredSink::on_citation(uint32_t part, const Citation& citation) {
  if (next_ != nullptr) next_->on_citation(part, citation);
}

void DeliveredSink::on_extra(const Extra& extra) {
  if (extra.kind == Extra::Kind::hosted_item) {
    take_part(extra.part);
    delivered_.set_bar(Bar::hosted);
  }
  if (next_ != nullptr) next_->on_extra(extra);
}

void DeliveredSink::on_part_end(uint32_t part) {
  if (delivered_.open_text == part) delivered_.open_text.reset();
  std::erase_if(delivered_.thinking, [part](const auto& one) { return one.part == part; });
  if (next_ != nullptr) next_->on_part_end(part);
}

void DeliveredSink::on_usage(const AnswerUsage& usage) {
  delivered_.usage.set(usage);
  if (next_ != nullptr) next_->on_usage(usage);
}

void DeliveredSink::on_finish(const Finish& finish) {
  delivered_.set_bar(Bar::finished);
  if (next_ != nullptr) next_->on_finish(finish);
}

void DeliveredSink::on_error(const ProviderError& error) {
  delivered_.set_bar(Bar::failed);
  if (next_ != nullptr) next_->on_error(error);
}

}  // namespace sluice::api
