#include "api/credential.h"

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

TEST_CASE("the caller's key is found wherever a dialect puts it") {
  struct Case {
    std::vector<std::pair<std::string_view, std::string_view>> fields;
    std::string_view query, key;
  };
  const Case cases[] = {
      {{}, "", ""},
      {{{"Authorization", "Bearer sk-1"}}, "", "sk-1"},
      {{{"authorization", "bearer   sk-1"}}, "", "sk-1"},
      {{{"Authorization", "Bearer"}}, "", ""},
      {{{"Authorization", "Bearer "}}, "", ""},
      {{{"Authorization", "Bearersk-1"}}, "", ""},
      {{{"Authorization", "Basic c2s="}}, "", ""},
      {{{"Authorization", "Basic c2s="}, {"x-api-key", "sk-2"}}, "", "sk-2"},
      {{{"X-Api-Key", "sk-2"}, {"Authorization", "Bearer sk-1"}}, "", "sk-1"},
      {{{"x-api-key", ""}, {"api-key", "sk-3"}}, "", "sk-3"},
      {{{"X-Goog-Api-Key", "sk-4"}}, "key=sk-5", "sk-4"},
      {{}, "alt=sse&key=sk%2D5", "sk-5"},
      {{}, "%6bey=sk-5", "sk-5"},
      {{}, "key", ""},
      {{}, "key=&key=sk-6", "sk-6"},
      {{}, "monkey=1&keys=2", ""},
      {{}, "key=a%2", "a%2"},
  };
  for (const Case& c : cases) {
    INFO(c.query << " -> " << c.key);
    http::Fields fields;
    for (const auto& [name, value] : c.fields) fields.add(name, value);
    std::string decoded;
    CHECK(find_credential(fields, c.query, decoded) == c.key);
  }
}

TEST_CASE("a query loses its key and nothing else") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"key=1", ""},
      {"alt=sse&key=1", "alt=sse"},
      {"key=1&alt=sse", "alt=sse"},
      {"a&key=1&b", "a&b"},
      {"a=%20&&b", "a=%20&&b"},
      {"%6Bey=1&x", "x"},
      {"key=1&key=2", ""},
      {"keys=1", "keys=1"},
      {"key", ""},
  };
  for (const auto& [query, rest] : cases) {
    INFO(query);
    CHECK(without_credential(query) == rest);
  }
}

TEST_CASE("fields that choose an account of the key's") {
  for (const char* name : {"OpenAI-Organization", "openai-project", "X-Goog-User-Project"})
    CHECK(is_account_field(name));
  for (const char* name : {"", "openai-beta", "x-goog-api-key", "proxy-authorization"})
    CHECK_FALSE(is_account_field(name));
}

TEST_CASE("fields that carry a credential") {
  for (const char* name :
       {"Authorization", "X-API-Key", "api-key", "x-goog-api-key", "Cookie", "Proxy-Authorization"}) {
    INFO(name);
    CHECK(is_credential_field(name));
  }
  for (const char* name : {"", "x-api-kez", "content-type", "anthropic-version", "x-goog-api-client", "accept"}) {
    INFO(name);
    CHECK_FALSE(is_credential_field(name));
  }
}

}  // namespace
}  // namespace sluice::api
