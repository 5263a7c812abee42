// Flags and variables that override the file, and checks of the whole configuration.
#include "config/overrides.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/support.h"
#include "config/validate.h"

namespace sluice::config {
namespace {

using test::environment_of;
using Lines = std::vector<std::string>;

Config file_config(
    std::string_view text =
        R"({"listen": "127.0.0.1:1", "workers": 1, "pid_file": "/run/one.pid", "log": {"level": "warn", "format": "json"}})") {
  const auto config = parse(text, "sluice.json", environment_of({}));
  REQUIRE(config);
  return *config;
}

Lines described(const std::vector<Problem>& problems) {
  Lines lines;
  for (const Problem& problem : problems) lines.push_back(describe(problem));
  return lines;
}

TEST_CASE("flag, then variable, then file, then default") {
  const Environment variables = environment_of({{"SLUICE_LISTEN", "127.0.0.1:2,unix:/s"},
                                                {"SLUICE_WORKERS", "2"},
                                                {"SLUICE_LOG_LEVEL", "debug"},
                                                {"SLUICE_LOG_FORMAT", "text"},
                                                {"SLUICE_PID_FILE", "/run/two.pid"}});
  const Environment empty_ones = environment_of({{"SLUICE_LISTEN", ""},
                                                 {"SLUICE_WORKERS", ""},
                                                 {"SLUICE_LOG_LEVEL", ""},
                                                 {"SLUICE_LOG_FORMAT", ""},
                                                 {"SLUICE_PID_FILE", ""}});
  Overrides flags;
  flags.listen = {"127.0.0.1:3", "[::1]:3,localhost:4"};
  flags.workers = "3";
  flags.log_level = "trace";
  flags.log_format = "json";
  flags.pid_file = "/run/three.pid";

  for (const Environment& nothing : {environment_of({}), empty_ones}) {
    Config config = file_config();
    CHECK(apply_overrides(config, {}, nothing).empty());
    REQUIRE(config.listen.size() == 1);
    CHECK(config.listen[0].text() == "127.0.0.1:1");
    CHECK(config.workers == 1);
    CHECK(config.log.level == "warn");
    CHECK(config.log.json);
    CHECK(config.pid_file == "/run/one.pid");
  }
  Config by_variable = file_config();
  CHECK(apply_overrides(by_variable, {}, variables).empty());
  REQUIRE(by_variable.listen.size() == 2);
  CHECK(by_variable.listen[0].text() == "127.0.0.1:2");
  CHECK(by_variable.listen[1].text() == "unix:/s");
  CHECK(by_variable.workers == 2);
  CHECK(by_variable.log.level == "debug");
  CHECK_FALSE(by_variable.log.json);
  CHECK(by_variable.pid_file == "/run/two.pid");

  Config by_flag = file_config();
  CHECK(apply_overrides(by_flag, flags, variables).empty());
  REQUIRE(by_flag.listen.size() == 3);
  CHECK(by_flag.listen[2].text() == "localhost:4");
  CHECK(by_flag.workers == 3);
  CHECK(by_flag.log.level == "trace");
  CHECK(by_flag.log.json);
  CHECK(by_flag.pid_file == "/run/three.pid");
}

TEST_CASE("wrong flags and variables are told by their names, all at once, and change nothing") {
  const Environment variables = environment_of({{"SLUICE_LISTEN", "nowhere"},
                                                {"SLUICE_WORKERS", "257"},
                                                {"SLUICE_LOG_LEVEL", "wran"},
                                                {"SLUICE_LOG_FORMAT", "xml"}});
  Overrides flags;
  flags.listen = {"127.0.0.1:1,", "x:1"};
  flags.workers = "two";
  flags.log_level = "";
  const std::string forms =
      "(allowed: 127.0.0.1:8000, [::1]:8000, localhost:8000, :8000 (all IPv4 interfaces), [::]:8000 (all interfaces) "
      "or unix:/path)";
  const std::string levels = "(allowed: trace, debug, info, warn, error)";
  Config config = file_config();
  CHECK(described(apply_overrides(config, flags, variables)) ==
        Lines{"SLUICE_LISTEN: found \"nowhere\": the port is missing " + forms,
              "SLUICE_WORKERS: found \"257\" (allowed: a whole number from 0 to 256)",
              "SLUICE_LOG_LEVEL: found \"wran\"; did you mean warn? " + levels,
              "SLUICE_LOG_FORMAT: found \"xml\" (allowed: text, json)",
              "--listen: found \"\": the port is missing " + forms,
              "--listen: found \"x:1\": the host is neither an IP address nor localhost " + forms,
              "--workers: found \"two\" (allowed: a whole number from 0 to 256)", "--log-level: found \"\" " + levels});
  CHECK(config.workers == 1);
  CHECK(config.log.level == "warn");
  CHECK(config.log.json);
}

TEST_CASE("the number of workers, at its edges") {
  const std::vector<std::pair<std::string, bool>> rows = {{"0", true},   {"256", true},         {"257", false},
                                                          {"-1", false}, {"+1", false},         {"1.0", false},
                                                          {" 1", false}, {"99999999999", false}};
  for (const auto& [text, right] : rows) {
    INFO(text);
    Config config = file_config();
    Overrides flags;
    flags.workers = text;
    CHECK(apply_overrides(config, flags, environment_of({})).empty() == right);
  }
}

TEST_CASE("an address that others can reach needs keys") {
  const std::string key = R"("keys": [{"name": "a", "key": "k"}])";
  struct Row {
    std::string text;
    bool starts;
  };
  const std::vector<Row> rows = {{R"({})", true},
                                 {R"({"listen": "unix:/s"})", true},
                                 {R"({"listen": ["localhost:1", "[::1]:1", "127.5.5.5:1"]})", true},
                                 {R"({"listen": ":1"})", false},
                                 {R"({"listen": "[::]:1"})", false},
                                 {R"({"listen": "10.0.0.1:1"})", false},
                                 {R"({"listen": ["127.0.0.1:1", "0.0.0.0:1", "10.0.0.1:1"]})", false},
                                 {R"({"listen": "0.0.0.0:1", )" + key + "}", true}};
  for (const Row& row : rows) {
    INFO(row.text);
    Config config = file_config(row.text);
    CHECK(validate(config).size() == (row.starts ? 0 : 1));
  }
  Config config = file_config(R"({"listen": ":8000"})");
  CHECK(described(validate(config)) ==
        Lines{"sluice.json: listen: 0.0.0.0:8000 is reachable from other machines and no key is required: anyone who "
              "finds it can use your providers. Add to sluice.json the line\n"
              "  \"keys\": [{\"name\": \"me\", \"key\": \"${SLUICE_KEY}\"}],\n"
              "and set the variable:\n"
              "  export SLUICE_KEY=$(openssl rand -hex 24)\n"
              "or listen on 127.0.0.1:8000 only"});
  // The suggested line works.
  const auto fixed = parse("{\n  \"keys\": [{\"name\": \"me\", \"key\": \"${SLUICE_KEY}\"}],\n  \"listen\": \":8000\"}",
                           "sluice.json", environment_of({{"SLUICE_KEY", "00ff"}}));
  REQUIRE(fixed);
  Config checked = *fixed;
  CHECK(validate(checked).empty());
  config.file.clear();
  CHECK(describe(validate(config).at(0)).starts_with("listen: 0.0.0.0:8000 is reachable"));
}

TEST_CASE("models of providers that were not found") {
  Config config = file_config(R"({"models": {"fast": "opnai/x", "b": "openai/y"}})");
  Provider provider;
  provider.name = "openai";
  config.providers.push_back(provider);
  CHECK(described(validate(config)) ==
        Lines{"sluice.json: models.fast: no provider is called opnai; did you mean openai? (known: openai)"});
}

TEST_CASE("what works but should be known makes a warning") {
  const std::vector<std::pair<std::string, Lines>> rows = {
      {R"("lab": {"base_url": "https://h/v1", "insecure_skip_verify": true})",
       {"providers.lab: its certificate is not verified (insecure_skip_verify)"}},
      {R"("lab": {"base_url": "http://h/v1", "api_key": "k"})",
       {"providers.lab: its key is sent unencrypted, over http://"}},
      {R"("lab": {"base_url": "http://h/v1", "api_key": "caller"})",
       {"providers.lab: its key is sent unencrypted, over http://"}},
      {R"("lab": {"base_url": "http://127.0.0.1/v1", "api_key": "k"})", {}},
      {R"("lab": {"base_url": "http://h/v1"})", {}},
      {R"("lab": {"base_url": "https://h/v1", "api_key": "k"})", {}},
      {R"("lab": {"base_url": "https://h/v1", "dialect": "anthropic"})",
       {"providers.lab.base_url: anthropic paths bring their own version (/v1 is put before it); leave it out"}},
      {R"("lab": {"base_url": "https://h/v1beta", "dialect": "gemini"})",
       {"providers.lab.base_url: gemini paths bring their own version (/v1beta is put before it); leave it out"}},
      {R"("lab": {"base_url": "https://h/v1", "dialect": ["openai", "anthropic"]})", {}},
      {R"("lab": {"base_url": "https://h"})",
       {"providers.lab.base_url: has no path, and sluice will ask for https://h/chat/completions; most want "
        "https://h/v1"}},
      {R"("lab": {"base_url": "https://h", "dialect": "anthropic"})", {}},
      {R"("lab": {"base_url": "https://h/v1/chat/completions"})",
       {"providers.lab.base_url: /chat/completions is added by sluice; leave it out"}},
      {R"("lab": {"base_url": "https://h/v1/messages", "dialect": "anthropic"})",
       {"providers.lab.base_url: /messages is added by sluice; leave it out"}},
      {R"("perplexity": {"api_key": "k"})", {}},
      {R"("demo": {})", {}}};
  for (const auto& [provider, warnings] : rows) {
    INFO(provider);
    Config config = file_config("{\"providers\": {" + provider + "}}");
    CHECK(validate(config).empty());
    CHECK(config.warnings == warnings);
  }
}

}  // namespace
}  // namespace sluice::config
