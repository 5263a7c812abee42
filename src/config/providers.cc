// The "providers" of sluice.json: presets by name, partly overridden, and the user's own.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "config/fields.h"
#include "config/presets.h"
#include "config/proxy.h"
#include "config/secret.h"
#include "config/sections.h"
#include "config/url.h"

namespace sluice::config {
namespace {

constexpr std::string_view header_word = "header:";
constexpr size_t max_name_bytes = 64;

// Header fields that sluice writes itself or that belong to one connection.
bool is_own_field(std::string_view name) {
  constexpr std::array<std::string_view, 11> names = {
      "host", "content-length", "transfer-encoding", "connection", "keep-alive",     "proxy-connection",
      "te",   "trailer",        "upgrade",           "expect",     "accept-encoding"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether a header field of that name is likely to carry a credential.
bool looks_secret(std::string_view name) {
  constexpr std::array<std::string_view, 5> parts = {"auth", "key", "token", "secret", "cookie"};
  return std::any_of(parts.begin(), parts.end(),
                     [name](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

bool is_provider_name(std::string_view name) {
  if (name.empty() || name.size() > max_name_bytes) return false;
  if (name == "." || name == "..") return false;  // no path may have such a segment (/providers/NAME)
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

// Turns one entry of "providers" into a Provider.
class ProviderReader {
 public:
  ProviderReader(Reading& reading, const Member& member)
      : reading_(reading),
        member_(member),
        object_(reading, member.value, child_path("providers", member.name), fields::provider),
        preset_(preset_named(member.name)) {}

  Provider read();

 private:
  void read_dialects();
  void read_base_url();
  void read_auth();
  void read_api_key();
  void read_preset_key();
  void read_several_keys(const Node& node);
  void read_headers();
  void read_tls();
  void read_proxy();
  void read_timeouts();
  void read_waits();
  void read_models();
  void read_facts();
  void report(const Position& at, std::string_view field, std::string what, std::string allowed = {},
              std::string suggestion = {}) {
    reading_.report(at, object_.path(field), std::move(what), std::move(allowed), std::move(suggestion));
  }

  Reading& reading_;
  const Member& member_;
  const ObjectReader object_;
  const Preset* preset_;
  Provider provider_;
};

Provider ProviderReader::read() {
  if (preset_ != nullptr) {
    provider_ = make_provider(*preset_);
  } else {
    provider_.name = member_.name;
    provider_.dialects = {Dialect::openai};
    provider_.ask_models = true;
  }
  provider_.origin = reading_.source;
  if (!is_provider_name(member_.name)) {
    reading_.report(member_.at, object_.own_path(), "is not a name for a provider",
                    "allowed: up to 64 letters, digits, '-', '_' and '.', but not '.' or '..'");
  }
  if (member_.value.kind != Node::Kind::object) return std::move(provider_);
  read_dialects();
  read_base_url();
  read_auth();
  read_api_key();
  read_headers();
  read_tls();
  read_proxy();
  read_timeouts();
  read_waits();
  constexpr uint32_t max_connections = 65'535;
  object_.read_whole("max_connections", 0, max_connections, provider_.max_connections);
  read_models();
  std::string usage = provider_.ask_usage ? "ask" : "leave";
  object_.read_word("usage", fields::usage_words, usage);
  provider_.ask_usage = usage == "ask";
  object_.read_flag("continues_prefix", provider_.continues_prefix);
  read_rate_limits(reading_, object_, provider_.limits);
  read_facts();
  return std::move(provider_);
}

void ProviderReader::read_dialects() {
  std::vector<Dialect> dialects;
  object_.for_each_text("dialect", true, [&](const Node& item, const std::string& path) {
    const std::optional<Dialect> dialect = dialect_named(item.text);
    if (!dialect) {
      reading_.report(item.at, path, found(item), "allowed: " + join(dialect_names),
                      nearest_one(item.text, dialect_names));
    } else if (std::find(dialects.begin(), dialects.end(), *dialect) != dialects.end()) {
      reading_.report(item.at, path, found(item) + ", which is listed twice");
    } else {
      dialects.push_back(*dialect);
    }
  });
  const Node* node = object_.find("dialect");
  if (node != nullptr && node->kind == Node::Kind::array && node->items.empty()) {
    report(node->at, "dialect", "found an empty list", "allowed: " + join(dialect_names));
  }
  if (!dialects.empty()) provider_.dialects = std::move(dialects);
}

void ProviderReader::read_base_url() {
  const Node* node = object_.find("base_url");
  if (node == nullptr) {
    if (preset_ == nullptr) {
      const std::vector<std::string_view> names = preset_names();
      std::string suggestion = nearest_one(member_.name, names);
      reading_.report(member_.at, object_.own_path(),
                      "no preset has this name, and a provider of your own needs base_url", "presets: " + join(names),
                      std::move(suggestion));
    } else if (object_.find("dialect") != nullptr) {
      set_base_paths(provider_, dialects_of(*preset_).front());
    }
    return;
  }
  constexpr std::string_view allowed = "allowed: http://host[:port][/path], https://host[:port][/path] or demo:";
  if (node->kind != Node::Kind::string) return report(node->at, "base_url", found(*node), std::string(allowed));
  Result<Url> url = parse_url(node->text);
  if (!url) {
    // Not repeated if it may hold a password or a key.
    const bool may_be_secret = node->text.find_first_of("@?#") != std::string::npos;
    const std::string what = may_be_secret ? url.error().message : found(*node) + ": " + url.error().message;
    return report(node->at, "base_url", what, std::string(allowed));
  }
  const bool as_preset = preset_ != nullptr && *url == provider_.base_url;
  if (as_preset && provider_.dialects == dialects_of(*preset_)) return;  // keeps the paths that only the preset knows
  provider_.base_url = std::move(*url);
  provider_.versions_at_root = false;
  set_base_paths(provider_, provider_.dialects.front());
}

void ProviderReader::read_auth() {
  const Node* node = object_.find("auth");
  if (node == nullptr) return;
  const std::string allowed = "allowed: " + join(auth_words()) + " or header:NAME";
  if (node->kind != Node::Kind::string) return report(node->at, "auth", found(*node), allowed);
  if (set_auth(provider_, node->text)) return;
  if (!node->text.starts_with(header_word)) {
    return report(node->at, "auth", found(*node), allowed, nearest_one(node->text, auth_words()));
  }
  const std::string name = to_lower(std::string_view(node->text).substr(header_word.size()));
  if (!is_token(name) || is_own_field(name)) {
    return report(node->at, "auth", found(*node) + ", which does not name a header field that can carry a key",
                  "allowed: header:NAME, as header:x-my-key");
  }
  provider_.auth = Auth::header;
  provider_.auth_header = name;
}

// The key of a preset without "api_key": from its usual variable.
void ProviderReader::read_preset_key() {
  for (const std::string_view variable : key_variables_of(*preset_)) {
    std::optional<std::string> value = key_variable(reading_.environment, variable);
    if (!value) continue;
    if (const std::string_view fault = key_fault(*value); fault.empty()) {
      provider_.api_key = std::move(*value);
      provider_.origin = variable;
      if (reading_.origins != nullptr) {
        reading_.origins->set(object_.path("api_key"), "variable " + std::string(variable));
      }
    } else {
      report(member_.at, "api_key", "the variable " + std::string(variable) + " " + std::string(fault));
    }
    return;
  }
  std::string variables;
  bool empty = false;
  for (const std::string_view variable : key_variables_of(*preset_)) {
    variables += variables.empty() ? "" : " or ";
    variables += variable;
    empty = empty || is_empty_variable(reading_.environment, variable);
  }
  report(member_.at, "api_key", "is missing, and the variable " + variables + (empty ? " is empty" : " is not set"),
         "allowed: set the variable, or give api_key, or \"auth\": \"none\"");
}

void ProviderReader::read_api_key() {
  const Node* node = object_.find("api_key");
  const bool auth_given = object_.find("auth") != nullptr;
  if (node == nullptr) {
    if (provider_.auth == Auth::none) return;
    if (preset_ != nullptr && !preset_->key_variables.empty()) return read_preset_key();
    if (auth_given) return report(object_.find("auth")->at, "auth", "needs api_key, which is missing");
    set_auth(provider_, "none");
    return;
  }
  if (provider_.auth == Auth::none) {
    if (auth_given) report(node->at, "api_key", "is given, but auth is none", "allowed: one of the two");
    if (!auth_given) set_auth(provider_, "bearer");
  }
  if (node->kind == Node::Kind::string && node->text == "caller") {
    provider_.caller_key = true;
  } else if (node->kind == Node::Kind::array) {
    read_several_keys(*node);
  } else {
    provider_.api_key = read_secret(reading_, *node, object_.path("api_key"), SecretUse::key).value_or("");
  }
}

// Each item in the form of a single key, or an object with a weight.
void ProviderReader::read_several_keys(const Node& node) {
  const std::string path = object_.path("api_key");
  if (node.items.empty() || node.items.size() > Provider::max_api_keys) {
    const std::string most = std::to_string(Provider::max_api_keys);
    return reading_.report(node.at, path,
                           node.items.empty() ? "found an empty list" : "found a list of more than " + most,
                           "allowed: a key, or a list of up to " + most + " of them");
  }
  constexpr uint32_t max_weight = 10'000;
  std::vector<ApiKey> keys;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = node.items[i];
    const std::string place = item_path(path, i);
    ApiKey key;
    if (item.kind == Node::Kind::string && item.text == "caller") {
      reading_.report(item.at, place, found(item), "allowed: \"caller\" alone, in place of the list");
      continue;
    }
    if (item.kind == Node::Kind::object && item.find("file") == nullptr) {
      const ObjectReader object(reading_, item, place, fields::provider_key);
      const Node* const secret = object.find("key");
      if (secret == nullptr) {
        reading_.report(item.at, place, "has no key",
                        "allowed: {\"key\": a secret, \"weight\": 1} or the secret itself");
        continue;
      }
      object.read_whole("weight", 0, max_weight, key.weight);
      key.key = read_secret(reading_, *secret, object.path("key"), SecretUse::key).value_or("");
    } else {
      key.key = read_secret(reading_, item, place, SecretUse::key).value_or("");
    }
    const auto same = std::find_if(keys.begin(), keys.end(), [&](const ApiKey& one) { return one.key == key.key; });
    if (same != keys.end() && !key.key.empty()) {
      reading_.warnings.push_back(reading_.source + ": " + place + " is the same key as " +
                                  item_path(path, static_cast<size_t>(same - keys.begin())) +
                                  ", and is not counted twice");
      continue;
    }
    keys.push_back(std::move(key));
  }
  if (keys.empty()) return;
  provider_.api_key = keys.front().key;
  if (keys.size() > 1) provider_.api_keys = std::move(keys);
}

void ProviderReader::read_headers() {
  const Node* node = object_.find("headers");
  if (node == nullptr) return;
  const std::string path = object_.path("headers");
  if (node->kind != Node::Kind::object) {
    // Not found(): it may hold a secret.
    return reading_.report(node->at, path, "found " + std::string(kind_name(node->kind)),
                           "allowed: an object of names and values");
  }
  const std::string auth_field = provider_.auth == Auth::bearer ? "authorization" : provider_.auth_header;
  for (const Member& member : node->members) {
    const std::string name = to_lower(member.name);
    const std::string place = child_path(path, member.name);
    const auto same = [&](const auto& other) { return other.first == name; };
    if (!is_token(name)) {
      reading_.report(member.at, place, "is not the name of a header field");
    } else if (is_own_field(name)) {
      reading_.report(member.at, place, "is a field that sluice writes itself");
    } else if (provider_.auth != Auth::none && name == auth_field) {
      reading_.report(member.at, place, "is the field that carries api_key",
                      "allowed: another name, or \"auth\": \"none\"");
    } else if (std::any_of(provider_.headers.begin(), provider_.headers.end(), same)) {
      reading_.report(member.at, place, "is listed twice; upper and lower case are the same");
    }
    if (std::optional<std::string> value = read_secret(reading_, member.value, place, SecretUse::header)) {
      if (member.value.kind == Node::Kind::string && *value == member.value.text && looks_secret(name)) {
        warn_of_literal(reading_, place);
      }
      provider_.headers.emplace_back(name, std::move(*value));
    }
  }
}

void ProviderReader::read_tls() {
  object_.read_file_name("ca_file", provider_.ca_file);
  object_.read_file_name("cert_file", provider_.cert_file);
  object_.read_file_name("key_file", provider_.key_file);
  object_.read_flag("insecure_skip_verify", provider_.insecure_skip_verify);
  if (provider_.cert_file.empty() != provider_.key_file.empty()) {
    report(member_.at, provider_.cert_file.empty() ? "cert_file" : "key_file", "is missing",
           "allowed: cert_file and key_file, both or none");
  }
}

// Problems never contain its text: it may hold a password.
void ProviderReader::read_proxy() {
  const Node* node = object_.find("proxy");
  if (node == nullptr) return;
  provider_.proxy_given = true;
  if (node->kind == Node::Kind::string && node->text == "none") return;
  const std::optional<std::string> text = read_secret(reading_, *node, object_.path("proxy"), SecretUse::header);
  if (!text) return;
  Result<Proxy> proxy = parse_proxy(*text);
  if (!proxy) return report(node->at, "proxy", proxy.error().message, R"(allowed: "none" too)");
  const bool literal = node->kind == Node::Kind::string && *text == node->text;
  if (literal && !proxy->credentials.empty()) warn_of_literal(reading_, object_.path("proxy"));
  proxy->origin = reading_.source;
  provider_.proxy = std::move(*proxy);
}

void ProviderReader::read_timeouts() {
  const Node* node = object_.find("timeouts");
  if (node == nullptr) return;
  const ObjectReader timeouts(reading_, *node, object_.path("timeouts"), fields::provider_timeouts);
  timeouts.read_seconds("connect_s", provider_.timeouts.connect_ms);
  timeouts.read_seconds("first_byte_s", provider_.timeouts.first_byte_ms);
  timeouts.read_seconds("response_s", provider_.timeouts.response_ms);
  timeouts.read_seconds("stream_idle_s", provider_.timeouts.stream_idle_ms);
}

// `row`: the facts already known about those models.
FactRow read_fact_row(Reading& reading, const Member& member, const std::string& path, FactRow row) {
  const ObjectReader object(reading, member.value, path, fields::provider_facts);
  for (const FactNumber& number : fact_numbers) {
    uint32_t value = 0;
    object.read_whole(number.name, number.least, number.most, value);
    if (value != 0) row.*number.number = value;
  }
  for (const FactFlag& flag : fact_flags) {
    const Node* const node = object.find(flag.name);
    bool value = false;
    object.read_flag(flag.name, value);
    if (node != nullptr) row.*flag.flag = value;
  }
  object.read_word("max_tokens_field", max_tokens_fields, row.max_tokens_field);
  object.read_word("reasoning_field", reasoning_fields, row.reasoning_field);
  return row;
}

void ProviderReader::read_facts() {
  const Node* node = object_.find("facts");
  if (node == nullptr) return;
  if (node->kind != Node::Kind::object) {
    return report(node->at, "facts", found(*node), "allowed: an object of models and what is known about them");
  }
  if (node->members.size() > max_fact_rows) {
    return report(node->at, "facts", "has more than " + std::to_string(max_fact_rows) + " entries");
  }
  for (const Member& member : node->members) {
    const std::string path = child_path(object_.path("facts"), member.name);
    const size_t star = member.name.find('*');
    if (member.name.empty() || (star != std::string::npos && star + 1 != member.name.size())) {
      reading_.report(member.at, path, "is not the name of a model",
                      "allowed: a name, or the beginning of names and '*'");
    }
    FactRow known{.models = member.name};  // from the preset
    const auto same = std::find_if(provider_.facts.begin(), provider_.facts.end(),
                                   [&member](const FactRow& row) { return row.models == member.name; });
    if (same != provider_.facts.end()) {
      known = std::move(*same);
      provider_.facts.erase(same);
    }
    provider_.facts.push_back(read_fact_row(reading_, member, path, std::move(known)));
  }
}

void ProviderReader::read_waits() {
  constexpr uint32_t least_ms = 1'000;
  constexpr double most_s = 3'600;
  object_.read_seconds("resume_s", provider_.resume_ms, most_s);
  object_.read_seconds("probe_s", provider_.probe_ms, most_s);
  if (provider_.probe_ms == 0) return;
  const Position& at = object_.find("probe_s")->at;
  if (provider_.probe_ms < least_ms) report(at, "probe_s", "is too frequent", "allowed: 0, or seconds from 1 to 3600");
  if (provider_.caller_key) report(at, "probe_s", "needs a key of sluice's own, and api_key is \"caller\"");
}

void ProviderReader::read_models() {
  // Not with the caller's key, and not if the file lists the models.
  if (object_.find("models") != nullptr || provider_.caller_key || provider_.base_url.demo)
    provider_.ask_models = false;
  object_.for_each_text("models", false, [&](const Node& item, const std::string& path) {
    if (item.text.empty()) reading_.report(item.at, path, "a model's name is empty");
    provider_.models.push_back(item.text);
  });
}

}  // namespace

void read_providers(Reading& reading, const Node& node, std::vector<Provider>& providers) {
  if (node.kind != Node::Kind::object) {
    reading.report(node.at, "providers", "found " + std::string(kind_name(node.kind)),
                   "allowed: an object of names and their providers");
    return;
  }
  for (const Member& member : node.members) providers.push_back(ProviderReader(reading, member).read());
}

}  // namespace sluice::config
