// What is sent for an alert: a JSON object to a webhook, an envelope to Sentry. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "alerts/alerts.h"
#include "config/config.h"

namespace sluice::alerts {

// What both payloads say in addition to the notice.
struct AlertFacts {
  uint64_t within_ms = 0;       // of the rules
  int64_t since_unix_ms = 0;    // the notice's since_ms
  int64_t now_unix_ms = 0;      // when the payload was made
  std::string_view last_error;  // masked
  std::string_view host;        // the machine's name
};
inline constexpr size_t max_alert_error_bytes = 500;  // of last_error; anything longer is cut

// {"event":"failing","subject":"openai/gpt-5","failures":5,"within_s":300,"since":"2026-01-01T00:00:00.000Z",
// "last_error":"...","host":"...","version":"..."}
std::string webhook_body(const AlertNotice& notice, const AlertFacts& facts);
// One event in an envelope (https://develop.sentry.dev/sdk/data-model/envelopes/ and .../event-payloads/). `event_id`:
// 32 hexadecimal digits; Sentry accepts only one event with a given id.
std::string sentry_envelope(const AlertNotice& notice, const AlertFacts& facts, std::string_view event_id);

// The whole HTTP request that sends `body` to `target`, with a header field for Sentry's key if there is one.
std::string alert_request(const config::AlertTarget& target, std::string_view content_type, std::string_view body);

}  // namespace sluice::alerts
