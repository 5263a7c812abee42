// Keeps the usage chunk of a stream from a caller who did not ask for it. Until it can be told that an unfinished frame
// is none, its bytes are held; all else passes in the turn in which it came.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::api {

class UsageHider {
 public:
  // `bytes` of the stream are at hand; what passes of them is appended to `pieces`, until hold() ends them. Pieces are
  // views into `bytes` or into the hider, valid until the next begin().
  void begin(std::string_view bytes, std::vector<std::string_view>& pieces);
  // The first of them belongs to a line's end that a CR began, if it is the LF that `behind` is behind.
  void after_cr(const char* behind, bool is_lf, bool frame_begun);
  // What stands before `next` is no frame's.
  void pass(const char* next);
  // A frame is over, `next` is behind its blank line. `tells_usage`: and no choices. `lf_may_follow`: its last byte is
  // a CR.
  void end_frame(const char* next, bool tells_usage, bool lf_may_follow);
  // No more bytes are at hand. `has_choices`: the unfinished frame has, as far as it has come.
  void hold(bool has_choices);
  // The stream is over: what was held passes.
  void finish(std::vector<std::string_view>& pieces);

  // All of the unfinished frame, if there is one: for the caller it has not begun.
  bool holds_frame() const { return !frame_passed_; }

 private:
  void emit(const char* end);

  // [begin, frame) of the bytes at hand can go, [frame, end) belongs to the unfinished frame, as does `held` before it.
  const char* begin_ = nullptr;
  const char* frame_ = nullptr;
  const char* end_ = nullptr;
  std::vector<std::string_view>* pieces_ = nullptr;
  bool frame_passed_ = false;  // the unfinished frame is not held any more
  bool drop_lf_ = false;       // that follows the CR of a hidden frame
  std::string held_;
  std::string released_;  // was held; handed out in this call
};

}  // namespace sluice::api
