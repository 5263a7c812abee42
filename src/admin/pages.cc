#include "admin/pages.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "admin/handlers.h"
#include "admin/log_level.h"
#include "admin/openapi.h"
#include "api/endpoint.h"
#include "api/error_body.h"
#include "api/percent.h"
#include "base/json_writer.h"
#include "base/nearest.h"
#include "base/time_text.h"

namespace sluice::admin {
namespace {

constexpr std::string_view root_body = "sluice is running\n";
constexpr size_t names_in_error = 5;

std::string_view methods_of(std::string_view path) {
  if (path == "/admin/reload") return "POST";
  return path == "/admin/log-level" ? "GET, HEAD, POST" : "GET, HEAD";
}

// What follows /v1/models: "" for the list, an id (percent-encoded) for one model; nullopt for another path.
std::optional<std::string_view> models_part(std::string_view path) {
  if (path.starts_with("/v1/")) path.remove_prefix(3);
  constexpr std::string_view models = "/models";
  if (!path.starts_with(models)) return std::nullopt;
  path.remove_prefix(models.size());
  if (path.empty()) return path;
  if (path.front() != '/') return std::nullopt;
  return path.substr(1);
}

Error unknown_model(std::string_view id, const std::vector<api::ListedModel>& models) {
  std::vector<std::string_view> known;
  for (const api::ListedModel& model : models) known.push_back(model.id);
  std::vector<std::string_view> named = nearest(id, known, names_in_error);
  const bool similar = !named.empty();
  if (!similar) {
    named = known;
    named.resize(std::min(known.size(), names_in_error));
  }
  std::string message = "there is no model '" + std::string(id) + "' here";
  if (named.empty()) return {ErrorCode::unknown_model, message + "; none is listed for you"};
  message += similar ? "; similar ones: " : "; some that there are: ";
  for (const std::string_view name : named) {
    if (name.data() != named.front().data()) message += ", ";
    message += name;
  }
  return {ErrorCode::unknown_model, message + " (GET /v1/models lists all)"};
}

}  // namespace

Pages::Pages(Options options) : options_(std::move(options)) { refresh(); }

bool Pages::knows(http::Method method, std::string_view path) {
  if (path.size() < 2) return path == "/";
  switch (path[1]) {
    case 'a':
      return path == "/admin/limits" || path == "/admin/exchanges" || path == "/admin/log-level" ||
             path == "/admin/reload";
    case 'h':
      return path == "/health";
    case 'o':
      return path == "/openapi.json";
    case 'r':
      return path == "/ready";
    case 'm':
      return path == "/metrics" || models_part(path).has_value();
    case 'v': {
      if (!models_part(path)) return false;
      // Some of Gemini's paths begin the same: POST /v1/models/{model}:generateContent.
      return method != http::Method::post || api::verb_of(path).empty();
    }
    default:
      return false;
  }
}

std::unique_ptr<http::RequestHandler> Pages::handle(const http::RequestHead& head, http::Responder& responder) {
  refresh();
  const std::string_view path = head.path();
  if (head.method == http::Method::post && path == "/admin/log-level" && options_.log != nullptr) {
    return set_log_level(head, responder);
  }
  if (head.method == http::Method::post && path == "/admin/reload" && options_.reload) return reload(head, responder);
  const bool reads = head.method == http::Method::get || head.method == http::Method::head;
  if (reads && path == "/admin/exchanges" && options_.exchanges) return answer_exchanges(head, responder);
  const bool takes_it = reads && path != "/admin/reload";
  if (!takes_it && knows(head.method, path)) {
    std::string message(path);
    message += " takes ";
    message += methods_of(path);
    message += ", not ";
    message += http::name_of(head.method);
    answer_error(head, {ErrorCode::method_not_allowed, std::move(message)}, responder);
  } else {
    answer_page(head, responder);
  }
  return std::make_unique<Answered>();
}

void Pages::answer_page(const http::RequestHead& head, http::Responder& responder) {
  const std::string_view path = head.path();
  if (path == "/health") return answer_json(200, health_body_, responder);
  if (path == "/ready") {
    if (options_.draining.load(std::memory_order_relaxed)) {
      return answer_json(503, "{\"ready\":false,\"reason\":\"draining\"}\n", responder);
    }
    return answer_ready(responder);
  }
  if (const auto id = models_part(path)) return answer_models(head, *id, responder);
  if (path == "/") return responder.answer(200, text_fields_, root_body);
  if (path == "/admin/limits" && options_.limits) return answer_limits(head, responder);
  if (path == "/admin/log-level" && options_.log != nullptr) return answer_log_level(head, responder);
  if (path == "/openapi.json") return answer_json(200, openapi_body(), responder);
  if (path == "/metrics") return responder.answer(200, metrics_fields_, options_.metrics.page());
  answer_error(head, {ErrorCode::unknown_path, "there is no page " + std::string(path)}, responder);
}

// It takes requests also while it cannot write its log, which whoever watches it should know all the same.
void Pages::answer_ready(http::Responder& responder) {
  const int error = options_.log != nullptr ? options_.log->losses().error : 0;
  if (error == 0) return answer_json(200, "{\"ready\":true}\n", responder);
  std::string body;
  JsonWriter out(body);
  out.object().member("ready", true);
  out.member("warning", "the log cannot be written: " + std::generic_category().message(error));
  out.end_object().line_end();
  answer_json(200, body, responder);
}

void Pages::answer_models(const http::RequestHead& head, std::string_view id, http::Responder& responder) {
  const Result<std::vector<api::ListedModel>> models = options_.models(head);
  if (!models) return answer_error(head, models.error(), responder);
  const Dialect dialect = api::guess_dialect(head.path(), head.fields);
  if (id.empty()) return answer_json(200, api::model_list_body(dialect, *models, options_.started_unix_s), responder);
  std::string decoded;
  api::append_percent_decoded(decoded, id);
  const auto found =
      std::find_if(models->begin(), models->end(), [&](const auto& model) { return model.id == decoded; });
  if (found == models->end()) return answer_error(head, unknown_model(decoded, *models), responder);
  answer_json(200, api::model_body(dialect, *found, options_.started_unix_s), responder);
}

void Pages::answer_limits(const http::RequestHead& head, http::Responder& responder) {
  const Result<std::string> body = options_.limits(head, responder.peer());
  if (!body) return answer_error(head, body.error(), responder);
  answer_json(200, *body, responder);
}

std::unique_ptr<http::RequestHandler> Pages::answer_exchanges(const http::RequestHead& head,
                                                              http::Responder& responder) {
  auto later = std::make_unique<LaterAnswer>(responder, json_fields_);
  const auto give = [give = later->giver()](const std::string& body) { give(200, body); };
  const Result<void> asked = options_.exchanges(head, responder.peer(), responder.loop(), give);
  if (asked) return later;
  answer_error(head, asked.error(), responder);
  return std::make_unique<Answered>();
}

std::unique_ptr<http::RequestHandler> Pages::reload(const http::RequestHead& head, http::Responder& responder) {
  auto later = std::make_unique<LaterAnswer>(responder, json_fields_);
  const auto give = [give = later->giver(),
                     dialect = api::guess_dialect(head.path(), head.fields)](const std::vector<std::string>& problems) {
    if (problems.empty()) return give(200, "{\"reloaded\":true}\n");
    std::string text = "the old configuration stays: ";
    for (const std::string& problem : problems) (text += &problem == problems.data() ? "" : "; ") += problem;
    give(400, api::error_body(dialect, {ErrorCode::bad_request, std::move(text)}, {}));
  };
  const Result<void> asked = options_.reload(head, responder.peer(), responder.loop(), give);
  if (asked) return later;
  answer_error(head, asked.error(), responder);
  return std::make_unique<Answered>();
}

void Pages::answer_log_level(const http::RequestHead& head, http::Responder& responder) {
  if (const Result<void> allowed = options_.may_administer(head, responder.peer()); !allowed) {
    return answer_error(head, allowed.error(), responder);
  }
  answer_json(200, log_level_body(*options_.log), responder);
}

std::unique_ptr<http::RequestHandler> Pages::set_log_level(const http::RequestHead& head, http::Responder& responder) {
  if (const Result<void> allowed = options_.may_administer(head, responder.peer()); !allowed) {
    answer_error(head, allowed.error(), responder);
    return std::make_unique<Answered>();
  }
  return std::make_unique<SmallBody>([this, &head, &responder](const Result<std::string_view>& body) {
    const Result<void> set = body ? change_log_level(*options_.log, *body,
                                                     options_.key_name ? options_.key_name(head) : "", responder.peer())
                                  : Result<void>(tl::unexpected<Error>(body.error()));
    if (!set) return answer_error(head, set.error(), responder);
    answer_json(200, log_level_body(*options_.log), responder);
  });
}

void Pages::answer_json(int status, std::string_view body, http::Responder& responder) {
  responder.answer(status, json_fields_, body);
}

void Pages::answer_error(const http::RequestHead& head, const Error& error, http::Responder& responder) {
  http::Fields fields;
  std::string body;
  render_error(head, error, fields, body);
  responder.answer(http_status(error.code), fields, body);
  const bool refused = error.code == ErrorCode::unauthorized || error.code == ErrorCode::forbidden;
  if (refused && options_.refused) options_.refused(head, responder, error);
}

void Pages::render_error(const http::RequestHead& head, const Error& error, http::Fields& fields, std::string& body) {
  body = api::error_body(api::guess_dialect(head.path(), head.fields), error, {});
  fields.add("content-type", "application/json");
  fields.add("date", date_);
  if (error.code == ErrorCode::method_not_allowed) fields.add("allow", methods_of(head.path()));
  if (is_lasting(http_status(error.code))) fields.add("x-should-retry", "false");
  if (error.code == ErrorCode::unauthorized) fields.add("www-authenticate", "Bearer");
}

// Once a second makes anew what holds the time.
void Pages::refresh() {
  const uint64_t now_ns = options_.clock.monotonic_ns();
  const uint64_t uptime_s = now_ns > options_.started_ns ? (now_ns - options_.started_ns) / 1'000'000'000 : 0;
  if (uptime_s == uptime_s_) return;
  uptime_s_ = uptime_s;
  date_ = http_date(options_.clock.unix_s());
  health_body_ = "{\"status\":\"ok\",\"version\":\"" SLUICE_VERSION "\",\"uptime_s\":";
  health_body_ += std::to_string(uptime_s) + "}\n";
  const auto fill = [this](http::Fields& fields, std::string_view content_type) {
    fields.clear();
    fields.add("content-type", content_type);
    fields.add("cache-control", "no-store");
    fields.add("date", date_);
  };
  fill(json_fields_, "application/json");
  fill(text_fields_, "text/plain; charset=utf-8");
  fill(metrics_fields_, "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace sluice::admin
