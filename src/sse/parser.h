// Reads server-sent events (WHATWG HTML 9.2) and lines of JSON (NDJSON) from bytes cut anywhere. Both are pulled:
//   parser.feed(bytes);
//   while (true) { auto event = parser.next(); if (!event || !*event) break; use(**event); }
// What lies in the fed bytes in one piece is handed out without being copied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::sse {

// An event or a line longer than this is refused.
inline constexpr size_t default_event_bytes = 16 * 1024 * 1024;

struct Event {
  std::string_view name;  // of its `event` field; "" means "message"
  std::string_view data;  // its `data` fields, joined by LF
};

class EventParser {
 public:
  explicit EventParser(size_t event_bytes = default_event_bytes) : event_bytes_(event_bytes) {}

  // Gives it bytes, which must stay until next() has returned nothing; only then may more be fed.
  void feed(std::string_view bytes);
  // The next whole event with data, or nothing until more is fed. Its views live until the next call. target_broke for
  // an event of more than event_bytes; then nothing more may be asked.
  Result<std::optional<Event>> next();

  // The last `id` of an event that was whole, and the last `retry`.
  const std::string& last_id() const { return last_id_; }
  std::optional<uint64_t> retry_ms() const { return retry_ms_; }
  // Part of an event has come. At the end of the input it is lost, as the specification has it.
  bool mid_event() const { return !line_.empty() || has_data_ || !name_.empty(); }

 private:
  bool take_line(std::string_view& line);
  void read_field(std::string_view line);
  void read_data(std::string_view value);
  void read_retry(std::string_view value);

  size_t event_bytes_;
  std::string_view rest_;   // fed and not yet read
  std::string line_;        // a line's beginning, from earlier bytes
  bool line_used_ = false;  // line_ was handed out whole and is to be emptied
  bool skip_lf_ = false;    // a CR ended the last line: an LF now belongs to it
  uint8_t bom_bytes_ = 0;   // of a byte order mark at the very start, so far; 3: past it
  std::string name_;
  std::string id_;
  std::string last_id_;
  std::optional<uint64_t> retry_ms_;
  std::string_view data_view_;  // the only data line of this event, still in the fed bytes
  std::string data_;            // else the data so far
  bool has_data_ = false;
  bool data_in_view_ = false;
  bool delivered_ = false;  // name_ and the data belong to the event handed out last
};

// Lines ended by LF (a CR before it is dropped); empty ones are skipped.
class LineParser {
 public:
  explicit LineParser(size_t line_bytes = default_event_bytes) : line_bytes_(line_bytes) {}
  void feed(std::string_view bytes);               // as EventParser's
  Result<std::optional<std::string_view>> next();  // as EventParser's
  // At the end of the input: the last line, if it lacks its LF. The view lives as long as the parser.
  std::optional<std::string_view> finish();
  bool mid_line() const { return !line_used_ && !line_.empty(); }

 private:
  size_t line_bytes_;
  std::string_view rest_;
  std::string line_;
  bool line_used_ = false;
};

}  // namespace sluice::sse
