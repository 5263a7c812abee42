#include "config/banner.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "config/discover.h"
#include "config/support.h"

namespace sluice::config {
namespace {

using test::environment_of;

const std::vector<std::string> usual_address = {"http://127.0.0.1:8000"};

std::string banner_of(std::string_view text, const std::vector<std::string>& addresses = usual_address) {
  const auto config = parse(text, "sluice.json", environment_of({}));
  REQUIRE(config);
  return banner(*config, addresses);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("the block of a first start") {
  const std::vector<AnsweredProbe> answers = {{"ollama", 11434, {"llama3.2:3b", "qwen3:8b"}}};
  const Config config = test::from_environment(environment_of({{"OPENAI_API_KEY", "sk-1"}}), answers);
  const std::string expected = "sluice " SLUICE_VERSION R"( listens on http://127.0.0.1:8000

  providers  openai  OPENAI_API_KEY
             ollama  answers on 127.0.0.1:11434
  models     ollama/llama3.2:3b, ollama/qwen3:8b, or any provider/model

  Try it:
    curl http://127.0.0.1:8000/v1/chat/completions \
      -H 'content-type: application/json' \
      -d '{"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}'

  Point programs here:
    OpenAI SDKs     export OPENAI_BASE_URL=http://127.0.0.1:8000/v1 OPENAI_API_KEY=none
    Codex           SLUICE_API_KEY=none codex -c model_provider=sluice -c 'model_providers.sluice={name="sluice",base_url="http://127.0.0.1:8000/v1",env_key="SLUICE_API_KEY",wire_api="responses"}'
    Anthropic SDKs  export ANTHROPIC_BASE_URL=http://127.0.0.1:8000 ANTHROPIC_API_KEY=none
    Claude Code     ANTHROPIC_BASE_URL=http://127.0.0.1:8000 ANTHROPIC_AUTH_TOKEN=none claude
    Ollama programs export OLLAMA_HOST=http://127.0.0.1:8000
)";
  CHECK(banner(config, usual_address) == expected);
}

TEST_CASE("with keys, the shell's $KEY stands for them") {
  const std::string text =
      banner_of(R"({"keys": [{"name": "a", "key": "sk-secret"}], "providers": {"anthropic": {"api_key": "sk-secret2"}},
                                          "models": {"smart": "anthropic/claude-opus-4-5"}})");
  CHECK(has(text, "listens on http://127.0.0.1:8000 (sluice.json)\n"));
  CHECK(has(text, "  models     smart, or any provider/model\n"));
  CHECK(has(text, R"(    curl http://127.0.0.1:8000/v1/messages \
      -H "authorization: Bearer $KEY" \
      -H 'anthropic-version: 2023-06-01' \
      -H 'content-type: application/json' \
      -d '{"model": "smart", "max_tokens": 200, "messages": [{"role": "user", "content": "Hello"}]}')"));
  CHECK(has(text, "ANTHROPIC_AUTH_TOKEN=$KEY claude"));
  CHECK_FALSE(has(text, "secret"));
  CHECK_FALSE(has(text, "OPENAI_BASE_URL"));  // no provider here speaks it
  CHECK_FALSE(has(text, "OLLAMA_HOST"));
}

TEST_CASE("the curl speaks what the provider speaks") {
  const std::vector<std::pair<std::string, std::string>> rows = {{"openai", "/v1/chat/completions \\"},
                                                                 {"responses", "/v1/responses \\"},
                                                                 {"anthropic", "/v1/messages \\"},
                                                                 {"gemini", "/v1beta/models/lab/m:generateContent \\"},
                                                                 {"ollama", "/api/chat \\"}};
  for (const auto& [dialect, path] : rows) {
    INFO(dialect);
    const std::string text = banner_of(R"({"providers": {"lab": {"base_url": "http://h", "dialect": ")" + dialect +
                                       R"(", "models": ["m"]}}})");
    CHECK(has(text, "    curl http://127.0.0.1:8000" + path + "\n"));
  }
}

TEST_CASE("where it listens is where programs are sent, by an address they can use") {
  const std::string demo = R"({"providers": {"demo": {}}})";
  CHECK(has(banner_of(demo, {"http://0.0.0.0:81"}), "curl http://127.0.0.1:81/v1"));
  CHECK(has(banner_of(demo, {"https://[::]:81"}), "curl https://127.0.0.1:81/v1"));
  CHECK(has(banner_of(demo, {"http://[::1]:81"}), "curl http://[::1]:81/v1"));
  const std::string both = banner_of(demo, {"unix:/s", "http://127.0.0.1:81"});
  CHECK(has(both, "listens on unix:/s, http://127.0.0.1:81 (sluice.json)\n"));
  CHECK(has(both, "curl http://127.0.0.1:81/v1"));
  const std::string only_unix = banner_of(demo, {"unix:/run/s.sock"});
  CHECK(has(only_unix, "curl --unix-socket /run/s.sock http://localhost/v1/chat/completions"));
  CHECK_FALSE(has(only_unix, "Point programs here"));
}

TEST_CASE("names that a shell would read otherwise do not stand in the curl") {
  const std::string text = banner_of(R"({"providers": {"demo": {}}, "models": {"a'b": "demo/x", "fine": "demo/y"}})");
  CHECK(has(text, "\"model\": \"fine\""));
  CHECK(has(banner_of(R"({"providers": {"lab": {"base_url": "http://h", "models": ["a b", "x*"]}}})"),
            "\"model\": \"lab/MODEL\""));
}

TEST_CASE("many models stay readable") {
  std::string models;
  for (int i = 0; i < 20; ++i)
    models += (i == 0 ? "\"" : ", \"") + std::string("a-model-of-some-length-") + std::to_string(i) + "\"";
  const std::string text = banner_of(R"({"providers": {"demo": {"models": [)" + models + "]}}}");
  CHECK(has(text, " and 12 more,"));
  CHECK(has(text, "or any provider/model\n"));
  std::istringstream lines(text.substr(0, text.find("Try it")));
  size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  CHECK(longest <= 96);
  CHECK(has(text, "\n             demo/a-model"));
}

}  // namespace
}  // namespace sluice::config
