#include "api/error_body.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/json_unescape.h"
#include "api/model_list.h"
#include "base/json_writer.h"

namespace sluice::api {
namespace {

using nlohmann::json;

TEST_CASE("errors in each dialect's words") {
  struct Case {
    ErrorCode code;
    const char *openai_type, *openai_code, *anthropic_type, *gemini_status;
  };
  const Case cases[] = {
      {ErrorCode::bad_request, "invalid_request_error", "bad_request", "invalid_request_error", "INVALID_ARGUMENT"},
      {ErrorCode::unauthorized, "authentication_error", "invalid_api_key", "authentication_error", "UNAUTHENTICATED"},
      {ErrorCode::forbidden, "permission_error", "model_not_allowed", "permission_error", "PERMISSION_DENIED"},
      {ErrorCode::unknown_model, "invalid_request_error", "model_not_found", "not_found_error", "NOT_FOUND"},
      {ErrorCode::unknown_path, "invalid_request_error", "unknown_url", "not_found_error", "NOT_FOUND"},
      {ErrorCode::unknown_stream, "invalid_request_error", "unknown_stream", "not_found_error", "NOT_FOUND"},
      {ErrorCode::stream_gone, "invalid_request_error", "stream_gone", "not_found_error", "NOT_FOUND"},
      {ErrorCode::body_too_large, "invalid_request_error", "request_too_large", "request_too_large",
       "INVALID_ARGUMENT"},
      {ErrorCode::rate_limited, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED"},
      {ErrorCode::overloaded, "overloaded_error", "overloaded", "overloaded_error", "UNAVAILABLE"},
      {ErrorCode::draining, "overloaded_error", "draining", "overloaded_error", "UNAVAILABLE"},
      {ErrorCode::target_refused, "api_error", "target_refused", "api_error", "UNAVAILABLE"},
      {ErrorCode::target_timeout, "api_error", "target_timeout", "timeout_error", "DEADLINE_EXCEEDED"},
      {ErrorCode::internal, "api_error", "internal_error", "api_error", "INTERNAL"},
  };
  for (const Case& c : cases) {
    INFO(name_of(c.code));
    const Error error{c.code, "say \"why\""};
    const json openai = json::parse(error_body(Dialect::openai, error, "req_1"));
    CHECK(openai["error"]["message"] == "say \"why\"");
    CHECK(openai["error"]["type"] == c.openai_type);
    CHECK(openai["error"]["code"] == c.openai_code);
    CHECK(openai["error"]["param"] == (c.code == ErrorCode::unknown_model ? json("model") : json(nullptr)));
    CHECK(json::parse(error_body(Dialect::responses, error, "req_1")) == openai);
    const json anthropic = json::parse(error_body(Dialect::anthropic, error, "req_1"));
    CHECK(anthropic == json{{"type", "error"},
                            {"error", {{"type", c.anthropic_type}, {"message", "say \"why\""}}},
                            {"request_id", "req_1"}});
    const json gemini = json::parse(error_body(Dialect::gemini, error, ""));
    CHECK(gemini ==
          json{{"error", {{"code", http_status(c.code)}, {"message", "say \"why\""}, {"status", c.gemini_status}}}});
    CHECK(json::parse(error_body(Dialect::ollama, error, "")) == json{{"error", "say \"why\""}});
  }
  for (int code = 0; code <= static_cast<int>(ErrorCode::io); ++code) {  // every code gives JSON in every dialect
    for (const auto name : dialect_names) {
      CHECK(json::accept(error_body(*dialect_named(name), {static_cast<ErrorCode>(code), "x"}, "")));
    }
  }
}

TEST_CASE("an error in mid-stream is a frame of its own") {
  const Error error{ErrorCode::target_cut, "cut"};
  using enum StreamFormat;
  CHECK(
      error_event(Dialect::openai, sse, error, "r") ==
      "\n\ndata: {\"error\":{\"message\":\"cut\",\"type\":\"api_error\",\"param\":null,\"code\":\"target_cut\"}}\n\n");
  CHECK(error_event(Dialect::anthropic, sse, error, "r", {.between_frames = true}) ==
        "event: error\ndata: "
        "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"cut\"},\"request_id\":\"r\"}\n\n");
  CHECK(error_event(Dialect::ollama, ndjson, error, "r") == "\n{\"error\":\"cut\"}\n");
  CHECK(error_event(Dialect::ollama, ndjson, error, "r", {.between_frames = true}) == "{\"error\":\"cut\"}\n");
  CHECK(error_event(Dialect::gemini, json_array, error, "r") ==
        ",\n{\"error\":{\"code\":502,\"message\":\"cut\",\"status\":\"UNAVAILABLE\"}}]");
  CHECK(error_event(Dialect::openai, none, error, "r").empty());
  const std::string event = error_event(Dialect::responses, sse, error, "r");
  REQUIRE(event.starts_with("\n\nevent: error\ndata: {"));
  const json data = json::parse(event.substr(event.find('{')));
  CHECK(data["type"] == "error");
  CHECK(data["message"] == "cut");
  CHECK(data["code"] == "target_cut");
  CHECK(data["error"]["message"] == "cut");
}

TEST_CASE("any bytes become a JSON string and valid ones come back") {
  struct Case {
    std::string_view text, json;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"", R"("")"},
      {"a\"\\/\b\f\n\r\t"sv, R"("a\"\\/\b\f\n\r\t")"},
      {"\0\x1f\x7f"sv, R"("\u0000\u001f\u007f")"},
      {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
      {"\xC3", "\"\xEF\xBF\xBD\""},
      {"\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xE2\x82x", "\"\xEF\xBF\xBD\xEF\xBF\xBDx\""},
      {"\xFFz", "\"\xEF\xBF\xBDz\""},
  };
  for (const Case& c : cases) {
    std::string out;
    append_json_string(out, c.text);
    CHECK(out == c.json);
    CHECK(json::accept(out));
  }
}

TEST_CASE("escapes are undone, broken ones refused") {
  struct Case {
    std::string_view escaped, text;
    bool good;
  };
  const Case cases[] = {
      {R"(a\"\\\/\b\f\n\r\tz)", "a\"\\/\b\f\n\r\tz", true},
      {R"(\u0041\u00e9\u20AC)", "A\xC3\xA9\xE2\x82\xAC", true},
      {R"(\ud83d\ude00)", "\xF0\x9F\x98\x80", true},
      {R"(\ud83dx)", "\xEF\xBF\xBDx", true},
      {R"(\ud83d\u0041)",
       "\xEF\xBF\xBD"
       "A",
       true},
      {R"(\u00g0)", "", false},
      {R"(\u00)", "", false},
      {R"(ab\)", "ab", false},
      {R"(\x)", "", false},
  };
  for (const Case& c : cases) {
    INFO(c.escaped);
    std::string out;
    CHECK(append_json_unescaped(out, c.escaped) == c.good);
    CHECK(out == c.text);
  }
}

TEST_CASE("models are listed in the words of whoever asks") {
  const ListedModel models[] = {{"a/b", "one"}, {"c\"d", "two"}};
  const json openai = json::parse(model_list_body(Dialect::openai, models, {}, 1700000000).value());
  CHECK(openai["object"] == "list");
  CHECK(openai["data"][1] == json{{"id", "c\"d"}, {"object", "model"}, {"created", 1700000000}, {"owned_by", "two"}});
  const json anthropic = json::parse(model_list_body(Dialect::anthropic, models, {}, 1700000000).value());
  CHECK(anthropic["data"][0] ==
        json{{"type", "model"}, {"id", "a/b"}, {"display_name", "a/b"}, {"created_at", "2023-11-14T22:13:20Z"}});
  CHECK(anthropic["first_id"] == "a/b");
  CHECK(anthropic["last_id"] == "c\"d");
  CHECK(anthropic["has_more"] == false);
  CHECK(json::parse(model_list_body(Dialect::gemini, models, {}, 0).value())["models"][0]["name"] == "models/a/b");
  CHECK(json::parse(model_list_body(Dialect::ollama, models, {}, 0).value())["models"][1]["model"] == "c\"d");
  CHECK(json::parse(model_list_body(Dialect::openai, {}, {}, 0).value())["data"].empty());
  const json nothing = json::parse(model_list_body(Dialect::anthropic, {}, {}, 0).value());
  CHECK(nothing["first_id"].is_null());
  CHECK(nothing["last_id"].is_null());
  CHECK(json::parse(model_body(Dialect::openai, models[0], 5))["id"] == "a/b");
  CHECK(json::parse(model_body(Dialect::anthropic, models[0], 5))["type"] == "model");
  CHECK(json::parse(model_body(Dialect::gemini, models[0], 5))["name"] == "models/a/b");
  CHECK(json::parse(model_body(Dialect::ollama, models[0], 5)).contains("capabilities"));
}

}  // namespace
}  // namespace sluice::api
