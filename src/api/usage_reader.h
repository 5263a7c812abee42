// Reads what an answer's JSON says besides its content: token counts, the model's name, whether it has ended. A
// dialect's Places say where these are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/json_scan.h"
#include "api/places.h"
#include "api/usage.h"

namespace sluice::api {

// The sink for one JSON text of an answer: a frame, a line or a body.
class UsageReader final : public JsonSink {
 public:
  explicit UsageReader(const Places& places) : places_(&places) {}
  void on_value(uint8_t node, JsonKind kind, std::string_view text) override;
  void reset() { *this = UsageReader(*places_); }

  const SentCounts& counts() const { return counts_; }
  std::string_view model() const { return model_; }  // still escaped; "" if it is not named
  bool has_end() const { return end_; }    // a status, a type or a finish reason says that the whole answer has ended
  bool has_last() const { return last_; }  // it has the type of a stream's last frame
  // Which choices or candidates have finished (bit n: the one of index n), and how many there are as far as is known.
  uint64_t finished() const { return finished_ | (choice_finished_ ? uint64_t{1} << choice_ : 0); }
  uint8_t choices_known() const { return choices_known_; }
  // It is a frame of the dialect: a stream of such frames says when it is whole.
  bool has_shape() const { return shape_; }
  std::optional<uint64_t> sequence() const { return sequence_; }  // sequence_number
  // Of a body: the member that holds the answer is there.
  bool has_answer() const { return answer_ || shape_; }
  bool has_error() const { return error_; }
  bool has_usage() const { return usage_; }      // `usage` is an object
  bool has_choices() const { return choices_; }  // `choices` is not empty

 private:
  void on_string(uint8_t node, std::string_view text);
  void on_number(uint8_t node, std::string_view text);
  void on_type(std::string_view type);
  void on_choice();

  const Places* places_;
  bool end_ = false, last_ = false;
  bool error_ = false;
  bool usage_ = false;
  bool choices_ = false;
  bool shape_ = false, answer_ = false;
  bool choice_finished_ = false;  // of the choice being read
  uint8_t choice_ = 0;            // its index
  uint8_t choices_known_ = 0;
  uint8_t choice_objects_ = 0;
  uint64_t finished_ = 0;
  std::optional<uint64_t> sequence_;
  SentCounts counts_;
  std::string model_;
};

}  // namespace sluice::api
