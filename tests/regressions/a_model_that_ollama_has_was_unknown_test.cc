// Ollama lists "llama3.2:latest" and accepts "llama3.2" for it: sluice answered 404. It also did so for models pulled
// after it had asked for the list, and for every name missing from the list of the only provider that could answer.
#include <catch2/catch.hpp>

#include "config/config.h"
#include "gateway/admission.h"
#include "routing/router.h"

namespace sluice::gateway {
namespace {

config::Provider provider(std::string name, std::vector<Dialect> dialects, std::vector<std::string> models = {}) {
  config::Provider made;
  made.name = std::move(name);
  made.dialects = std::move(dialects);
  made.models = std::move(models);
  return made;
}

const std::vector<Dialect> ollamas = {Dialect::ollama, Dialect::openai, Dialect::responses, Dialect::anthropic};

struct Row {
  const char* name;
  const char* target;  // nullptr: unknown
};

void check(const config::Config& config, const std::vector<Row>& rows, Dialect dialect = Dialect::openai) {
  const routing::Router router(config);
  for (const Row& row : rows) {
    INFO(row.name);
    const auto target = router.route(row.name, dialect);
    CHECK((target ? target->label() : "") == (row.target != nullptr ? row.target : ""));
    if (!target) CHECK(target.error().code == ErrorCode::unknown_model);
  }
}

TEST_CASE("a model of Ollama's is found by every name that Ollama has for it") {
  config::Config config;
  config.providers = {provider("openai", {Dialect::openai}), provider("lab", {Dialect::openai}, {"phi4"}),
                      provider("ollama", ollamas, {"llama3.2:latest", "Phi4:latest", "deepseek-r1:latest", "me/own"})};
  config.models = {{"Fast", {{"ollama", "llama3.2:latest"}}}};
  check(config, {
                    {"llama3.2:latest", "ollama/llama3.2:latest"},
                    {"llama3.2", "ollama/llama3.2:latest"},
                    {"LLAMA3.2", "ollama/llama3.2:latest"},
                    {"library/llama3.2", "ollama/llama3.2:latest"},
                    {"registry.ollama.ai/library/llama3.2:latest", "ollama/llama3.2:latest"},
                    {"me/own:latest", "ollama/me/own"},
                    {"deepseek-r1", "ollama/deepseek-r1:latest"},
                    {"ollama/llama3.2", "ollama/llama3.2"},  // as the caller wrote it; Ollama resolves it
                    {"phi4", "lab/phi4"},                    // the lab lists exactly this
                    {"phi4:latest", "ollama/Phi4:latest"},
                    {"llama3.2:3b", "ollama/llama3.2:3b"},  // pulled later
                    {"gpt-4o", "openai/gpt-4o"},
                    {"qwen3", nullptr},  // the lab may have it too
                });
  // Two Ollamas with the same model: ambiguous.
  config.providers.push_back(provider("attic", ollamas, {"llama3.2"}));
  check(config, {{"LLAMA3.2", nullptr}, {"me/own:latest", "ollama/me/own"}, {"attic/LLAMA3.2", "attic/LLAMA3.2"}});
}

TEST_CASE("a name that no list has goes to the only one who may have it") {
  config::Config config;
  // A model pulled later, beside providers that serve only their own models.
  config.providers = {provider("openai", {Dialect::openai}), provider("anthropic", {Dialect::anthropic}),
                      provider("ollama", ollamas, {"llama3.2:latest"})};
  check(config,
        {{"qwen3", "ollama/qwen3"}, {"hf.co/a/b", "ollama/hf.co/a/b"}, {"mistral-small", "ollama/mistral-small"}});
  check(config, {{"qwen3", "ollama/qwen3"}, {"claude-9", "anthropic/claude-9"}}, Dialect::anthropic);
  check(config, {{"qwen3", nullptr}}, Dialect::gemini);
  // A maker's newest model, of a family not known yet; but not a family known to be another maker's.
  config.providers = {provider("anthropic", {Dialect::anthropic}), provider("openai", {Dialect::openai})};
  check(config,
        {{"opus-7", "anthropic/opus-7"},
         {"gpt-4o", "openai/gpt-4o"},
         {"gemini-2.5-pro", nullptr},
         {"opnai/gpt-4o", nullptr}},
        Dialect::anthropic);
  config.providers.push_back(provider("mistral", {Dialect::openai}));
  check(config, {{"opus-7", nullptr}, {"grok-4", nullptr}});
  // Two that serve others' models; only Ollama uses tags.
  config.providers = {provider("vllm", {Dialect::openai}), provider("box", ollamas)};
  check(config, {{"qwen3", nullptr}, {"gpt-4o", nullptr}, {"qwen3:8b", "box/qwen3:8b"}});
  // Listed by two providers.
  config.providers = {provider("a", {Dialect::openai}, {"x", "y-*"}), provider("b", {Dialect::openai}, {"x", "y-*"}),
                      provider("c", {Dialect::ollama})};
  check(config, {{"x", nullptr}, {"y-1", nullptr}}, Dialect::ollama);
  // Never the demo.
  config::Provider demo = provider("demo", ollamas, {"demo"});
  demo.base_url.demo = true;
  config.providers = {demo};
  check(config, {{"qwen3", nullptr}, {"demo:latest", nullptr}, {"demo", "demo/demo"}});
  config.providers.push_back(provider("lab", {Dialect::openai}));
  check(config, {{"qwen3", "lab/qwen3"}});
}

struct Asked {
  const char* allowed;
  const char* name;
  bool may;
};

TEST_CASE("a key reaches by no spelling what it may not use") {
  config::Config config;
  config.providers = {
      provider("lab", {Dialect::openai}, {"phi4"}),
      provider("ollama", ollamas, {"llama3.2:latest", "llama3.2:3b", "phi4:latest", "entry:latest", "secret:latest"})};
  config.models = {
      {"entry", {{"lab", "small"}}}, {"entry:latest", {{"lab", "small"}}}, {"alias", {{"ollama", "secret:latest"}}}};
  const std::vector<Asked> rows = {
      {"llama3.2", "llama3.2", true},
      {"llama3.2", "llama3.2:latest", true},
      {"llama3.2", "library/llama3.2", true},
      {"llama3.2:latest", "llama3.2", true},
      {"ollama/llama3.2", "llama3.2", true},
      {"ollama/llama3.2", "ollama/llama3.2:latest", true},
      {"ollama/llama3.2:latest", "LLAMA3.2", true},
      {"ollama/llama3.2:latest", "ollama/llama3.2", true},
      {"llama3.2", "llama3.2:3b", false},
      {"llama3.2:3b", "llama3.2", false},
      {"ollama/llama3.2", "ollama/llama3.2:3b", false},
      {"phi4", "phi4", true},            // the lab's
      {"phi4", "phi4:latest", false},    // Ollama's
      {"entry", "ollama/entry", false},  // a name of `models` is not a spelling of another name
      {"entry:latest", "ollama/entry", false},
      {"entry:latest", "ENTRY", false},
      {"llama3.2", "secret", false},
      {"llama3.2", "library/secret", false},
      {"alias", "secret", false},
      {"lab/*", "lab/anything", true},
      {"lab/*", "llama3.2", false},
  };
  const routing::Router router(config);
  for (const Asked& row : rows) {
    INFO(row.allowed << " for " << row.name);
    config::CallerKey key;
    key.models = {row.allowed};
    const auto target = router.route(row.name, Dialect::openai);
    REQUIRE(target);
    CHECK(may_use({&key}, row.name, *target, router).has_value() == row.may);
  }
  // A provider that is gone: its names do not pass to the next one.
  config.providers = {provider("router", {Dialect::openai})};
  config.models.clear();
  const routing::Router later(config);
  for (const Asked& row : std::vector<Asked>{{"openai/*", "openai/gpt-4o", false},
                                             {"openai/gpt-4o", "openai/gpt-4o", false},
                                             {"router/openai/*", "openai/gpt-4o", true},
                                             {"gpt-4o", "gpt-4o", true},
                                             {"gpt-4o", "gpt-4o-mini", false}}) {
    INFO(row.allowed << " for " << row.name);
    config::CallerKey key;
    key.models = {row.allowed};
    const auto target = later.route(row.name, Dialect::openai);
    REQUIRE(target);
    CHECK(may_use({&key}, row.name, *target, later).has_value() == row.may);
  }
}

}  // namespace
}  // namespace sluice::gateway
