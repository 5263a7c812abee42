#include "config/print.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"
#include "config/document.h"
#include "config/expiry.h"
#include "config/model_route.h"
#include "config/presets.h"

namespace sluice::config {
namespace {

constexpr std::string_view by_default = "default";
constexpr std::string_view mask = "***";

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + json_text(text);
  return out + "]";
}

std::string yes_or_no(bool value) { return value ? "true" : "false"; }

// As few digits as possible: 0.5, 120, 32.
std::string number(double value) {
  if (value == static_cast<double>(static_cast<int64_t>(value))) return std::to_string(static_cast<int64_t>(value));
  return nlohmann::json(value).dump();
}
std::string seconds(uint32_t ms) { return number(ms / 1000.0); }
std::string mebibytes(uint64_t bytes) { return number(static_cast<double>(bytes) / (1 << 20)); }

// One value, or the opening or closing of an object or a list.
struct Line {
  std::string text;  // without the comma after it
  std::string path;  // of a value; "" if there is no origin to show
  std::string origin;
  size_t depth = 0;
  bool comma = false;
};

// Collects the lines.
class Sheet {
 public:
  explicit Sheet(const Origins& origins) : origins_(origins) {
    lines_.push_back({"{", "", "", 0});
    begin("");
  }

  void open(std::string_view name, std::string_view origin = {}) {
    const std::string path = child_path(paths_.back(), name);
    add(json_text(name) + ": {", origin.empty() ? "" : path, origin);
    begin(path);
  }
  void open_list(std::string_view name) {
    add(json_text(name) + ": [", "", "");
    begin(child_path(paths_.back(), name));
  }
  void open_item(size_t index) {
    add("{", "", "");
    begin(item_path(paths_.back(), index));
  }
  void close(std::string_view bracket = "}") {
    paths_.pop_back();
    if (std::exchange(first_, false)) {
      lines_.back().text += bracket;
    } else {
      lines_.push_back({std::string(bracket), "", "", paths_.size()});
    }
  }
  // `otherwise`: the origin if none is recorded.
  void value(std::string_view name, std::string text, std::string_view otherwise = by_default) {
    const std::string path = child_path(paths_.back(), name);
    const std::string_view said = origins_.find(path);
    add(json_text(name) + ": " + std::move(text), path, said.empty() ? otherwise : said);
  }
  void item(size_t index, std::string text, std::string_view otherwise) {
    const std::string path = item_path(paths_.back(), index);
    const std::string_view said = origins_.find(path);
    add(std::move(text), path, said.empty() ? otherwise : said);
  }
  // The recorded origin of a member of the open object, of an item of the open list, and of the object or list itself.
  std::string_view said_of(std::string_view name) const { return origins_.find(child_path(paths_.back(), name)); }
  std::string_view said_at(size_t index) const { return origins_.find(item_path(paths_.back(), index)); }
  std::string_view said_here() const { return origins_.find(paths_.back()); }
  std::vector<Line> take() {
    close();
    return std::move(lines_);
  }

 private:
  void begin(std::string path) {
    paths_.push_back(std::move(path));
    first_ = true;
  }
  void add(std::string text, std::string path, std::string_view origin) {
    if (!first_) lines_.back().comma = true;
    first_ = false;
    lines_.push_back({std::move(text), std::move(path), std::string(origin), paths_.size()});
  }

