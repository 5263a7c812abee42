#include "api/event_filter.h"

#include <utility>

#include "base/json_writer.h"

namespace sluice::api {

// --- CallRestorer ---

void CallRestorer::on_call(const CallStart& call) {
  CallStart restored = call;
  restored.name = names_.restore(call.name);
  if (call.kind == CallKind::function && names_.is_custom(restored.name)) {
    restored.kind = CallKind::custom;
    if (custom_.try_emplace(call.part).second) held_bytes_ += sizeof(decltype(custom_)::value_type);
  }
  next_.on_call(restored);
}

void CallRestorer::on_arguments(uint32_t part, JsonText piece) {
  const auto custom = custom_.find(part);
  if (custom == custom_.end()) return next_.on_arguments(part, piece);
  custom->second += piece.escaped;
  held_bytes_ += piece.size();
}

// {"input": "text"} becomes the text; anything else that a model gives passes unchanged.
void CallRestorer::on_part_end(uint32_t part) {
  const auto custom = custom_.find(part);
  if (custom != custom_.end()) {
    TextArena arena;
    const std::string_view arguments = arena.unescape(JsonText{custom->second});
    JsonDocument document;
    const bool is_json = document.parse(arguments).has_value();
    const JsonValue input = is_json ? document.root()["input"] : JsonValue();
    next_.on_arguments(part, input.is_string() ? input.text() : JsonText{custom->second});
    held_bytes_ -= sizeof(decltype(custom_)::value_type) + custom->second.size();
    custom_.erase(custom);
  }
  next_.on_part_end(part);
}

// --- PartSequencer ---

bool PartSequencer::goes_on(uint32_t part) {
  if (!open_) open_ = part;
  return *open_ == part;
}

void PartSequencer::on_text(uint32_t part, JsonText text) {
  goes_on(part) ? next_.on_text(part, text) : waiting_.on_text(part, text);
}

void PartSequencer::on_refusal(uint32_t part, JsonText text) {
  goes_on(part) ? next_.on_refusal(part, text) : waiting_.on_refusal(part, text);
}

void PartSequencer::on_thinking(uint32_t part, JsonText text, bool is_summary) {
  goes_on(part) ? next_.on_thinking(part, text, is_summary) : waiting_.on_thinking(part, text, is_summary);
}

void PartSequencer::on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) {
  goes_on(part) ? next_.on_signature(part, opaque, is_redacted) : waiting_.on_signature(part, opaque, is_redacted);
}

void PartSequencer::on_call(const CallStart& call) {
  goes_on(call.part) ? next_.on_call(call) : waiting_.on_call(call);
}

void PartSequencer::on_arguments(uint32_t part, JsonText piece) {
  goes_on(part) ? next_.on_arguments(part, piece) : waiting_.on_arguments(part, piece);
}

void PartSequencer::on_media(uint32_t part, PartKind kind, const Source& source) {
  goes_on(part) ? next_.on_media(part, kind, source) : waiting_.on_media(part, kind, source);
}

void PartSequencer::on_citation(uint32_t part, const Citation& citation) {
  open_ == part || waiting_.find(part) == nullptr ? next_.on_citation(part, citation)
                                                  : waiting_.on_citation(part, citation);
}

void PartSequencer::on_extra(const Extra& extra) {
  const bool is_part = extra.kind == Extra::Kind::hosted_item;
  if (is_part ? goes_on(extra.part) : waiting_.find(extra.part) == nullptr) return next_.on_extra(extra);
  waiting_.on_extra(extra);
}

void PartSequencer::on_part_end(uint32_t part) {
  if (open_ && *open_ != part) return waiting_.on_part_end(part);
  next_.on_part_end(part);
  release();
}

// Passes on the waiting parts in the order in which they began, up to the first that has not ended yet.
void PartSequencer::release() {
  open_.reset();
  while (!open_) {
    const std::optional<Answer::Piece> piece = waiting_.take_first();
    if (!piece) return;
    replay_piece(*piece, next_, piece->ended);
    if (!piece->ended) open_ = piece->part;
  }
}

// --- EndGuard ---

bool EndGuard::open() {
  if (!started_) on_start({});
  return !finished_ && error_ == nullptr;
}

void EndGuard::on_start(const AnswerStart& start) {
  if (!started_) next_.on_start(start);
  started_ = true;
}

void EndGuard::on_text(uint32_t part, JsonText text) {
  if (open()) next_.on_text(part, text);
}

void EndGuard::on_refusal(uint32_t part, JsonText text) {
  if (open()) next_.on_refusal(part, text);
}

void EndGuard::on_thinking(uint32_t part, JsonText text, bool is_summary) {
  if (open()) next_.on_thinking(part, text, is_summary);
}

void EndGuard::on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) {
  if (open()) next_.on_signature(part, opaque, is_redacted);
}

void EndGuard::on_call(const CallStart& call) {
  if (open()) next_.on_call(call);
}

void EndGuard::on_arguments(uint32_t part, JsonText piece) {
  if (open()) next_.on_arguments(part, piece);
}

void EndGuard::on_media(uint32_t part, PartKind kind, const Source& source) {
  if (open()) next_.on_media(part, kind, source);
}

void EndGuard::on_citation(uint32_t part, const Citation& citation) {
  if (open()) next_.on_citation(part, citation);
}

void EndGuard::on_extra(const Extra& extra) {
  if (open()) next_.on_extra(extra);
}

void EndGuard::on_part_end(uint32_t part) {
  if (open()) next_.on_part_end(part);
}

void EndGuard::on_usage(const AnswerUsage& usage) {
  if (error_ == nullptr) next_.on_usage(usage);
}

void EndGuard::on_finish(const Finish& finish) {
  if (!open()) return;
  finished_ = true;
  reason_ = finish.reason;
  next_.on_finish(finish);
}

void EndGuard::on_error(const ProviderError& error) {
  if (error_ == nullptr && !finished_) error_ = std::make_unique<ProviderError>(error);
}

}  // namespace sluice::api
