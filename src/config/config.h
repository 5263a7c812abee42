// The configuration as plain structs: what sluice.json says after parsing, presets, environment and defaults.
// docs/configuration.md describes every field. Immutable once made; shared by all workers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/dialect.h"
#include "config/allowed_models.h"
#include "config/fact_rows.h"

namespace sluice::config {

// One listening address: "127.0.0.1:8000", "[::1]:8000" or "unix:/run/sluice.sock".
struct Address {
  std::string host;  // without brackets; empty for a Unix socket
  uint16_t port = 0;
  std::string unix_path;

  bool is_loopback_or_unix() const;  // 127.0.0.0/8, ::1, "localhost" or a Unix socket
  std::string text() const;          // as it is written in the file
  bool operator==(const Address&) const = default;
};

struct Url {
  bool tls = false;
  std::string host;  // without brackets
  uint16_t port = 0;
  std::string path;   // no trailing slash; "" for none
  bool demo = false;  // "demo:": the built-in demo provider, in process

  std::string text() const;
  std::string authority() const;  // for Host: the port only where it is not the scheme's
  bool operator==(const Url&) const = default;
};

// An HTTP proxy that connections go out through.
struct Proxy {
  std::string host;  // without brackets
  uint16_t port = 0;
  std::string credentials;  // a secret: "user:password"; "": none
  std::string origin;       // how it came to be, for people: "HTTPS_PROXY", "sluice.json"

  std::string address() const;  // "proxy.corp:3128"
  std::string password() const { return credentials.substr(credentials.find(':') + 1); }
  bool operator==(const Proxy&) const = default;
};

// What one key, provider or model may take of sluice; shared by all workers. 0: not limited so.
struct RateLimits {
  uint32_t requests_per_minute = 0;
  uint32_t burst = 0;  // requests at once, after a rest; 0: requests_per_minute
  uint32_t tokens_per_minute = 0;
  uint32_t concurrent = 0;  // exchanges under way
  uint32_t queue_ms = 0;    // how long a request waits to be let in before it is refused; 0: not at all

  bool any() const { return requests_per_minute != 0 || tokens_per_minute != 0 || concurrent != 0; }
  bool operator==(const RateLimits&) const = default;
};

// A secret that a key had before, and that its callers may go on using while they change over.
struct OlderSecret {
  std::string key;  // as that of CallerKey
  std::array<unsigned char, 32> sha256{};
  int64_t expires_unix_s = 0;  // its last second, never later than the key's; 0: none
};

struct CallerKey {
  std::string name;
  std::string key;  // a secret: the key itself, where it is given in clear, hashed at start; empty: sha256 counts
  std::array<unsigned char, 32> sha256{};  // of the key, where only this is given
  int64_t expires_unix_s = 0;              // its last second; 0: none
  std::vector<OlderSecret> older;          // the newest of them first
  AllowedModels models;                    // empty: all. "openai/*" allows a prefix
  RateLimits limits;
  bool admin = false;   // may see /admin
  bool manage = false;  // may change what models a provider has
};

enum class Auth : unsigned char { bearer, header, none };

struct ProviderTimeouts {
  uint32_t connect_ms = 5'000;        // name, TCP and TLS
  uint32_t first_byte_ms = 120'000;   // of a stream
  uint32_t response_ms = 600'000;     // a plain answer, whole
  uint32_t stream_idle_ms = 300'000;  // between bytes of a stream: reasoning models are silent for minutes
  bool operator==(const ProviderTimeouts&) const = default;
};

// One of several credentials of a provider.
struct ApiKey {
  std::string key;      // a secret
  uint32_t weight = 1;  // its share; 0: only when no other is left
  bool operator==(const ApiKey&) const = default;
};

struct Provider {
  static constexpr size_t max_api_keys = 64;
  std::string name;
  std::vector<Dialect> dialects;  // never empty; a caller of any of these is passed through
  Url base_url;
  // Where a dialect's own paths begin, where that is not base_url.path; see path_for().
  std::array<std::optional<std::string>, dialect_names.size()> base_paths;
  bool versions_at_root = false;  // what stands beside the version does so at the host's root
  std::string api_key;            // a secret, the first where there are several; empty: none
  std::vector<ApiKey> api_keys;   // where there are several: all of them; else empty
  bool caller_key = false;        // "api_key": "caller" passes the caller's own credential through
  Auth auth = Auth::bearer;
  std::string auth_header;                                   // with Auth::header: its name, lower case
  std::vector<std::pair<std::string, std::string>> headers;  // added to each request; values may be secrets
  std::string ca_file;                                       // "" : the system's store
  std::string cert_file;                                     // mTLS; both or none
  std::string key_file;
  bool insecure_skip_verify = false;
  std::optional<Proxy> proxy;
  bool proxy_given = false;  // by the file, if only "none": variables do not count
  ProviderTimeouts timeouts;
  uint32_t probe_ms = 0;            // between questions whether it is back, while a breaker is open; 0: none
  uint32_t resume_ms = 0;           // as Model's, for streams that are asked of it by no name of `models`
  uint32_t max_connections = 0;     // open at once, per worker; 0: as many as callers need
  std::vector<std::string> models;  // names it lists; may be empty (any name is tried)
  bool ask_models = false;          // it is asked for its list, which then takes the place of `models`
  bool ask_usage = true;            // false ("usage": "leave"): stream_options is not spliced in
  bool continues_prefix = false;    // goes on from an assistant message that it is given
  RateLimits limits;                // of all that goes there
  std::vector<FactRow> facts;       // of its models: each row that fits goes over those before it
  std::string origin;  // how it came to be, for people: "OPENAI_API_KEY", "sluice.json", "answers on 127.0.0.1:11434"

