// Tells of alerts: in the log, to Sentry, to a webhook. One worker does it for all, on its loop, a moment after; a
// request never waits for it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "gateway/alert_channel.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "observe/alerts.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace sluice::gateway {

class AlertSender {
 public:
  struct Options {
    AlertPatience patience;
    std::string host = {};                       // "": this machine's name
    std::function<int64_t()> unix_ms = nullptr;  // null: the system's clock
    // How to reach one of the two; null: TCP, and TLS with the system's authorities. (Tests: into memory.)
    std::function<std::unique_ptr<net::Dialer>(const config::AlertTarget&)> dialer = nullptr;
  };

  // All references must outlive this; `alerts` is never null.
  AlertSender(net::Loop& loop, net::Resolver& resolver, config::Alerts config, std::shared_ptr<observe::Alerts> alerts,
              observe::WorkerMetrics& metrics, observe::Log& log, Options options);
  AlertSender(net::Loop& loop, net::Resolver& resolver, config::Alerts config, std::shared_ptr<observe::Alerts> alerts,
              observe::WorkerMetrics& metrics, observe::Log& log)
      : AlertSender(loop, resolver, std::move(config), std::move(alerts), metrics, log, Options()) {}

  // Takes the notices that wait, logs them and sends them off. `now_ms`: monotonic, as the failures' times. Cheap where
  // there are none: to be called often.
  void tick(uint64_t now_ms);
  const config::Alerts& config() const { return config_; }
  // Nothing is on its way.
  bool idle() const { return (!sentry_ || sentry_->idle()) && (!webhook_ || webhook_->idle()); }

 private:
  void tell(observe::AlertNotice notice, uint64_t now_ms);
  void lose(std::string_view to, std::string_view why);
  std::unique_ptr<AlertChannel> make_channel(const std::optional<config::AlertTarget>& target, std::string_view name);

  net::Loop& loop_;
  net::Resolver& resolver_;
  const config::Alerts config_;
  const std::shared_ptr<observe::Alerts> alerts_;
  observe::WorkerMetrics& metrics_;
  observe::Log& log_;
  Options options_;
  std::vector<observe::AlertNotice> notices_;
  std::unique_ptr<AlertChannel> sentry_, webhook_;  // null: not told
};

}  // namespace sluice::gateway
