#include "base/money_words.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"

namespace sluice {

bool is_about_money(std::string_view code) {
  constexpr std::array<std::string_view, 7> parts = {
      "insufficient_quota",   "credit_balance",   "spend_limit",      "billing",
      "insufficient_balance", "payment_required", "credits_exhausted"};
  const std::string lower = to_lower(code);
  return std::any_of(parts.begin(), parts.end(),
                     [&lower](std::string_view part) { return lower.find(part) != lower.npos; });
}

}  // namespace sluice
