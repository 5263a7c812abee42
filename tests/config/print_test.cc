#include "config/print.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "config/fields.h"
#include "support.h"

namespace sluice::config {
namespace {

// Has a value for every field.
constexpr std::string_view full = R"({
  "listen": "127.0.0.1:1", "tls": {"cert_file": "", "key_file": ""}, "workers": 1, "shutdown_grace_s": 0.5,
  "keys": [{"name": "a", "key": ["sk-1", {"key": "sk-2", "expires": "2030-01-01"}, {"sha256": "DIGEST"}], "models": ["m"],
            "limits": {"requests_per_minute": 1, "queue_s": 1.25}},
           {"name": "b", "sha256": "DIGE57", "expires": "2030-01-01"}, {"name": "c", "key": "sk-3"}],
  "providers": {"lab": {"base_url": "http://127.0.0.1:1/v1", "api_key": ["sk-4", {"key": "sk-6", "weight": 2}, "sk-7"], "auth": "header:x-mine",
                        "headers": {"x-a": "b"}, "probe_s": 7, "resume_s": 7, "limits": {"concurrent": 1}, "usage": "leave",
                        "facts": {"x*": {"context_window": 9000, "max_output_tokens": 500, "max_tool_name": 40, "continues_prefix": true,
                                         "takes_sampling": false, "takes_top_k": true, "thinks": true, "thinks_by_default": false,
                                         "takes_image_urls": false, "takes_documents": true, "takes_json_schema": true,
                                         "takes_cache_marks": false, "strict_tools": true, "max_tokens_field": "max_tokens",
                                         "reasoning_field": "reasoning_content"}}},
                "deepseek": {"api_key": "sk-5", "timeouts": {"first_byte_s": 7}}, "demo": {}},
  "models": {"m": {"targets": [{"model": "lab/x"}], "limits": {"tokens_per_minute": 5},
                  "defaults": {"max_tokens": 7}, "strict_translation": true, "drain_on_disconnect": true, "resume_s": 7, "fallbacks": ["a.b"], "order": "fastest", "rescue": "ask", "hedge": {"after_ms": 7},
                  "affinity": "prefix", "retry": {"attempts": 1}}, "a.b": "lab/y"},
  "limits": {"body_mb": 0.5}})";

std::string replaced(std::string text, std::string_view from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

Config parsed(const std::string& text, Origins* origins = nullptr) {
  auto config = parse(text, "sluice.json", test::environment_of({}), origins);
  if (!config) FAIL(describe(config.error().front()));
  return std::move(*config);
}

TEST_CASE("every field is printed, and what is printed says the same again") {
  Origins origins;
  const std::string text =
      replaced(replaced(std::string(full), "DIGEST", std::string(64, 'a')), "DIGE57", std::string(64, 'b'));
  const Config config = parsed(text, &origins);
  const std::string printed = print_commented(config, origins);
  CAPTURE(printed);
  CHECK(printed.find("sk-") == std::string::npos);
  CHECK(printed.find("\"body_mb\": 0.5,  // sluice.json:17\n") != std::string::npos);
  for (const fields::Table& table : fields::all) {
    for (const std::string_view name : table.names) {
      CAPTURE(table.path, name);
      CHECK(printed.find("\"" + std::string(name) + "\": ") != std::string::npos);
    }
  }
  std::string filled = printed;
  for (int i = 0; filled.find("\"***\"") != std::string::npos; ++i) {
    filled.replace(filled.find("\"***\""), 5, "\"k" + std::to_string(i) + "\"");
  }
  Config again = parsed(filled);
  CHECK(print_members(again, {}) == print_members(config, {}));
  REQUIRE(again.providers.size() == config.providers.size());
  for (size_t i = 0; i < config.providers.size(); ++i) {
    Provider& provider = again.providers[i];
    provider.api_key = config.providers[i].api_key;
    for (size_t k = 0; k < provider.api_keys.size(); ++k) {
      provider.api_keys[k].key = config.providers[i].api_keys.at(k).key;
    }
    provider.headers = config.providers[i].headers;
    provider.proxy_given = config.providers[i].proxy_given;
    CHECK(provider == config.providers[i]);
  }
  CHECK(nlohmann::json::accept("{" + print_members(config, origins) + "}"));
}

TEST_CASE("no name or file can end a comment's line") {
  Origins origins;
  origins.set("workers", "file a\nb\", \"x\": 1");
  const std::string printed = print_commented({}, origins);
  CHECK(nlohmann::json::parse(printed, nullptr, false, true).is_object());
  CHECK(printed.find("\n\", ") == std::string::npos);
}

}  // namespace
}  // namespace sluice::config
