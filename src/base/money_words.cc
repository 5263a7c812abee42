#include "base/money_words.h"

#include <algorithm>
#include <array>

namespace sluice {

bool is_about_money(std::string_view code) {
  constexpr std::array<std::string_view, 7> parts = {
      "insufficient_quota",   "credit_balance",   "spend_limit",      "billing",
      "insufficient_balance", "payment_required", "credits_exhausted"};
  return std::any_of(parts.begin(), parts.end(),
                     [code](std::string_view part) { return code.find(part) != code.npos; });
}

}  // namespace sluice
