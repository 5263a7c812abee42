// How a place outside is reached: directly, or through its proxy. TLS, where there is any, goes round what comes out.
#pragma once

#include <memory>
#include <optional>

#include "config/config.h"
#include "net/dialer.h"
#include "net/loop.h"
#include "net/resolver.h"

namespace sluice::gateway {

// `loop` and `resolver` must outlive the dialer.
std::unique_ptr<net::Dialer> way_out(net::Loop& loop, net::Resolver& resolver, const config::Url& url,
                                     const std::optional<config::Proxy>& proxy);

}  // namespace sluice::gateway
