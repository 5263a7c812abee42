// What valid files mean.
#include "config/parse.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/support.h"

namespace sluice::config {
namespace {

using test::environment_of;

Config parsed(std::string_view text, const Environment& environment = environment_of({})) {
  const auto config = parse(text, "sluice.json", environment);
  if (!config) {
    for (const Problem& problem : config.error()) UNSCOPED_INFO(describe(problem));
  }
  REQUIRE(config);
  return *config;
}

TEST_CASE("an empty object gives the defaults") {
  const Config config = parsed("{}");
  CHECK(config.file == "sluice.json");
  REQUIRE(config.listen.size() == 1);
  CHECK(config.listen[0].text() == "127.0.0.1:8000");
  CHECK_FALSE(config.listen_given);
  CHECK(config.workers == 0);
  CHECK(config.shutdown_grace_ms == 30'000);
  CHECK(config.keys.empty());
  CHECK(config.providers.empty());
  CHECK(config.models.empty());
  CHECK(config.trusted_proxies.empty());
  CHECK(config.limits.body_bytes == 32u * 1024 * 1024);
  CHECK(config.limits.header_bytes == 64u * 1024);
  CHECK(config.limits.connections == 16'384);
  CHECK(config.limits.queue == 1'024);
  CHECK(config.timeouts.head_ms == 10'000);
  CHECK(config.timeouts.body_idle_ms == 60'000);
  CHECK(config.timeouts.keep_alive_ms == 75'000);
  CHECK(config.timeouts.write_stall_ms == 60'000);
  CHECK(config.log.level == "info");
  CHECK_FALSE(config.log.json);
  CHECK(config.log.access);
  CHECK(config.warnings.empty());
}

TEST_CASE("every field is read") {
  const test::Folder folder;
  const std::string pem = folder.write("a.pem", "x");
  const std::string text = R"({
    // all of it
    "listen": ["[::1]:9000", "unix:/run/s.sock"],
    "tls": {"cert_file": "PEM", "key_file": "PEM"},
    "workers": 3, "shutdown_grace_s": 0.5, "pid_file": "/run/s.pid", "trusted_proxies": ["127.0.0.1", "10.0.0.0/8"],
    "keys": [{"name": "a", "key": "${A_KEY}", "models": ["fast", "lab/*"], "admin": true,
              "limits": {"requests_per_minute": 600, "burst": 60, "tokens_per_minute": 200000, "concurrent": 32,
                         "queue_s": 2.5}},
             {"name": "b", "sha256": "9F86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}],
    "providers": {
      "lab": {"dialect": ["openai", "anthropic"], "base_url": "https://lab:8443/x/v1/", "api_key": "${LAB}",
              "auth": "header:X-My-Key", "headers": {"X-Team": "a b"},
              "ca_file": "PEM", "cert_file": "PEM", "key_file": "PEM", "insecure_skip_verify": true,
              "timeouts": {"connect_s": 1, "first_byte_s": 2, "response_s": 0, "stream_idle_s": 0.0001},
              "max_connections": 64, "models": ["m", "n*"], "usage": "leave", "limits": {"concurrent": 5}},
      "openai": {}
    },
    "models": {"fast": "openai/gpt-4o-mini", "deep/er": {"targets": [{"model": "lab/a/b"}], "limits": {"tokens_per_minute": 9},
               "defaults": {"max_tokens": 8000}, "strict_translation": true, "drain_on_disconnect": true, "resume_s": 1.5}},
    "limits": {"body_mb": 0.5, "header_kb": 8, "connections": 10, "queue": 0},
    "timeouts": {"head_s": 1.5, "body_idle_s": 2, "keep_alive_s": 3, "write_stall_s": 0},
    "log": {"level": "debug", "format": "json", "access": false, "file": "/var/log/s.log"}
  })";
  std::string filled = text;
  for (size_t at = filled.find("PEM"); at != std::string::npos; at = filled.find("PEM", at + pem.size()))
    filled.replace(at, 3, pem);
  const Config config =
      parsed(filled, environment_of({{"A_KEY", "sk-a"}, {"LAB", "sk-lab"}, {"OPENAI_API_KEY", "sk-o"}}));

  REQUIRE(config.listen.size() == 2);
  CHECK(config.listen[0].text() == "[::1]:9000");
  CHECK(config.listen[1].text() == "unix:/run/s.sock");
  CHECK(config.tls_cert_file == pem);
  CHECK(config.tls_key_file == pem);
  CHECK(config.workers == 3);
  CHECK(config.shutdown_grace_ms == 500);
  CHECK(config.pid_file == "/run/s.pid");
  CHECK(config.listen_given);
  CHECK(config.trusted_proxies == std::vector<std::string>{"127.0.0.1/32", "10.0.0.0/8"});

  REQUIRE(config.keys.size() == 2);
  CHECK(config.keys[0].name == "a");
  CHECK(config.keys[0].key == "sk-a");
  CHECK(config.keys[0].models == std::vector<std::string>{"fast", "lab/*"});
  CHECK(config.keys[0].admin);
  CHECK(config.keys[0].limits.requests_per_minute == 600);
  CHECK(config.keys[0].limits.burst == 60);
  CHECK(config.keys[0].limits.tokens_per_minute == 200'000);
  CHECK(config.keys[0].limits.concurrent == 32);
  CHECK(config.keys[0].limits.queue_ms == 2'500);
  CHECK_FALSE(config.keys[1].admin);
  CHECK_FALSE(config.keys[1].limits.any());
  CHECK(config.keys[1].key.empty());
  CHECK(config.keys[1].sha256[0] == 0x9f);
  CHECK(config.keys[1].sha256[31] == 0x08);

  REQUIRE(config.providers.size() == 2);
  const Provider& lab = config.providers[0];
  CHECK(lab.dialects == std::vector<Dialect>{Dialect::openai, Dialect::anthropic});
  CHECK(lab.base_url.text() == "https://lab:8443/x/v1");
  CHECK(lab.path_for(Dialect::openai) == "/x/v1");
  CHECK(lab.path_for(Dialect::anthropic) == "/x");
  CHECK(lab.api_key == "sk-lab");
  CHECK_FALSE(lab.caller_key);
  CHECK(lab.auth == Auth::header);
  CHECK(lab.auth_header == "x-my-key");
  CHECK(lab.headers == std::vector<std::pair<std::string, std::string>>{{"x-team", "a b"}});
  CHECK(lab.ca_file == pem);
  CHECK(lab.cert_file == pem);
  CHECK(lab.key_file == pem);
  CHECK(lab.insecure_skip_verify);
  CHECK(lab.timeouts.connect_ms == 1'000);
  CHECK(lab.timeouts.first_byte_ms == 2'000);
  CHECK(lab.timeouts.response_ms == 0);
  CHECK(lab.timeouts.stream_idle_ms == 1);  // values above 0 never become "no limit"
  CHECK(lab.max_connections == 64);
  CHECK(lab.models == std::vector<std::string>{"m", "n*"});
  CHECK_FALSE(lab.ask_usage);
  CHECK(lab.limits.concurrent == 5);
  CHECK(lab.origin == "sluice.json");
  CHECK(config.provider("openai")->api_key == "sk-o");
  CHECK(config.provider("openai")->origin == "OPENAI_API_KEY");
  CHECK(config.provider("nobody") == nullptr);

  REQUIRE(config.models.size() == 2);
  CHECK(config.models[0].name == "fast");
  CHECK(config.models[0].targets.at(0).provider == "openai");
  CHECK(config.models[0].targets.at(0).model == "gpt-4o-mini");
  CHECK(config.models[1].name == "deep/er");
  CHECK(config.models[1].targets.at(0).provider == "lab");
  CHECK(config.models[1].targets.at(0).model == "a/b");
  CHECK(config.models[1].limits.tokens_per_minute == 9);
  CHECK_FALSE(config.models[0].limits.any());
  CHECK(config.models[1].default_max_tokens == 8000);
  CHECK(config.models[1].strict_translation);
  CHECK_FALSE(config.models[0].strict_translation);
  CHECK(config.models[1].drain_on_disconnect);
  CHECK_FALSE(config.models[0].drain_on_disconnect);
  CHECK(config.models[1].resume_ms == 1'500);
  CHECK(config.models[0].resume_ms == 0);

  CHECK(config.limits.body_bytes == 512u * 1024);
  CHECK(config.limits.header_bytes == 8u * 1024);
  CHECK(config.limits.connections == 10);
  CHECK(config.limits.connections_given);
  CHECK(config.limits.queue == 0);
  CHECK(config.timeouts.head_ms == 1'500);
  CHECK(config.timeouts.body_idle_ms == 2'000);
  CHECK(config.timeouts.keep_alive_ms == 3'000);
  CHECK(config.timeouts.write_stall_ms == 0);
  CHECK(config.log.level == "debug");
  CHECK(config.log.json);
  CHECK_FALSE(config.log.access);
  CHECK(config.log.file == "/var/log/s.log");
}

TEST_CASE("a model's targets and how it chooses among them") {
  const Config config = parsed(R"({"providers": {"demo": {"continues_prefix": true}}, "heartbeat_s": 2.5, "models": {
    "smart": {"targets": [{"model": "demo/a", "weight": 3}, {"model": "demo/b", "concurrent": 7}], "order": "least_busy",
              "fallbacks": ["fast", "demo/c"], "retry": {"attempts": 2, "backoff_ms": 50, "wait_s": 1.5},
              "rescue": "ask", "hedge": {"after_ms": 1500}, "affinity": "header:X-Session-Id",
              "breaker": {"failures": 3, "within_s": 10, "cooldown_s": 40}},
    "fast": "demo/d"}})",
                               {});
  CHECK(config.heartbeat_ms == 2'500);
  CHECK(config.providers[0].continues_prefix);
  const Model& smart = config.models.at(0);
  CHECK(smart.targets == std::vector<TargetRef>{{"demo", "a", 3, 0}, {"demo", "b", 1, 7}});
  CHECK(smart.order == Order::least_busy);
  CHECK(smart.fallbacks == std::vector<std::string>{"fast", "demo/c"});
  CHECK(smart.retry == Retry{2, 50, 1'500});
  CHECK(smart.rescue == Rescue::ask);
  CHECK(smart.hedge == Hedge{1'500});
  CHECK(smart.affinity == Affinity{Affinity::Kind::header, "x-session-id"});
  CHECK(smart.breaker == Breaker{3, 10'000, 40'000, 40'000});
  const Model& fast = config.models.at(1);
  CHECK(fast.targets == std::vector<TargetRef>{{"demo", "d", 1, 0}});
  CHECK(fast.order == Order::weighted);
  CHECK(fast.retry == Retry{4, 200, 5'000});
  CHECK(fast.breaker == Breaker{5, 30'000, 5'000, 30'000});
  CHECK(fast.rescue == Rescue::on);
  CHECK_FALSE(fast.hedge);
  CHECK(parsed(R"({"providers": {"demo": {}}, "models": {"a": {"targets": [{"model": "demo/x"}], "hedge": {}}}})", {})
            .models.at(0)
            .hedge == Hedge{});
  CHECK(fast.affinity == Affinity{});
  CHECK(parsed("{}", {}).heartbeat_ms == 15'000);
}

TEST_CASE("how providers authenticate") {
  struct Row {
    std::string provider;
    Auth auth;
    std::string header, key;
    bool caller;
  };
  const std::vector<Row> rows = {
      {R"("lab": {"base_url": "http://h"})", Auth::none, "", "", false},
      {R"("lab": {"base_url": "http://h", "api_key": "k"})", Auth::bearer, "", "k", false},
      {R"("lab": {"base_url": "http://h", "api_key": "k", "auth": "bearer"})", Auth::bearer, "", "k", false},
      {R"("lab": {"base_url": "http://h", "api_key": "k", "auth": "x-api-key"})", Auth::header, "x-api-key", "k",
       false},
      {R"("lab": {"base_url": "http://h", "api_key": "k", "auth": "x-goog-api-key"})", Auth::header, "x-goog-api-key",
       "k", false},
      {R"("lab": {"base_url": "http://h", "api_key": "k", "auth": "api-key"})", Auth::header, "api-key", "k", false},
      {R"("lab": {"base_url": "http://h", "api_key": "caller"})", Auth::bearer, "", "", true},
      {R"("lab": {"base_url": "http://h", "auth": "none"})", Auth::none, "", "", false},
      {R"("openai": {"api_key": "k"})", Auth::bearer, "", "k", false},
      {R"("openai": {"auth": "none"})", Auth::none, "", "", false},
      {R"("anthropic": {"api_key": "caller"})", Auth::header, "x-api-key", "", true},
      {R"("gemini": {})", Auth::header, "x-goog-api-key", "second", false},
      {R"("ollama": {})", Auth::none, "", "", false},
      {R"("vllm": {"api_key": "k"})", Auth::bearer, "", "k", false},
      {R"("demo": {})", Auth::none, "", "", false}};
  const Environment environment = environment_of({{"GEMINI_API_KEY", ""}, {"GOOGLE_API_KEY", "second"}});
  for (const Row& row : rows) {
    INFO(row.provider);
    const Config config = parsed("{\"providers\": {" + row.provider + "}}", environment);
    REQUIRE(config.providers.size() == 1);
    const Provider& provider = config.providers[0];
    CHECK(provider.auth == row.auth);
    CHECK(provider.auth_header == row.header);
    CHECK(provider.api_key == row.key);
    CHECK(provider.caller_key == row.caller);
  }
}

TEST_CASE("a provider may have several keys, each with its share") {
  const Environment environment = environment_of({{"A", "sk-a"}, {"B", "sk-b"}});
  const Config config =
      parsed(R"({"providers": {"openai": {"api_key": ["${A}", {"key": "${B}", "weight": 2}, "sk-c", "sk-a"]},
                 "anthropic": {"api_key": ["sk-1"]}}})",
             environment);
  const Provider& openai = config.providers[0];
  CHECK(openai.api_key == "sk-a");
  CHECK(openai.api_keys == std::vector<ApiKey>{{"sk-a", 1}, {"sk-b", 2}, {"sk-c", 1}});
  CHECK(openai.key_count() == 3);
  CHECK(config.providers[1].api_key == "sk-1");
  CHECK(config.providers[1].api_keys.empty());
  CHECK(config.providers[1].key_at(0) == "sk-1");
  const auto twice = std::find_if(config.warnings.begin(), config.warnings.end(), [](const std::string& warning) {
    return warning.find("providers.openai.api_key[3] is the same key as providers.openai.api_key[0]") != warning.npos;
  });
  CHECK(twice != config.warnings.end());
}

TEST_CASE("presets may be changed in part") {
  const Config config = parsed(R"({"providers": {
    "ollama": {"base_url": "http://gpu:11434", "models": ["a"]},
    "vllm": {"dialect": "anthropic"},
    "deepseek": {"base_url": "https://proxy/deepseek/v1", "api_key": "k"},
    "mistral": {"api_key": "k", "usage": "ask"}}})");
  const Provider& ollama = *config.provider("ollama");
  CHECK(ollama.base_url.text() == "http://gpu:11434");
  CHECK(ollama.dialects.front() == Dialect::ollama);
  CHECK(ollama.path_for(Dialect::ollama) == "");
  CHECK(ollama.path_for(Dialect::openai) == "/v1");
  const Provider& vllm = *config.provider("vllm");
  CHECK(vllm.dialects == std::vector<Dialect>{Dialect::anthropic});
  CHECK(vllm.path_for(Dialect::anthropic) == "");  // the preset's base URL is an openai one
  CHECK(config.provider("deepseek")->path_for(Dialect::anthropic) == "/deepseek");
  CHECK(config.provider("mistral")->ask_usage);
}

TEST_CASE("limits of numbers, at their edges") {
  CHECK(parsed(R"({"workers": 256})").workers == 256);
  CHECK(parsed(R"({"workers": 2.0})").workers == 2);
  CHECK(parsed(R"({"shutdown_grace_s": 604800})").shutdown_grace_ms == 604'800'000);
  CHECK(parsed(R"({"limits": {"body_mb": 4096, "header_kb": 1024}})").limits.body_bytes == 4096ull << 20);
  CHECK(parsed(R"({"limits": {"connections": 1000000, "queue": 1000000}})").limits.queue == 1'000'000);
  CHECK(parsed(R"({"providers": {"demo": {"max_connections": 65535}}})").providers[0].max_connections == 65'535);
}

TEST_CASE("empty file names are as good as none") {
  const Config config = parsed(
      R"({"tls": {"cert_file": "", "key_file": ""},
          "providers": {"demo": {"ca_file": "", "cert_file": "", "key_file": ""}}})");
  CHECK(config.tls_cert_file.empty());
  CHECK(config.providers[0].cert_file.empty());
}

}  // namespace
}  // namespace sluice::config
