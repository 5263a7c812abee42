#include "config/tagged_name.h"

#include <catch2/catch.hpp>

namespace sluice::config {
namespace {

TEST_CASE("spellings of one of Ollama's names have one in common") {
  struct Row {
    const char* name;
    const char* common;  // "": not a name
  };
  const std::vector<Row> rows = {
      {"llama3.2", "llama3.2:latest"},
      {"llama3.2:latest", "llama3.2:latest"},
      {"LLAMA3.2:Latest", "llama3.2:latest"},
      {"library/llama3.2", "llama3.2:latest"},
      {"registry.ollama.ai/library/llama3.2:latest", "llama3.2:latest"},
      {"https://registry.ollama.ai/Library/llama3.2", "llama3.2:latest"},
      {"llama3.2:3b-instruct-q4_K_M", "llama3.2:3b-instruct-q4_k_m"},
      {"me/own", "me/own:latest"},
      {"registry.ollama.ai/me/own", "me/own:latest"},
      {"hf.co/bartowski/Llama-3.2-1B-GGUF:Q8_0", "hf.co/bartowski/llama-3.2-1b-gguf:q8_0"},
      {"hf.co/library/x", "hf.co/library/x:latest"},                          // another host's namespace
      {"registry.ollama.ai/llama3.2", "registry.ollama.ai/llama3.2:latest"},  // a namespace: two parts have no host
      {"localhost:5000/me/own", "localhost:5000/me/own:latest"},
      {"", ""},
      {":", ""},
      {"llama3.2:", ""},
      {":latest", ""},
      {"/llama3.2", ""},
      {"library/", ""},
      {"library//llama3.2", ""},
      {"llama3.2:latest:latest", ""},
      {"a/b/c/d", ""},
      {"llama 3", ""},
      {"llama*", ""},
      {"../llama3.2", ""},
      {"llama3.2%3Alatest", ""},
      {"llam\xC3\xA4", ""},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(tagged_name(row.name) == row.common);
  }
}

TEST_CASE("a name with latest or without is the same name") {
  CHECK(with_or_without_latest("Llama3.2") == "Llama3.2:latest");
  CHECK(with_or_without_latest("me/own:latest") == "me/own");
  CHECK(with_or_without_latest("localhost:5000/me/own") == "localhost:5000/me/own:latest");
  for (const char* name : {"llama3.2:3b", "llama3.2:LATEST", "", "a b", "x:latest:latest"}) {
    CHECK(with_or_without_latest(name).empty());
  }
}

}  // namespace
}  // namespace sluice::config
