// What an answer says beside its content, read out of its JSON: token counts, the model's name, whether it has ended.
// Knows where each dialect writes these (translation.md "Usage").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/answer_tap.h"
#include "api/json_scan.h"
#include "base/dialect.h"

namespace sluice::api {

// The places all dialects together have something at, for a JsonScan: in a stream's frames and lines, and in a body,
// where nobody needs to know whether what it holds has finished, because the body's own end tells.
const ScanTree& frame_tree();
const ScanTree& body_tree();

// The token counts as they are sent; what is absent or no number is left as it was.
struct SentCounts {
  std::optional<uint64_t> input, cache_read, cache_write, output, reasoning;
  void update(const SentCounts& newer);
};

// The sink for one JSON text of an answer: a frame, a line or a body.
class UsageReader final : public JsonSink {
 public:
  explicit UsageReader(Dialect dialect) : dialect_(dialect) {}
  void on_value(uint8_t node, JsonKind kind, std::string_view text) override;
  void reset() { *this = UsageReader(dialect_); }

  const SentCounts& counts() const { return counts_; }
  std::string_view model() const { return model_; }  // still escaped; "" where it is not named
  bool has_end() const { return end_; }  // a finish reason, a status or a type that says that the answer is whole
  bool has_error() const { return error_; }
  bool has_usage() const { return usage_; }      // `usage` is an object
  bool has_choices() const { return choices_; }  // `choices` is not empty
  bool has_no_choices() const { return choices_array_ && !choices_; }

 private:
  void on_string(uint8_t node, std::string_view text);
  void on_number(uint8_t node, std::string_view text);
  void on_type(std::string_view type);

  Dialect dialect_;
  bool end_ = false;
  bool error_ = false;
  bool usage_ = false;
  bool choices_array_ = false;
  bool choices_ = false;
  SentCounts counts_;
  std::string model_;
};

// The counts in the one form, by what the dialect means with them.
Usage usage_from(const SentCounts& counts, Dialect dialect);

}  // namespace sluice::api
