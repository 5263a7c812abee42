// What the frames that went to the caller say: as much of it as another target, and the writer of its answer, need to
// go on with them.
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
  // Of frames of `room`'s dialect, which must outlive it, as `target` made them.
  SentReading(StreamFormat format, const TranslationRoom& room, const Origin& target);

  // Whole ones, behind those before.
  void read(std::string_view frames);
  const SentState* state() const { return state_.get(); }
  size_t held_bytes() const;
  // All have been read. Once.
  Delivered end();

 private:
  void on_frame(std::string_view event, std::string_view data) override;

  Delivered delivered_{};
  DeliveredSink sink_;
  const std::unique_ptr<EventReader> reader_;
  const std::unique_ptr<SentState> state_;  // null: each frame stands for itself
  FrameGatherer gatherer_;
  JsonDocument document_;
  const bool signs_thinking_;
};

// Of an answer in the caller's dialect, by the frames that went to them; those that had been read before are read no
// second time, so it is asked for once. `room`: of that dialect. `asked`: what bar_of(request) says.
Delivered read_delivered(SentFrames& sent, const TranslationRoom& room, const Origin& target, Bar asked);

}  // namespace sluice::api
