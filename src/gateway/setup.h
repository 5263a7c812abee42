// One configuration and everything derived from it, built and checked as a whole. Workers share it; a reload builds
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

// Immutable except for the counters of the limiter and the alerts and what is learnt about targets. Its users hold a
// shared_ptr to it.
struct Setup {
  // Reads certificates and keys; the error names what is wrong. `before`: the setup that it replaces, or nullptr;
  // unchanged limits and alert rules keep their counts. `clock` must outlive it.
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
  std::shared_ptr<tls::ListenerContext> listener_context;  // null: no TLS
  net::CidrList trusted_proxies;
  std::unique_ptr<policy::Limiter> limiter;      // null: no limits
  std::vector<Certificate> certificates;         // those that the configuration names
  std::unique_ptr<routing::HealthBoard> health;  // of all targets; never null once made
  std::shared_ptr<alerts::Alerts> alerts;        // null: no alerts
  UsageRefusals usage_refusals;
  // Listener numbers, set before the setup is used. `listeners` listen; the connections of `kept_listeners` stay open:
  // those and earlier ones at an address where one of them listens now.
  std::vector<uint32_t> listeners, kept_listeners;
};

}  // namespace sluice::gateway
