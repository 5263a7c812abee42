// One configuration and all that follows from it, made and checked as a whole. Workers share it; a reload makes
// another.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "alerts/alerts.h"
#include "base/result.h"
#include "config/config.h"
#include "gateway/certificates.h"
#include "gateway/provider_link.h"
#include "gateway/usage_refusals.h"
#include "gateway/web_gate.h"
#include "net/address.h"
#include "net/clock.h"
#include "policy/caller_keys.h"
#include "policy/limiter.h"
#include "routing/health_board.h"
#include "tls/context.h"

namespace sluice::gateway {

// Immutable but for what the limiter and the alerts count, and what is learnt of targets. Whoever works by it holds it.
struct Setup {
  // Reads certificates and keys; the error names what is wrong. `before`: what it takes the place of (or nullptr);
  // limits and rules of alerts that did not change go on counting where they stand. `clock` must outlive it.
  [[gnu::cold]] static Result<std::shared_ptr<Setup>> make(std::shared_ptr<const config::Config> config,
                                                           const std::shared_ptr<tls::SystemRoots>& roots,
                                                           const Setup* before, const net::Clock& clock,
                                                           net::Random& random);

  Setup(std::shared_ptr<const config::Config> given, bool doubts_peers, const net::Clock& clock, net::Random& random)
      : held(std::move(given)),
        config(*held),
        keys(config.keys, random.next(), [&clock] { return clock.unix_s(); }),
        web(config, doubts_peers) {}
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  const std::shared_ptr<const config::Config> held;
  const config::Config& config;
  const policy::CallerKeys keys;
  const WebGate web;
  TargetContexts target_contexts;
  std::shared_ptr<tls::ListenerContext> listener_context;  // null: plain
  net::CidrList trusted_proxies;
  std::unique_ptr<policy::Limiter> limiter;      // null: nothing is limited
  std::vector<Certificate> certificates;         // that the configuration names
  std::unique_ptr<routing::HealthBoard> health;  // of all targets; never null once made
  std::shared_ptr<alerts::Alerts> alerts;        // null: nobody is told of failures
  UsageRefusals usage_refusals;
  // Numbers of listeners, given before anybody works by it: those that listen, and those whose connections stay: these,
  // and such as listened where one of these does now.
  std::vector<uint32_t> listeners, kept_listeners;
};

}  // namespace sluice::gateway
