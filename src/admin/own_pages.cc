#include "admin/own_pages.h"

#include <array>

namespace sluice::admin {
namespace {

using enum http::Method;
using enum OwnPage::Access;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view text_type = "text/plain";
// In the words of whoever asks: OpenAI's, or Anthropic's where the request has anthropic-version.
constexpr std::string_view models_schema =
    R"({"type":"object","required":["data"],"properties":{"data":{"type":"array","items":{"type":"object",)"
    R"("required":["id"],"properties":{"id":{"type":"string"}}}}}})";
constexpr std::string_view model_schema =
    R"({"type":"object","required":["id"],"properties":{"id":{"type":"string"}}})";

constexpr std::string_view level_schema =
    R"({"type":"object","required":["level"],"additionalProperties":false,"properties":{"level":{"type":"string",)"
    R"("enum":["trace","debug","info","warn","error"]}}})";

constexpr std::array table_of_pages = std::to_array<OwnPage>({
    {get, "/", "Says that sluice runs.", open, text_type, {}},
    {get, "/health", "Whether it is alive.", open, json_type,
     R"({"type":"object","required":["status","version","uptime_s"],"properties":{"status":{"const":"ok"},)"
     R"("version":{"type":"string"},"uptime_s":{"type":"integer"}}})"},
    {get, "/ready", "Whether it takes requests.", open, json_type,
     R"({"type":"object","required":["ready"],"properties":{"ready":{"type":"boolean"},"reason":{"type":"string"},"warning":{"type":"string"}}})"},
    {get, "/metrics", "Prometheus text format 0.0.4.", open, text_type, {}},
    {get, "/openapi.json", "This document.", open, json_type, R"({"type":"object","required":["openapi","paths"]})"},
    {get, "/v1/models", "The models that the key may use.", callers, json_type, models_schema},
    {get, "/v1/models/{model}", "One model that the key may use.", callers, json_type, model_schema},
    {get, "/admin/limits", "Every rate limit and what is left of it.", admins, json_type,
     R"({"type":"object","required":["limits","left_out"],"properties":{"limits":{"type":"array",)"
     R"("items":{"type":"object"}},"left_out":{"type":"integer"}}})"},
    {get, "/admin/exchanges", "What is in flight, oldest first.", admins, json_type,
     R"({"type":"object","required":["exchanges","left_out","missing_workers"],"properties":{"exchanges":)"
     R"({"type":"array","items":{"type":"object","required":["request_id","age_ms","state","method","path"]}},)"
     R"("left_out":{"type":"integer"},"missing_workers":{"type":"integer"}}})"},
    {get, "/admin/log-level", "What the log tells of.", admins, json_type, level_schema},
    {post, "/admin/reload", "Has the configuration file read again; 400 says what is wrong with it.", admins, json_type,
     R"({"type":"object","required":["reloaded"],"properties":{"reloaded":{"const":true}}})"},
    {post, "/admin/log-level", "Changes what the log tells of.", admins, json_type, level_schema, level_schema},
});

}  // namespace

std::span<const OwnPage> own_pages() { return table_of_pages; }

}  // namespace sluice::admin
