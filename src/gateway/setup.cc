#include "gateway/setup.h"

namespace sluice::gateway {

Result<std::shared_ptr<Setup>> Setup::make(config::Config config, const std::shared_ptr<tls::SystemRoots>& roots,
                                           const Setup* before) {
  auto setup = std::make_shared<Setup>(std::move(config));
  const config::Config& kept = setup->config;
  auto contexts = make_target_contexts(kept, roots);
  if (!contexts) return tl::unexpected<Error>(contexts.error());
  setup->target_contexts = std::move(*contexts);
  if (!kept.tls_cert_file.empty()) {
    auto context = tls::ListenerContext::create({kept.tls_cert_file, kept.tls_key_file});
    if (!context) return tl::unexpected<Error>(context.error());
    setup->listener_context = std::move(*context);
  }
  auto proxies = net::CidrList::parse(kept.trusted_proxies);
  if (!proxies) return tl::unexpected<Error>(proxies.error());
  setup->trusted_proxies = std::move(*proxies);
  setup->limiter = policy::Limiter::create(kept, before != nullptr ? before->limiter.get() : nullptr);
  return setup;
}

}  // namespace sluice::gateway
