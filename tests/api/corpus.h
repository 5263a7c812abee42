// The recorded exchanges beside the source folder, if present.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/dialect.h"

namespace sluice::test {

struct Exchange {
  Dialect dialect;
  std::string name;
  int status;
  bool stream;
  std::string body;
  nlohmann::json request;
};

// Returns nothing and prints the reason if the folder is missing.
inline std::vector<Exchange> read_corpus() {
  const auto folder = std::filesystem::path(__FILE__).parent_path() / "../../../shared/corpus";
  const std::pair<const char*, Dialect> files[] = {{"openai-chat.jsonl", Dialect::openai},
                                                   {"openai-responses.jsonl", Dialect::responses},
                                                   {"anthropic-messages.jsonl", Dialect::anthropic},
                                                   {"gemini-generate.jsonl", Dialect::gemini}};
  std::vector<Exchange> exchanges;
  for (const auto& [file, dialect] : files) {
    std::ifstream in(folder / file);
    if (!in) {
      std::cout << "skipped: no recorded exchanges in ../shared/corpus/" << file << "\n";
      continue;
    }
    for (std::string line; std::getline(in, line);) {
      const auto json = nlohmann::json::parse(line);
      exchanges.push_back({dialect, json.at("name"), json.at("status"), json.at("stream"),
                           json.at("body").is_string() ? json.at("body").get<std::string>() : "", json.at("request")});
    }
  }
  return exchanges;
}

// All recorded exchanges, read once per program: reading takes longer than most tests.
inline const std::vector<Exchange>& corpus() {
  static const std::vector<Exchange> exchanges = read_corpus();
  return exchanges;
}

// The exchanges of one dialect.
inline std::vector<std::reference_wrapper<const Exchange>> corpus_of(Dialect dialect) {
  std::vector<std::reference_wrapper<const Exchange>> exchanges;
  for (const Exchange& exchange : corpus()) {
    if (exchange.dialect == dialect) exchanges.emplace_back(exchange);
  }
  return exchanges;
}

}  // namespace sluice::test
