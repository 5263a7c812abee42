#include "api/frame_gatherer.h"

#include <algorithm>
#include <utility>

#include "api/line_end.h"
#include "base/text.h"

namespace sluice::api {

// Counts the whole frame, so that the limit does not depend on how the bytes are cut.
Result<void> FrameGatherer::fits(size_t more) const {
  if (kept_.size() + data_.size() + last_line_.size() + more <= max_bytes_) return {};
  return fail(ErrorCode::target_broke,
              "the target's answer holds a piece of more than " + std::to_string(max_bytes_) + " bytes");
}

Result<void> FrameGatherer::keep(std::string_view bytes) {
  Result<void> fitting = fits(bytes.size());
  if (fitting) kept_ += bytes;
  return fitting;
}

Result<void> FrameGatherer::feed(std::string_view bytes) {
  switch (format_) {
    case StreamFormat::sse:
    case StreamFormat::ndjson:
      return feed_lines(bytes);
    case StreamFormat::json_array:
      return feed_array(bytes);
    case StreamFormat::none:
      break;
  }
  return keep(bytes);
}

Result<void> FrameGatherer::feed_lines(std::string_view bytes) {
  if (skips_lf_ && !bytes.empty()) {
    skips_lf_ = false;
    if (bytes.front() == '\n') bytes.remove_prefix(1);
  }
  while (!bytes.empty()) {
    const size_t end = line_end(bytes);
    if (end == bytes.size()) break;
    if (Result<void> fitting = fits(end); !fitting) return fitting;
    if (kept_.empty()) {
      end_line(bytes.substr(0, end));
    } else {
      kept_ += bytes.substr(0, end);
      const std::string line = std::move(kept_);
      kept_.clear();
      end_line(line);
      data_ += std::exchange(last_line_, {});
    }
    const bool is_cr = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (!is_cr) continue;
    if (bytes.empty()) {
      skips_lf_ = true;
    } else if (bytes.front() == '\n') {
      bytes.remove_prefix(1);
    }
  }
  data_ += std::exchange(last_line_, {});
  return keep(bytes);
}

// The end of the first line, or of the bytes if none ends. In NDJSON a CR is white space.
size_t FrameGatherer::line_end(std::string_view bytes) const {
  if (format_ == StreamFormat::ndjson) return std::min(bytes.find('\n'), bytes.size());
  return static_cast<size_t>(find_line_end(bytes.data(), bytes.data() + bytes.size()) - bytes.data());
}

void FrameGatherer::end_line(std::string_view line) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (!begun_ && line.starts_with(mark)) line.remove_prefix(mark.size());
  begun_ = true;
  if (format_ == StreamFormat::ndjson) {
    if (line = trim(line, white_space); !line.empty()) taker_.on_frame({}, line);
    return;
  }
  if (line.empty()) return end_event();
  const size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") {
    event_ = value;
  } else if (name == "data") {
    if (has_data_) {
      data_ += last_line_;
      data_ += '\n';
    }
    last_line_ = value;
    has_data_ = true;
  }
}

void FrameGatherer::end_event() {
  if (has_data_) {
    if (data_.empty()) {
      taker_.on_frame(event_, last_line_);
    } else {
      data_ += last_line_;
      taker_.on_frame(event_, data_);
    }
  }
  data_.clear();
  last_line_ = {};
  event_.clear();
  has_data_ = false;
}

// Elements are objects, as in all dialects; bytes between them are ignored.
Result<void> FrameGatherer::feed_array(std::string_view bytes) {
  size_t begin = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      continue;
    }
    if (depth_ == 0) {
      if (c != '{') continue;
      begin = i;
      depth_ = 1;
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      const std::string_view piece = bytes.substr(begin, i + 1 - begin);
      if (kept_.empty()) {
        taker_.on_frame({}, piece);
      } else {
        if (Result<void> fitting = keep(piece); !fitting) return fitting;
        const std::string element = std::move(kept_);
        kept_.clear();
        taker_.on_frame({}, element);
      }
    }
  }
  return depth_ == 0 ? Result<void>() : keep(bytes.substr(begin));
}

void FrameGatherer::finish() {
  switch (format_) {
    case StreamFormat::sse:
      if (!kept_.empty()) {
        const std::string line = std::move(kept_);
        end_line(line);
        data_ += std::exchange(last_line_, {});
      }
      end_event();
      break;
    case StreamFormat::ndjson:
    case StreamFormat::json_array:
      if (const std::string_view rest = trim(kept_, white_space); !rest.empty()) taker_.on_frame({}, rest);
      break;
    case StreamFormat::none:
      taker_.on_frame({}, kept_);
      break;
  }
  kept_.clear();
}

}  // namespace sluice::api
