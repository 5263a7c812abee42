// Reads the frames that went to the caller, as far as another target and the writer of its answer need them to
// continue.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "api/delivered.h"
#include "api/event.h"
#include "api/frame_gatherer.h"
#include "api/json_value.h"

namespace sluice::api {

class SentFrames;
struct TranslationRoom;

class SentReading final : FrameTaker {
 public:
  // For frames of `room`'s dialect that `target` made. `room` must outlive it.
  SentReading(StreamFormat format, const TranslationRoom& room, const Origin& target);

  // Reads the next frames, which are whole.
  void read(std::string_view frames);
  const SentState* state() const { return state_.get(); }
  size_t held_bytes() const;
  // All frames have been read. Call once.
  Delivered end();

 private:
  void on_frame(std::string_view event, std::string_view data) override;

  Delivered delivered_{};
  DeliveredSink sink_;
  const std::unique_ptr<EventReader> reader_;
  const std::unique_ptr<SentState> state_;  // null: frames are independent of each other
  FrameGatherer gatherer_;
  JsonDocument document_;
  const bool signs_thinking_;
};

// What was delivered of an answer in the caller's dialect, from the frames that were sent. Frames that have been read
// are not read again, so call it once. `room`: of that dialect. `asked`: bar_of(request).
Delivered read_delivered(SentFrames& sent, const TranslationRoom& room, const Origin& target, Bar asked);

}  // namespace sluice::api
