// The problems found in invalid files: exact, all in one run, and never with a secret.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/support.h"

namespace sluice::config {
namespace {

using test::environment_of;
using test::problems_of;
using Lines = std::vector<std::string>;

// A file with one problem, and the problem's text without "sluice.json:".
struct Row {
  std::string text, problem;
};

void check(const std::vector<Row>& rows, const Environment& environment = environment_of({})) {
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(problems_of(row.text, environment) == Lines{"sluice.json:" + row.problem});
  }
}

TEST_CASE("unknown fields name the nearest known one") {
  check({
      {R"({"lisen": 1})",
       "1:2: lisen: unknown field; did you mean listen? (known: listen, tls, workers, shutdown_grace_s, "
       "pid_file, trusted_proxies, hosts, cors, keys, "
       "providers, models, limits, timeouts, heartbeat_s, log, alerts, metrics)"},
      {R"({"tls": {"certfile": ""}})",
       "1:10: tls.certfile: unknown field; did you mean cert_file? (known: cert_file, key_file)"},
      {R"({"log": {"Level": "info"}})",
       "1:10: log.Level: unknown field; did you mean level? (known: level, format, access, file)"},
      {R"({"providers": {"lab": {"base_url": "http://h", "retry": 1}}})",
       "1:48: providers.lab.retry: unknown field (known: dialect, base_url, api_key, auth, headers, ca_file, "
       "cert_file, key_file, "
       "insecure_skip_verify, timeouts, probe_s, resume_s, max_connections, models, usage, limits, proxy, "
       "continues_prefix, "
       "facts)"},
      {R"({"providers": {"lab": {"base_url": "http://h", "timeouts": {"connect": 1}}}})",
       "1:61: providers.lab.timeouts.connect: unknown field; did you mean connect_s? (known: connect_s, first_byte_s, "
       "response_s, "
       "stream_idle_s)"},
      {R"({"keys": [{"name": "a", "key": "k", "budget": {}}]})",
       "1:37: keys[0].budget: unknown field (known: name, key, sha256, expires, models, limits, admin, manage)"},
      {R"({"models": {"a": {"targets": [{"model": "p/m", "wait": 3}]}}})",
       "1:48: models.a.targets[0].wait: unknown field (known: model, weight, concurrent)"},
      {R"({"models": {"a.b": {"targets": [{"model": "p/m"}], "oder": "listed"}}})",
       "1:52: models.\"a.b\".oder: unknown field; did you mean order? (known: targets, order, fallbacks, retry, "
       "rescue, "
       "hedge, breaker, affinity, limits, defaults, strict_translation, drain_on_disconnect, resume_s)"},
  });
}

TEST_CASE("wrong types and numbers out of range") {
  check({
      {"[]", "1:1: found a list (allowed: an object)"},
      {"{\"workers\":\n \"4\"}", "2:2: workers: found \"4\" (allowed: a whole number from 0 to 256)"},
      {R"({"workers": 257})", "1:13: workers: found 257 (allowed: a whole number from 0 to 256)"},
      {R"({"workers": -1})", "1:13: workers: found -1 (allowed: a whole number from 0 to 256)"},
      {R"({"workers": 1.5})", "1:13: workers: found 1.5 (allowed: a whole number from 0 to 256)"},
      {R"({"workers": null})", "1:13: workers: found null (allowed: a whole number from 0 to 256)"},
      {R"({"shutdown_grace_s": -0.1})", "1:22: shutdown_grace_s: found -0.1 (allowed: seconds from 0 to 604800)"},
      {R"({"shutdown_grace_s": 604800.5})",
       "1:22: shutdown_grace_s: found 604800.5 (allowed: seconds from 0 to 604800)"},
      {R"({"limits": {"body_mb": 0}})", "1:24: limits.body_mb: found 0 (allowed: a number above 0, up to 4096)"},
      {R"({"limits": {"body_mb": 4096.5}})",
       "1:24: limits.body_mb: found 4096.5 (allowed: a number above 0, up to 4096)"},
      {R"({"limits": {"header_kb": 0}})", "1:26: limits.header_kb: found 0 (allowed: a whole number from 1 to 1024)"},
      {R"({"limits": {"connections": 1000001}})",
       "1:28: limits.connections: found 1000001 (allowed: a whole number from 1 to 1000000)"},
      {R"({"limits": {"queue": 1e300}})",
       "1:22: limits.queue: found 1e+300 (allowed: a whole number from 0 to 1000000)"},
      {R"({"timeouts": {"head_s": true}})", "1:25: timeouts.head_s: found true (allowed: seconds from 0 to 604800)"},
      {R"({"limits": []})", "1:12: limits: found a list (allowed: an object)"},
      {R"({"log": {"access": "yes"}})", "1:20: log.access: found \"yes\" (allowed: true or false)"},
      {R"({"log": {"level": "wran"}})",
       "1:19: log.level: found \"wran\"; did you mean warn? (allowed: trace, debug, info, warn, error)"},
      {R"({"log": {"format": "xml"}})", "1:20: log.format: found \"xml\" (allowed: text, json)"},
      {R"({"providers": []})", "1:15: providers: found a list (allowed: an object of names and their providers)"},
      {R"({"providers": {"demo": "x"}})", "1:24: providers.demo: found a string (allowed: an object)"},
      {R"({"providers": {"demo": {"max_connections": 65536}}})",
       "1:44: providers.demo.max_connections: found 65536 (allowed: a whole number from 0 to 65535)"},
      {R"({"providers": {"demo": {"models": "m"}}})",
       "1:35: providers.demo.models: found \"m\" (allowed: a list of strings)"},
      {R"({"providers": {"demo": {"models": ["m", 5]}}})",
       "1:41: providers.demo.models[1]: found 5 (allowed: a string)"},
      {R"({"providers": {"demo": {"usage": "no"}}})", "1:34: providers.demo.usage: found \"no\" (allowed: ask, leave)"},
      {R"({"models": "x"})", "1:12: models: found a string (allowed: an object of names and their targets)"},
      {R"({"keys": [{"name": "a", "key": "k", "limits": 5}]})",
       "1:47: keys[0].limits: found a number (allowed: an object)"},
      {R"({"keys": [{"name": "a", "key": "k", "admin": 1}]})", "1:46: keys[0].admin: found 1 (allowed: true or false)"},
      {R"({"keys": [{"name": "a", "key": "k", "limits": {"request_per_minute": 5}}]})",
       "1:48: keys[0].limits.request_per_minute: unknown field; did you mean requests_per_minute? (known: "
       "requests_per_minute, burst, tokens_per_minute, concurrent, queue_s)"},
      {R"({"providers": {"demo": {"limits": {"requests_per_minute": 100000001}}}})",
       "1:59: providers.demo.limits.requests_per_minute: found 100000001 (allowed: a whole number from 0 to "
       "100000000)"},
      {R"({"providers": {"demo": {"limits": {"tokens_per_minute": -1}}}})",
       "1:57: providers.demo.limits.tokens_per_minute: found -1 (allowed: a whole number from 0 to 1000000000)"},
      {R"({"providers": {"demo": {"limits": {"burst": 5, "concurrent": 1}}}})",
       "1:45: providers.demo.limits.burst: needs requests_per_minute, which is missing"},
      {R"({"models": {"a": {"targets": [{"model": "p/m"}], "limits": {"concurrent": 0.5}}}})",
       "1:75: models.a.limits.concurrent: found 0.5 (allowed: a whole number from 0 to 1000000)"},
      {R"({"models": {"a": {"targets": [{"model": "p/m"}], "limits": {"queue_s": 5}}}})",
       "1:72: models.a.limits.queue_s: is given, but there is no limit to wait for (allowed: with "
       "requests_per_minute, tokens_per_minute or concurrent)"},
      {R"({"keys": {}})", "1:10: keys: found an object (allowed: a list of objects)"},
  });
}

TEST_CASE("addresses, networks and URLs") {
  const std::string forms =
      "(allowed: 127.0.0.1:8000, [::1]:8000, localhost:8000, :8000 (all IPv4 interfaces), [::]:8000 (all interfaces) "
      "or unix:/path)";
  const std::string urls = "(allowed: http://host[:port][/path], https://host[:port][/path] or demo:)";
  check({
      {R"({"listen": "8000"})", "1:12: listen: found \"8000\": the port is missing " + forms},
      {R"({"listen": ["127.0.0.1:1", "x:1"]})",
       "1:28: listen[1]: found \"x:1\": the host is neither an IP address nor localhost " + forms},
      {R"({"listen": []})", "1:12: listen: found an empty list (allowed: one address or more)"},
      {R"({"listen": 8000})", "1:12: listen: found 8000 (allowed: a string or a list of strings)"},
      {R"({"listen": ["127.0.0.1:1", "127.0.0.1:1"]})",
       "1:28: listen[1]: found \"127.0.0.1:1\", which is listed twice"},
      {R"({"trusted_proxies": ["10.0.0.0/33"]})",
       "1:22: trusted_proxies[0]: found \"10.0.0.0/33\": the prefix length is not a number from 0 to 32 (allowed: an "
       "address or a "
       "network, as 10.0.0.1, 10.0.0.0/8 or fd00::/8)"},
      {R"({"providers": {"lab": {"base_url": "lab:80"}}})",
       "1:36: providers.lab.base_url: found \"lab:80\": it does not begin with http:// or https:// " + urls},
      {R"({"providers": {"lab": {"base_url": "https://u:secret@h"}}})",
       "1:36: providers.lab.base_url: a user or password in the URL is not supported; use api_key or headers " + urls},
      {R"({"providers": {"lab": {"base_url": "https://h?key=secret"}}})",
       "1:36: providers.lab.base_url: a base URL may not have a query " + urls},
      {R"({"providers": {"lab": {"base_url": 5}}})", "1:36: providers.lab.base_url: found 5 " + urls},
  });
}

TEST_CASE("providers") {
  const std::string presets_text =
      "openai, anthropic, gemini, mistral, deepseek, xai, cohere, moonshot, zai, dashscope, minimax, perplexity, ai21, "
      "upstage, "
      "inception, openrouter, groq, together, fireworks, cerebras, sambanova, nvidia, deepinfra, nebius, novita, "
      "hyperbolic, "
      "siliconflow, huggingface, github, vercel, ollama, lmstudio, vllm, llamacpp, demo";
  const std::string auths = "(allowed: bearer, x-api-key, x-goog-api-key, api-key, none or header:NAME)";
  check(
      {
          {R"({"providers": {"opnai": {}}})",
           "1:16: providers.opnai: no preset has this name, and a provider of your own needs base_url; did you mean "
           "openai? (presets: " +
               presets_text + ")"},
          {R"({"providers": {"a/b": {"base_url": "http://h"}}})",
           "1:16: providers.\"a/b\": is not a name for a provider (allowed: up to 64 letters, digits, '-', '_' and "
           "'.', but not '.' or '..')"},
          {R"({"providers": {"..": {"base_url": "http://h"}}})",
           "1:16: providers.\"..\": is not a name for a provider (allowed: up to 64 letters, digits, '-', '_' and "
           "'.', but not '.' or '..')"},
          {R"({"providers": {"openai": {}}})",
           "1:16: providers.openai.api_key: is missing, and the variable OPENAI_API_KEY is not set (allowed: set the "
           "variable, or give "
           "api_key, or \"auth\": \"none\")"},
          {R"({"providers": {"gemini": {}}})",
           "1:16: providers.gemini.api_key: is missing, and the variable GEMINI_API_KEY or GOOGLE_API_KEY is not set "
           "(allowed: set the "
           "variable, or give api_key, or \"auth\": \"none\")"},
          {R"({"providers": {"mistral": {}}})",
           "1:16: providers.mistral.api_key: the variable MISTRAL_API_KEY holds a blank"},
          {R"({"providers": {"lab": {"base_url": "http://h", "dialect": "opnai"}}})",
           "1:59: providers.lab.dialect: found \"opnai\"; did you mean openai? (allowed: openai, responses, anthropic, "
           "gemini, ollama)"},
          {R"({"providers": {"lab": {"base_url": "http://h", "dialect": []}}})",
           "1:59: providers.lab.dialect: found an empty list (allowed: openai, responses, anthropic, gemini, ollama)"},
          {R"({"providers": {"lab": {"base_url": "http://h", "dialect": ["openai", "openai"]}}})",
           "1:70: providers.lab.dialect[1]: found \"openai\", which is listed twice"},
          {R"({"providers": {"lab": {"base_url": "http://h", "auth": "baerer", "api_key": "k"}}})",
           "1:56: providers.lab.auth: found \"baerer\"; did you mean bearer? " + auths},
          {R"({"providers": {"lab": {"base_url": "http://h", "auth": "bearer"}}})",
           "1:56: providers.lab.auth: needs api_key, which is missing"},
          {R"({"providers": {"lab": {"base_url": "http://h", "auth": "none", "api_key": "secret"}}})",
           "1:75: providers.lab.api_key: is given, but auth is none (allowed: one of the two)"},
          {R"({"providers": {"lab": {"base_url": "http://h", "resume_s": 3601}}})",
           "1:60: providers.lab.resume_s: found 3601 (allowed: seconds from 0 to 3600)"},
          {R"({"providers": {"lab": {"base_url": "http://h", "probe_s": 0.5}}})",
           "1:59: providers.lab.probe_s: is too frequent (allowed: 0, or seconds from 1 to 3600)"},
          {R"({"providers": {"lab": {"base_url": "http://h", "probe_s": 5, "api_key": "caller"}}})",
           "1:59: providers.lab.probe_s: needs a key of sluice's own, and api_key is \"caller\""},
          {R"({"providers": {"lab": {"base_url": "http://h", "api_key": []}}})",
           "1:59: providers.lab.api_key: found an empty list (allowed: a key, or a list of up to 64 of them)"},
          {R"({"providers": {"lab": {"base_url": "http://h", "api_key": ["a", "caller"]}}})",
           "1:65: providers.lab.api_key[1]: found \"caller\" (allowed: \"caller\" alone, in place of the list)"},
          {R"({"providers": {"lab": {"base_url": "http://h", "api_key": ["a", {"weight": 1}]}}})",
           "1:65: providers.lab.api_key[1]: has no key (allowed: {\"key\": a secret, \"weight\": 1} or the secret "
           "itself)"},
          {R"({"providers": {"lab": {"base_url": "http://h", "auth": "header:a b", "api_key": "k"}}})",
           "1:56: providers.lab.auth: found \"header:a b\", which does not name a header field that can carry a key "
           "(allowed: "
           "header:NAME, as header:x-my-key)"},
          {R"({"providers": {"lab": {"base_url": "http://h", "auth": "header:Host", "api_key": "k"}}})",
           "1:56: providers.lab.auth: found \"header:Host\", which does not name a header field that can carry a key "
           "(allowed: "
           "header:NAME, as header:x-my-key)"},
          {R"({"providers": {"demo": {"headers": {"a b": "c"}}}})",
           "1:37: providers.demo.headers.\"a b\": is not the name of a header field"},
          {R"({"providers": {"demo": {"headers": {"Content-Length": "c"}}}})",
           "1:37: providers.demo.headers.Content-Length: is a field that sluice writes itself"},
          {R"({"providers": {"demo": {"headers": {"a": "b", "A": "b"}}}})",
           "1:47: providers.demo.headers.A: is listed twice; upper and lower case are the same"},
          {R"({"providers": {"xai": {"api_key": "k", "headers": {"Authorization": "Bearer secret"}}}})",
           "1:52: providers.xai.headers.Authorization: is the field that carries api_key (allowed: another name, or "
           "\"auth\": \"none\")"},
          {R"({"providers": {"demo": {"headers": "secret"}}})",
           "1:36: providers.demo.headers: found a string (allowed: an object of names and values)"},
          {R"({"providers": {"demo": {"models": [""]}}})", "1:36: providers.demo.models[0]: a model's name is empty"},
          {R"({"providers": {"demo": {"ca_file": "/nowhere/ca.pem"}}})",
           "1:36: providers.demo.ca_file: found \"/nowhere/ca.pem\", which cannot be read: No such file or directory "
           "(allowed: a file "
           "that sluice may read)"},
      },
      environment_of({{"MISTRAL_API_KEY", "two words"}}));
}

TEST_CASE("certificates come with their keys") {
  const test::Folder folder;
  const std::string pem = folder.write("a.pem", "x");
  check({
      {"{\"tls\": {\"cert_file\": \"" + pem + "\"}}",
       "1:9: tls.key_file: is missing (allowed: cert_file and key_file, both or none)"},
      {"{\"tls\": {\"key_file\": \"" + pem + "\"}}",
       "1:9: tls.cert_file: is missing (allowed: cert_file and key_file, both or none)"},
      {"{\"providers\": {\"demo\": {\"cert_file\": \"" + pem + "\"}}}",
       "1:16: providers.demo.key_file: is missing (allowed: cert_file and key_file, both or none)"},
  });
}

TEST_CASE("callers' keys") {
  const std::string digest(64, 'a');
  check({
      {R"({"keys": [{"name": "a"}]})", "1:11: keys[0]: has neither key nor sha256 (allowed: exactly one of them)"},
      {R"({"keys": [{"name": "a", "key": "secret", "sha256": ")" + digest + R"("}]})",
       "1:11: keys[0]: has both key and sha256 (allowed: exactly one of them)"},
      {R"({"keys": [{"key": "secret"}]})",
       "1:11: keys[0].name: is missing (allowed: a name for this key, for records and metrics)"},
      {R"({"keys": [{"name": "", "key": "secret"}]})",
       "1:20: keys[0].name: is empty (allowed: a name for this key, for records and metrics)"},
      {R"({"keys": [{"name": ")" + std::string(65, 'n') + R"(", "key": "secret"}]})",
       "1:20: keys[0].name: is longer than 64 bytes or holds control characters (allowed: a name for this key, for "
       "records and "
       "metrics)"},
      {R"({"keys": [{"name": "a", "key": "secret1"}, {"name": "a", "key": "secret2"}]})",
       "1:53: keys[1].name: the name a is listed twice"},
      {R"({"keys": [{"name": "a", "key": "secret"}, {"name": "b", "key": "secret"}]})",
       "1:43: keys[1].key: is the same as that of a"},
      {R"({"keys": [{"name": "a", "sha256": ")" + digest + R"("}, {"name": "b", "sha256": ")" + digest + R"("}]})",
       "1:104: keys[1].sha256: is the same as that of a"},
      {R"({"keys": [{"name": "a", "sha256": "secret"}]})",
       "1:35: keys[0].sha256: is not a SHA-256 digest (allowed: 64 hexadecimal digits)"},
      {R"({"keys": [{"name": "a", "sha256": ")" + std::string(63, 'a') + R"(g"}]})",
       "1:35: keys[0].sha256: is not a SHA-256 digest (allowed: 64 hexadecimal digits)"},
      {R"({"keys": [{"name": "a", "key": 5}]})",
       "1:32: keys[0].key: found a number (allowed: \"${VARIABLE}\", {\"file\": \"/path\"} or the value itself)"},
      {R"({"keys": [{"name": "a", "key": "secret", "models": []}]})",
       "1:52: keys[0].models: found an empty list (allowed: one name or more; leave it out to allow all)"},
      {R"({"keys": [{"name": "a", "key": "secret", "models": ["*/x"]}]})",
       "1:53: keys[0].models[0]: found \"*/x\" (allowed: a model's name, or a prefix that ends in *, as openai/*)"},
      {R"({"keys": ["secret"]})", "1:11: keys[0]: found a string (allowed: an object)"},
  });
  CHECK(problems_of(R"({"keys": [{"name": ")" + std::string(64, 'n') + R"(", "key": "secret"}]})").empty());
}

TEST_CASE("models and their targets") {
  const std::string forms = "(allowed: \"provider/model\" or {\"targets\": [{\"model\": \"provider/model\"}]})";
  const auto with = [](const std::string& models) {
    return R"({"providers": {"demo": {}}, "models": {)" + models + "}}";
  };
  check({
      {with(R"("a": "dmo/x")"), "1:45: models.a: no provider is called dmo; did you mean demo? (known: demo)"},
      {with(R"("a": "demo")"), "1:45: models.a: found \"demo\" (allowed: \"provider/model\")"},
      {with(R"("a": "demo/")"), "1:45: models.a: found \"demo/\" (allowed: \"provider/model\")"},
      {with(R"("a": "/x")"), "1:45: models.a: found \"/x\" (allowed: \"provider/model\")"},
      {with(R"("a": 5)"), "1:45: models.a: found 5 " + forms},
      {with(R"("a": {})"), "1:45: models.a.targets: is missing " + forms},
      {with(R"("a": {"targets": []})"),
       "1:57: models.a.targets: found an empty list (allowed: a list of 1 to 64 targets)"},
      {with(R"("a": {"targets": {}})"), "1:57: models.a.targets: found an object (allowed: a list of 1 to 64 targets)"},
      {with(R"("a": {"targets": [{}]})"), "1:58: models.a.targets[0].model: is missing (allowed: \"provider/model\")"},
      {with(R"("a": {"targets": ["demo/x"]})"), "1:58: models.a.targets[0]: found a string (allowed: an object)"},
      {with(R"("a": {"targets": [{"model": 5}]})"),
       "1:68: models.a.targets[0].model: found 5 (allowed: \"provider/model\")"},
      {with(R"("a": {"targets": [{"model": "dem/x"}]})"),
       "1:68: models.a.targets[0].model: no provider is called dem; did you mean demo? (known: demo)"},
      {with(R"("a": {"targets": [{"model": "demo/x"}, {"model": "demo/x"}]})"),
       "1:89: models.a.targets[1].model: found \"demo/x\", which is listed twice"},
      {with(R"("a": {"targets": [{"model": "demo/x", "weight": 10001}]})"),
       "1:88: models.a.targets[0].weight: found 10001 (allowed: a whole number from 0 to 10000)"},
      {with(R"("a": {"targets": [{"model": "demo/x", "concurrent": -1}]})"),
       "1:92: models.a.targets[0].concurrent: found -1 (allowed: a whole number from 0 to 1000000)"},
      {with(R"("": "demo/x")"), "1:40: models.\"\": a model's name is empty"},
  });
  std::string many;
  for (int i = 0; i < 65; ++i) many += (i > 0 ? ", " : "") + (R"({"model": "demo/)" + std::to_string(i)) + "\"}";
  CHECK(problems_of(with("\"a\": {\"targets\": [" + many + "]}"))
            .at(0)
            .ends_with("models.a.targets[64]: is one of 65 targets (allowed: a list of 1 to 64 targets)"));
  many.erase(many.rfind(", "));
  CHECK(problems_of(with("\"a\": {\"targets\": [" + many + "]}")).empty());
  // Without providers they are discovered later, so any name may be valid.
  CHECK(problems_of(R"({"models": {"a": "later/x"}})").empty());
}

TEST_CASE("how a model chooses among its targets") {
  const auto with = [](const std::string& fields) {
    return R"({"providers": {"demo": {}}, "models": {"a": {"targets": [{"model": "demo/x"}], )" + fields + "}}}";
  };
  const std::string seconds = "(allowed: seconds from 0 to 604800)";
  check({
      {with(R"("order": "fastets")"),
       "1:89: models.a.order: found \"fastets\"; did you mean fastest? (allowed: weighted, listed, least_busy, "
       "fastest)"},
      {with(R"("order": 1)"), "1:89: models.a.order: found 1 (allowed: weighted, listed, least_busy, fastest)"},
      {with(R"("retry": {"attempts": 0})"),
       "1:102: models.a.retry.attempts: found 0 (allowed: a whole number from 1 to 16)"},
      {with(R"("retry": {"attempts": 17})"),
       "1:102: models.a.retry.attempts: found 17 (allowed: a whole number from 1 to 16)"},
      {with(R"("retry": {"backoff_ms": 60001})"),
       "1:104: models.a.retry.backoff_ms: found 60001 (allowed: a whole number from 0 to 60000)"},
      {with(R"("retry": {"wait_s": -1})"), "1:100: models.a.retry.wait_s: found -1 " + seconds},
      {with(R"("retry": {"wait_ms": 1})"),
       "1:90: models.a.retry.wait_ms: unknown field; did you mean wait_s? (known: attempts, backoff_ms, wait_s)"},
      {with(R"("retry": 3)"), "1:89: models.a.retry: found a number (allowed: an object)"},
      {with(R"("rescue": "on")"), "1:90: models.a.rescue: found \"on\" (allowed: true, false or \"ask\")"},
      {with(R"("breaker": {"failures": 101})"),
       "1:104: models.a.breaker.failures: found 101 (allowed: a whole number from 0 to 100)"},
      {with(R"("breaker": {"within_s": 0})"), "1:104: models.a.breaker.within_s: found 0 (allowed: more than 0)"},
      {with(R"("breaker": {"cooldown_s": 0})"), "1:106: models.a.breaker.cooldown_s: found 0 (allowed: more than 0)"},
      {with(R"("breaker": {"cooldown_s": 10, "max_cooldown_s": 9})"),
       "1:128: models.a.breaker.max_cooldown_s: found 9 (allowed: cooldown_s or more)"},
      {with(R"("affinity": "session")"),
       "1:92: models.a.affinity: found \"session\" (allowed: none, key, prefix or header:NAME, as "
       "header:x-session-id)"},
      {with(R"("affinity": "header:a b")"),
       "1:92: models.a.affinity: found \"header:a b\" (allowed: none, key, prefix or header:NAME, as "
       "header:x-session-id)"},
      {with("\"affinity\": \"header:" + std::string(65, 'a') + "\""),
       "1:92: models.a.affinity: found \"header:" + std::string(53, 'a') +
           "\"... (allowed: none, key, prefix or header:NAME, as header:x-session-id)"},
      {with(R"("hedge": {"after_ms": 0})"),
       "1:102: models.a.hedge.after_ms: found 0 (allowed: a whole number from 1 to 600000)"},
      {with(R"("hedge": {"after_ms": 600001})"),
       "1:102: models.a.hedge.after_ms: found 600001 (allowed: a whole number from 1 to 600000)"},
      {with(R"("hedge": {"after": 5})"),
       "1:90: models.a.hedge.after: unknown field; did you mean after_ms? (known: after_ms)"},
      {with(R"("hedge": true)"), "1:89: models.a.hedge: found true or false (allowed: an object)"},
      {with(R"("drain_on_disconnect": "yes")"),
       "1:103: models.a.drain_on_disconnect: found \"yes\" (allowed: true or false)"},
      {with(R"("resume_s": 3600.001)"), "1:92: models.a.resume_s: found 3600.001 (allowed: seconds from 0 to 3600)"},
      {with(R"("resume_s": -1)"), "1:92: models.a.resume_s: found -1 (allowed: seconds from 0 to 3600)"},
      {with(R"("resume_s": true)"), "1:92: models.a.resume_s: found true (allowed: seconds from 0 to 3600)"},
      {with(R"("resumes": 5)"),
       "1:80: models.a.resumes: unknown field; did you mean resume_s? (known: targets, order, fallbacks, retry, "
       "rescue, "
       "hedge, breaker, affinity, limits, defaults, strict_translation, drain_on_disconnect, resume_s)"},
      {R"({"heartbeat_s": -1})", "1:17: heartbeat_s: found -1 " + seconds},
      {R"({"providers": {"demo": {"continues_prefix": 1}}})",
       "1:45: providers.demo.continues_prefix: found 1 (allowed: true or false)"},
  });
  CHECK(problems_of(with("\"affinity\": \"header:" + std::string(64, 'a') + "\"")).empty());
}

TEST_CASE("fallbacks lead somewhere, and never back") {
  const auto with = [](const std::string& models) {
    return R"({"providers": {"demo": {}}, "models": {)" + models + "}}";
  };
  const auto model = [](const std::string& name, const std::string& fallbacks) {
    return "\"" + name + R"(": {"targets": [{"model": "demo/x"}], "fallbacks": [)" + fallbacks + "]}";
  };
  check({
      {with(model("a", R"("fats")") + R"(, "fast": "demo/y")"),
       "1:94: models.a.fallbacks[0]: \"fats\" is not a name in models; did you mean fast? (allowed: a name in models, "
       "or "
       "\"provider/model\")"},
      {with(model("a", R"("dmo/x")")), "1:94: models.a.fallbacks[0]: no provider is called dmo (known: demo)"},
      {with(model("a", R"("demo/")")),
       "1:94: models.a.fallbacks[0]: \"demo/\" is not a name in models (allowed: a name in models, or "
       "\"provider/model\")"},
      {with(model("a", R"("demo/x", "demo/x")")),
       "1:104: models.a.fallbacks[1]: found \"demo/x\", which is listed twice"},
      {with(model("a", R"("a")")), "1:94: models.a.fallbacks[0]: leads back to itself: a -> a (allowed: no loops)"},
      {with(model("a", R"("b")") + ", " + model("b", R"("c", "demo/x")") + ", " + model("c", R"("demo/y", "b")")),
       "1:236: models.c.fallbacks[1]: leads back to itself: b -> c -> b (allowed: no loops)"},
      {with(model("a", "5")), "1:94: models.a.fallbacks[0]: found 5 (allowed: a string)"},
  });
  // Two ways to the same model are no loop; nor is a name of `models` that hides a target.
  CHECK(problems_of(with(model("a", R"("b", "c")") + ", " + model("b", R"("d")") + ", " + model("c", R"("d")") +
                         R"(, "d": "demo/x")"))
            .empty());
  CHECK(problems_of(with(model("demo/x", R"("demo/y")"))).empty());
  CHECK(problems_of(R"({"models": {"a": {"targets": [{"model": "later/x"}], "fallbacks": ["later/y"]}}})").empty());
  std::string many;
  for (int i = 0; i < 17; ++i) many += (i > 0 ? ", " : "") + ("\"demo/" + std::to_string(i) + "\"");
  CHECK(problems_of(with(model("a", many)))
            .at(0)
            .ends_with("models.a.fallbacks[16]: is one too many (allowed: 16 at most)"));
  many.erase(many.rfind(", "));
  CHECK(problems_of(with(model("a", many))).empty());
  // A long loop.
  std::string chain;
  for (int i = 0; i < 5'000; ++i) {
    chain += (i > 0 ? ", " : "") + model("m" + std::to_string(i), "\"m" + std::to_string((i + 1) % 5'000) + "\"");
  }
  const Lines lines = problems_of(with(chain));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("m0 -> m1 -> m2 -> m3 -> m4 -> m5 -> m6 -> m7 -> ... -> m0 (allowed: no loops)") !=
        std::string::npos);
}

TEST_CASE("everything is told at once, in the order of the file") {
  const Lines lines = problems_of(R"({
  "workers": "many",
  "log": {"level": "loud"},
  "log": {},
  "models": {"a": "nobody/x"},
  "providers": {"demo": {"usage": 1, "nothing": {}}},
  "lisen": ""
})");
  REQUIRE(lines.size() == 7);
  const std::vector<std::string> beginnings = {"2:14: workers",
                                               "3:20: log.level",
                                               "4:3: log: is repeated",
                                               "5:19: models.a",
                                               "6:35: providers.demo.usage",
                                               "6:38: providers.demo.nothing",
                                               "7:3: lisen"};
  for (size_t i = 0; i < lines.size(); ++i) {
    INFO(lines[i]);
    CHECK(lines[i].starts_with("sluice.json:" + beginnings[i]));
  }
}

TEST_CASE("problems without a place") {
  CHECK(describe({}).empty());
  CHECK(describe({"--workers", 0, 0, "", "found \"x\"", "", "allowed: y"}) == "--workers: found \"x\" (allowed: y)");
  CHECK(describe({"", 0, 0, "listen", "w", "s", ""}) == "listen: w; did you mean s?");
}

}  // namespace
}  // namespace sluice::config
