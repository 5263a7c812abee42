// Writes server-sent events (WHATWG HTML 9.2) and NDJSON lines.
#pragma once

#include <string>
#include <string_view>

namespace sluice::sse {

// "event: name\ndata: ...\n\n", without the event line for an empty name. `data` may have several lines; each becomes a
// data line.
void write_event(std::string& out, std::string_view name, std::string_view data);
// ": text\n\n", which readers ignore: a sign of life. `text` has one line.
void write_comment(std::string& out, std::string_view text);
// `json` and a line break; `json` must have none inside.
void write_line(std::string& out, std::string_view json);

}  // namespace sluice::sse
