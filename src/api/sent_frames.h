// The frames of a stream that passes unchanged. Only whole frames are sent, so that another target's can follow at any
// time, and the sent ones are kept, to be read if the stream breaks off. If there are too many, they are read earlier
// (sent_reading.h), and only what they say is kept.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/array_elements.h"
#include "api/error_body.h"
#include "api/json_value.h"

namespace sluice::api {

class SentReading;
class SentState;
struct Origin;
struct TranslationRoom;

class SentFrames {
 public:
  static constexpr size_t max_raw_bytes = 256 * 1024;         // of frames, before they have to be read
  static constexpr size_t max_frame_bytes = 4 * 1024 * 1024;  // of one; a stream with a larger one is not kept

  // `format`: not StreamFormat::none.
  explicit SentFrames(StreamFormat format);
  ~SentFrames();

  // `pieces`: what arrived in this turn. What follows the last whole frame is removed and sent with a later turn's.
  // Views that are put into `pieces` are valid until the next call.
  void hold_tail(std::vector<std::string_view>& pieces);
  // The stream has ended: what is still held passes, whole or not.
  void let_go(std::vector<std::string_view>& pieces);

  // Removes and returns the bytes of the next frame that have arrived: they were not sent, and will not be.
  std::string take_tail() { return std::exchange(tail_, {}); }

  // Whether all frames that were sent are kept or have been read.
  bool complete() const { return !too_long_; }
  bool any() const { return reading_ != nullptr || !kept_.empty(); }
  // The frames that are kept and not read yet.
  std::string_view frames() const { return kept_; }
  // Of these and of the unfinished frame.
  size_t raw_bytes() const { return kept_.size() + tail_.size(); }
  size_t held_bytes() const;
  StreamFormat format() const { return format_; }
  void forget();

  // Replaces the kept frames by what they say. `room`: their dialect's; must outlive this. `target`: made them; the
  // same in each call.
  void read(const TranslationRoom& room, const Origin& target);
  // What the frames read so far say; nullptr: none have been read.
  SentReading* reading() const { return reading_.get(); }
  // What the dialect's writer needs to know of them; nullptr: nothing.
  const SentState* state() const;

 private:
  size_t last_end(std::string_view bytes, size_t looked_at);
  size_t last_array_end(std::string_view bytes);

  const StreamFormat format_;
  std::string kept_;
  std::string tail_, joined_;
  std::unique_ptr<SentReading> reading_;
  bool too_long_ = false;
  // For an array.
  ArrayElements elements_;
};

// Calls `take` for each frame that is kept, not read yet, and JSON. The value is valid within the call.
void for_each_frame(const SentFrames& sent, const std::function<void(JsonValue)>& take);

}  // namespace sluice::api
