// The configuration as plain structs: sluice.json after parsing, presets, environment and defaults.
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
  std::string text() const;          // as written in the file
  bool operator==(const Address&) const = default;
};

struct Url {
  bool tls = false;
  std::string host;  // without brackets
  uint16_t port = 0;
  std::string path;   // no trailing slash; "" for none
  bool demo = false;  // "demo:": the built-in demo provider, in process

  std::string text() const;
  std::string authority() const;  // for Host: without the scheme's default port
  bool operator==(const Url&) const = default;
};

// An HTTP proxy that connections go out through.
struct Proxy {
  std::string host;  // without brackets
  uint16_t port = 0;
  std::string credentials;  // a secret: "user:password"; "": none
  std::string origin;       // where it came from, for people: "HTTPS_PROXY", "sluice.json"

  std::string address() const;  // "proxy.corp:3128"
  std::string password() const { return credentials.substr(credentials.find(':') + 1); }
  bool operator==(const Proxy&) const = default;
};

// The rate limits of one key, provider or model; shared by all workers. 0: no limit.
struct RateLimits {
  uint32_t requests_per_minute = 0;
  uint32_t burst = 0;  // requests at once after a pause; 0: requests_per_minute
  uint32_t tokens_per_minute = 0;
  uint32_t concurrent = 0;  // exchanges under way
  uint32_t queue_ms = 0;    // how long a request waits for admission before it is rejected; 0: not at all

  bool any() const { return requests_per_minute != 0 || tokens_per_minute != 0 || concurrent != 0; }
  bool operator==(const RateLimits&) const = default;
};

// A key's former secret, which its callers may still use during the change.
struct OlderSecret {
  std::string key;  // as CallerKey's
  std::array<unsigned char, 32> sha256{};
  int64_t expires_unix_s = 0;  // the last valid second, never later than the key's; 0: none
};

struct CallerKey {
  std::string name;
  std::string key;  // a secret: the key itself if given in clear, hashed at start; empty: sha256 is used
  std::array<unsigned char, 32> sha256{};  // of the key, if only that is given
  int64_t expires_unix_s = 0;              // the last valid second; 0: none
  std::vector<OlderSecret> older;          // newest first
  AllowedModels models;                    // empty: all. "openai/*" allows a prefix
  RateLimits limits;
  bool admin = false;   // may see /admin
  bool manage = false;  // may change which models a provider has
};

enum class Auth : unsigned char { bearer, header, none };

struct ProviderTimeouts {
  uint32_t connect_ms = 5'000;        // name, TCP and TLS
  uint32_t first_byte_ms = 120'000;   // of a stream
  uint32_t response_ms = 600'000;     // a whole non-streaming answer
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
  std::vector<Dialect> dialects;  // never empty; requests in any of these are passed through
  Url base_url;
  // Where a dialect's paths begin, if not at base_url.path; see path_for().
  std::array<std::optional<std::string>, dialect_names.size()> base_paths;
  bool versions_at_root = false;  // paths outside the version are at the host's root
  std::string api_key;            // a secret, the first if there are several; empty: none
  std::vector<ApiKey> api_keys;   // all of them if there are several; else empty
  bool caller_key = false;        // "api_key": "caller" passes the caller's own credential through
  Auth auth = Auth::bearer;
  std::string auth_header;                                   // with Auth::header: its name, lower case
  std::vector<std::pair<std::string, std::string>> headers;  // added to each request; values may be secrets
  std::string ca_file;                                       // "" : the system's store
  std::string cert_file;                                     // mTLS; both or none
  std::string key_file;
  bool insecure_skip_verify = false;
  std::optional<Proxy> proxy;
  bool proxy_given = false;  // given by the file, even if only "none": variables are ignored
  ProviderTimeouts timeouts;
  uint32_t probe_ms = 0;            // between health probes while a breaker is open; 0: none
  uint32_t resume_ms = 0;           // as Model's, for streams requested as "provider/model"
  uint32_t max_connections = 0;     // open at once, per worker; 0: as many as callers need
  std::vector<std::string> models;  // the names it lists; may be empty (any name is tried)
  bool ask_models = false;          // ask it for its list, which then replaces `models`
  bool ask_usage = true;            // false ("usage": "leave"): stream_options is not spliced in
  bool continues_prefix = false;    // continues from a given assistant message
  RateLimits limits;                // of all requests to it
  std::vector<FactRow> facts;       // of its models: later rows that match override earlier ones
  std::string origin;  // where it came from, for people: "OPENAI_API_KEY", "sluice.json", "answers on 127.0.0.1:11434"

  bool operator==(const Provider&) const = default;
  // The number of its credentials; without one, or with the caller's, there is one place for it.
  size_t key_count() const { return api_keys.empty() ? 1 : api_keys.size(); }
  const std::string& key_at(size_t place) const { return api_keys.empty() ? api_key : api_keys[place].key; }
  bool speaks(Dialect dialect) const;
  // The path that a dialect's paths ("/chat/completions", "/v1/messages", "/api/chat") are appended to. base_url
  // belongs to the first dialect; for Ollama at "http://127.0.0.1:11434", openai's path is "/v1". No trailing slash.
  // Lives as long as the provider.
  std::string_view path_for(Dialect dialect) const;
  // The base of paths outside the version (openai's "/infill" at llama.cpp).
  std::string path_beside() const;
};

