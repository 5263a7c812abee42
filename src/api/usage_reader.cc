#include "api/usage_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "api/target_error.h"

namespace sluice::api {
namespace {

constexpr size_t max_model_bytes = 256;
static_assert(max_model_bytes <= JsonScan::max_text);

// The largest index of a choice or candidate: limited by the bits of finished_.
constexpr uint8_t last_choice = 63;

// No answer has as many; more is a provider's mistake, and must not overflow a counter.
constexpr uint64_t max_tokens = 1'000'000'000'000;

[[gnu::cold]] std::optional<uint64_t> odd_whole_number(std::string_view text) {
  const char* const end = text.data() + text.size();
  double number = 0;
  const auto [number_stop, number_failure] = std::from_chars(text.data(), end, number);
  if (number_stop != end) return std::nullopt;
  if (number_failure == std::errc::result_out_of_range) {  // far too large, or far too small
    return text.find("e-") == text.npos && text.find("E-") == text.npos && text.front() != '-'
               ? std::optional<uint64_t>(max_tokens)
               : std::nullopt;
  }
  if (number_failure != std::errc() || number < 0 || std::trunc(number) != number) return std::nullopt;
  return number < static_cast<double>(max_tokens) ? static_cast<uint64_t>(number) : max_tokens;
}

// "12", and other spellings of a whole number: "12.0", "1.2e1". nullopt: it is none, or below zero.
std::optional<uint64_t> whole_number(std::string_view text) {
  constexpr size_t max_digits = 18;  // this many always fit
  uint64_t count = 0;
  size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && digits < max_digits; ++digits) {
    count = 10 * count + static_cast<uint64_t>(text[digits] - '0');
  }
  return digits != 0 && digits == text.size() ? std::min(count, max_tokens) : odd_whole_number(text);
}

}  // namespace

void UsageReader::on_value(uint8_t at, JsonKind kind, std::string_view text) {
  switch (kind) {
    case JsonKind::string:
      return on_string(at, text);
    case JsonKind::number:
      return on_number(at, text);
    case JsonKind::true_value:
      if (at == node::done) end_ = shape_ = true;
      return;
    case JsonKind::object:
      usage_ = usage_ || at == node::usage;
      error_ = error_ || at == node::error;
      if (at == node::choices || at == node::candidates) on_choice();
      shape_ = shape_ || (at >= node::inner_message && at <= node::prompt_feedback);
      return;
    case JsonKind::item:
      choices_ = choices_ || at == node::choices;
      return;
    case JsonKind::false_value:
      shape_ = shape_ || at == node::done;
      return;
    case JsonKind::array:
      answer_ = answer_ || (at >= node::inner_message && at <= node::prompt_feedback);
      return;
    case JsonKind::null:
      return;
  }
}

// The next choice or candidate begins. If it has no index, its position counts.
void UsageReader::on_choice() {
  finished_ = finished();
  choice_ = choice_objects_;
  if (choice_objects_ < last_choice) ++choice_objects_;
  choice_finished_ = false;
  choices_known_ = std::max(choices_known_, choice_objects_);
}

void UsageReader::on_string(uint8_t at, std::string_view text) {
  switch (at) {
    case node::model:
      if (model_.empty()) model_ = text;
      break;
    case node::type:
      on_type(text);
      break;
    case node::finish:
      if (text.empty() || text == "FINISH_REASON_UNSPECIFIED") break;
      if (is_failed_finish(text)) {
        error_ = true;
        break;
      }
      end_ = end_ || places_->reason_ends;
      choice_finished_ = true;
      break;
    case node::blocked:
      end_ = end_ || (!text.empty() && text != "BLOCK_REASON_UNSPECIFIED");
      break;
    case node::status:
      end_ = end_ || text == "completed" || text == "incomplete" || text == "failed" || text == "cancelled";
      break;
    case node::error:
      error_ = true;
      break;
    default:
      break;
  }
}

// The `type` of a frame.
void UsageReader::on_type(std::string_view text) {
  if (text == "error") error_ = true;
  for (const std::string_view last : places_->last_types) last_ = last_ || text.ends_with(last);
  end_ = end_ || last_;
}

void UsageReader::on_number(uint8_t at, std::string_view text) {
  if (at < node::index) return;
  const std::optional<uint64_t> count = whole_number(text);
  if (!count) return;
  if (at >= node::first_count)
    return counts_.add(static_cast<SentCounts::Count>(at - node::first_count), *count, places_->counts_may_fall);
  if (at == node::sequence) {
    sequence_ = count;
  } else {
    choice_ = static_cast<uint8_t>(std::min<uint64_t>(*count, last_choice));
    choices_known_ = std::max<uint8_t>(choices_known_, static_cast<uint8_t>(choice_ + 1));
  }
}

}  // namespace sluice::api
