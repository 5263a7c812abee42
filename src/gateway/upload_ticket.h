// Lets a caller go on with an upload at the address that was told for it without sending its key again, as some SDKs
// do: the address carries a ticket, which is good for this one path for a day. It is made of the key's digest, so that
// it outlives restarts and only who has the key could make one.
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

// `target` ("/path?query") with a ticket for whoever was admitted by a key.
std::string with_ticket(std::string target, const config::Config& config, const Admitted& admitted, int64_t now_unix_s);
// Whose ticket a POST or PUT carries; nullopt: none, or one that is not good, or no more.
std::optional<Admitted> admit_by_ticket(const config::Config& config, const http::RequestHead& head,
                                        int64_t now_unix_s);

}  // namespace sluice::gateway
