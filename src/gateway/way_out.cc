#include "gateway/way_out.h"

#include "http/tunnel_dialer.h"
#include "net/tcp_dialer.h"
#include "tls/dialer.h"

namespace sluice::gateway {

std::unique_ptr<net::Dialer> way_out(net::Loop& loop, net::Resolver& resolver, const config::Url& url,
                                     const std::optional<config::Proxy>& proxy) {
  if (!proxy) return std::make_unique<net::TcpDialer>(loop, resolver, url.host, url.port);
  auto to_proxy = std::make_unique<net::TcpDialer>(loop, resolver, proxy->host, proxy->port);
  const http::TunnelOptions options{proxy->address(), config::Address{url.host, url.port, ""}.text(),
                                    proxy->credentials};
  return std::make_unique<http::TunnelDialer>(loop, std::move(to_proxy), options);
}

Result<std::unique_ptr<net::Dialer>> dialer_to(net::Loop& loop, net::Resolver& resolver,
                                               const config::AlertTarget& target) {
  std::unique_ptr<net::Dialer> dialer = way_out(loop, resolver, target.url, target.proxy);
  if (!target.url.tls) return dialer;
  auto context = tls::TargetContext::create({}, std::make_shared<tls::SystemRoots>());
  if (!context) return tl::unexpected<Error>(context.error());
  return std::make_unique<tls::TlsDialer>(loop, std::move(dialer), *context, target.url.host);
}

}  // namespace sluice::gateway