  bool operator==(const Provider&) const = default;
  // Of credentials that it can be asked with; one that has none, or the caller's, has one place for it.
  size_t key_count() const { return api_keys.empty() ? 1 : api_keys.size(); }
  const std::string& key_at(size_t place) const { return api_keys.empty() ? api_key : api_keys[place].key; }
  bool speaks(Dialect dialect) const;
  // The path that a dialect's own paths ("/chat/completions", "/v1/messages", "/api/chat") are appended to: base_url is
  // that of the first dialect, and for Ollama at "http://127.0.0.1:11434" openai's is "/v1". No trailing slash. Lives
  // as long as the provider.
  std::string_view path_for(Dialect dialect) const;
  // Where what stands beside that version is (openai's "/infill" at llama.cpp).
  std::string path_beside() const;
};

// One model at one provider, as a name of `models` has it.
struct TargetRef {
  std::string provider;
  std::string model;        // what that provider calls it
  uint32_t weight = 1;      // its share, where the order is `weighted`; 0: only when no other is left
  uint32_t concurrent = 0;  // attempts under way there; 0: as many as come
  bool operator==(const TargetRef&) const = default;
};

// Which of a model's targets is asked first.
enum class Order : unsigned char { weighted, listed, least_busy, fastest };

// How often it is tried, and how long is waited for the same target.
struct Retry {
  uint32_t attempts = 4;      // of one exchange, at all targets together
  uint32_t backoff_ms = 200;  // before the first repeat; twice as long before each further one
  uint32_t wait_ms = 5'000;   // the longest wait that a target may ask for; beyond it the next one is asked
  bool operator==(const Retry&) const = default;
};

// What becomes of a stream that dies after its first words.
enum class Rescue : unsigned char { off, on, ask };

// When a target is left alone for having failed.
struct Breaker {
  uint32_t failures = 5;  // in a row, or within the window and half of what was asked
  uint32_t within_ms = 30'000;
  uint32_t cooldown_ms = 5'000;  // doubled each time the probe behind it fails
  uint32_t max_cooldown_ms = 30'000;
  bool operator==(const Breaker&) const = default;
};

// A second attempt beside a late first one.
struct Hedge {
  uint32_t after_ms = 0;  // without output; 0: as long as 19 of 20 answers of the target's take to begin
  bool operator==(const Hedge&) const = default;
};

// What requests must have in common to be wanted at the same target.
struct Affinity {
  enum class Kind : unsigned char { none, key, header, prefix };
  Kind kind = Kind::none;
  std::string header{};  // its name, lower case
  bool operator==(const Affinity&) const = default;
};

// A name callers may use.
struct Model {
  std::string name;
  std::vector<TargetRef> targets;   // never empty
  RateLimits limits{};              // of all that asks for it by this name
  uint32_t default_max_tokens = 0;  // for a target that needs to be told how many, where the caller does not; 0: by
                                    // its model
  bool strict_translation = false;  // what a target of another dialect cannot be told is refused, not dropped
  Order order = Order::weighted;
  std::vector<std::string>
      fallbacks{};  // names of `models`, or provider/model: asked when no target of its own is left
  Retry retry{};
  Rescue rescue = Rescue::on;
  Breaker breaker{};
  Affinity affinity{};
  std::optional<Hedge> hedge{};      // nullopt: one attempt at a time
  bool drain_on_disconnect = false;  // an answer whose caller has left is read on for the account
  uint32_t resume_ms = 0;  // how long a caller may take to come back to a stream whose connection broke; 0: it may not
};

struct Limits {
  uint64_t body_bytes = 32ull << 20;
  uint64_t buffered_bytes = 1024ull << 20;  // of all requests' bodies together
  uint32_t header_bytes = 64 * 1024;
  uint32_t connections = 16'384;  // of callers, per worker
  bool connections_given = false;
  uint32_t queue = 1'024;  // exchanges waiting, per worker: for a provider connection; for a rate limit
};

struct Timeouts {
  uint32_t head_ms = 10'000;         // the whole request head
  uint32_t body_idle_ms = 60'000;    // without a byte of the body
  uint32_t keep_alive_ms = 75'000;   // between requests
  uint32_t write_stall_ms = 60'000;  // answer bytes that the caller does not take
};

struct LogSettings {
  std::string level = "info";  // trace | debug | info | warn | error
  bool json = false;
  bool access = true;  // one record an exchange
  std::string file;    // where it goes; "": standard output
};

// Where alerts are sent to. All of it is secret.
struct AlertTarget {
  Url url;
  std::string path;  // to be asked for, with its query; begins with '/'
  std::string key;   // Sentry's public key; "" for a webhook
  std::optional<Proxy> proxy = {};
  bool operator==(const AlertTarget&) const = default;
};

// When somebody is told that a target, or sluice itself, fails.
struct AlertSettings {
  std::optional<AlertTarget> sentry, webhook;  // beside the log
  uint32_t after_failures = 5;                 // 0: nobody is told
  uint32_t within_ms = 300'000;
  std::vector<std::string> secrets;  // of the two, to be masked in the log
  bool operator==(const AlertSettings&) const = default;
};

// Which web pages may call.
struct Cors {
  std::vector<std::string> origins;  // lower case, as browsers send them; "*": any
};

struct Config {
  std::string file;  // where it came from; "" without one
  std::vector<Address> listen;
  bool listen_given = false;                // by the file, a variable or a flag, rather than by default
  std::string tls_cert_file, tls_key_file;  // of the listener; both or none
  uint32_t workers = 0;                     // 0: one a core
  uint32_t shutdown_grace_ms = 30'000;
  std::string pid_file;                      // "": none
  std::vector<std::string> trusted_proxies;  // CIDR
  std::vector<std::string> hosts;            // names of ours beside loopback's: lower case, no brackets
  Cors cors;
  std::vector<CallerKey> keys;      // none: open
  std::vector<Provider> providers;  // after parse(), none: they are to be discovered (discover.h)
  std::vector<Model> models;
  Limits limits;
  Timeouts timeouts;
  uint32_t heartbeat_ms = 15'000;  // of a stream whose target is silent; 0: none
  LogSettings log;
  AlertSettings alerts;
  bool metrics_by_key = false;        // whether /metrics counts by callers' keys
  std::vector<std::string> warnings;  // said once at start

  const Provider* provider(std::string_view name) const;
};

}  // namespace sluice::config
