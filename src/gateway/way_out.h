// How a place outside is reached: directly, or through its proxy. TLS, where there is any, goes round what comes out.
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

// To where alerts are sent, with TLS by the system's authorities where the URL asks for it.
Result<std::unique_ptr<net::Dialer>> dialer_to(net::Loop& loop, net::Resolver& resolver,
                                               const config::AlertTarget& target);

}  // namespace sluice::gateway
