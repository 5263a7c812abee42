// Ollama's translation as its tests call it.
#pragma once

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "api/dialect.h"

namespace sluice::api::ollama_test {

using Json = nlohmann::json;

inline const TranslationRoom& ollama() { return room_of(Dialect::ollama).translation; }

inline TargetFacts facts_of(std::string_view model) { return facts_for(model, {Dialect::ollama, "0123"}, true); }

inline Result<std::unique_ptr<Request>> read(std::string_view body, std::string_view endpoint = "ollama/chat") {
  return ollama().read_request(body, {endpoint, {}, false});
}

struct Outcome {
  Json body;
  std::string dropped, error;
  WrittenRequest written;
};

inline Outcome write(const Request& request, const TargetFacts& facts) {
  Outcome outcome;
  Dropped dropped;
  const Result<void> done = ollama().write_request(request, facts, dropped, outcome.written);
  outcome.dropped = dropped.text();
  if (!done) {
    CHECK(done.error().code == ErrorCode::untranslatable);
    outcome.error = done.error().message;
  } else {
    outcome.body = Json::parse(outcome.written.body);
  }
  return outcome;
}

inline Message message_of(Role role, std::vector<Part> parts) {
  Message message;
  message.role = role;
  message.parts = std::move(parts);
  return message;
}

inline Part text_part(std::string_view text) {
  Part part;
  part.text = JsonText{text};
  return part;
}

}  // namespace sluice::api::ollama_test
