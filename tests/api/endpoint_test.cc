#include "api/endpoint.h"

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

using enum http::Method;

std::string target_path_of(const Match& match, std::string_view model) {
  std::string out;
  append_target_path(out, match, model);
  return out;
}

TEST_CASE("each path is its endpoint, with its model and the target's path") {
  struct Case {
    http::Method method;
    std::string_view path, name, dialect, model, target;
  };
  const Case cases[] = {
      {post, "/v1/chat/completions", "chat/completions", "openai", "", "/chat/completions"},
      {post, "/chat/completions", "chat/completions", "openai", "", "/chat/completions"},
      {post, "/v1/completions", "completions", "openai", "", "/completions"},
      {post, "/embeddings", "embeddings", "openai", "", "/embeddings"},
      {post, "/v1/audio/speech", "audio/speech", "openai", "", "/audio/speech"},
      {post, "/v1/images/edits", "images/edits", "openai", "", "/images/edits"},
      {post, "/v1/rerank", "rerank", "openai", "", "/rerank"},
      {post, "/v1/responses", "responses", "responses", "", "/responses"},
      {post, "/responses/compact", "responses/compact", "responses", "", "/responses/compact"},
      {post, "/v1/responses/input_tokens", "responses/input_tokens", "responses", "", "/responses/input_tokens"},
      {get, "/v1/responses/resp_1", "responses/get", "responses", "", "/responses/resp_1"},
      {head, "/v1/responses/resp_1", "responses/get", "responses", "", "/responses/resp_1"},
      {del, "/responses/resp_1", "responses/delete", "responses", "", "/responses/resp_1"},
      {get, "/v1/responses/resp_1/input_items", "responses/input_items", "responses", "",
       "/responses/resp_1/input_items"},
      {post, "/v1/responses/resp_1/cancel", "responses/cancel", "responses", "", "/responses/resp_1/cancel"},
      {post, "/v1/messages", "messages", "anthropic", "", "/v1/messages"},
      {post, "/v1/messages/count_tokens", "messages/count_tokens", "anthropic", "", "/v1/messages/count_tokens"},
      {post, "/v1beta/models/gemini-2.5-pro:generateContent", "generateContent", "gemini", "gemini-2.5-pro",
       "/v1beta/models/other:generateContent"},
      {post, "/v1beta/models/gemini-2.5-pro%3AstreamGenerateContent", "streamGenerateContent", "gemini",
       "gemini-2.5-pro", "/v1beta/models/other:streamGenerateContent"},
      {post, "/v1beta/models/a%2Fb/c:d%3acountTokens", "countTokens", "gemini", "a%2Fb/c:d",
       "/v1beta/models/other:countTokens"},
      {post, "/v1/models/gemini-2.5-pro:embedContent", "embedContent", "gemini", "gemini-2.5-pro",
       "/v1/models/other:embedContent"},
      {post, "/v1beta/models/x:batchEmbedContents", "batchEmbedContents", "gemini", "x",
       "/v1beta/models/other:batchEmbedContents"},
      {post, "/api/chat", "ollama/chat", "ollama", "", "/api/chat"},
  };
  for (const Case& c : cases) {
    INFO(c.path);
    const auto found = match(c.method, c.path);
    REQUIRE(found);
    CHECK(found->endpoint->name == c.name);
    CHECK(name_of(found->endpoint->dialect) == c.dialect);
    CHECK(found->model == c.model);
    CHECK(target_path_of(*found, "other") == c.target);
  }
}

TEST_CASE("every literal path of the table is found by itself") {
  for (const Endpoint* const endpoint : endpoints()) {
    if (endpoint->pattern.find('{') != std::string_view::npos) continue;
    INFO(endpoint->pattern);
    const auto found = match(endpoint->method, endpoint->pattern);
    REQUIRE(found);
    CHECK(found->endpoint == endpoint);
  }
}

