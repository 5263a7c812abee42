// One worker's access to each provider: how to dial it, the connection pool, and the header fields that every request
// to it carries.
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

// TLS contexts of the providers, shared by all workers: index as in config.providers, null: no TLS.
using TargetContexts = std::vector<std::shared_ptr<tls::TargetContext>>;
// Reads certificates and keys. The error names the file.
Result<TargetContexts> make_target_contexts(const config::Config& config,
                                            const std::shared_ptr<tls::SystemRoots>& roots);

struct ProviderLink {
  explicit ProviderLink(const config::Provider& of) : provider(of) {}

  const config::Provider provider;
  std::unique_ptr<net::Dialer> dialer;
  std::unique_ptr<http::OutboundPool> pool;
  // Host, accept-encoding, credential number `key` and the configured headers, ready to be appended to a request head.
  // The view is valid as long as the link.
  std::string_view fixed_fields(size_t key = 0) const { return fields_by_key[key]; }
  std::vector<std::string> fields_by_key;  // never empty
  // Whether a configured header of that name replaces the caller's.
  bool sets(std::string_view name) const;
};

class ProviderLinks {
 public:
  // Accepts the target's end of an in-process connection; for "demo:" providers.
  using AcceptDemo = std::function<void(std::unique_ptr<net::Stream>)>;
  // All references must outlive this and any later ProviderLinks that reuse its links. `before` (or nullptr): the links
  // that these replace; those in use to unchanged providers are reused with their connections. Other links are made at
  // first use, so that a reload stays cheap for requests.
  ProviderLinks(net::Loop& loop, net::Resolver& resolver, const config::Config& config, const TargetContexts& contexts,
                const AcceptDemo& accept_demo, http::PoolCounts& counts, const ProviderLinks* before = nullptr);
  // `provider` must be one of the config's.
  ProviderLink& of(const config::Provider& provider) {
    std::shared_ptr<ProviderLink>& link = links_[static_cast<size_t>(&provider - config_.providers.data())];
    if (!link) link = make(provider);
    return *link;
  }

 private:
  [[gnu::cold]] std::shared_ptr<ProviderLink> make(const config::Provider& provider);
  void keep_of(const ProviderLinks& before);

  net::Loop& loop_;
  net::Resolver& resolver_;
  const config::Config& config_;
  const TargetContexts& contexts_;
  const AcceptDemo accept_demo_;
  http::PoolCounts& counts_;
  std::vector<std::shared_ptr<ProviderLink>> links_;  // index as in config.providers; null: not asked for yet
};

}  // namespace sluice::gateway
