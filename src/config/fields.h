// Every field that sluice.json may have: the parser's list, the source of "did you mean", and what
// docs/configuration.md must describe (a test compares them).
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace sluice::config::fields {

inline constexpr std::array<std::string_view, 17> root = {
    "listen",   "tls",         "workers", "shutdown_grace_s", "pid_file", "trusted_proxies",
    "hosts",    "cors",        "keys",    "providers",        "models",   "limits",
    "timeouts", "heartbeat_s", "log",     "alerts",           "metrics"};
inline constexpr std::array<std::string_view, 1> cors = {"origins"};
inline constexpr std::array<std::string_view, 2> tls = {"cert_file", "key_file"};
inline constexpr std::array<std::string_view, 8> key = {"name",   "key",    "sha256", "expires",
                                                        "models", "limits", "admin",  "manage"};
inline constexpr std::array<std::string_view, 3> key_secret = {"key", "sha256", "expires"};
inline constexpr std::array<std::string_view, 5> rate_limits = {"requests_per_minute", "burst", "tokens_per_minute",
                                                                "concurrent", "queue_s"};
inline constexpr std::array<std::string_view, 19> provider = {"dialect",
                                                              "base_url",
                                                              "api_key",
                                                              "auth",
                                                              "headers",
                                                              "ca_file",
                                                              "cert_file",
                                                              "key_file",
                                                              "insecure_skip_verify",
                                                              "timeouts",
                                                              "probe_s",
                                                              "resume_s",
                                                              "max_connections",
                                                              "models",
                                                              "usage",
                                                              "limits",
                                                              "proxy",
                                                              "continues_prefix",
                                                              "facts"};
inline constexpr std::array<std::string_view, 2> provider_key = {"key", "weight"};
inline constexpr std::array<std::string_view, 15> provider_facts = {
    "context_window",   "max_output_tokens", "max_tool_name",
    "continues_prefix", "takes_sampling",    "takes_top_k",
    "thinks",           "thinks_by_default", "takes_image_urls",
    "takes_documents",  "takes_json_schema", "takes_cache_marks",
    "strict_tools",     "max_tokens_field",  "reasoning_field"};
inline constexpr std::array<std::string_view, 4> provider_timeouts = {"connect_s", "first_byte_s", "response_s",
                                                                      "stream_idle_s"};
inline constexpr std::array<std::string_view, 13> model = {"targets",
                                                           "order",
                                                           "fallbacks",
                                                           "retry",
                                                           "rescue",
                                                           "hedge",
                                                           "breaker",
                                                           "affinity",
                                                           "limits",
                                                           "defaults",
                                                           "strict_translation",
                                                           "drain_on_disconnect",
                                                           "resume_s"};
inline constexpr std::array<std::string_view, 1> model_defaults = {"max_tokens"};
inline constexpr std::array<std::string_view, 3> target = {"model", "weight", "concurrent"};
inline constexpr std::array<std::string_view, 3> retry = {"attempts", "backoff_ms", "wait_s"};
inline constexpr std::array<std::string_view, 1> hedge = {"after_ms"};
inline constexpr std::array<std::string_view, 4> breaker = {"failures", "within_s", "cooldown_s", "max_cooldown_s"};
inline constexpr std::array<std::string_view, 1> secret = {"file"};
inline constexpr std::array<std::string_view, 5> limits = {"body_mb", "buffered_mb", "header_kb", "connections",
                                                           "queue"};
inline constexpr std::array<std::string_view, 4> timeouts = {"head_s", "body_idle_s", "keep_alive_s", "write_stall_s"};
inline constexpr std::array<std::string_view, 4> log = {"level", "format", "access", "file"};
inline constexpr std::array<std::string_view, 4> alerts = {"sentry_dsn", "webhook", "after_failures", "within_s"};
inline constexpr std::array<std::string_view, 1> metrics = {"by_key"};

struct Table {
  std::string_view path;  // of the object they are in: "providers.NAME.timeouts"; "" for the file itself
  std::span<const std::string_view> names;
};
inline constexpr std::array<Table, 23> all = {{{"", root},
                                               {"cors", cors},
                                               {"tls", tls},
                                               {"keys[]", key},
                                               {"keys[].key[]", key_secret},
                                               {"keys[].limits", rate_limits},
                                               {"providers.NAME", provider},
                                               {"providers.NAME.api_key[]", provider_key},
                                               {"providers.NAME.timeouts", provider_timeouts},
                                               {"providers.NAME.limits", rate_limits},
                                               {"providers.NAME.facts.MODEL", provider_facts},
                                               {"models.NAME", model},
                                               {"models.NAME.targets[]", target},
                                               {"models.NAME.retry", retry},
                                               {"models.NAME.breaker", breaker},
                                               {"models.NAME.hedge", hedge},
                                               {"models.NAME.limits", rate_limits},
                                               {"models.NAME.defaults", model_defaults},
                                               {"limits", limits},
                                               {"timeouts", timeouts},
                                               {"log", log},
                                               {"alerts", alerts},
                                               {"metrics", metrics}}};

inline constexpr std::array<std::string_view, 5> log_levels = {"trace", "debug", "info", "warn", "error"};
inline constexpr std::array<std::string_view, 2> log_formats = {"text", "json"};
inline constexpr std::array<std::string_view, 2> usage_words = {"ask", "leave"};

}  // namespace sluice::config::fields
