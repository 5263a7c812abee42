// Reports alerts to the log, to Sentry and to a webhook. One worker does this for all, on its loop, a moment later; no
// request waits for it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "alerts/alert_channel.h"
#include "alerts/alerts.h"
#include "base/result.h"
#include "config/config.h"
#include "net/dialer.h"
#include "net/loop.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace sluice::alerts {

class AlertSender {
 public:
  struct Options {
    AlertPatience patience;
    std::string host = {};  // "": this machine's name
  };

  // How to reach Sentry or the webhook, including TLS.
  using MakeDialer = std::function<Result<std::unique_ptr<net::Dialer>>(const config::AlertTarget&)>;

  // All references must outlive this; `alerts` is never null.
  AlertSender(net::Loop& loop, MakeDialer dialer, config::AlertSettings config, std::shared_ptr<Alerts> alerts,
              observe::WorkerMetrics& metrics, observe::Log& log, Options options);
  AlertSender(net::Loop& loop, MakeDialer dialer, config::AlertSettings config, std::shared_ptr<Alerts> alerts,
              observe::WorkerMetrics& metrics, observe::Log& log)
      : AlertSender(loop, std::move(dialer), std::move(config), std::move(alerts), metrics, log, Options()) {}

  // Takes the waiting notices, logs them and sends them. `now_ms`: monotonic, on the failures' clock. Cheap if there
  // are none, so call it often.
  void tick(uint64_t now_ms);
  const config::AlertSettings& config() const { return config_; }
  // Whether nothing is being sent.
  bool idle() const { return (!sentry_ || sentry_->idle()) && (!webhook_ || webhook_->idle()); }

 private:
  void tell(AlertNotice notice, uint64_t now_ms);
  void lose(std::string_view to, std::string_view why);
  std::unique_ptr<AlertChannel> make_channel(const std::optional<config::AlertTarget>& target, std::string_view name);

  net::Loop& loop_;
  const MakeDialer dialer_;
  const config::AlertSettings config_;
  const std::shared_ptr<Alerts> alerts_;
  observe::WorkerMetrics& metrics_;
  observe::Log& log_;
  Options options_;
  std::vector<AlertNotice> notices_;
  std::unique_ptr<AlertChannel> sentry_, webhook_;  // null: not used
};

}  // namespace sluice::alerts
