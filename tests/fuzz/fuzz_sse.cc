// Server-sent events and lines must be read the same however the input is cut.
#include <string>

#include "fuzz/fuzz.h"
#include "sse/parser.h"

namespace {

using namespace sluice;
using fuzz::check;

// Each piece in memory of its own, of its exact size, that is gone before the next is fed: views must not outlive it.
class Piece {
 public:
  explicit Piece(std::string_view bytes) : bytes_(bytes.begin(), bytes.end()) {}
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<char> bytes_;
};

std::string read_events(const std::vector<std::string_view>& pieces, size_t limit) {
  sse::EventParser parser(limit);
  std::string out;
  for (const std::string_view bytes : pieces) {
    const Piece piece(bytes);
    parser.feed(piece.view());
    while (true) {
      const auto event = parser.next();
      if (!event) return out + "!" + event.error().message;
      if (!*event) break;
      check((*event)->data.size() <= limit, "an event's limit");
      out.append("[")
          .append((*event)->name)
          .append("|")
          .append((*event)->data)
          .append("|")
          .append(parser.last_id())
          .append("]");
    }
  }
  if (parser.retry_ms()) out += std::to_string(*parser.retry_ms());
  return out + (parser.mid_event() ? "..." : ".");
}

std::string read_lines(const std::vector<std::string_view>& pieces, size_t limit) {
  sse::LineParser parser(limit);
  std::string out;
  for (const std::string_view bytes : pieces) {
    const Piece piece(bytes);
    parser.feed(piece.view());
    while (true) {
      const auto line = parser.next();
      if (!line) return out + "!" + line.error().message;
      if (!*line) break;
      check(!(*line)->empty() && (*line)->find('\n') == std::string_view::npos, "lines are lines");
      out.append("[").append(**line).append("]");
    }
  }
  if (const auto last = parser.finish()) out.append("(").append(*last).append(")");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Input input = fuzz::input_of(data, size);
  const size_t limit = (input.choice & 1) != 0 ? 16 : sse::default_event_bytes;
  const std::vector<std::string_view> pieces = fuzz::cut(input.bytes, input.seed);
  check(read_events({input.bytes}, limit) == read_events(pieces, limit), "events do not depend on cuts");
  check(read_lines({input.bytes}, limit) == read_lines(pieces, limit), "lines do not depend on cuts");
  return 0;
}
