// Looks for the first real output of a streamed answer: text, thinking, a call, a picture. Before it an answer may be
// had from another target as well, since nothing but its beginning has come: a role, message_start, response.created,
// pings. It reads words, not JSON, and only until it has found one: a mark that stands elsewhere by chance finds output
// too early, which costs no more than the choice of another target.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice::api {

// Where a dialect's frames have output.
struct OutputMarks {
  std::span<const std::string_view> keys;   // with quotes: of which a value that is not empty is output
  std::span<const std::string_view> types;  // values of `type` that are, as they end
};

class OutputWatch {
 public:
  explicit OutputWatch(const OutputMarks& marks) : marks_(marks) {}
  // The next bytes, cut anywhere. Whether there is output by now.
  bool look(std::string_view bytes);
  bool found() const { return found_; }

 private:
  static constexpr size_t max_carried = 64;  // of a key and what stands behind it
  bool found_in(std::string_view text);
  const OutputMarks& marks_;
  std::string carried_;  // what may be the beginning of one
  bool found_ = false;
};

}  // namespace sluice::api
