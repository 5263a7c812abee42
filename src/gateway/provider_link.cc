#include "gateway/provider_link.h"

#include <array>

#include "base/name_index.h"
#include "gateway/way_out.h"
#include "http/writer.h"
#include "net/tcp_dialer.h"
#include "tls/dialer.h"

namespace sluice::gateway {
namespace {

std::string fixed_fields_of(const config::Provider& provider, const std::string& key) {
  std::string fields;
  http::write_field(fields, "host", provider.base_url.authority());
  http::write_field(fields, "accept-encoding", "identity");
  if (!provider.caller_key && !key.empty()) {
    if (provider.auth == config::Auth::bearer) http::write_field(fields, "authorization", "Bearer " + key);
    if (provider.auth == config::Auth::header) http::write_field(fields, provider.auth_header, key);
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
    : loop_(loop),
      resolver_(resolver),
      config_(config),
      contexts_(contexts),
      accept_demo_(accept_demo),
      counts_(counts),
      links_(config.providers.size()) {
  if (before != nullptr && before->config_.limits.queue == config.limits.queue) keep_of(*before);
}

// A file's content may have changed under the same name, so a provider with certificate files is never reused.
void ProviderLinks::keep_of(const ProviderLinks& before) {
  NameIndex places(config_.providers.size());
  for (uint32_t i = 0; i < config_.providers.size(); ++i) places.add(config_.providers[i].name, i);
  for (const std::shared_ptr<ProviderLink>& link : before.links_) {
    if (!link || !link->provider.ca_file.empty() || !link->provider.cert_file.empty()) continue;
    const uint32_t place = places.find(link->provider.name);
    if (place != NameIndex::none && link->provider == config_.providers[place]) links_[place] = link;
  }
}

std::shared_ptr<ProviderLink> ProviderLinks::make(const config::Provider& provider) {
  auto link = std::make_shared<ProviderLink>(provider);
  for (size_t i = 0; i < provider.key_count(); ++i) {
    link->fields_by_key.push_back(fixed_fields_of(provider, provider.key_at(i)));
  }
  const config::Url& url = provider.base_url;
  if (url.demo) {
    link->dialer = std::make_unique<net::MemoryDialer>(loop_, accept_demo_);
  } else {
    link->dialer = way_out(loop_, resolver_, url, provider.proxy);
  }
  if (const auto& context = contexts_[static_cast<size_t>(&provider - config_.providers.data())]; context) {
    link->dialer = std::make_unique<tls::TlsDialer>(loop_, std::move(link->dialer), context, url.host);
  }
  http::PoolOptions options;
  options.max_open = provider.max_connections;
  options.max_waiting = config_.limits.queue;
  link->pool = std::make_unique<http::OutboundPool>(loop_, *link->dialer, options, counts_);
  return link;
}

}  // namespace sluice::gateway
