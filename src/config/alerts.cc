// The "alerts" of sluice.json: when failures are reported, and where to.
#include <algorithm>
#include <utility>

#include "config/fields.h"
#include "config/secret.h"
#include "config/sections.h"
#include "config/url.h"

namespace sluice::config {
namespace {

constexpr uint32_t max_alert_failures = 1'000;

// "https://host/path?query". The query is kept unchanged: some webhooks carry their secret there.
Result<AlertTarget> parse_webhook(std::string_view text) {
  if (text.find('#') != std::string_view::npos) return fail(ErrorCode::config, "a webhook URL may not have a fragment");
  const std::string_view before_query = text.substr(0, text.find('?'));
  Result<Url> url = parse_url(before_query);
  if (!url) return tl::unexpected<Error>(url.error());
  if (url->demo) return fail(ErrorCode::config, "it does not begin with http:// or https://");
  const size_t slash = before_query.find('/', before_query.find("://") + 3);
  AlertTarget target{std::move(*url), {}, {}};
  if (slash == std::string_view::npos) {
    target.path = "/" + std::string(text.substr(before_query.size()));
  } else {
    target.path = text.substr(slash);  // with trailing slashes, which parse_url drops
  }
  return target;
}

// "https://KEY@host/path/PROJECT" (https://develop.sentry.dev/sdk/overview/#parsing-the-dsn). Old DSNs have a second
// key, ":SECRET", which is obsolete.
Result<AlertTarget> parse_dsn(std::string_view text) {
  constexpr std::string_view form = "a DSN has the form https://KEY@HOST/PROJECT";
  const size_t mark = text.find("://");
  const size_t at = text.find('@');
  if (mark == std::string_view::npos || at == std::string_view::npos || at < mark + 3) {
    return fail(ErrorCode::config, std::string(form));
  }
  std::string_view key = text.substr(mark + 3, at - mark - 3);
  key = key.substr(0, key.find(':'));
  const bool fits = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  if (!fits) return fail(ErrorCode::config, "the key before the @ is not made of letters and digits");
  Result<Url> url = parse_url(std::string(text.substr(0, mark + 3)) + std::string(text.substr(at + 1)));
  if (!url) return tl::unexpected<Error>(url.error());
  const size_t slash = url->path.rfind('/');
  const std::string project = slash == std::string::npos ? "" : url->path.substr(slash + 1);
  if (project.empty() || project.find_first_not_of("0123456789") != std::string::npos) {
    return fail(ErrorCode::config, "it does not end with the number of a project");
  }
  AlertTarget target{std::move(*url), {}, std::string(key)};
  target.path = target.url.path.substr(0, slash) + "/api/" + project + "/envelope/";
  return target;
}

// Reads one of the two; "" counts as absent. Problems never contain its text.
std::optional<AlertTarget> read_alert_target(Reading& reading, const ObjectReader& object, std::string_view field,
                                             Result<AlertTarget> (*parse)(std::string_view), AlertSettings& alerts) {
  const Node* node = object.find(field);
  if (node == nullptr || (node->kind == Node::Kind::string && node->text.empty())) return std::nullopt;
  const std::string path = object.path(field);
  const std::optional<std::string> text = read_secret(reading, *node, path, SecretUse::key);
  if (!text) return std::nullopt;
  Result<AlertTarget> target = parse(*text);
  if (!target) {
    reading.report(node->at, path, target.error().message);
    return std::nullopt;
  }
  const Address address{target->url.host, target->url.port, ""};
  if (!target->url.tls && !address.is_loopback_or_unix()) {
    reading.warnings.push_back(path + ": it is sent unencrypted, over http://");
  }
  for (const std::string& secret : {*text, target->path, target->key}) {
    if (!secret.empty()) alerts.secrets.push_back(secret);
  }
  return std::move(*target);
}

}  // namespace

void read_alerts(Reading& reading, const Node& node, AlertSettings& alerts) {
  const ObjectReader object(reading, node, "alerts", fields::alerts);
  alerts.sentry = read_alert_target(reading, object, "sentry_dsn", parse_dsn, alerts);
  alerts.webhook = read_alert_target(reading, object, "webhook", parse_webhook, alerts);
  object.read_whole("after_failures", 0, max_alert_failures, alerts.after_failures);
  object.read_seconds("within_s", alerts.within_ms);
  if (const Node* within = object.find("within_s"); within != nullptr && alerts.within_ms == 0) {
    reading.report(within->at, object.path("within_s"), "found 0", "allowed: more than 0 seconds");
  }
}

}  // namespace sluice::config
