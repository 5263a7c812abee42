// The codes by which providers report that money has run out.
#pragma once

#include <string_view>

namespace sluice {

// Whether `code`, a provider's error code ("insufficient_quota", "BILLING_DISABLED"), means that retrying is useless
// until somebody pays.
bool is_about_money(std::string_view code);

// The same of an error's message: some say it only there, with a code that means any fault of a request.
bool tells_of_money(std::string_view message);

// Whether an answer with this status, code and message says that money has run out. A message that rejects a request
// may quote what the caller wrote: unless the status is one of credentials and limits (402, 403, 429), the message has
// to be the provider's sentence from its first word on.
bool is_unpaid(int status, std::string_view code, std::string_view message);

}  // namespace sluice