  const Origins& origins_;
  std::vector<Line> lines_;
  std::vector<std::string> paths_;
  bool first_ = true;
};

void add_rate_limits(Sheet& sheet, const RateLimits& limits) {
  if (!limits.any()) return;
  sheet.open("limits");
  sheet.value("requests_per_minute", std::to_string(limits.requests_per_minute));
  if (limits.requests_per_minute != 0) {
    sheet.value("burst", std::to_string(limits.burst != 0 ? limits.burst : limits.requests_per_minute));
  }
  sheet.value("tokens_per_minute", std::to_string(limits.tokens_per_minute));
  sheet.value("concurrent", std::to_string(limits.concurrent));
  sheet.value("queue_s", seconds(limits.queue_ms));
  sheet.close();
}

std::string secret_text(const std::string& key, const std::array<unsigned char, 32>& sha256) {
  return json_text(key.empty() ? hex(sha256) : std::string(mask));
}

// One of a key's several secrets.
void add_secret(Sheet& sheet, size_t index, const OlderSecret& secret, std::string_view of_list) {
  if (secret.expires_unix_s == 0 && !secret.key.empty()) {
    return sheet.item(index, secret_text(secret.key, secret.sha256), of_list);
  }
  const std::string_view of_item = sheet.said_at(index);
  sheet.open_item(index);
  sheet.value(secret.key.empty() ? "sha256" : "key", secret_text(secret.key, secret.sha256),
              of_item.empty() ? of_list : of_item);
  if (secret.expires_unix_s != 0) sheet.value("expires", json_text(rfc3339(secret.expires_unix_s)), of_list);
  sheet.close();
}

void add_key(Sheet& sheet, size_t index, const CallerKey& key) {
  sheet.open_item(index);
  sheet.value("name", json_text(key.name));
  if (key.older.empty()) {
    sheet.value(key.key.empty() ? "sha256" : "key", secret_text(key.key, key.sha256));
    if (key.expires_unix_s != 0) sheet.value("expires", json_text(rfc3339(key.expires_unix_s)));
  } else {
    const std::string of_list(sheet.said_of(sheet.said_of("key").empty() ? "sha256" : "key"));
    sheet.open_list("key");
    add_secret(sheet, 0, {key.key, key.sha256, key.expires_unix_s}, of_list);
    for (size_t i = 0; i < key.older.size(); ++i) add_secret(sheet, i + 1, key.older[i], of_list);
    sheet.close("]");
  }
  if (!key.models.empty()) sheet.value("models", list_of(key.models.names()));
  add_rate_limits(sheet, key.limits);
  sheet.value("admin", yes_or_no(key.admin));
  sheet.value("manage", yes_or_no(key.manage));
  sheet.close();
}

std::string dialects_text(const Provider& provider) {
  if (provider.dialects.size() == 1) return json_text(name_of(provider.dialects.front()));
  std::vector<std::string> names;
  for (const Dialect dialect : provider.dialects) names.emplace_back(name_of(dialect));
  return list_of(names);
}

std::string auth_text(const Provider& provider) {
  if (provider.auth == Auth::bearer) return json_text("bearer");
  if (provider.auth == Auth::none) return json_text("none");
  const auto known = auth_words();
  const bool is_word = std::find(known.begin(), known.end(), provider.auth_header) != known.end();
  return json_text((is_word ? "" : "header:") + provider.auth_header);
}

std::string proxy_text(const Provider& provider) {
  if (!provider.proxy) return json_text("none");
  const std::string credentials = provider.proxy->credentials.empty() ? "" : std::string(mask) + "@";
  return json_text("http://" + credentials + provider.proxy->address());
}

// "OPENAI_API_KEY" as "variable OPENAI_API_KEY"; other words unchanged.
std::string said(std::string_view origin) {
  const bool is_variable = std::all_of(origin.begin(), origin.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return (is_variable && !origin.empty() ? "variable " : "") + std::string(origin);
}

void add_headers(Sheet& sheet, const Provider& provider) {
  if (provider.headers.empty()) return;
  const std::string of_all(sheet.said_of("headers"));
  sheet.open("headers");
  for (const auto& [name, value] : provider.headers) sheet.value(name, json_text(mask), of_all);
  sheet.close();
}

void add_fact_row(Sheet& sheet, const FactRow& row, std::string_view origin) {
  sheet.open(row.models);
  for (const FactNumber& number : fact_numbers) {
    if (row.*number.number) sheet.value(number.name, std::to_string(*(row.*number.number)), origin);
  }
  for (const FactFlag& flag : fact_flags) {
    if (row.*flag.flag) sheet.value(flag.name, yes_or_no(*(row.*flag.flag)), origin);
  }
  if (!row.max_tokens_field.empty()) sheet.value("max_tokens_field", json_text(row.max_tokens_field), origin);
  if (!row.reasoning_field.empty()) sheet.value("reasoning_field", json_text(row.reasoning_field), origin);
  sheet.close();
}

void add_facts(Sheet& sheet, const Provider& provider, std::string_view by_preset) {
  if (provider.facts.empty()) return;
  sheet.open("facts");
  for (const FactRow& row : provider.facts) add_fact_row(sheet, row, by_preset);
  sheet.close();
}

std::string keys_text(const Provider& provider) {
  std::string text;
  for (const ApiKey& one : provider.api_keys) {
    text += text.empty() ? "[" : ", ";
    const std::string weight = one.weight != 1 ? std::to_string(one.weight) : "";
    text += weight.empty() ? json_text(mask) : "{\"key\": " + json_text(mask) + ", \"weight\": " + weight + "}";
  }
  return text + "]";
}

void add_provider(Sheet& sheet, const Provider& provider) {
  const std::string origin = said(provider.origin);
  const bool in_file = !sheet.said_of(provider.name).empty();
  const Preset* const preset = preset_named(provider.name);
  const std::string by_preset = preset != nullptr ? "preset " + provider.name : std::string(by_default);
  const bool at_preset = preset != nullptr && make_provider(*preset).base_url == provider.base_url;
  sheet.open(provider.name, in_file ? sheet.said_of(provider.name) : origin);
  sheet.value("dialect", dialects_text(provider), by_preset);
  sheet.value("base_url", json_text(provider.base_url.text()), at_preset ? by_preset : origin);
  sheet.value("auth", auth_text(provider), by_preset);
  if (provider.caller_key || !provider.api_key.empty()) {
    sheet.value("api_key",
                provider.api_keys.empty() ? json_text(provider.caller_key ? "caller" : mask) : keys_text(provider),
                origin);
  }
  add_headers(sheet, provider);
  sheet.value("ca_file", json_text(provider.ca_file));
  sheet.value("cert_file", json_text(provider.cert_file));
  sheet.value("key_file", json_text(provider.key_file));
  sheet.value("insecure_skip_verify", yes_or_no(provider.insecure_skip_verify));
  sheet.value("proxy", proxy_text(provider), provider.proxy ? said(provider.proxy->origin) : by_default);
  sheet.open("timeouts");
  sheet.value("connect_s", seconds(provider.timeouts.connect_ms));
  const bool own_wait = provider.timeouts.first_byte_ms != ProviderTimeouts().first_byte_ms;
  sheet.value("first_byte_s", seconds(provider.timeouts.first_byte_ms), own_wait ? by_preset : by_default);
  sheet.value("response_s", seconds(provider.timeouts.response_ms));
  sheet.value("stream_idle_s", seconds(provider.timeouts.stream_idle_ms));
  sheet.close();
  sheet.value("probe_s", seconds(provider.probe_ms));
  sheet.value("resume_s", seconds(provider.resume_ms));
  sheet.value("max_connections", std::to_string(provider.max_connections));
  if (!provider.ask_models) {  // otherwise its absence means the same
    sheet.value("models", list_of(provider.models), in_file || provider.models.empty() ? by_default : origin);
  }
  sheet.value("usage", json_text(provider.ask_usage ? "ask" : "leave"), provider.ask_usage ? by_default : by_preset);
  sheet.value("continues_prefix", yes_or_no(provider.continues_prefix), by_preset);
  add_rate_limits(sheet, provider.limits);
  add_facts(sheet, provider, by_preset);
  sheet.close();
}

void add_targets(Sheet& sheet, const Model& model) {
  std::string text;
  for (const TargetRef& target : model.targets) {
    text += (text.empty() ? "[" : ", ") + (R"({"model": )" + json_text(target.provider + "/" + target.model));
    text += R"(, "weight": )" + std::to_string(target.weight);
    if (target.concurrent != 0) text += R"(, "concurrent": )" + std::to_string(target.concurrent);
    text += '}';
  }
  sheet.value("targets", text + "]", sheet.said_here());
}

std::string rescue_text(Rescue rescue) { return rescue == Rescue::ask ? "\"ask\"" : yes_or_no(rescue == Rescue::on); }

void add_route(Sheet& sheet, const Model& model) {
  sheet.value("order", json_text(word_of(model.order)));
  sheet.value("fallbacks", list_of(model.fallbacks));
  sheet.open("retry");
  sheet.value("attempts", std::to_string(model.retry.attempts));
  sheet.value("backoff_ms", std::to_string(model.retry.backoff_ms));
  sheet.value("wait_s", seconds(model.retry.wait_ms));
  sheet.close();
  sheet.value("rescue", rescue_text(model.rescue));
  if (model.hedge) {
    sheet.open("hedge");
    if (model.hedge->after_ms != 0) sheet.value("after_ms", std::to_string(model.hedge->after_ms));
    sheet.close();
  }
  sheet.open("breaker");
  sheet.value("failures", std::to_string(model.breaker.failures));
  sheet.value("within_s", seconds(model.breaker.within_ms));
  sheet.value("cooldown_s", seconds(model.breaker.cooldown_ms));
  sheet.value("max_cooldown_s", seconds(model.breaker.max_cooldown_ms));
  sheet.close();
  sheet.value("affinity", json_text(word_of(model.affinity)));
}

void add_model(Sheet& sheet, const Model& model) {
  sheet.open(model.name, sheet.said_of(model.name));
  add_targets(sheet, model);
  add_route(sheet, model);
  add_rate_limits(sheet, model.limits);
  if (model.default_max_tokens != 0) {
    sheet.open("defaults");
    sheet.value("max_tokens", std::to_string(model.default_max_tokens));
    sheet.close();
  }
  sheet.value("strict_translation", yes_or_no(model.strict_translation));
  sheet.value("drain_on_disconnect", yes_or_no(model.drain_on_disconnect));
  sheet.value("resume_s", seconds(model.resume_ms));
  sheet.close();
}

void add_who(Sheet& sheet, const Config& config) {
  std::vector<std::string> listen;
  for (const Address& address : config.listen) listen.push_back(address.text());
  sheet.value("listen", list_of(listen));
  sheet.open("tls");
  sheet.value("cert_file", json_text(config.tls_cert_file));
  sheet.value("key_file", json_text(config.tls_key_file));
  sheet.close();
  sheet.value("workers", std::to_string(config.workers));
  sheet.value("shutdown_grace_s", seconds(config.shutdown_grace_ms));
  sheet.value("pid_file", json_text(config.pid_file));
  sheet.value("trusted_proxies", list_of(config.trusted_proxies));
  sheet.value("hosts", list_of(config.hosts));
  sheet.open("cors");
  sheet.value("origins", list_of(config.cors.origins));
  sheet.close();
  sheet.open_list("keys");
  for (size_t i = 0; i < config.keys.size(); ++i) add_key(sheet, i, config.keys[i]);
  sheet.close("]");
}

void add_bounds(Sheet& sheet, const Config& config) {
  sheet.open("limits");
  sheet.value("body_mb", mebibytes(config.limits.body_bytes));
  sheet.value("buffered_mb", mebibytes(config.limits.buffered_bytes));
  sheet.value("header_kb", std::to_string(config.limits.header_bytes / 1024));
  sheet.value("connections", std::to_string(config.limits.connections));
  sheet.value("queue", std::to_string(config.limits.queue));
  sheet.close();
  sheet.open("timeouts");
  sheet.value("head_s", seconds(config.timeouts.head_ms));
  sheet.value("body_idle_s", seconds(config.timeouts.body_idle_ms));
  sheet.value("keep_alive_s", seconds(config.timeouts.keep_alive_ms));
  sheet.value("write_stall_s", seconds(config.timeouts.write_stall_ms));
  sheet.close();
}

void add_telling(Sheet& sheet, const Config& config) {
  sheet.value("heartbeat_s", seconds(config.heartbeat_ms));
  sheet.open("log");
  sheet.value("level", json_text(config.log.level));
  sheet.value("format", json_text(config.log.json ? "json" : "text"));
  sheet.value("access", yes_or_no(config.log.access));
  sheet.value("file", json_text(config.log.file));
  sheet.close();
  sheet.open("alerts");
  sheet.value("sentry_dsn", json_text(config.alerts.sentry ? mask : ""));
  sheet.value("webhook", json_text(config.alerts.webhook ? mask : ""));
  sheet.value("after_failures", std::to_string(config.alerts.after_failures));
  sheet.value("within_s", seconds(config.alerts.within_ms));
  sheet.close();
  sheet.open("metrics");
  sheet.value("by_key", yes_or_no(config.metrics_by_key));
  sheet.close();
}

std::vector<Line> lines_of(const Config& config, const Origins& origins) {
  Sheet sheet(origins);
  add_who(sheet, config);
  sheet.open("providers");
  for (const Provider& provider : config.providers) add_provider(sheet, provider);
  sheet.close();
  sheet.open("models");
  for (const Model& model : config.models) add_model(sheet, model);
  sheet.close();
  add_bounds(sheet, config);
  add_telling(sheet, config);
  return sheet.take();
}

}  // namespace

std::string print_commented(const Config& config, const Origins& origins) {
  std::string out;
  for (const Line& line : lines_of(config, origins)) {
    out.append(2 * line.depth, ' ');
    out += line.text;
    if (line.comma) out += ',';
    if (!line.origin.empty()) {
      out += "  // ";
      append_json_escaped(out, line.origin);
    }
    out += '\n';
  }
  return out;
}

std::string print_members(const Config& config, const Origins& origins) {
  std::string texts = "\"config\":", paths = ",\"origins\":{";
  bool first = true;
  for (const Line& line : lines_of(config, origins)) {
    texts += line.text;
    if (line.comma) texts += ',';
    if (line.origin.empty() || line.path.empty()) continue;
    if (!std::exchange(first, false)) paths += ',';
    paths += json_text(line.path) + ":" + json_text(line.origin);
  }
  return texts + paths + "}";
}

}  // namespace sluice::config
