// The table of sluice's pages: who gets which answer, what is allowed if the method is wrong, and what /openapi.json
// says about them.
#include <array>
#include <optional>

#include "admin/pages.h"
#include "api/endpoint.h"
#include "api/passing.h"

namespace sluice::admin {
namespace {

using enum http::Method;
using enum PageAccess;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view text_type = "text/plain";
// In the caller's dialect: OpenAI's, or Anthropic's if the request has anthropic-version.
constexpr std::string_view models_schema =
    R"({"type":"object","required":["data"],"properties":{"data":{"type":"array","items":{"type":"object",)"
    R"("required":["id"],"properties":{"id":{"type":"string"}}}}}})";
constexpr std::string_view model_schema =
    R"({"type":"object","required":["id"],"properties":{"id":{"type":"string"}}})";

constexpr std::string_view named_schema =
    R"({"type":"object","required":["models"],"properties":{"models":{"type":"array","items":{"type":"object",)"
    R"("required":["name"],"properties":{"name":{"type":"string"}}}}}})";

constexpr std::string_view level_schema =
    R"({"type":"object","required":["level"],"additionalProperties":false,"properties":{"level":{"type":"string",)"
    R"("enum":["trace","debug","info","warn","error"]}}})";
constexpr std::string_view health_schema =
    R"({"type":"object","required":["status","version","uptime_s"],"properties":{"status":{"const":"ok"},)"
    R"("version":{"type":"string"},"uptime_s":{"type":"integer"}}})";
constexpr std::string_view ready_schema =
    R"({"type":"object","required":["ready"],"properties":{"ready":{"type":"boolean"},"reason":{"type":"string"},)"
    R"("warning":{"type":"string"}}})";
constexpr std::string_view limits_schema =
    R"({"type":"object","required":["limits","left_out"],"properties":{"limits":{"type":"array",)"
    R"("items":{"type":"object"}},"left_out":{"type":"integer"}}})";
constexpr std::string_view exchanges_schema =
    R"({"type":"object","required":["exchanges","left_out","missing_workers"],"properties":{"exchanges":)"
    R"({"type":"array","items":{"type":"object","required":["request_id","age_ms","state","method","path"]}},)"
    R"("left_out":{"type":"integer"},"missing_workers":{"type":"integer"}}})";
constexpr std::string_view reload_schema =
    R"({"type":"object","required":["reloaded"],"properties":{"reloaded":{"const":true}}})";

constexpr std::string_view targets_schema =
    R"({"type":"object","required":["targets","left_out"],"properties":{"targets":{"type":"array","items":)"
    R"({"type":"object","required":["target","state","in_flight"]}},"left_out":{"type":"integer"}}})";
constexpr std::string_view control_schema =
    R"({"type":"object","required":["target","action"],"additionalProperties":false,"properties":{"target":)"
    R"({"type":"string"},"action":{"type":"string","enum":["drain","bench","free"]},"for_s":{"type":"integer",)"
    R"("minimum":1,"maximum":604800}}})";
constexpr std::string_view explain_schema =
    R"({"type":"object","required":["model","targets","left_out"],"properties":{"model":{"type":"string"},"targets":)"
    R"({"type":"array","items":{"type":"object","required":["target","why","state"]}},"left_out":{"type":"array"}}})";

constexpr std::string_view explain_parameters =
    R"([{"name":"model","in":"query","required":true,"schema":{"type":"string","minLength":1}},)"
    R"({"name":"tokens","in":"query","schema":{"type":"integer","minimum":0}},)"
    R"({"name":"affinity","in":"query","schema":{"type":"string"}}])";

constexpr std::string_view model_mark = "{model}";

// What stands for {model} if `path` matches the row; nullopt if it does not.
constexpr std::optional<std::string_view> part_of(std::string_view row, std::string_view path) {
  constexpr size_t telling = 4;  // "/v1/m" and "/v1/c": most paths are not ours
  if (row.size() > telling && path.size() > telling && row[telling] != path[telling]) return std::nullopt;
  if (!row.ends_with(model_mark)) return path == row ? std::optional<std::string_view>("") : std::nullopt;
  row.remove_suffix(model_mark.size());
  return path.starts_with(row) ? std::optional(path.substr(row.size())) : std::nullopt;
}

constexpr size_t letter_of(std::string_view path) {
  return path.size() < 2 || path[1] < 'a' || path[1] > 'z' ? 0 : static_cast<size_t>(path[1] - 'a' + 1);
}

struct RowRange {
  uint8_t begin = 0, end = 0;
};

// `path` without the prefix that some programs write before a dialect's paths, if the rest is a page of models.
std::string_view own_path(http::Method method, std::string_view path) {
  if ((method != get && method != head) || path.find("/models") == std::string_view::npos) return path;
  std::string_view named;
  const std::string_view rest = api::without_prefix(path, named);
  return named.empty() && api::model_page(rest, nullptr) ? rest : path;
}

}  // namespace

// Rows whose paths begin with the same letter must be adjacent.
struct Pages::Table {
  static constexpr std::array rows = std::to_array<Page>({
      {get, "/", open, &Pages::answer_root, "Says that sluice runs.", text_type},
      {get, "/health", probes, &Pages::answer_health, "Whether it is alive.", json_type, health_schema},
      {get, "/ready", probes, &Pages::answer_ready, "Whether it takes requests.", json_type, ready_schema},
      {get, "/metrics", open, &Pages::answer_metrics, "Prometheus text format 0.0.4.", text_type},
      // For callers whose base URL lacks the version.
      {get, "/models", callers, &Pages::answer_models},
      {get, "/models/{model}", callers, &Pages::answer_models},
      {get, "/openapi.json", open, &Pages::answer_openapi, "This document.", json_type,
       R"({"type":"object","required":["openapi","paths"]})"},
      {get, "/v1/models", callers, &Pages::answer_models, "The models that the key may use.", json_type, models_schema},
      {get, "/v1/models/{model}", callers, &Pages::answer_models, "One model that the key may use.", json_type,
       model_schema},
      {get, "/v1beta/models", callers, &Pages::answer_models, "The same list in this path's dialect.", json_type,
       named_schema},
      {get, "/v1beta/models/{model}", callers, &Pages::answer_models, "One of them.", json_type,
       R"({"type":"object","required":["name"]})"},
      {get, "/api/tags", callers, &Pages::answer_models, "The same list in this path's dialect.", json_type,
       named_schema},
      {post, "/api/show", callers, &Pages::show_model, "One of them.", json_type,
       R"({"type":"object","required":["details"]})",
       R"({"type":"object","properties":{"model":{"type":"string"},"name":{"type":"string"}}})"},
      {get, "/api/ps", callers, &Pages::answer_models, "Always empty: loaded models are not known here.", json_type,
       named_schema},
      {get, "/api/version", callers, &Pages::answer_models, "A version of that API.", json_type,
       R"({"type":"object","required":["version"],"properties":{"version":{"type":"string"}}})"},
      {get, "/admin/limits", admins, &Pages::answer_limits, "Every rate limit and what is left of it.", json_type,
       limits_schema},
      {get, "/admin/targets", admins, &Pages::answer_targets, "How each target is doing.", json_type, targets_schema},
      {get, "/admin/explain", admins, &Pages::answer_explain,
       "How a request for ?model= would be routed, and why; affinity, tokens, images, tools and audio describe the "
       "request further.",
       json_type, explain_schema, "", explain_parameters},
      {get, "/admin/exchanges", admins, &Pages::answer_exchanges, "What is in flight, oldest first.", json_type,
       exchanges_schema},
      {get, "/admin/log-level", admins, &Pages::answer_log_level, "The log's level.", json_type, level_schema},
      {post, "/admin/reload", admins, &Pages::reload, "Reloads the configuration file; 400 says what is wrong with it.",
       json_type, reload_schema},
      {post, "/admin/targets", admins, &Pages::control_target, "Drains a target, benches it for a while, or frees it.",
       json_type, targets_schema, control_schema},
      {post, "/admin/log-level", admins, &Pages::set_log_level, "Changes the log's level.", json_type, level_schema,
       level_schema},
  });

