// Every field that sluice.json may have: what the parser knows, what "did you mean" draws on, and what
// docs/configuration.md must describe (a test compares them).
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace sluice::config::fields {

inline constexpr std::array<std::string_view, 11> root = {
    "listen", "tls",      "workers", "shutdown_grace_s", "trusted_proxies", "keys", "providers", "models",
    "limits", "timeouts", "log"};
inline constexpr std::array<std::string_view, 2> tls = {"cert_file", "key_file"};
inline constexpr std::array<std::string_view, 4> key = {"name", "key", "sha256", "models"};
inline constexpr std::array<std::string_view, 13> provider = {"dialect",   "base_url",        "api_key",
                                                              "auth",      "headers",         "ca_file",
                                                              "cert_file", "key_file",        "insecure_skip_verify",
                                                              "timeouts",  "max_connections", "models",
                                                              "usage"};
inline constexpr std::array<std::string_view, 4> provider_timeouts = {"connect_s", "first_byte_s", "response_s",
                                                                      "stream_idle_s"};
inline constexpr std::array<std::string_view, 1> model = {"targets"};
inline constexpr std::array<std::string_view, 1> target = {"model"};
inline constexpr std::array<std::string_view, 1> secret = {"file"};
inline constexpr std::array<std::string_view, 4> limits = {"body_mb", "header_kb", "connections", "queue"};
inline constexpr std::array<std::string_view, 4> timeouts = {"head_s", "body_idle_s", "keep_alive_s", "write_stall_s"};
inline constexpr std::array<std::string_view, 3> log = {"level", "format", "access"};

struct Table {
  std::string_view path;  // of the object that holds them: "providers.NAME.timeouts"; "" for the file itself
  std::span<const std::string_view> names;
};
inline constexpr std::array<Table, 10> all = {{{"", root},
                                               {"tls", tls},
                                               {"keys[]", key},
                                               {"providers.NAME", provider},
                                               {"providers.NAME.timeouts", provider_timeouts},
                                               {"models.NAME", model},
                                               {"models.NAME.targets[]", target},
                                               {"limits", limits},
                                               {"timeouts", timeouts},
                                               {"log", log}}};

inline constexpr std::array<std::string_view, 5> log_levels = {"trace", "debug", "info", "warn", "error"};
inline constexpr std::array<std::string_view, 2> log_formats = {"text", "json"};
inline constexpr std::array<std::string_view, 2> usage_words = {"ask", "leave"};

}  // namespace sluice::config::fields
