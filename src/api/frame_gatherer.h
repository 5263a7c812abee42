// Assembles an answer's bytes, which may arrive cut anywhere, into what an EventReader reads: the data of server-sent
// events (WHATWG HTML 9.2), lines of NDJSON, elements of a JSON array, or one whole body.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "api/error_body.h"
#include "base/result.h"

namespace sluice::api {

class FrameTaker {
 public:
  // `event`: the event's name, "" for none and in other forms. Views live until it returns.
  virtual void on_frame(std::string_view event, std::string_view data) = 0;

 protected:
  ~FrameTaker() = default;
};

class FrameGatherer {
 public:
  // Of one frame, or of a whole body: no model's answer is larger.
  static constexpr size_t max_frame_bytes = 32 * 1024 * 1024;

  // StreamFormat::none: one body. `taker` must outlive it.
  FrameGatherer(StreamFormat format, FrameTaker& taker, size_t max_bytes = max_frame_bytes)
      : format_(format), taker_(taker), max_bytes_(max_bytes) {}

  // target_broke: a frame is too large; nothing more may be fed.
  Result<void> feed(std::string_view bytes);
  // Everything has arrived. The last line or frame may lack its end: what there is of it goes to the taker, too.
  void finish();
  // Of the line, event, element or body that is not whole yet.
  size_t held_bytes() const { return kept_.size() + data_.size(); }

 private:
  Result<void> feed_lines(std::string_view bytes);
  Result<void> feed_array(std::string_view bytes);
  Result<void> fits(size_t more) const;
  Result<void> keep(std::string_view bytes);
  size_t line_end(std::string_view bytes) const;
  void end_line(std::string_view line);
  void end_event();

  const StreamFormat format_;
  FrameTaker& taker_;
  const size_t max_bytes_;
  std::string kept_;            // of a line, an element or a body that has not ended yet
  std::string data_;            // of an event, without its last line
  std::string_view last_line_;  // of an event's data; a view that is valid only within one feed
  std::string event_;
  bool has_data_ = false;
  bool skips_lf_ = false;
  bool begun_ = false;
  size_t depth_ = 0;  // of brackets, in an array's element
  bool in_string_ = false, escaped_ = false;
};

}  // namespace sluice::api
