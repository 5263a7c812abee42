#include "config/discover.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/overrides.h"
#include "config/presets.h"
#include "config/support.h"

namespace sluice::config {
namespace {

using test::environment_of;
using test::from_environment;
using Names = std::vector<std::string>;

Names names_of(const Config& config) {
  Names names;
  for (const Provider& provider : config.providers) names.push_back(provider.name);
  return names;
}

TEST_CASE("nothing found: the demo provider") {
  const Config config = from_environment(environment_of({}), {});
  CHECK(config.file.empty());
  REQUIRE(config.listen.size() == 1);
  CHECK(config.listen[0].text() == "127.0.0.1:8000");
  REQUIRE(names_of(config) == Names{"demo"});
  const Provider& demo = config.providers[0];
  CHECK(demo.base_url.demo);
  CHECK(demo.dialects.size() == dialect_names.size());
  CHECK(demo.auth == Auth::none);
  CHECK(demo.models ==
        Names{"demo", "demo-small"});  // not "*": the demo must not answer as a model that does not exist
}

TEST_CASE("the demo provider may be added to others, once") {
  Config config = from_environment(environment_of({{"OPENAI_API_KEY", "k"}}), {});
  add_demo(config);
  add_demo(config);
  CHECK(names_of(config) == Names{"openai", "demo"});
  CHECK(config.providers[1].models == Names{"demo", "demo-small", "*"});
}

TEST_CASE("every preset is found by each of its variables") {
  for (const Preset& preset : presets()) {
    for (const std::string_view variable : key_variables_of(preset)) {
      INFO(variable);
      const Config config = from_environment(environment_of({{std::string(variable), "sk-1"}}), {});
      if (preset.only_if_named) {
        CHECK(names_of(config) == Names{"demo"});
        continue;
      }
      REQUIRE(names_of(config) == Names{std::string(preset.name)});
      CHECK(config.providers[0].api_key == "sk-1");
      CHECK(config.providers[0].origin == variable);
    }
  }
}

TEST_CASE("keys that do not count") {
  CHECK(names_of(from_environment(environment_of({{"OPENAI_API_KEY", ""}}), {})) == Names{"demo"});
  CHECK(names_of(from_environment(environment_of({{"OPENAI_API_KEY", "none"}}), {})) == Names{"demo"});
  const Config empty = from_environment(environment_of({{"OPENAI_API_KEY", " \n"}, {"XAI_API_KEY", "x"}}), {});
  CHECK(names_of(empty) == Names{"xai"});
  CHECK(empty.warnings == Names{"OPENAI_API_KEY is set, but empty: it counts as not set"});
  // The first variable that is set wins, and each provider is added once.
  const Config both =
      from_environment(environment_of({{"GOOGLE_API_KEY", "b"}, {"GEMINI_API_KEY", "a"}, {"OPENAI_API_KEY", "o"}}), {});
  REQUIRE(names_of(both) == Names{"openai", "gemini"});
  CHECK(both.providers[1].api_key == "a");
}

TEST_CASE("what OLLAMA_HOST means") {
  const std::vector<std::pair<std::string, std::string>> rows = {{"gpu-box", "http://gpu-box:11434"},
                                                                 {"10.0.0.5:1234", "http://10.0.0.5:1234"},
                                                                 {":1234", "http://127.0.0.1:1234"},
                                                                 {"0.0.0.0", "http://127.0.0.1:11434"},
                                                                 {"0.0.0.0:1234", "http://127.0.0.1:1234"},
                                                                 {"[::]:1234", "http://127.0.0.1:1234"},
                                                                 {"::", "http://127.0.0.1:11434"},
                                                                 {"::1", "http://[::1]:11434"},
                                                                 {"[::1]", "http://[::1]:11434"},
                                                                 {"[::1]:99", "http://[::1]:99"},
                                                                 {"http://gpu-box:8080/", "http://gpu-box:8080"},
                                                                 {"https://gpu-box", "https://gpu-box"},
                                                                 {"https://gpu-box/ollama", "https://gpu-box/ollama"},
                                                                 {"gpu-box/ollama", "http://gpu-box:11434/ollama"},
                                                                 {" \"gpu-box\" ", "http://gpu-box:11434"},
                                                                 {"", ""},
                                                                 {"  ", ""},
                                                                 {"demo:", ""},
                                                                 {"two words", ""},
                                                                 {"h:99999", ""},
                                                                 {"ftp://h", ""}};
  for (const auto& [text, url] : rows) {
    INFO(text);
    const std::optional<Url> parsed = parse_ollama_host(text);
    CHECK((parsed ? parsed->text() : "") == url);
  }
}

TEST_CASE("Ollama is found where OLLAMA_HOST says, but never sluice itself") {
  const Config there = from_environment(environment_of({{"OLLAMA_HOST", "gpu-box"}}), {});
  REQUIRE(names_of(there) == Names{"ollama"});
  CHECK(there.providers[0].base_url.text() == "http://gpu-box:11434");
  CHECK(there.providers[0].path_for(Dialect::openai) == "/v1");
  CHECK(there.providers[0].origin == "OLLAMA_HOST");
  CHECK(names_of(from_environment(environment_of({{"OLLAMA_HOST", "http://127.0.0.1:8000"}}), {})) == Names{"demo"});
  CHECK(names_of(from_environment(environment_of({{"OLLAMA_HOST", "localhost:8000"}}), {})) == Names{"demo"});
  CHECK(names_of(from_environment(environment_of({{"OLLAMA_HOST", "gpu-box:8000"}}), {})) == Names{"ollama"});
  Names problems;
  CHECK(names_of(from_environment(environment_of({{"OLLAMA_HOST", "two words"}}), {}, &problems)).empty());
  CHECK(problems ==
        Names{"OLLAMA_HOST: is neither a host, host:port nor a URL; correct it, or unset it to start without it"});
}

TEST_CASE("local programs that answered") {
  const std::vector<AnsweredProbe> answers = {
      {"ollama", 11434, {"llama3.2:3b"}}, {"vllm", 8000, {"m"}}, {"llamacpp", 8080, {}}};
  const Config config = from_environment(environment_of({{"OPENAI_API_KEY", "k"}}), answers);
  // vLLM's port is sluice's listening port: the answer came from sluice itself.
  REQUIRE(names_of(config) == Names{"openai", "ollama", "llamacpp"});
  CHECK(config.providers[1].models == Names{"llama3.2:3b"});
  CHECK(config.providers[1].origin == "answers on 127.0.0.1:11434");
  CHECK(config.providers[2].base_url.text() == "http://127.0.0.1:8080/v1");

  Config elsewhere;
  Overrides flags;
  flags.listen = {"127.0.0.1:9000"};
  CHECK(apply_overrides(elsewhere, flags, environment_of({})).empty());
  CHECK(add_discovered(elsewhere, environment_of({}), answers).empty());
  CHECK(names_of(elsewhere) == Names{"ollama", "vllm", "llamacpp"});

  const Config named = from_environment(environment_of({{"OLLAMA_HOST", "0.0.0.0"}}), answers);
  REQUIRE(names_of(named) == Names{"ollama", "llamacpp"});
  CHECK(named.providers[0].models == Names{"llama3.2:3b"});
  const Config far = from_environment(environment_of({{"OLLAMA_HOST", "gpu-box"}}), answers);
  REQUIRE(names_of(far) == Names{"ollama", "llamacpp"});
  CHECK(far.providers[0].models.empty());
}

TEST_CASE("which answers to a probe count") {
  for (const LocalProbe& probe : local_probes()) {
    INFO(probe.name);
    const Preset* preset = preset_named(probe.name);
    REQUIRE(preset != nullptr);
    CHECK(make_provider(*preset).base_url.port == probe.port);
    CHECK(!read_probe_answer(probe, 200, ""));
    CHECK(!read_probe_answer(probe, 200, "<html>"));
    CHECK(!read_probe_answer(probe, 200, "[]"));
    CHECK(!read_probe_answer(probe, 200, R"({"data": 1, "models": 2})"));
    CHECK(!read_probe_answer(probe, 404, R"({"data": [], "models": []})"));
  }
  const auto probe_of = [](std::string_view name) {
    for (const LocalProbe& probe : local_probes()) {
      if (probe.name == name) return probe;
    }
    FAIL("no probe");
    return LocalProbe{};
  };
  struct Row {
    std::string name, body;
    bool counts;
    Names models;
  };
  const std::vector<Row> rows = {
      {"ollama", R"({"models": [{"name": "llama3.2:3b"}, {"name": 5}, {}, 7, {"name": ""}]})", true, {"llama3.2:3b"}},
      {"ollama", R"({"models": []})", true, {}},
      {"ollama", R"({"data": []})", false, {}},
      {"ollama", R"({"models": [{"name": "ollama/llama3.2:3b"}]})", false, {}},
      {"lmstudio", R"({"data": [{"id": "qwen3"}], "object": "list"})", true, {"qwen3"}},
      {"vllm", R"({"data": [{"id": "Qwen/Qwen3-32B", "owned_by": "vllm"}]})", true, {"Qwen/Qwen3-32B"}},
      {"vllm", R"({"data": [{"id": "x", "owned_by": "llamacpp"}]})", false, {}},
      {"vllm", R"({"data": [{"id": "vllm/x", "owned_by": "vllm"}]})", false, {}},
      {"vllm", R"({"data": []})", false, {}},
      {"llamacpp", R"({"data": [{"id": "m.gguf", "owned_by": "llamacpp"}]})", true, {"m.gguf"}},
      {"llamacpp", R"({"data": [{"id": "demo", "owned_by": "demo"}]})", false, {}}};
  for (const Row& row : rows) {
    INFO(row.name << " " << row.body);
    const auto answered = read_probe_answer(probe_of(row.name), 200, row.body);
    REQUIRE(answered.has_value() == row.counts);
    if (!answered) continue;
    CHECK(answered->name == row.name);
    CHECK(answered->models == row.models);
  }
}

TEST_CASE("a probe keeps 64 models") {
  for (const size_t count : {64u, 65u}) {
    std::string body = R"({"models": [)";
    for (size_t i = 0; i < count; ++i)
      body += std::string(i == 0 ? "" : ",") + R"({"name": "m)" + std::to_string(i) + R"("})";
    const auto answered = read_probe_answer({"ollama", 11434, "/api/tags"}, 200, body + "]}");
    REQUIRE(answered);
    CHECK(answered->models.size() == 64);
  }
}

}  // namespace
}  // namespace sluice::config
