#include "alerts/alert_payload.h"

#include "base/json_escape.h"
#include "http/writer.h"
#include "observe/line.h"

namespace sluice::alerts {
namespace {

std::string seconds_text(uint64_t ms) {
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 == 0) return text;
  text += "." + std::to_string(1000 + ms % 1000).substr(1);
  while (text.ends_with('0')) text.pop_back();
  return text;
}

// At most so many bytes, and no part of a character.
std::string_view shortened(std::string_view text) {
  if (text.size() <= most_alert_error_bytes) return text;
  size_t size = most_alert_error_bytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

std::string_view event_name(const AlertNotice& notice) { return alert_event_names[static_cast<size_t>(notice.event)]; }

// Members of a JSON object, one after the other.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value) {
    append_json_string(begin(name), value);
    return *this;
  }
  JsonObject& raw(std::string_view name, std::string_view value) {  // a number, or JSON already
    begin(name) += value;
    return *this;
  }
  std::string done() { return std::move(out_ += '}'); }

 private:
  std::string& begin(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    append_json_string(out_, name);
    return out_ += ':';
  }
  std::string out_ = "{";
};

std::string alert_sentence(const AlertNotice& notice, uint64_t within_ms) {
  if (notice.event == AlertEvent::recovered) {
    return notice.subject + " has recovered: no " + std::string(notice.code) + " for " + seconds_text(within_ms) + " s";
  }
  return notice.subject + " keeps failing (" + std::string(notice.code) + "): " + std::to_string(notice.failures) +
         " times within " + seconds_text(within_ms) + " s";
}

}  // namespace

std::string webhook_body(const AlertNotice& notice, const AlertFacts& facts) {
  JsonObject body;
  body.text("event", event_name(notice)).text("subject", notice.subject).text("code", notice.code);
  body.raw("failures", std::to_string(notice.failures)).raw("within_s", seconds_text(facts.within_ms));
  body.text("since", observe::TimeText(facts.since_unix_ms).view());
  body.text("last_error", shortened(facts.last_error));
  return body.text("host", facts.host).text("version", SLUICE_VERSION).done();
}

std::string sentry_envelope(const AlertNotice& notice, const AlertFacts& facts, std::string_view event_id) {
  const observe::TimeText now(facts.now_unix_ms);
  const bool failing = notice.event == AlertEvent::failing;
  JsonObject tags, extra, event, item, envelope;
  tags.text("target", notice.subject).text("code", notice.code).text("event", event_name(notice));
  extra.raw("failures", std::to_string(notice.failures)).raw("within_s", seconds_text(facts.within_ms));
  extra.text("since", observe::TimeText(facts.since_unix_ms).view());
  extra.text("last_error", shortened(facts.last_error));
  // Failing and recovered are issues of their own: a recovery must not open a resolved failure again.
  std::string fingerprint = "[\"sluice\",";
  append_json_string(fingerprint, event_name(notice));
  append_json_string(fingerprint += ',', notice.subject);
  append_json_string(fingerprint += ',', notice.code);
  fingerprint += ']';
  event.text("event_id", event_id).text("timestamp", now.view()).text("platform", "other");
  event.text("level", failing ? "error" : "info").text("logger", "sluice.alerts");
  event.text("server_name", facts.host).text("release", "sluice@" SLUICE_VERSION);
  event.text("message", alert_sentence(notice, facts.within_ms));
  const std::string payload =
      event.raw("tags", tags.done()).raw("extra", extra.done()).raw("fingerprint", fingerprint).done();
  item.text("type", "event").text("content_type", "application/json").raw("length", std::to_string(payload.size()));
  return envelope.text("event_id", event_id).text("sent_at", now.view()).done() + '\n' + item.done() + '\n' + payload +
         '\n';
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
