#include "gateway/provider_link.h"

#include <array>

#include "http/writer.h"
#include "net/tcp_dialer.h"
#include "tls/dialer.h"

namespace sluice::gateway {
namespace {

std::string fixed_fields_of(const config::Provider& provider) {
  std::string fields;
  http::write_field(fields, "host", provider.base_url.authority());
  http::write_field(fields, "accept-encoding", "identity");
  if (!provider.caller_key && !provider.api_key.empty()) {
    if (provider.auth == config::Auth::bearer) http::write_field(fields, "authorization", "Bearer " + provider.api_key);
    if (provider.auth == config::Auth::header) http::write_field(fields, provider.auth_header, provider.api_key);
  }
  for (const auto& [name, value] : provider.headers) http::write_field(fields, name, value);
  return fields;
}

}  // namespace

Result<TargetContexts> make_target_contexts(const config::Config& config,
                                            const std::shared_ptr<tls::SystemRoots>& roots) {
  TargetContexts contexts;
  for (const config::Provider& provider : config.providers) {
    contexts.emplace_back();
    if (!provider.base_url.tls) continue;
    auto context = tls::TargetContext::create(
        {provider.ca_file, provider.cert_file, provider.key_file, provider.insecure_skip_verify}, roots);
    if (!context) {
      return fail(ErrorCode::config, "provider '" + provider.name + "': " + context.error().message);
    }
    contexts.back() = std::move(*context);
  }
  return contexts;
}

bool ProviderLink::sets(std::string_view name) const {
  for (const auto& [own, value] : provider.headers) {
    if (http::same_name(own, name)) return true;
  }
  return false;
}

ProviderLinks::ProviderLinks(net::Loop& loop, net::Resolver& resolver, const config::Config& config,
                             const TargetContexts& contexts, const AcceptDemo& accept_demo, http::PoolCounts& counts,
                             const ProviderLinks* before)
    : config_(config) {
  for (size_t i = 0; i < config.providers.size(); ++i) {
    const config::Provider& provider = config.providers[i];
    if (auto kept = kept_from(before, provider); kept != nullptr) {
      links_.push_back(std::move(kept));
      continue;
    }
    auto link = std::make_shared<ProviderLink>(provider);
    link->fixed_fields = fixed_fields_of(provider);
    const config::Url& url = provider.base_url;
    if (url.demo) {
      link->dialer = std::make_unique<net::MemoryDialer>(loop, accept_demo);
    } else {
      link->dialer = std::make_unique<net::TcpDialer>(loop, resolver, url.host, url.port);
    }
    if (contexts[i]) {
      link->dialer = std::make_unique<tls::TlsDialer>(loop, std::move(link->dialer), contexts[i], url.host);
    }
    http::PoolOptions options;
    options.max_open = provider.max_connections;
    options.max_waiting = config.limits.queue;
    link->pool = std::make_unique<http::OutboundPool>(loop, *link->dialer, options, counts);
    links_.push_back(std::move(link));
  }
}

// Files may hold something else under the same name, so a provider that has any is never the same.
std::shared_ptr<ProviderLink> ProviderLinks::kept_from(const ProviderLinks* before,
                                                       const config::Provider& provider) const {
  if (before == nullptr || before->config_.limits.queue != config_.limits.queue) return nullptr;
  if (!provider.ca_file.empty() || !provider.cert_file.empty()) return nullptr;
  for (const auto& link : before->links_) {
    if (link->provider == provider) return link;
  }
  return nullptr;
}

ProviderLink& ProviderLinks::of(const config::Provider& provider) {
  return *links_[static_cast<size_t>(&provider - config_.providers.data())];
}

}  // namespace sluice::gateway
