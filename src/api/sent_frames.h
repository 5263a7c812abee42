// The frames of a stream that passes as it came: only whole ones go on, so that another target's can follow at any
// time, and those that have gone are kept for a while, to be read if the stream breaks off.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/array_elements.h"
#include "api/error_body.h"
#include "api/json_value.h"

namespace sluice::api {

class SentFrames {
 public:
  static constexpr size_t max_bytes = 256 * 1024;  // of what is kept; a longer stream passes unremembered

  // `format`: not StreamFormat::none.
  explicit SentFrames(StreamFormat format) : format_(format) {}

  // `pieces`: what came this turn. What stands behind the last whole frame is taken from them, and goes on with the
  // next turn's. Views that are put into them are valid until the next call.
  void hold_tail(std::vector<std::string_view>& pieces);
  // The stream has ended: what is still held goes on, whole or not.
  void let_go(std::vector<std::string_view>& pieces);

  // All frames that went on are remembered.
  bool complete() const { return !too_long_; }
  std::string_view frames() const { return kept_; }
  StreamFormat format() const { return format_; }
  void forget();

 private:
  size_t last_end(std::string_view bytes);
  size_t last_array_end(std::string_view bytes);
  void remember(std::string_view bytes);

  const StreamFormat format_;
  std::string kept_;
  std::string tail_, joined_;
  bool too_long_ = false;
  // Of an array.
  ArrayElements elements_;
};

// Each frame that is JSON, one after another; the value is good within the call.
void for_each_frame(const SentFrames& sent, const std::function<void(JsonValue)>& take);

}  // namespace sluice::api
