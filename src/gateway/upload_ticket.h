// Lets a caller continue an upload at the address it was given without sending its key again, as some SDKs do. The
// address carries a ticket that is valid for this one path for a day. It is derived from the key's digest, so it
// survives restarts and cannot be made without the key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "gateway/admission.h"
#include "http/message.h"

namespace sluice::gateway {

inline constexpr std::string_view ticket_name = "sluice-ticket";

// `target` ("/path?query") with a ticket if the caller was admitted by a key.
std::string with_ticket(std::string target, const config::Config& config, const Admitted& admitted, int64_t now_unix_s);
// The owner of the ticket in a POST or PUT; nullopt: no ticket, or an invalid or expired one.
std::optional<Admitted> admit_by_ticket(const config::Config& config, const http::RequestHead& head,
                                        int64_t now_unix_s);

}  // namespace sluice::gateway
