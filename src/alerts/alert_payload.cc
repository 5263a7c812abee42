#include "alerts/alert_payload.h"

#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"
#include "http/writer.h"

namespace sluice::alerts {
namespace {

std::string seconds_text(uint64_t ms) {
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 == 0) return text;
  text += "." + std::to_string(1000 + ms % 1000).substr(1);
  while (text.ends_with('0')) text.pop_back();
  return text;
}

std::string_view shortened(std::string_view text) { return cut_to(text, max_alert_error_bytes); }

std::string_view event_name(const AlertNotice& notice) { return alert_event_names[static_cast<size_t>(notice.event)]; }

std::string alert_sentence(const AlertNotice& notice, uint64_t within_ms) {
  if (notice.event == AlertEvent::recovered) {
    return notice.subject + " has recovered: no " + std::string(notice.code) + " for " + seconds_text(within_ms) + " s";
  }
  return notice.subject + " keeps failing (" + std::string(notice.code) + "): " + std::to_string(notice.failures) +
         " times within " + seconds_text(within_ms) + " s";
}

}  // namespace

std::string webhook_body(const AlertNotice& notice, const AlertFacts& facts) {
  std::string body;
  JsonWriter out(body);
  out.object().member("event", event_name(notice)).member("subject", notice.subject).member("code", notice.code);
  out.member("failures", notice.failures).key("within_s").raw(seconds_text(facts.within_ms));
  out.member("since", TimeText(facts.since_unix_ms).view()).member("last_error", shortened(facts.last_error));
  out.member("host", facts.host).member("version", SLUICE_VERSION).end_object();
  return body;
}

std::string sentry_envelope(const AlertNotice& notice, const AlertFacts& facts, std::string_view event_id) {
  const TimeText now(facts.now_unix_ms);
  const bool failing = notice.event == AlertEvent::failing;
  std::string event;
  JsonWriter out(event);
  out.object().member("event_id", event_id).member("timestamp", now.view()).member("platform", "other");
  out.member("level", failing ? "error" : "info").member("logger", "sluice.alerts");
  out.member("server_name", facts.host).member("release", "sluice@" SLUICE_VERSION);
  out.member("message", alert_sentence(notice, facts.within_ms));
  out.key("tags").object().member("target", notice.subject).member("code", notice.code);
  out.member("event", event_name(notice)).end_object();
  out.key("extra").object().member("failures", notice.failures).key("within_s").raw(seconds_text(facts.within_ms));
  out.member("since", TimeText(facts.since_unix_ms).view()).member("last_error", shortened(facts.last_error));
  // Failing and recovered are separate issues, so that a recovery does not reopen a resolved failure.
  out.end_object().key("fingerprint").array().value("sluice").value(event_name(notice));
  out.value(notice.subject).value(notice.code).end_array().end_object();
  std::string envelope;
  JsonWriter head(envelope);
  head.object().member("event_id", event_id).member("sent_at", now.view()).end_object().line_end();
  head.object().member("type", "event").member("content_type", "application/json").member("length", event.size());
  head.end_object().line_end();
  return envelope + event + '\n';
}

std::string alert_request(const config::AlertTarget& target, std::string_view content_type, std::string_view body) {
  std::string request;
  http::write_request_line(request, http::Method::post, target.path);
  http::write_field(request, "host", target.url.authority());
  http::write_field(request, "user-agent", "sluice/" SLUICE_VERSION);
  if (!target.key.empty()) {
    http::write_field(request, "x-sentry-auth",
                      "Sentry sentry_version=7, sentry_key=" + target.key + ", sentry_client=sluice/" SLUICE_VERSION);
  }
  http::write_field(request, "content-type", content_type);
  http::write_field(request, "content-length", body.size());
  http::write_field(request, "connection", "close");
  http::end_head(request);
  request += body;
  return request;
}

}  // namespace sluice::alerts
