#include "sse/writer.h"

#include "sse/line.h"

namespace sluice::sse {

void write_event(std::string& out, std::string_view name, std::string_view data) {
  if (!name.empty()) {
    out += "event: ";
    out += name;
    out += '\n';
  }
  const char* at = data.data();
  const char* const end = at + data.size();
  while (true) {
    const char* line_end = find_line_end(at, end);
    out += "data: ";
    out.append(at, line_end);
    out += '\n';
    if (line_end == end) break;
    at = line_end + (line_end[0] == '\r' && line_end + 1 != end && line_end[1] == '\n' ? 2 : 1);
  }
  out += '\n';
}

void write_comment(std::string& out, std::string_view text) {
  out += ": ";
  out += text;
  out += "\n\n";
}

void write_line(std::string& out, std::string_view json) {
  out += json;
  out += '\n';
}

}  // namespace sluice::sse