TEST_CASE("OpenTelemetry's names for what is done") {
  struct Row {
    std::string_view endpoint, operation;
  };
  for (const Row& row : {Row{"chat/completions", "chat"},
                         {"messages", "chat"},
                         {"responses", "chat"},
                         {"ollama/chat", "chat"},
                         {"completions", "text_completion"},
                         {"ollama/generate", "text_completion"},
                         {"embeddings", "embeddings"},
                         {"ollama/embed", "embeddings"},
                         {"ollama/embeddings", "embeddings"},
                         {"embedContent", "embeddings"},
                         {"batchEmbedContents", "embeddings"},
                         {"generateContent", "generate_content"},
                         {"streamGenerateContent", "generate_content"},
                         {"rerank", "rerank"},
                         {"ollama/tags", "ollama/tags"},
                         {"unknown", "unknown"}}) {
    CHECK(operation_of(row.endpoint) == row.operation);
  }
}

TEST_CASE("the target's model is encoded into the path as little as may be") {
  const std::string_view path = "/v1beta/models/x:generateContent";
  const auto found = match(post, path);
  REQUIRE(found);
  CHECK(target_path_of(*found, "publishers/google/models/a:b c%") ==
        "/v1beta/models/publishers/google/models/a:b%20c%25:generateContent");
  CHECK(target_path_of(*found, "models/gemini-x") == "/v1beta/models/gemini-x:generateContent");
  CHECK(target_path_of(*found, "m\xC3\xA9?#") == "/v1beta/models/m%C3%A9%3F%23:generateContent");
}

TEST_CASE("unknown paths name near ones") {
  struct Case {
    std::string_view path, hint;
  };
  const Case cases[] = {
      {"/v1/chat/completion", "did you mean /v1/chat/completions"},
      {"/v1/v1/messages", "did you mean /v1/messages?"},
      {"/proxy/v1/chat/completions", "did you mean /v1/chat/completions?"},
      {"//v1/responses", "did you mean /v1/responses?"},
      {"/v1/message", "did you mean /v1/messages"},
      {"/", "known are "},
      {"", "known are "},
      {"/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "known are "},
      {"/v1beta/models/:generateContent", "unknown path"},
      {"/v1beta/models/xgenerateContent/", "unknown path"},
      {"/v1/responses/a/b", "unknown path"},
      {"/v1/embeddings/", "did you mean /v1/embeddings"},
  };
  for (const Case& c : cases) {
    INFO(c.path);
    const auto found = match(post, c.path);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ErrorCode::unknown_path);
    CHECK(found.error().message.find(c.hint) != std::string::npos);
  }
  const auto longest = match(post, std::string(8000, 'x'));
  REQUIRE_FALSE(longest);
  CHECK(longest.error().message.size() < 400);
}

TEST_CASE("known paths with another method say which are allowed") {
  struct Case {
    http::Method method;
    std::string_view path, allowed;
  };
  const Case cases[] = {
      {put, "/v1/chat/completions", "POST, GET"},
      {put, "/v1/responses/resp_1", "GET, HEAD, DELETE"},
      {get, "/v1/responses/compact", "POST"},
      {get, "/responses", "POST"},
      {get, "/api/chat", "POST"},
      {get, "/v1/models/x:generateContent", "POST"},
  };
  for (const Case& c : cases) {
    INFO(c.path);
    const auto found = match(c.method, c.path);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ErrorCode::method_not_allowed);
    CHECK(allowed_methods(c.path) == c.allowed);
  }
  CHECK(allowed_methods("/nothing").empty());
}

TEST_CASE("a dialect is guessed by the path, else by the fields") {
  struct Case {
    std::string_view path, field, dialect;
  };
  const Case cases[] = {
      {"/v1/messages", "", "anthropic"},
      {"/v1/messages/batches", "", "anthropic"},
      {"/v1/messagesque", "", "openai"},
      {"/v1/responses/x/y", "", "responses"},
      {"/responses", "", "responses"},
      {"/v1beta/files", "", "gemini"},
      {"/v1/models/x:countTokens", "", "gemini"},
      {"/api/pull", "", "ollama"},
      {"/v1/chat/completions", "anthropic-version", "openai"},
      {"/v1/models", "", "openai"},
      {"/v1/models", "Anthropic-Version", "anthropic"},
      {"/v1/models", "X-Goog-Api-Key", "gemini"},
  };
  for (const Case& c : cases) {
    INFO(c.path << " " << c.field);
    http::Fields fields;
    if (!c.field.empty()) fields.add(c.field, "x");
    CHECK(name_of(guess_dialect(c.path, fields)) == c.dialect);
  }
}

}  // namespace
}  // namespace sluice::api