// One model at one provider, as listed under a name of `models`.
struct TargetRef {
  std::string provider;
  std::string model;        // the provider's name for it
  uint32_t weight = 1;      // its share with Order::weighted; 0: only when no other is left
  uint32_t concurrent = 0;  // max attempts under way there; 0: no limit
  bool operator==(const TargetRef&) const = default;
};

// Which of a model's targets is tried first.
enum class Order : unsigned char { weighted, listed, least_busy, fastest };

// How many attempts there are, and how long to wait before retrying the same target.
struct Retry {
  uint32_t attempts = 4;      // of one exchange, over all targets
  uint32_t backoff_ms = 200;  // before the first retry; doubled before each further one
  uint32_t wait_ms = 5'000;   // the longest wait that a target may ask for; beyond it the next target is tried
  bool operator==(const Retry&) const = default;
};

// What happens to a stream that breaks after its first words.
enum class Rescue : unsigned char { off, on, ask };

// When a failing target is skipped.
struct Breaker {
  uint32_t failures = 5;  // in a row, or within the window if they are half of the attempts
  uint32_t within_ms = 30'000;
  uint32_t cooldown_ms = 5'000;  // doubled each time the probe after it fails
  uint32_t max_cooldown_ms = 30'000;
  bool operator==(const Breaker&) const = default;
};

// A second attempt in parallel to a slow first one.
struct Hedge {
  uint32_t after_ms = 0;  // without output; 0: the 95th percentile of the target's time to first output
  bool operator==(const Hedge&) const = default;
};

// What requests must have in common to prefer the same target.
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
  RateLimits limits{};              // of all requests for this name
  uint32_t default_max_tokens = 0;  // for a target that requires max_tokens, if the caller sets none; 0: depends on the
                                    // target's model
  bool strict_translation = false;  // a feature that the target's dialect lacks is rejected, not dropped
  Order order = Order::weighted;
  std::vector<std::string> fallbacks{};  // names of `models`, or provider/model: tried when none of its targets is left
  Retry retry{};
  Rescue rescue = Rescue::on;
  Breaker breaker{};
  Affinity affinity{};
  std::optional<Hedge> hedge{};      // nullopt: one attempt at a time
  bool drain_on_disconnect = false;  // after the caller has left, the answer is still read for its usage
  uint32_t resume_ms = 0;  // how long a caller may take to resume a stream whose connection broke; 0: it may not
};

struct Limits {
  uint64_t body_bytes = 32ull << 20;
  uint64_t buffered_bytes = 1024ull << 20;  // of all request bodies together
  uint32_t header_bytes = 64 * 1024;
  uint32_t connections = 16'384;  // of callers, per worker
  bool connections_given = false;
  uint32_t queue = 1'024;  // max waiting exchanges, per worker: for a provider connection; for a rate limit
};

struct Timeouts {
  uint32_t head_ms = 10'000;         // the whole request head
  uint32_t body_idle_ms = 60'000;    // without a byte of the body
  uint32_t keep_alive_ms = 75'000;   // between requests
  uint32_t write_stall_ms = 60'000;  // without the caller accepting answer bytes
};

struct LogSettings {
  std::string level = "info";  // trace | debug | info | warn | error
  bool json = false;
  bool access = true;  // one record per exchange
  std::string file;    // where it is written; "": standard output
};

// Where alerts are sent. All of it is secret.
struct AlertTarget {
  Url url;
  std::string path;  // the request's path, with its query; begins with '/'
  std::string key;   // Sentry's public key; "" for a webhook
  std::optional<Proxy> proxy = {};
  bool operator==(const AlertTarget&) const = default;
};

// When failures of a target, or of sluice itself, are reported.
struct AlertSettings {
  std::optional<AlertTarget> sentry, webhook;  // in addition to the log
  uint32_t after_failures = 5;                 // 0: no alerts
  uint32_t within_ms = 300'000;
  std::vector<std::string> secrets;  // of the two, to mask in the log
  bool operator==(const AlertSettings&) const = default;
};

// Which web pages may send requests.
struct Cors {
  std::vector<std::string> origins;  // lower case, as browsers send them; "*": any
};

struct Config {
  std::string file;  // where it came from; "" without one
  std::vector<Address> listen;
  bool listen_given = false;                // by the file, a variable or a flag, not by default
  std::string tls_cert_file, tls_key_file;  // of the listener; both or none
  uint32_t workers = 0;                     // 0: one per core
  uint32_t shutdown_grace_ms = 30'000;
  std::string pid_file;                      // "": none
  std::vector<std::string> trusted_proxies;  // CIDR
  std::vector<std::string> hosts;            // our names besides loopback's: lower case, no brackets
  Cors cors;
  std::vector<CallerKey> keys;      // none: open to all
  std::vector<Provider> providers;  // after parse(), none: to be discovered (discover.h)
  std::vector<Model> models;
  Limits limits;
  Timeouts timeouts;
  uint32_t heartbeat_ms = 15'000;  // on a stream whose target is silent; 0: none
  LogSettings log;
  AlertSettings alerts;
  bool metrics_by_key = false;            // whether /metrics counts by caller's key
  std::vector<std::string> warnings;      // logged once at start
  std::vector<std::string> secret_files;  // that secrets were read from

  const Provider* provider(std::string_view name) const;
};

}  // namespace sluice::config
