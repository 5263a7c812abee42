#include "alerts/alert_sender.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <utility>

#include "alerts/alert_payload.h"
#include "base/text.h"

namespace sluice::alerts {
namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

// A random UUID (RFC 9562 5.4) without its dashes.
std::string make_event_id(net::Random& random) {
  auto bytes = std::bit_cast<std::array<unsigned char, 16>>(std::array{random.next(), random.next()});
  bytes[6] = static_cast<unsigned char>(0x40 | (bytes[6] & 0x0f));  // the version
  bytes[8] = static_cast<unsigned char>(0x80 | (bytes[8] & 0x3f));  // the variant
  return hex(bytes);
}

}  // namespace

AlertSender::AlertSender(net::Loop& loop, MakeDialer dialer, config::AlertSettings config,
                         std::shared_ptr<Alerts> alerts, observe::WorkerMetrics& metrics, observe::Log& log,
                         Options options)
    : loop_(loop),
      dialer_(std::move(dialer)),
      config_(std::move(config)),
      alerts_(std::move(alerts)),
      metrics_(metrics),
      log_(log),
      options_(std::move(options)) {
  if (options_.host.empty()) options_.host = machine_name();
  sentry_ = make_channel(config_.sentry, "sentry");
  webhook_ = make_channel(config_.webhook, "webhook");
}

std::unique_ptr<AlertChannel> AlertSender::make_channel(const std::optional<config::AlertTarget>& target,
                                                        std::string_view name) {
  if (!target) return nullptr;
  Result<std::unique_ptr<net::Dialer>> dialer = dialer_(*target);
  if (!dialer) {
    log_.warn("alerts cannot be sent", {{"to", name}, {"reason", dialer.error().message}});
    return nullptr;
  }
  return std::make_unique<AlertChannel>(loop_, std::move(*dialer), options_.patience,
                                        [this, name](std::string_view why) { lose(name, why); });
}

void AlertSender::lose(std::string_view to, std::string_view why) {
  metrics_.alerts_failed_total.add(1);
  log_.warn("an alert was not delivered", {{"to", to}, {"reason", why}});
}

void AlertSender::tick(uint64_t now_ms) {
  const uint64_t dropped = alerts_->take(now_ms, notices_);
  if (dropped > 0) {
    metrics_.alerts_failed_total.add(static_cast<int64_t>(dropped));
    log_.warn("alerts were dropped", {{"count", dropped}});
  }
  for (AlertNotice& notice : notices_) tell(std::move(notice), now_ms);
  notices_.clear();
}

void AlertSender::tell(AlertNotice notice, uint64_t now_ms) {
  notice.subject = log_.masked(notice.subject);  // model names are chosen by callers
  const bool failing = notice.event == AlertEvent::failing;
  const auto since_unix_ms = [&](int64_t now_unix_ms) {
    return now_unix_ms - static_cast<int64_t>(now_ms) + static_cast<int64_t>(notice.since_ms);
  };
  (failing ? metrics_.alerts_failing_total : metrics_.alerts_recovered_total).add(1);
  const std::string last_error =
      log_.masked(notice.last_error.empty() ? notice.code : std::string_view(notice.last_error));
  log_.write(
      failing ? observe::Level::warn : observe::Level::info, failing ? "alert: failing" : "alert: recovered",
      {{"subject", notice.subject}, {"failures", notice.failures}, {"code", notice.code}, {"last_error", last_error}});
  if (!sentry_ && !webhook_) return;
  const int64_t now_unix_ms = loop_.clock().unix_ms();
  const AlertFacts facts{alerts_->rules().within_ms, since_unix_ms(now_unix_ms), now_unix_ms, last_error,
                         options_.host};
  if (webhook_) {
    webhook_->send(alert_request(*config_.webhook, "application/json", webhook_body(notice, facts)));
  }
  if (sentry_) {
    sentry_->send(alert_request(*config_.sentry, "application/x-sentry-envelope",
                                sentry_envelope(notice, facts, make_event_id(loop_.random()))));
  }
}

}  // namespace sluice::alerts
