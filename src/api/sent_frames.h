// The frames of a stream that passes as it came: only whole ones go on, so that another target's can follow at any
// time, and those that have gone are kept, to be read if the stream breaks off. Where they get too many for that, they
// are read before (sent_reading.h), and only what they say is kept.
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
  static constexpr size_t max_frame_bytes = 4 * 1024 * 1024;  // of one; a stream with a larger one passes unremembered

  // `format`: not StreamFormat::none.
  explicit SentFrames(StreamFormat format);
  ~SentFrames();

  // `pieces`: what came this turn. What stands behind the last whole frame is taken from them, and goes on with the
  // next turn's. Views that are put into them are valid until the next call.
  void hold_tail(std::vector<std::string_view>& pieces);
  // The stream has ended: what is still held goes on, whole or not.
  void let_go(std::vector<std::string_view>& pieces);

  // What has come of the next frame never went on, and does not.
  std::string take_tail() { return std::exchange(tail_, {}); }

  // All frames that went on are remembered.
  bool complete() const { return !too_long_; }
  bool any() const { return reading_ != nullptr || !kept_.empty(); }
  // Those that are kept as they went.
  std::string_view frames() const { return kept_; }
  // And with what came of the next one.
  size_t raw_bytes() const { return kept_.size() + tail_.size(); }
  size_t held_bytes() const;
  StreamFormat format() const { return format_; }
  void forget();

  // In place of the frames that are kept, what they say. `room`: of their dialect, must outlive this. `target`: who
  // made them; the same each time.
  void read(const TranslationRoom& room, const Origin& target);
  // Of the frames that have been read; nullptr: none have.
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
  // Of an array.
  ArrayElements elements_;
};

// Each frame that is kept as it went and is JSON, one after another; the value is good within the call.
void for_each_frame(const SentFrames& sent, const std::function<void(JsonValue)>& take);

}  // namespace sluice::api
