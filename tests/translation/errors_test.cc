// Targets' errors for callers of other dialects: each status that a dialect documents, with its usual body, in every
// other dialect's form and words.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "api/dialect.h"
#include "api/target_error.h"
#include "api/translation.h"

using namespace sluice;
using namespace sluice::api;
using nlohmann::json;

namespace {

struct Told {
  Dialect dialect;
  int status;
  const char* body;
  const char* code;  // the provider's code
};

// platform.openai.com/docs/guides/error-codes, docs.anthropic.com/en/api/errors,
// ai.google.dev/gemini-api/docs/troubleshooting, Ollama's docs/api.
const Told documented[] = {
    {Dialect::openai, 400,
     R"({"error":{"message":"M","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}})",
     "context_length_exceeded"},
    {Dialect::openai, 401,
     R"({"error":{"message":"M","type":"invalid_request_error","param":null,"code":"invalid_api_key"}})",
     "invalid_api_key"},
    {Dialect::openai, 403,
     R"({"error":{"message":"M","type":"request_forbidden","param":null,"code":"unsupported_country_region_territory"}})",
     "unsupported_country_region_territory"},
    {Dialect::openai, 404,
     R"({"error":{"message":"M","type":"invalid_request_error","param":null,"code":"model_not_found"}})",
     "model_not_found"},
    {Dialect::openai, 429, R"({"error":{"message":"M","type":"requests","param":null,"code":"rate_limit_exceeded"}})",
     "rate_limit_exceeded"},
    {Dialect::openai, 429,
     R"({"error":{"message":"M","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})",
     "insufficient_quota"},
    {Dialect::openai, 500, R"({"error":{"message":"M","type":"server_error","param":null,"code":null}})",
     "server_error"},
    {Dialect::openai, 503, R"({"error":{"message":"M","type":"server_error","param":null,"code":"server_overloaded"}})",
     "server_overloaded"},
    {Dialect::responses, 400,
     R"({"error":{"message":"M","type":"invalid_request_error","param":"input","code":"invalid_prompt"}})",
     "invalid_prompt"},
    {Dialect::responses, 429, R"({"error":{"message":"M","type":"tokens","param":null,"code":"rate_limit_exceeded"}})",
     "rate_limit_exceeded"},
    {Dialect::responses, 500, R"({"error":{"message":"M","type":"server_error","code":"server_error"}})",
     "server_error"},
    {Dialect::anthropic, 400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"M"},"request_id":"req_1"})",
     "invalid_request_error"},
    {Dialect::anthropic, 401, R"({"type":"error","error":{"type":"authentication_error","message":"M"}})",
     "authentication_error"},
    {Dialect::anthropic, 402, R"({"type":"error","error":{"type":"billing_error","message":"M"}})", "billing_error"},
    {Dialect::anthropic, 403, R"({"type":"error","error":{"type":"permission_error","message":"M"}})",
     "permission_error"},
    {Dialect::anthropic, 404, R"({"type":"error","error":{"type":"not_found_error","message":"M"}})",
     "not_found_error"},
    {Dialect::anthropic, 413, R"({"type":"error","error":{"type":"request_too_large","message":"M"}})",
     "request_too_large"},
    {Dialect::anthropic, 429, R"({"type":"error","error":{"type":"rate_limit_error","message":"M"}})",
     "rate_limit_error"},
    {Dialect::anthropic, 500, R"({"type":"error","error":{"type":"api_error","message":"M"}})", "api_error"},
    {Dialect::anthropic, 504, R"({"type":"error","error":{"type":"timeout_error","message":"M"}})", "timeout_error"},
    {Dialect::anthropic, 529, R"({"type":"error","error":{"type":"overloaded_error","message":"M"}})",
     "overloaded_error"},
    {Dialect::gemini, 400, R"({"error":{"code":400,"message":"M","status":"INVALID_ARGUMENT"}})", "INVALID_ARGUMENT"},
    {Dialect::gemini, 400, R"({"error":{"code":400,"message":"M","status":"FAILED_PRECONDITION"}})",
     "FAILED_PRECONDITION"},
    {Dialect::gemini, 401, R"({"error":{"code":401,"message":"M","status":"UNAUTHENTICATED"}})", "UNAUTHENTICATED"},
    {Dialect::gemini, 403, R"({"error":{"code":403,"message":"M","status":"PERMISSION_DENIED"}})", "PERMISSION_DENIED"},
    {Dialect::gemini, 404, R"({"error":{"code":404,"message":"M","status":"NOT_FOUND"}})", "NOT_FOUND"},
    {Dialect::gemini, 429,
     R"({"error":{"code":429,"message":"M","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}]}})",
     "RESOURCE_EXHAUSTED"},
    {Dialect::gemini, 500, R"({"error":{"code":500,"message":"M","status":"INTERNAL"}})", "INTERNAL"},
    {Dialect::gemini, 503, R"({"error":{"code":503,"message":"M","status":"UNAVAILABLE"}})", "UNAVAILABLE"},
    {Dialect::gemini, 504, R"({"error":{"code":504,"message":"M","status":"DEADLINE_EXCEEDED"}})", "DEADLINE_EXCEEDED"},
    {Dialect::ollama, 400, R"({"error":"M"})", ""},
    {Dialect::ollama, 404, R"({"error":"M"})", ""},
    {Dialect::ollama, 429, R"({"error":"M"})", ""},
    {Dialect::ollama, 500, R"({"error":"M"})", ""},
    {Dialect::ollama, 502, R"({"error":"M"})", ""},
    {Dialect::ollama, 503, R"({"error":"M"})", ""},
};