  // Every request is looked up here, but few are for a page: only few rows are compared.
  static constexpr std::array<RowRange, 27> by_letter = [] {
    std::array<RowRange, 27> ranges{};
    for (size_t i = 0; i < rows.size(); ++i) {
      RowRange& range = ranges[letter_of(rows[i].path)];
      if (range.end != 0 && range.end != i) throw "the rows of a letter are not adjacent";  // does not compile
      if (range.end == 0) range.begin = static_cast<uint8_t>(i);
      range.end = static_cast<uint8_t>(i + 1);
    }
    return ranges;
  }();
  static constexpr std::span<const Page> near(std::string_view path) {
    const RowRange range = by_letter[letter_of(path)];
    return std::span(rows).subspan(range.begin, static_cast<size_t>(range.end - range.begin));
  }
};

std::span<const Pages::Page> Pages::table() { return Table::rows; }

Pages::Found Pages::find(http::Method method, std::string_view path) {
  path = own_path(method, path);
  const http::Method wanted = method == head ? get : method;
  for (const Page& page : Table::near(path)) {
    if (page.method != wanted) continue;
    if (const auto model_part = part_of(page.path, path)) return {&page, path, *model_part};
  }
  return {};
}

bool Pages::knows(http::Method method, std::string_view path) {
  path = own_path(method, path);
  for (const Page& page : Table::near(path)) {
    const auto model = part_of(page.path, path);
    if (!model) continue;
    if (path[1] != 'v') return true;
    // Some paths that are passed on begin the same way: POST /v1/models/{model}:generateContent. Deleting a model is
    // passed to its provider, and so are requests for its operations.
    if (method == http::Method::del && !model->empty()) return false;
    if (model->find("/operations/") != std::string_view::npos) return false;
    return (method != post || api::verb_of(path).empty()) && api::model_page(path, nullptr) &&
           !api::match(method, path) && !api::match(post, path);
  }
  return false;
}

bool Pages::is_probe(http::Method method, std::string_view path) {
  const Page* const page = find(method, path).page;
  return page != nullptr && page->access == probes;
}

std::string Pages::methods_of(std::string_view path) {
  std::string methods;
  for (const Page& page : Table::near(path)) {
    if (!part_of(page.path, path)) continue;
    methods += methods.empty() ? "" : ", ";
    methods += http::name_of(page.method);
    if (page.method == get) methods += ", HEAD";
  }
  return methods;
}

}  // namespace sluice::admin
