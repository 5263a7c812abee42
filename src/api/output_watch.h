// Looks for the first real output of a streamed answer: text, thinking, a call, a picture. Until then another target
// may still answer, since only the opening has arrived: a role, message_start, response.created, pings. It searches for
// words without parsing JSON, and stops at the first one. A mark that appears elsewhere by chance reports output too
// early, which only costs the choice of another target.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice::api {

// Where a dialect's frames have output.
struct OutputMarks {
  std::span<const std::string_view> keys;   // with quotes: a value of theirs that is not empty is output
  std::span<const std::string_view> types;  // how those values of `type` end that mark output
};

class OutputWatch {
 public:
  explicit OutputWatch(const OutputMarks& marks) : marks_(marks) {}
  // Reads the next bytes, cut anywhere. Returns whether output has been found by now.
  bool look(std::string_view bytes);
  bool found() const { return found_; }

 private:
  static constexpr size_t max_carried = 64;  // of a key and what follows it
  bool found_in(std::string_view text);
  const OutputMarks& marks_;
  std::string carried_;  // what may be the beginning of a mark
  bool found_ = false;
};

}  // namespace sluice::api
