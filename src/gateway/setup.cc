#include "gateway/setup.h"

namespace sluice::gateway {
namespace {

std::shared_ptr<alerts::Alerts> make_alerts(const config::AlertSettings& config, const Setup* before) {
  if (config.after_failures == 0) return nullptr;
  if (before != nullptr && before->alerts && before->config.alerts.after_failures == config.after_failures &&
      before->config.alerts.within_ms == config.within_ms) {
    return before->alerts;
  }
  return std::make_shared<alerts::Alerts>(alerts::AlertRules{config.after_failures, config.within_ms});
}

}  // namespace

Result<std::shared_ptr<Setup>> Setup::make(std::shared_ptr<const config::Config> config,
                                           const std::shared_ptr<tls::SystemRoots>& roots, const Setup* before,
                                           const net::Clock& clock, net::Random& random) {
  // Connections survive a reload: those accepted while there were keys may come from anywhere.
  const bool doubts_peers = before != nullptr && (!before->config.keys.empty() || before->web.doubts_peers());
  auto setup = std::make_shared<Setup>(std::move(config), doubts_peers, clock, random);
  const config::Config& kept = setup->config;
  auto contexts = make_target_contexts(kept, roots);
  if (!contexts) return tl::unexpected<Error>(contexts.error());
  setup->target_contexts = std::move(*contexts);
  if (!kept.tls_cert_file.empty()) {
    auto context = tls::ListenerContext::create({kept.tls_cert_file, kept.tls_key_file});
    if (!context) return tl::unexpected<Error>(context.error());
    setup->listener_context = std::move(*context);
  }
  setup->certificates = certificates_of(kept);
  auto proxies = net::CidrList::parse(kept.trusted_proxies);
  if (!proxies) return tl::unexpected<Error>(proxies.error());
  setup->trusted_proxies = std::move(*proxies);
  setup->limiter = policy::Limiter::create(kept, before != nullptr ? before->limiter.get() : nullptr);
  setup->health =
      std::make_unique<routing::HealthBoard>(kept, before != nullptr ? before->health.get() : nullptr, random.next());
  setup->alerts = make_alerts(kept.alerts, before);
  return setup;
}

}  // namespace sluice::gateway
