#include "api/rate_limit_fields.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "api/dialect.h"
#include "base/text.h"
#include "base/time_text.h"
#include "http/message.h"

namespace sluice::api {
namespace {

using Field = RateLimitFields::Field;

void append(Field& field, std::string_view text) {
  for (const char c : text) field.text[field.size++] = c;
}

void append_number(Field& field, uint64_t number) {
  char* const begin = field.text.data() + field.size;
  field.size += static_cast<size_t>(std::to_chars(begin, field.text.data() + field.text.size(), number).ptr - begin);
}

// As Go prints a duration, which is OpenAI's format: "0s", "20ms", "1.5s", "6m0s", "2h0m1s".
void append_duration(Field& field, uint64_t ms) {
  constexpr uint64_t minute = 60'000, hour = 60 * minute;
  if (ms > 0 && ms < 1000) {
    append_number(field, ms);
    return append(field, "ms");
  }
  if (ms >= hour) {
    append_number(field, ms / hour);
    append(field, "h");
  }
  if (ms >= minute) {
    append_number(field, ms % hour / minute);
    append(field, "m");
  }
  append_number(field, ms % minute / 1000);
  if (uint64_t rest = ms % 1000; rest != 0) {
    append(field, ".");
    for (uint64_t place = 100; rest != 0; rest %= place, place /= 10) append_number(field, rest / place);
  }
  append(field, "s");
}

// RFC 3339, in UTC; rounded up to whole seconds, so that no caller retries too early.
void append_moment(Field& field, int64_t unix_ms) {
  append(field, TimeText(unix_ms + 999).seconds());
  append(field, "Z");
}

}  // namespace

RateLimitFields::RateLimitFields(Dialect dialect, const RateLimitState& state, int64_t unix_ms) {
  const RateLimitNames& names = room_of(dialect).rate_limits;
  add(names.requests, state.requests, names.tells_moment, unix_ms);
  add(names.tokens, state.tokens, names.tells_moment, unix_ms);
}

void RateLimitFields::add(const std::array<std::string_view, 3>& names, const RateLimitState::Budget& budget,
                          bool moments, int64_t unix_ms) {
  // However large the debt: more than a year would not fit into a Field.
  constexpr uint64_t max_ms = uint64_t{365} * 24 * 3'600'000;
  const uint64_t full_in_ms = budget.full_in_ms < max_ms ? budget.full_in_ms : max_ms;
  if (budget.limit == 0) return;
  Field* const added = &fields_[count_];
  for (size_t i = 0; i < names.size(); ++i) added[i].name = names[i];
  count_ += names.size();
  append_number(added[0], budget.limit);
  append_number(added[1], budget.remaining);
  if (moments) {
    append_moment(added[2], unix_ms + static_cast<int64_t>(full_in_ms));
  } else {
    append_duration(added[2], full_in_ms);
  }
}

bool is_rate_limit_field(std::string_view name) {
  for (const DialectRoom* const room : rooms()) {
    const std::string_view prefix = room->rate_limits.prefix;
    if (http::same_name(name.substr(0, prefix.size()), prefix)) return true;
  }
  return false;
}

std::string all_rate_limit_names() {
  std::vector<std::string_view> names;
  for (const DialectRoom* const room : rooms()) {
    for (const auto& list : {room->rate_limits.requests, room->rate_limits.tokens}) {
      for (const std::string_view name : list) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      }
    }
  }
  return join(names);
}

}  // namespace sluice::api
