// Requests of other dialects' callers, written for an Anthropic target. They are read as Anthropic requests and then
// relabelled as another dialect's: what is tested is writing from the neutral form.
#pragma once

#include <catch2/catch.hpp>
#include <functional>

#include "translation/anthropic_support.h"

namespace sluice::test::messages {

struct Written {
  json body{};
  std::string dropped{}, error{};
  api::ToolNames names{};
};

using Change = std::function<void(api::Request&)>;

inline Written write_as_other(const std::string& body, const api::TargetFacts& facts, const Change& change = {}) {
  const auto request = anthropic_room().read_request(body, {});
  REQUIRE(request);
  (*request)->from = Dialect::openai;
  if (change) change(**request);
  api::Dropped dropped;
  dropped.tell_places(request->get());
  api::WrittenRequest written;
  const auto done = anthropic_room().write_request(**request, facts, dropped, written);
  Written result;
  result.dropped = dropped.text();
  if (!done) {
    CHECK(done.error().code == ErrorCode::untranslatable);
    result.error = done.error().message;
    return result;
  }
  INFO(written.body);
  result.body = json::parse(written.body);
  result.names = std::move(written.names);
  return result;
}

inline api::TargetFacts sonnet() { return anthropic_facts("claude-sonnet-4-5"); }

inline std::string with_messages(const std::string& messages, const std::string& more = "") {
  return R"({"model":"m","max_tokens":5000,"messages":)" + messages + more + "}";
}

inline constexpr const char* hi = R"([{"role":"user","content":"hi"}])";

}  // namespace sluice::test::messages
