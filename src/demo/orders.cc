#include "demo/orders.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace sluice::demo {
namespace {

using Break = Orders::Break;

constexpr int too_many_requests = 429;
constexpr uint32_t first_error_status = 400, last_error_status = 599;
constexpr size_t status_digits = 3;
constexpr uint32_t default_retry_after_s = 1;

// Parses `text` as a number, capped at `max`. nullopt: not a number.
std::optional<uint32_t> number_in(std::string_view text, uint32_t max) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  uint32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() ? std::min(number, max) : max;
}

struct Breaking {
  std::string_view name;
  Break how;
  uint32_t words;
};
// A name that ends in a dash is followed by the number of words after which it happens.
constexpr std::array breakings = std::to_array<Breaking>({
    {"cut-after-", Break::cut, 0},
    {"end-after-", Break::end, 0},
    {"stall-after-", Break::stall, 0},
    {"error-after-", Break::error, 0},
    {"stall", Break::stall, 3},
    {"error-in-200", Break::error, 0},
    {"cut-json", Break::half, 3},
    {"short-json", Break::half_end, 3},
    {"hold-open", Break::hold, 0},
    {"silent-after-head", Break::never, 0},
    {"cut-in-tool", Break::in_call, 0},
    {"cut-in-thinking", Break::in_thinking, 0},
});

bool set_break(std::string_view word, Orders& orders) {
  for (const Breaking& one : breakings) {
    const bool counted = one.name.ends_with('-');
    if (counted ? !word.starts_with(one.name) : word != one.name) continue;
    const std::optional<uint32_t> words =
        counted ? number_in(word.substr(one.name.size()), Orders::max_words) : one.words;
    if (!words) continue;
    orders.how = one.how;
    orders.after_words = *words;
    return true;
  }
  return false;
}

struct Flag {
  std::string_view name;
  bool Orders::*member;
};
constexpr std::array flags = std::to_array<Flag>({
    {"reset", &Orders::reset},
    {"silent", &Orders::silent},
    {"web-page", &Orders::web_page},
    {"spend-limit", &Orders::spend_limit},
    {"refuse-prefix", &Orders::refuse_prefix},
    {"bad-frame", &Orders::bad_frame},
    {"no-done", &Orders::no_sentinel},
    {"think", &Orders::think},
    {"parallel", &Orders::parallel},
    {"cite", &Orders::cite},
    {"refuse", &Orders::refuse},
    {"length", &Orders::length},
    {"two-faced", &Orders::two_faced},
    {"takes-prefix", &Orders::takes_prefix},
});

bool set_flag(std::string_view word, Orders& orders) {
  for (const Flag& flag : flags) {
    if (word == flag.name) return orders.*flag.member = true;
  }
  return false;
}

// "30s"
std::optional<uint32_t> seconds_in(std::string_view text) {
  return text.ends_with('s') ? number_in(text.substr(0, text.size() - 1), Orders::max_seconds) : std::nullopt;
}

bool set_delay(std::string_view word, Orders& orders) {
  constexpr std::string_view name = "slow-first-byte-";
  const std::optional<uint32_t> seconds = word.starts_with(name) ? seconds_in(word.substr(name.size())) : std::nullopt;
  orders.delay_s = seconds.value_or(orders.delay_s);
  return seconds.has_value();
}

// "429", "429-then-ok", "429-retry-after", "429-retry-after-2s"
void set_status(std::string_view word, Orders& orders) {
  constexpr std::string_view then_ok = "-then-ok", retry_after = "-retry-after";
  const std::string_view rest = word.substr(std::min(status_digits, word.size()));
  const std::optional<uint32_t> status = number_in(word.substr(0, status_digits), UINT32_MAX);
  if (!status || *status < first_error_status || *status > last_error_status) return;
  if (rest.starts_with(retry_after)) {
    const std::string_view told = rest.substr(retry_after.size());
    const std::optional<uint32_t> seconds = told.empty()          ? default_retry_after_s
                                            : told.front() == '-' ? seconds_in(told.substr(1))
                                                                  : std::nullopt;
    if (!seconds || *seconds == 0) return;
    orders.retry_after_s = *seconds;
  } else if (!rest.empty() && rest != then_ok) {
    return;
  }
  orders.then_ok = !rest.empty();
  orders.status = static_cast<int>(*status);
}

}  // namespace

bool Orders::none() const {
  return !reset && !silent && !web_page && status == 0 && !spend_limit && !refuse_prefix && delay_s == 0 &&
         how == Break::none && !bad_frame && !no_sentinel;
}

Orders orders_in(std::string_view model) {
  Orders orders;
  model.remove_prefix(std::min(model.rfind('/') + 1, model.size()));  // none: npos + 1 is 0
  model = model.substr(0, model.find(':'));
  while (!model.empty()) {
    const std::string_view word = model.substr(0, model.find('+'));
    if (!set_break(word, orders) && !set_flag(word, orders) && !set_delay(word, orders)) set_status(word, orders);
    model.remove_prefix(std::min(word.size() + 1, model.size()));
  }
  if (orders.spend_limit && orders.status == 0) orders.status = too_many_requests;
  return orders;
}

}  // namespace sluice::demo
