// How an outside address is reached: directly or through its proxy. TLS, if any, is added on top (dialer_to,
// ProviderLinks).
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "config/config.h"
#include "net/dialer.h"
#include "net/loop.h"
#include "net/resolver.h"

namespace sluice::gateway {

// `loop` and `resolver` must outlive the dialer.
std::unique_ptr<net::Dialer> way_out(net::Loop& loop, net::Resolver& resolver, const config::Url& url,
                                     const std::optional<config::Proxy>& proxy);

// A dialer to where alerts are sent, with TLS by the system's authorities if the URL is https://.
Result<std::unique_ptr<net::Dialer>> dialer_to(net::Loop& loop, net::Resolver& resolver,
                                               const config::AlertTarget& target);

}  // namespace sluice::gateway