// What callers look at besides the status.
std::string openai_type(const Told& told) {
  if (std::string_view(told.code) == "insufficient_quota" || std::string_view(told.code) == "billing_error")
    return told.code;
  switch (told.status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_error";
    case 503:
    case 529:
      return "overloaded_error";
    default:
      return told.status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::string anthropic_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
    case 529:
      return "overloaded_error";
    case 408:
    case 504:
      return "timeout_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::string gemini_status(int status) {
  switch (status) {
    case 401:
      return "UNAUTHENTICATED";
    case 402:
      return "FAILED_PRECONDITION";
    case 403:
      return "PERMISSION_DENIED";
    case 409:
      return "ABORTED";
    case 404:
      return "NOT_FOUND";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 502:
    case 503:
    case 529:
      return "UNAVAILABLE";
    case 408:
    case 504:
      return "DEADLINE_EXCEEDED";
    default:
      return status < 500 ? "INVALID_ARGUMENT" : "INTERNAL";
  }
}

void check(const Told& told, Dialect caller, const json& body) {
  if (caller == Dialect::ollama) {
    CHECK(body == json{{"error", "M"}});
    return;
  }
  CHECK(body["error"]["message"] == "M");
  if ((caller == Dialect::openai || caller == Dialect::responses) && *told.code != '\0') {
    CHECK(body["error"]["code"] == told.code);
  }
  if (caller == Dialect::openai || caller == Dialect::responses) {
    CHECK(body["error"]["type"] == openai_type(told));
    CHECK(body["error"]["code"].is_string());
    CHECK(body["error"]["param"].is_null());
  }
  if (caller == Dialect::anthropic) {
    CHECK(body["type"] == "error");
    CHECK(body["error"]["type"] == anthropic_type(told.status));
    CHECK(body["request_id"] == "req-7");
  }
  if (caller == Dialect::gemini) {
    CHECK(body["error"]["code"] == (told.status == 529 ? 503 : told.status));
    CHECK(body["error"]["status"] == gemini_status(told.status));
    if (*told.code != '\0') CHECK(body["error"]["details"][0]["reason"] == told.code);
    CHECK(body["error"]["details"].back()["retryDelay"] == "7s");
  }
}

}  // namespace

TEST_CASE("errors of every dialect, in the words of every other") {
  size_t crossings = 0;
  for (const Told& told : documented) {
    for (const DialectRoom* const room : rooms()) {
      if (room->id == told.dialect) continue;
      INFO(name_of(told.dialect) << " " << told.status << " " << told.code << " to " << name_of(room->id));
      const TargetWords words = target_words(told.body);
      std::string body;
      room->translation.write_provider_error({told.status, words.code, words.message, 7}, "req-7", body);
      check(told, room->id, json::parse(body));
      ++crossings;
    }
  }
  CHECK(crossings == std::size(documented) * 4);
}

TEST_CASE("every status of a target is told in the caller's own type, whatever word the target has for it") {
  const int statuses[] = {400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529};
  for (const DialectRoom* const room : rooms()) {
    for (const int status : statuses) {
      INFO(status << " to " << name_of(room->id));
      std::string body;
      room->translation.write_provider_error({status, "a_word", "M", 7}, "req-7", body);
      check({room->id, status, "", "a_word"}, room->id, json::parse(body));
    }
  }
}

TEST_CASE("how long to wait, where only the body tells it") {
  CHECK(retry_delay_s(documented[27].body) == 0);
  CHECK(retry_delay_s(documented[26].body) == 35);
  CHECK(retry_delay_s(R"({"retryDelay" : "5s"})") == 5);
  CHECK(retry_delay_s(R"({"retryDelay":null,"a":5})") == 0);
  CHECK(retry_delay_s(R"({"retryDelay":"99999999s"})") == 0);
}
