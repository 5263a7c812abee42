// One worker's way to each provider: how to dial it, the pool of connections, and the head fields that every request to
// it carries.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "http/outbound_pool.h"
#include "net/dialer.h"
#include "net/resolver.h"
#include "tls/context.h"

namespace sluice::gateway {

// TLS contexts of the providers, shared by all workers: index as in config.providers, null where there is no TLS.
using TargetContexts = std::vector<std::shared_ptr<tls::TargetContext>>;
// Reads certificates and keys. The error names the file.
Result<TargetContexts> make_target_contexts(const config::Config& config,
                                            const std::shared_ptr<tls::SystemRoots>& roots);

struct ProviderLink {
  explicit ProviderLink(const config::Provider& of) : provider(of) {}

  const config::Provider provider;
  std::unique_ptr<net::Dialer> dialer;
  std::unique_ptr<http::OutboundPool> pool;
  // Host, accept-encoding, the credential and the configured headers, ready to be appended to a request head.
  std::string fixed_fields;
  // Whether a caller's field of that name gives way to one of fixed_fields.
  bool sets(std::string_view name) const;
};

class ProviderLinks {
 public:
  // Takes the target's end of an in-process connection; for "demo:" providers.
  using AcceptDemo = std::function<void(std::unique_ptr<net::Stream>)>;
  // All references must outlive this, and what is kept of it. `before` (or nullptr): the links whose place these take;
  // those to providers that did not change are kept, with their connections.
  ProviderLinks(net::Loop& loop, net::Resolver& resolver, const config::Config& config, const TargetContexts& contexts,
                const AcceptDemo& accept_demo, http::PoolCounts& counts, const ProviderLinks* before = nullptr);
  // `provider` must be one of the config's.
  ProviderLink& of(const config::Provider& provider);

 private:
  std::shared_ptr<ProviderLink> kept_from(const ProviderLinks* before, const config::Provider& provider) const;

  const config::Config& config_;
  std::vector<std::shared_ptr<ProviderLink>> links_;  // index as in config.providers
};

}  // namespace sluice::gateway
