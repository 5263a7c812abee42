// Hides frames of a stream from the caller: a usage chunk that it did not ask for, and broken frames. The bytes of an
// unfinished frame are held as long as it may be one of these; everything else passes in the turn in which it arrived.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::api {

class FrameHolder {
 public:
  enum class Frame : unsigned char { passes, tells_usage, broken };  // tells_usage: without choices

  // `bytes` of the stream have arrived. What passes of them is appended to `pieces`, until hold() ends the call. Pieces
  // are views into `bytes` or into the holder, valid until the next begin().
  void begin(std::string_view bytes, std::vector<std::string_view>& pieces);
  // The bytes before ended with a CR. `is_lf`: these begin with the LF that belongs to it, and `behind` is behind that.
  void after_cr(const char* behind, bool is_lf, bool frame_begun);
  // The bytes before `next` belong to no frame.
  void pass(const char* next);
  // A frame has ended; `next` is behind its blank line. `lf_may_follow`: its last byte is a CR.
  void end_frame(const char* next, Frame frame, bool lf_may_follow);
  // All bytes have been looked at. `may_pass`: the unfinished frame need not be held.
  void hold(bool may_pass);
  // The stream has ended: what was held passes.
  void finish(std::vector<std::string_view>& pieces);

  // Whether all of the unfinished frame, if there is one, is held: the caller has nothing of it.
  bool holds_frame() const { return !frame_passed_; }
  // Whether pieces of the last call may be views into the holder.
  bool lent() const { return lent_; }

 private:
  void emit(const char* end);

  // Of the current bytes, [begin, frame) may pass; [frame, end) belongs to the unfinished frame, as does `held`, which
  // comes before it.
  const char* begin_ = nullptr;
  const char* frame_ = nullptr;
  const char* end_ = nullptr;
  std::vector<std::string_view>* pieces_ = nullptr;
  bool frame_passed_ = false;  // the unfinished frame is no longer held
  bool drop_lf_ = false;       // the LF that follows the CR of a hidden frame
  bool lent_ = false;
  std::string held_;
  std::string released_;  // was held; passed on in this call
};

}  // namespace sluice::api
