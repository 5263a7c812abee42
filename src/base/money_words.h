// The codes by which providers report that money has run out.
#pragma once

#include <string_view>

namespace sluice {

// Whether `code`, a provider's error code ("insufficient_quota", "BILLING_DISABLED"), means that retrying is useless
// until somebody pays.
bool is_about_money(std::string_view code);

// The same of an error's message: some say it only there, with a code that means any fault of a request.
bool tells_of_money(std::string_view message);

}  // namespace sluice
