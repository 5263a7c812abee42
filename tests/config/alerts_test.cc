// The "alerts" of sluice.json: where they are sent, and that error messages about them do not contain the secret part.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/support.h"

namespace sluice::config {
namespace {

using test::environment_of;
using test::problems_of;

Config parsed(const std::string& alerts, const Environment& environment = environment_of({})) {
  const auto config = parse(R"({"alerts": )" + alerts + "}", "sluice.json", environment);
  REQUIRE(config);
  return *config;
}

std::string problem_of(const std::string& alerts, const Environment& environment = environment_of({})) {
  const std::vector<std::string> problems = problems_of(R"({"alerts": )" + alerts + "}", environment);
  return problems.size() == 1 ? problems[0] : std::to_string(problems.size()) + " problems";
}

TEST_CASE("alerts go to the log only, unless told otherwise") {
  for (const char* const text : {"{}", R"({"webhook": "", "sentry_dsn": ""})"}) {
    const AlertSettings alerts = parsed(text).alerts;
    CHECK_FALSE(alerts.sentry);
    CHECK_FALSE(alerts.webhook);
    CHECK(alerts.after_failures == 5);
    CHECK(alerts.within_ms == 300'000);
    CHECK(alerts.secrets.empty());
  }
  const AlertSettings alerts = parsed(R"({"after_failures": 0, "within_s": 0.5})").alerts;
  CHECK(alerts.after_failures == 0);
  CHECK(alerts.within_ms == 500);
}

TEST_CASE("a webhook is asked for with the path and the query that it has") {
  struct Row {
    std::string url, authority, path;
    bool tls;
  };
  const std::vector<Row> rows = {
      {"https://hooks.example.com/services/T0/B0/token", "hooks.example.com", "/services/T0/B0/token", true},
      {"https://hooks.example.com/a/?key=1&token=a%2Fb?", "hooks.example.com", "/a/?key=1&token=a%2Fb?", true},
      {"http://127.0.0.1:9000", "127.0.0.1:9000", "/", false},
      {"http://[::1]:9000?x=http://y/", "[::1]:9000", "/?x=http://y/", false},
  };
  for (const Row& row : rows) {
    INFO(row.url);
    const Config config = parsed(R"({"webhook": "${HOOK}"})", environment_of({{"HOOK", row.url}}));
    REQUIRE(config.alerts.webhook);
    CHECK(config.alerts.webhook->url.authority() == row.authority);
    CHECK(config.alerts.webhook->url.tls == row.tls);
    CHECK(config.alerts.webhook->path == row.path);
    CHECK(config.alerts.secrets == std::vector<std::string>{row.url, row.path});
    CHECK(config.warnings.empty());
  }
}

TEST_CASE("a DSN says where its project's envelopes go") {
  struct Row {
    std::string dsn, authority, path, key;
  };
  const std::vector<Row> rows = {
      {"https://abc123@o1.ingest.sentry.io/42", "o1.ingest.sentry.io", "/api/42/envelope/", "abc123"},
      {"https://abc:old@sentry.example.com:9000/sub/path/7", "sentry.example.com:9000", "/sub/path/api/7/envelope/",
       "abc"},
      {"http://k@[::1]:9/1/", "[::1]:9", "/api/1/envelope/", "k"},
  };
  for (const Row& row : rows) {
    INFO(row.dsn);
    const AlertSettings alerts = parsed(R"({"sentry_dsn": "${DSN}"})", environment_of({{"DSN", row.dsn}})).alerts;
    REQUIRE(alerts.sentry);
    CHECK(alerts.sentry->url.authority() == row.authority);
    CHECK(alerts.sentry->path == row.path);
    CHECK(alerts.sentry->key == row.key);
    CHECK(alerts.secrets == std::vector<std::string>{row.dsn, row.path, row.key});
  }
}

TEST_CASE("what is wrong with alerts is said without their secrets") {
  struct Row {
    std::string field, value, said;
  };
  const std::vector<Row> rows = {
      {"webhook", "hooks.example.com/planted", "it does not begin with http:// or https://"},
      {"webhook", "demo:", "it does not begin with http:// or https://"},
      {"webhook", "https://planted@hooks.example.com/", "a user or password in the URL is not supported"},
      {"webhook", "https://hooks.example.com/#planted", "a webhook URL may not have a fragment"},
      {"webhook", "https://hooks.example.com/\"planted", "the path holds a character that must be percent-encoded"},
      {"sentry_dsn", "planted", "a DSN has the form https://KEY@HOST/PROJECT"},
      {"sentry_dsn", "https://o1.ingest.sentry.io/42/planted", "a DSN has the form https://KEY@HOST/PROJECT"},
      {"sentry_dsn", "x@planted://", "a DSN has the form https://KEY@HOST/PROJECT"},
      {"sentry_dsn", "https://@planted/42", "the key before the @ is not made of letters and digits"},
      {"sentry_dsn", "https://plan%ted@h/42", "the key before the @ is not made of letters and digits"},
      {"sentry_dsn", "https://planted@h/", "it does not end with the number of a project"},
      {"sentry_dsn", "https://planted@h/4x", "it does not end with the number of a project"},
      {"sentry_dsn", "https://planted@h/4?a", "a base URL may not have a query"},
  };
  for (const Row& row : rows) {
    INFO(row.value);
    const std::string said = problem_of(R"({")" + row.field + R"(": "${X}"})", environment_of({{"X", row.value}}));
    INFO(said);
    CHECK(said.starts_with("sluice.json:1:"));
    CHECK(said.find("alerts." + row.field + ": " + row.said) != std::string::npos);
    CHECK(said.find("plan") == std::string::npos);
  }
  CHECK(problem_of(R"({"webhook": "${HOOK}"})").find("the variable HOOK is not set") != std::string::npos);
  CHECK(problem_of(R"({"webhook": 3})").find("alerts.webhook: found a number") != std::string::npos);
  CHECK(problem_of(R"({"within_s": 0})").find("alerts.within_s: found 0") != std::string::npos);
  CHECK(problem_of(R"({"after_failures": 1001})").find("alerts.after_failures: found 1001") != std::string::npos);
  CHECK(problem_of(R"({"after": 1})").find("alerts.after: unknown field") != std::string::npos);
}

TEST_CASE("a warning says when alerts are sent unencrypted, to other machines") {
  const std::vector<std::string> warnings = parsed(R"({"webhook": "${X}", "sentry_dsn": "http://k@127.0.0.1/1"})",
                                                   environment_of({{"X", "http://hooks.example.com/planted"}}))
                                                .warnings;
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0] == "alerts.webhook: it is sent unencrypted, over http://");
}

}  // namespace
}  // namespace sluice::config
