// Keeps frames of a stream from a caller: the usage chunk that he did not ask for, and what is broken. Until it can be
// told that an unfinished frame is none, its bytes are held; all else passes in the turn in which it came.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::api {

class FrameHolder {
 public:
  enum class Frame : unsigned char { passes, tells_usage, broken };  // tells_usage: and has no choices

  // `bytes` of the stream are at hand; what passes of them is appended to `pieces`, until hold() ends them. Pieces are
  // views into `bytes` or into the hider, valid until the next begin().
  void begin(std::string_view bytes, std::vector<std::string_view>& pieces);
  // The first of them belongs to a line's end that a CR began, if it is the LF that `behind` is behind.
  void after_cr(const char* behind, bool is_lf, bool frame_begun);
  // What stands before `next` is no frame's.
  void pass(const char* next);
  // A frame is over, `next` is behind its blank line. `lf_may_follow`: its last byte is a CR.
  void end_frame(const char* next, Frame frame, bool lf_may_follow);
  // No more bytes are at hand. `may_pass`: what there is of the unfinished frame need not be held.
  void hold(bool may_pass);
  // The stream is over: what was held passes.
  void finish(std::vector<std::string_view>& pieces);

  // All of the unfinished frame, if there is one: for the caller it has not begun.
  bool holds_frame() const { return !frame_passed_; }
  // Pieces of the last call may be views into the holder.
  bool lent() const { return lent_; }

 private:
  void emit(const char* end);

  // [begin, frame) of the bytes at hand can go, [frame, end) belongs to the unfinished frame, as does `held` before it.
  const char* begin_ = nullptr;
  const char* frame_ = nullptr;
  const char* end_ = nullptr;
  std::vector<std::string_view>* pieces_ = nullptr;
  bool frame_passed_ = false;  // the unfinished frame is not held any more
  bool drop_lf_ = false;       // that follows the CR of a hidden frame
  bool lent_ = false;
  std::string held_;
  std::string released_;  // was held; handed out in this call
};

}  // namespace sluice::api
