// The codes by which providers say that money is the matter.
#pragma once

#include <string_view>

namespace sluice {

// Whether `code`, a provider's own ("insufficient_quota", "BILLING_DISABLED"), means that asking again is no use until
// somebody pays.
bool is_about_money(std::string_view code);

}  // namespace sluice
