#include "bench/answer_reader.h"

#include <array>
#include <span>

namespace sluice::bench {
namespace {

// The value within choices is not used, but the scanner reports a list's elements only if an edge leads below them.
constexpr uint8_t choices_node = 1, content_node = 2, index_node = 3;
constexpr api::ScanEdge body_edges[] = {
    {0, "choices", choices_node}, {0, "content", content_node}, {choices_node, "index", index_node}};

const api::ScanTree& body_places() {
  static constexpr api::ScanTree tree(body_edges);
  return tree;
}

// Keys of text, without the opening quote.
constexpr std::array<std::string_view, 6> openai_keys = {R"(content")",   R"(reasoning_content")", R"(reasoning")",
                                                         R"(arguments")", R"(refusal")",           R"(text")"};
constexpr std::array<std::string_view, 3> anthropic_keys = {R"(text")", R"(thinking")", R"(partial_json")"};

api::MediaType type_of(bool stream) { return stream ? api::MediaType::events : api::MediaType::json; }

bool begins_text(std::string_view after_key) {
  const size_t colon = after_key.find_first_not_of(" \t\r\n");
  if (colon == std::string_view::npos || after_key[colon] != ':') return false;
  const size_t quote = after_key.find_first_not_of(" \t\r\n", colon + 1);
  return quote != std::string_view::npos && after_key[quote] == '"' && quote + 1 < after_key.size() &&
         after_key[quote + 1] != '"';
}

}  // namespace

// Scans bytes instead of parsing: inside a string, a quote has a backslash before it. So anything that looks like a key
// is one, or is a value that no colon follows.
bool carries_text(Dialect dialect, std::string_view data) {
  std::span<const std::string_view> keys = openai_keys;
  if (dialect == Dialect::anthropic) keys = anthropic_keys;
  for (size_t at = data.find('"'); at != std::string_view::npos; at = data.find('"', at + 1)) {
    const std::string_view rest = data.substr(at + 1);
    for (const std::string_view key : keys) {
      if (rest.starts_with(key) && begins_text(rest.substr(key.size()))) return true;
    }
  }
  return false;
}

AnswerReader::AnswerReader(Dialect dialect, bool stream)
    : dialect_(dialect), stream_(stream), tap_(dialect, type_of(stream), false), scan_(body_places()) {}

void AnswerReader::begin(const http::ResponseHead& head) {
  status_ = head.status;
  const std::string_view type = head.fields.find("content-type").value_or("");
  is_events_ = api::media_type_of(type) == api::MediaType::events;
  has_answer_ = broken_ = false;
  detail_.clear();
  kept_.clear();
  error_.clear();
  if (const auto wait = head.fields.find("retry-after")) detail_ = " (retry-after: " + std::string(*wait) + ")";
  if (const auto where = head.fields.find("location")) detail_ += " (location: " + std::string(*where) + ")";
  tap_ = api::AnswerTap(dialect_, type_of(stream_), false);
  scan_.reset();
  events_.emplace(api::StreamFormat::sse, static_cast<api::FrameTaker&>(*this), event_bytes);
}

uint32_t AnswerReader::feed(std::string_view bytes) {
  if (status_ / 100 != 2 || !stream_ || !is_events_) kept_ += bytes.substr(0, kept_bytes - kept_.size());
  if (status_ / 100 != 2 || stream_ != is_events_) return 0;
  pieces_.clear();
  tap_.feed(bytes, pieces_);
  with_text_ = 0;
  if (!stream_) {
    scan_.feed(bytes, *this);
  } else if (!broken_) {
    if (Result<void> fed = events_->feed(bytes); !fed) {
      broken_ = true;
      error_ = fed.error().message;
    }
  }
  return with_text_;
}

void AnswerReader::on_frame(std::string_view, std::string_view data) {
  if (carries_text(dialect_, data)) ++with_text_;
  if (error_.empty() && tap_.saw_error() && data.find("\"error\"") != std::string_view::npos) {
    error_ = error_text(data.substr(0, kept_bytes));
  }
}

void AnswerReader::on_value(uint8_t node, api::JsonKind kind, std::string_view) {
  // An answer has at least one choice; one without content blocks is valid and empty.
  const bool anthropic = dialect_ == Dialect::anthropic;
  has_answer_ = has_answer_ || (anthropic ? node == content_node && kind == api::JsonKind::array
                                          : node == choices_node && kind == api::JsonKind::item);
}

std::optional<CallFailure> AnswerReader::refused() const {
  if (status_ / 100 != 2) return CallFailure{"HTTP " + std::to_string(status_), error_text(kept_) + detail_};
  if (stream_ && !is_events_) return CallFailure{"no stream", "the answer is not an event stream: " + kept_};
  if (!stream_ && is_events_) return CallFailure{"unasked stream", "the answer is an event stream: " + kept_};
  return std::nullopt;
}

std::optional<CallFailure> AnswerReader::finish() {
  if (auto failure = refused()) return failure;
  pieces_.clear();
  tap_.finish(pieces_);
  if (stream_) {
    if (broken_) return CallFailure{"broken stream", error_};
    if (tap_.saw_error()) return CallFailure{"error in the stream", error_};
    if (!tap_.whole()) return CallFailure{"cut short", "the stream ended without a finish reason or its last frame"};
    return std::nullopt;
  }
  if (!tap_.whole())
    return CallFailure{"no JSON", kept_.empty() ? "the answer is empty" : "the answer is not complete JSON: " + kept_};
  if (tap_.saw_error()) return CallFailure{"error in the answer", error_text(kept_)};
  if (!has_answer_) return CallFailure{"no content", "JSON without choices or content: " + kept_};
  return std::nullopt;
}

}  // namespace sluice::bench
