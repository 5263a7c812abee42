#include "sse/parser.h"

#include <charconv>

#include "sse/line.h"

namespace sluice::sse {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

tl::unexpected<Error> too_long(std::string_view what, size_t limit) {
  return fail(ErrorCode::target_broke, std::string(what) + " is longer than " + std::to_string(limit) + " bytes");
}

}  // namespace

void EventParser::feed(std::string_view bytes) {
  rest_ = bytes;
  // Only the very start of a stream gets here with a mark half read.
  while (bom_bytes_ < byte_order_mark.size() && !rest_.empty()) {
    if (rest_.front() != byte_order_mark[bom_bytes_]) {
      line_.append(byte_order_mark.substr(0, bom_bytes_));  // it was no mark but the first line's beginning
      bom_bytes_ = static_cast<uint8_t>(byte_order_mark.size());
      break;
    }
    ++bom_bytes_;
    rest_.remove_prefix(1);
  }
}

// Takes the next whole line out of rest_, without its end; false, and the beginning kept, where there is none.
bool EventParser::take_line(std::string_view& line) {
  if (line_used_) {
    line_.clear();
    line_used_ = false;
  }
  if (skip_lf_ && !rest_.empty()) {
    if (rest_.front() == '\n') rest_.remove_prefix(1);
    skip_lf_ = false;
  }
  const char* const end = rest_.data() + rest_.size();
  const char* const line_end = find_line_end(rest_.data(), end);
  const auto size = static_cast<size_t>(line_end - rest_.data());
  if (line_end == end) {
    line_.append(rest_);
    rest_ = {};
    return false;
  }
  line = rest_.substr(0, size);
  if (!line_.empty()) {
    line_.append(line);
    line = line_;
    line_used_ = true;
  }
  skip_lf_ = *line_end == '\r';
  rest_.remove_prefix(size + 1);
  return true;
}

Result<std::optional<Event>> EventParser::next() {
  if (delivered_) {
    delivered_ = has_data_ = data_in_view_ = false;
    name_.clear();
    data_.clear();
  }
  std::string_view line;
  while (take_line(line)) {
    const size_t data_bytes = data_in_view_ ? data_view_.size() : data_.size();
    if (line.size() + data_bytes > event_bytes_) return too_long("an event of the stream", event_bytes_);
    if (!line.empty()) {
      read_field(line);
      continue;
    }
    last_id_ = id_;
    if (!has_data_) {
      name_.clear();
      continue;
    }
    delivered_ = true;
    return Event{name_, data_in_view_ ? data_view_ : std::string_view(data_)};
  }
  if (data_in_view_) {  // the fed bytes are about to go away
    data_ = data_view_;
    data_in_view_ = false;
  }
  if (line_.size() + data_.size() > event_bytes_) return too_long("an event of the stream", event_bytes_);
  return std::nullopt;
}

void EventParser::read_field(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == 0) return;  // a comment
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    read_data(value);
  } else if (field == "event") {
    name_ = value;
  } else if (field == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (field == "retry") {
    read_retry(value);
  }
}

void EventParser::read_data(std::string_view value) {
  if (!has_data_ && !line_used_) {
    data_view_ = value;
    data_in_view_ = true;
  } else {
    if (data_in_view_) data_ = data_view_;
    if (has_data_) data_ += '\n';
    data_ += value;
    data_in_view_ = false;
  }
  has_data_ = true;
}

void EventParser::read_retry(std::string_view value) {
  uint64_t retry_ms = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), retry_ms);
  if (error == std::errc() && end == value.data() + value.size()) retry_ms_ = retry_ms;
}

void LineParser::feed(std::string_view bytes) { rest_ = bytes; }

Result<std::optional<std::string_view>> LineParser::next() {
  if (line_used_) {
    line_.clear();
    line_used_ = false;
  }
  while (true) {
    const size_t size = rest_.find('\n');
    if (size == std::string_view::npos) {
      line_.append(rest_);
      rest_ = {};
      if (line_.size() > line_bytes_) return too_long("a line of the stream", line_bytes_);
      return std::nullopt;
    }
    std::string_view line = rest_.substr(0, size);
    rest_.remove_prefix(size + 1);
    const bool kept = !line_.empty();
    if (kept) {
      line_.append(line);
      line = line_;
    }
    if (line.size() > line_bytes_) return too_long("a line of the stream", line_bytes_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      line_.clear();
      continue;
    }
    line_used_ = kept;
    return line;
  }
}

std::optional<std::string_view> LineParser::finish() {
  if (line_used_) line_.clear();
  line_used_ = false;
  std::string_view line = line_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return std::nullopt;
  return line;
}

}  // namespace sluice::sse
