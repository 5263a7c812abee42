#include "config/parse.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "config/address.h"
#include "config/document.h"
#include "config/fields.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/validate.h"

namespace sluice::config {
namespace {

bool others_may_read(const std::string& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

void read_listen(Reading& reading, const ObjectReader& root, std::vector<Address>& listen) {
  const Node* node = root.find("listen");
  if (node != nullptr && node->kind == Node::Kind::array && node->items.empty()) {
    reading.report(node->at, "listen", "found an empty list", "allowed: one address or more");
  }
  root.for_each_text("listen", true, [&](const Node& item, const std::string& path) {
    Result<Address> address = parse_address(item.text);
    if (!address) {
      reading.report(item.at, path, found(item) + ": " + address.error().message,
                     "allowed: " + std::string(address_forms));
      return;
    }
    const auto same = [&](const Address& other) { return other.text() == address->text() && other.port != 0; };
    if (std::any_of(listen.begin(), listen.end(), same)) {
      reading.report(item.at, path, found(item) + ", which is listed twice");
      return;
    }
    listen.push_back(std::move(*address));
  });
}

void read_tls(Reading& reading, const Node& node, Config& config) {
  const ObjectReader tls(reading, node, "tls", fields::tls);
  tls.read_file_name("cert_file", config.tls_cert_file);
  tls.read_file_name("key_file", config.tls_key_file);
  if (config.tls_cert_file.empty() == config.tls_key_file.empty()) return;
  const std::string_view missing = config.tls_cert_file.empty() ? "cert_file" : "key_file";
  reading.report(node.at, tls.path(missing), "is missing", "allowed: cert_file and key_file, both or none");
}

void read_trusted_proxies(Reading& reading, const ObjectReader& root, std::vector<std::string>& proxies) {
  root.for_each_text("trusted_proxies", false, [&](const Node& item, const std::string& path) {
    if (Result<std::string> cidr = parse_cidr(item.text)) {
      proxies.push_back(std::move(*cidr));
    } else {
      reading.report(item.at, path, found(item) + ": " + cidr.error().message,
                     "allowed: an address or a network, as 10.0.0.1, 10.0.0.0/8 or fd00::/8");
    }
  });
}

void read_limits(Reading& reading, const Node& node, Limits& limits) {
  constexpr uint32_t million = 1'000'000;
  constexpr uint32_t max_header_kb = 1024;
  constexpr double max_body_mb = 4096;
  const ObjectReader object(reading, node, "limits", fields::limits);
  object.read_megabytes("body_mb", max_body_mb, limits.body_bytes);
  constexpr double max_buffered_mb = 1024 * 1024;
  object.read_megabytes("buffered_mb", max_buffered_mb, limits.buffered_bytes);
  uint32_t header_kb = limits.header_bytes / 1024;
  object.read_whole("header_kb", 1, max_header_kb, header_kb);
  limits.header_bytes = header_kb * 1024;
  object.read_whole("connections", 1, million, limits.connections);
  limits.connections_given = object.find("connections") != nullptr;
  object.read_whole("queue", 0, million, limits.queue);
}

void read_timeouts(Reading& reading, const Node& node, Timeouts& timeouts) {
  const ObjectReader object(reading, node, "timeouts", fields::timeouts);
  object.read_seconds("head_s", timeouts.head_ms);
  object.read_seconds("body_idle_s", timeouts.body_idle_ms);
  object.read_seconds("keep_alive_s", timeouts.keep_alive_ms);
  object.read_seconds("write_stall_s", timeouts.write_stall_ms);
}

void read_log(Reading& reading, const Node& node, LogSettings& log) {
  const ObjectReader object(reading, node, "log", fields::log);
  object.read_word("level", fields::log_levels, log.level);
  std::string format = log.json ? "json" : "text";
  object.read_word("format", fields::log_formats, format);
  log.json = format == "json";
  object.read_flag("access", log.access);
  object.read_text("file", log.file);
}

void read_root(Reading& reading, const Node& node, Config& config) {
  const ObjectReader root(reading, node, "", fields::root);
  read_listen(reading, root, config.listen);
  if (const Node* tls = root.find("tls")) read_tls(reading, *tls, config);
  root.read_whole("workers", 0, max_workers, config.workers);
  root.read_seconds("shutdown_grace_s", config.shutdown_grace_ms);
  root.read_text("pid_file", config.pid_file);
  read_trusted_proxies(reading, root, config.trusted_proxies);
  read_hosts(reading, root, config.hosts);
  if (const Node* cors = root.find("cors")) read_cors(reading, *cors, config.cors);
  if (const Node* keys = root.find("keys")) read_keys(reading, *keys, config.keys);
  std::vector<std::string_view> provider_names;
  if (const Node* providers = root.find("providers")) {
    read_providers(reading, *providers, config.providers);
    for (const Member& member : providers->members) provider_names.push_back(member.name);
  }
  if (const Node* models = root.find("models")) read_models(reading, *models, provider_names, config.models);
  if (const Node* limits = root.find("limits")) read_limits(reading, *limits, config.limits);
  if (const Node* timeouts = root.find("timeouts")) read_timeouts(reading, *timeouts, config.timeouts);
  root.read_seconds("heartbeat_s", config.heartbeat_ms);
  if (const Node* log = root.find("log")) read_log(reading, *log, config.log);
  if (const Node* alerts = root.find("alerts")) read_alerts(reading, *alerts, config.alerts);
  if (const Node* metrics = root.find("metrics")) {
    ObjectReader(reading, *metrics, "metrics", fields::metrics).read_flag("by_key", config.metrics_by_key);
  }
}

}  // namespace

tl::expected<Config, std::vector<Problem>> parse(std::string_view text, std::string_view file_name,
                                                 const Environment& environment, Origins* origins) {
  std::vector<Problem> problems;
  Config config;
  config.file = file_name;
  if (const std::optional<Node> document = read_document(text, config.file, problems)) {
    Reading reading{config.file,     environment,         problems,
                    config.warnings, config.secret_files, others_may_read(config.file)};
    reading.origins = origins;
    read_root(reading, *document, config);
  }
  if (!problems.empty()) {
    const auto earlier = [](const Problem& a, const Problem& b) {
      return a.line != b.line ? a.line < b.line : a.column < b.column;
    };
    std::stable_sort(problems.begin(), problems.end(), earlier);
    return tl::unexpected(std::move(problems));
  }
  config.listen_given = !config.listen.empty();
  if (!config.listen_given) config.listen.push_back(default_address());
  return config;
}

}  // namespace sluice::config
