#include "api/frame_holder.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::api {
namespace {

// The most that is held of an unfinished frame; no usage chunk is larger.
constexpr size_t held_limit_bytes = 64 * 1024;

// OpenAI's CreateChatCompletionStreamResponse and CreateCompletionResponse; `provider` is in all of OpenRouter's.
constexpr std::array<std::string_view, 10> chunk_members = {
    "id",          "object",  "created", "model", "choices", "usage", "service_tier", "system_fingerprint",
    "obfuscation", "provider"};

// What follows the JSON string that begins `text`; empty where it does not end.
std::string_view behind_string(std::string_view text) {
  size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return end < text.size() ? text.substr(end + 1) : std::string_view();
}

// What follows the JSON value that begins `text`.
std::string_view behind_value(std::string_view text) {
  size_t depth = 0;
  while (!text.empty()) {
    const char c = text.front();
    if (c == '"') {
      text = behind_string(text);
      if (depth == 0) return text;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) return text;
    text.remove_prefix(1);
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return text;
  }
  return text;
}

std::string_view without_spaces(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

// The frame's data lines, joined.
std::string data_of(std::string_view begin, std::string_view rest) {
  std::string frame(begin);
  frame += rest;
  std::string data;
  for (size_t at = 0; at < frame.size();) {
    const size_t end = std::min(frame.find_first_of("\r\n", at), frame.size());
    std::string_view line = std::string_view(frame).substr(at, end - at);
    at = end + 1;
    constexpr std::string_view field = "data:";
    if (line.starts_with(field)) data += line.substr(field.size());
  }
  return data;
}

// Whether the caller would miss nothing of a usage chunk: it has only members that every chunk has, besides `usage`.
// llama.cpp's `timings` and others' metrics are sent in this chunk and in no other. `begin` and `rest` are the two
// parts of the frame's bytes. False where that is not certain.
[[gnu::cold]] bool tells_usage_only(std::string_view begin, std::string_view rest) {
  const std::string data = data_of(begin, rest);
  std::string_view text = without_spaces(data);
  if (!text.starts_with('{')) return false;
  text = without_spaces(text.substr(1));
  while (text.starts_with('"')) {
    const std::string_view behind = behind_string(text);
    const std::string_view key = text.substr(1, text.size() - behind.size() - 2);
    text = without_spaces(behind);
    if (!text.starts_with(':')) return false;
    text = without_spaces(text.substr(1));
    if (std::find(chunk_members.begin(), chunk_members.end(), key) == chunk_members.end() && !text.starts_with("null"))
      return false;
    text = without_spaces(behind_value(text));
    if (text.starts_with('}')) return true;
    if (!text.starts_with(',')) return false;
    text = without_spaces(text.substr(1));
  }
  return text.starts_with('}');
}

}  // namespace

void FrameHolder::begin(std::string_view bytes, std::vector<std::string_view>& pieces) {
  begin_ = frame_ = bytes.data();
  end_ = begin_ + bytes.size();
  lent_ = false;
  pieces_ = &pieces;
}

void FrameHolder::after_cr(const char* behind, bool is_lf, bool frame_begun) {
  if (is_lf && drop_lf_) begin_ = behind;
  if (is_lf && !frame_begun && held_.empty()) frame_ = behind;
  drop_lf_ = false;
}

void FrameHolder::pass(const char* next) {
  emit(next);
  frame_ = next;
}

void FrameHolder::end_frame(const char* next, Frame frame, bool lf_may_follow) {
  const bool hidden = frame != Frame::passes && !frame_passed_ &&
                      (frame == Frame::broken || tells_usage_only(held_, {frame_, static_cast<size_t>(next - frame_)}));
  frame_passed_ = false;
  drop_lf_ = hidden && lf_may_follow;
  if (hidden) {
    held_.clear();
    emit(frame_);
    begin_ = next;
  } else if (!held_.empty()) {
    emit(next);
  }
  frame_ = next;
}

void FrameHolder::hold(bool may_pass) {
  const auto unfinished = static_cast<size_t>(end_ - frame_);
  frame_passed_ = frame_passed_ || may_pass || held_.size() + unfinished > held_limit_bytes;
  if (frame_passed_) return emit(end_);
  if (frame_ != begin_) pieces_->push_back({begin_, static_cast<size_t>(frame_ - begin_)});
  held_.append(frame_, unfinished);
}

void FrameHolder::finish(std::vector<std::string_view>& pieces) {
  released_ = std::move(held_);
  lent_ = !released_.empty();
  if (lent_) pieces.push_back(released_);
}

// Passes on what is held, and the current bytes up to `end`.
void FrameHolder::emit(const char* end) {
  if (!held_.empty()) {
    released_ = std::move(held_);
    lent_ = true;
    held_.clear();
    pieces_->push_back(released_);
  }
  if (end != begin_) pieces_->push_back({begin_, static_cast<size_t>(end - begin_)});
  begin_ = end;
}

}  // namespace sluice::api
