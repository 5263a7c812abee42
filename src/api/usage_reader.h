// What an answer says beside its content, read out of its JSON: token counts, the model's name, whether it has ended.
// Knows where each dialect writes these (translation.md "Usage").
#pragma once

#include <array>
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

// The token counts as they are sent. A provider that writes 0, or nothing, into the last frame does not take back what
// the first one said. What is no number is left out.
struct SentCounts {
  // In this order: usage_reader.cc counts on it.
  enum Count : uint8_t {
    input,
    output,
    cache_read,
    cache_write,
    reasoning,
    total,
    tool_input,      // gemini: of tools' results, beside the prompt's
    cache_write_5m,  // anthropic: parts of cache_write
    cache_write_1h,
    llama_prompt,  // llama.cpp's timings: without the cached ones
    llama_cached,
    llama_output,
    counts
  };

  // Counts never fall, but for Gemini's, which corrects the first frame's in the last.
  void add(Count which, uint64_t count, Dialect dialect);
  void update(const SentCounts& newer, Dialect dialect);
  std::optional<uint64_t> told(Count which) const {
    return (told_ >> which & 1) != 0 ? std::optional<uint64_t>(values_[which]) : std::nullopt;
  }
  uint64_t value(Count which) const { return values_[which]; }  // 0 where it was not told

 private:
  std::array<uint64_t, counts> values_{};
  uint16_t told_ = 0;  // a bit for each
};

// The sink for one JSON text of an answer: a frame, a line or a body.
class UsageReader final : public JsonSink {
 public:
  explicit UsageReader(Dialect dialect) : dialect_(dialect) {}
  void on_value(uint8_t node, JsonKind kind, std::string_view text) override;
  void reset() { *this = UsageReader(dialect_); }

  const SentCounts& counts() const { return counts_; }
  std::string_view model() const { return model_; }  // still escaped; "" where it is not named
  bool has_end() const { return end_; }  // a status, a type or a reason that says that all of the answer is whole
  // Which choices or candidates have finished (bit n: the one of index n), and how many there are as far as was said.
  uint64_t finished() const { return finished_ | (choice_finished_ ? uint64_t{1} << choice_ : 0); }
  uint8_t choices_known() const { return choices_known_; }
  // It is one of its dialect's frames: a stream of such frames says when it is whole.
  bool has_shape() const { return shape_; }
  std::optional<uint64_t> sequence() const { return sequence_; }  // responses: sequence_number
  bool has_error() const { return error_; }
  bool has_usage() const { return usage_; }      // `usage` is an object
  bool has_choices() const { return choices_; }  // `choices` is not empty

 private:
  void on_string(uint8_t node, std::string_view text);
  void on_number(uint8_t node, std::string_view text);
  void on_type(std::string_view type);
  void on_choice();

  Dialect dialect_;
  bool end_ = false;
  bool error_ = false;
  bool usage_ = false;
  bool choices_ = false;
  bool shape_ = false;
  bool choice_finished_ = false;  // of the choice being read
  uint8_t choice_ = 0;            // its index
  uint8_t choices_known_ = 0;
  uint8_t choice_objects_ = 0;
  uint64_t finished_ = 0;
  std::optional<uint64_t> sequence_;
  SentCounts counts_;
  std::string model_;
};

// The counts in the one form, by what the dialect means with them.
Usage usage_from(const SentCounts& counts, Dialect dialect);

}  // namespace sluice::api
