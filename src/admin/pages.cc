#include "admin/pages.h"

#include <optional>
#include <system_error>
#include <utility>

#include "admin/explain_query.h"
#include "admin/handlers.h"
#include "admin/log_level.h"
#include "admin/openapi.h"
#include "api/endpoint.h"
#include "api/error_body.h"
#include "base/json_writer.h"
#include "base/time_text.h"

namespace sluice::admin {
namespace {

constexpr std::string_view root_body = "sluice is running\n";

}  // namespace

Pages::Pages(Options options, std::unique_ptr<PageSource> source) : options_(options), source_(std::move(source)) {
  refresh();
}

std::unique_ptr<http::RequestHandler> Pages::handle(const http::RequestHead& head, http::Responder& responder) {
  refresh();
  const std::string_view path = head.path();
  const auto [page, own_path, model] = find(head.method, path);
  HandlerPtr handler;
  if (page != nullptr) {
    Result<Visitor> visitor;
    if (page->access >= PageAccess::callers) visitor = source_->admit(page->access, head, responder.peer());
    handler = visitor ? (this->*page->handler)({head, responder, *visitor, own_path, model})
                      : answer_error(head, visitor.error(), responder);
  } else if (const std::string methods = methods_of(path); !methods.empty()) {
    std::string message(path);
    message += " takes " + methods + ", not ";
    message += http::name_of(head.method);
    answer_error(head, {ErrorCode::method_not_allowed, std::move(message)}, responder);
  } else {
    answer_error(head, {ErrorCode::unknown_path, "there is no page " + std::string(path)}, responder);
  }
  return handler ? std::move(handler) : std::make_unique<Answered>();
}

Pages::HandlerPtr Pages::answer_root(const Visit& visit) {
  visit.responder.answer(200, text_fields_, root_body);
  return nullptr;
}

Pages::HandlerPtr Pages::answer_health(const Visit& visit) { return answer_json(200, health_body_, visit.responder); }

// sluice is ready even if it cannot write its log, but monitoring should learn of it.
Pages::HandlerPtr Pages::answer_ready(const Visit& visit) {
  if (options_.draining.load(std::memory_order_relaxed)) {
    return answer_json(503, "{\"ready\":false,\"reason\":\"draining\"}\n", visit.responder);
  }
  const int error = options_.log.losses().error;
  std::string body;
  JsonWriter out(body);
  out.object().member("ready", true);
  if (error != 0) out.member("warning", "the log cannot be written: " + std::generic_category().message(error));
  out.end_object().line_end();
  return answer_json(200, body, visit.responder);
}

Pages::HandlerPtr Pages::answer_metrics(const Visit& visit) {
  visit.responder.answer(200, metrics_fields_, options_.metrics.page());
  return nullptr;
}

Pages::HandlerPtr Pages::answer_openapi(const Visit& visit) {
  return answer_json(200, openapi_body(), visit.responder);
}

Pages::HandlerPtr Pages::answer_models(const Visit& visit) {
  const http::RequestHead& head = visit.head;
  const std::optional<api::ModelPage> page = api::model_page(visit.path, &head.fields);
  const Dialect dialect = page ? page->dialect : Dialect{};
  if (page && !page->body.empty()) return answer_json(200, page->body, visit.responder);
  if (!visit.model.empty()) return answer_model(visit, dialect, api::model_name_of(dialect, visit.model));
  const Models models = source_->models(visit.visitor, dialect);
  const Result<std::string> body = api::model_list_body(dialect, models.list, head.query(), options_.started_unix_s);
  return body ? answer_json(200, *body, visit.responder) : answer_error(head, body.error(), visit.responder);
}

Pages::HandlerPtr Pages::answer_model(const Visit& visit, Dialect dialect, const std::string& name) {
  if (name.empty()) return answer_error(visit.head, {ErrorCode::bad_request, "no model is named"}, visit.responder);
  const Result<Models> model = source_->model(visit.visitor, dialect, name);
  if (!model) return answer_error(visit.head, model.error(), visit.responder);
  return answer_json(200, api::model_body(dialect, model->list.front(), options_.started_unix_s), visit.responder);
}

Pages::HandlerPtr Pages::show_model(const Visit& visit) {
  return std::make_unique<SmallBody>([this, visit](const Result<std::string_view>& body) {
    const std::optional<api::ModelPage> page = api::model_page(visit.path, &visit.head.fields);
    const Dialect dialect = page ? page->dialect : Dialect{};
    const Result<std::string> name =
        body ? api::model_named_in(dialect, *body) : Result<std::string>(tl::unexpected<Error>(body.error()));
    name ? answer_model(visit, dialect, *name) : answer_error(visit.head, name.error(), visit.responder);
  });
}

Pages::HandlerPtr Pages::answer_limits(const Visit& visit) {
  return answer_json(200, source_->limits(), visit.responder);
}

Pages::HandlerPtr Pages::answer_targets(const Visit& visit) {
  return answer_json(200, source_->targets(), visit.responder);
}

Pages::HandlerPtr Pages::control_target(const Visit& visit) {
  return std::make_unique<SmallBody>([this, visit](const Result<std::string_view>& body) {
    const Result<void> done = body ? source_->control_target(*body, visit.visitor.name(), visit.responder.peer())
                                   : Result<void>(tl::unexpected<Error>(body.error()));
    done ? answer_targets(visit) : answer_error(visit.head, done.error(), visit.responder);
  });
}

Pages::HandlerPtr Pages::answer_explain(const Visit& visit) {
  const Result<ExplainQuery> query = read_explain_query(visit.head.query());
  if (!query) return answer_error(visit.head, query.error(), visit.responder);
  routing::Asking asking = query->asking;
  asking.affinity = query->affinity;
  const Result<std::string> body = source_->explain(query->model, asking);
  return body ? answer_json(200, *body, visit.responder) : answer_error(visit.head, body.error(), visit.responder);
}

Pages::HandlerPtr Pages::answer_exchanges(const Visit& visit) {
  auto later = std::make_unique<LaterAnswer>(visit.responder, json_fields_);
  source_->ask_exchanges(visit.responder.loop(), [give = later->giver()](const std::string& body) { give(200, body); });
  return later;
}

Pages::HandlerPtr Pages::reload(const Visit& visit) {
  auto later = std::make_unique<LaterAnswer>(visit.responder, json_fields_);
  const Dialect dialect = api::guess_dialect(visit.head.path(), visit.head.fields);
  const auto give = [give = later->giver(), dialect](const std::vector<std::string>& problems) {
    if (problems.empty()) return give(200, "{\"reloaded\":true}\n");
    std::string text = "the old configuration stays in force: ";
    for (const std::string& problem : problems) (text += &problem == problems.data() ? "" : "; ") += problem;
    give(400, api::error_body(dialect, {ErrorCode::bad_request, std::move(text)}, {}));
  };
  const std::string_view name = visit.visitor.name();
  const std::string by = (name.empty() ? "no key" : "key " + std::string(name)) + ", from " + visit.responder.peer();
  if (const Result<void> asked = source_->ask_reload(by, visit.responder.loop(), give); !asked) {
    return answer_error(visit.head, asked.error(), visit.responder);
  }
  return later;
}

Pages::HandlerPtr Pages::answer_log_level(const Visit& visit) {
  return answer_json(200, log_level_body(options_.log), visit.responder);
}

Pages::HandlerPtr Pages::set_log_level(const Visit& visit) {
  return std::make_unique<SmallBody>([this, visit](const Result<std::string_view>& body) {
    const Result<void> set = body ? change_log_level(options_.log, *body, visit.visitor.name(), visit.responder.peer())
                                  : Result<void>(tl::unexpected<Error>(body.error()));
    set ? answer_log_level(visit) : answer_error(visit.head, set.error(), visit.responder);
  });
}

Pages::HandlerPtr Pages::answer_json(int status, std::string_view body, http::Responder& responder) {
  responder.answer(status, json_fields_, body);
  return nullptr;
}

Pages::HandlerPtr Pages::answer_error(const http::RequestHead& head, const Error& error, http::Responder& responder) {
  http::Fields fields;
  std::string body;
  std::string request_id = source_->request_id(head);
  render_error_of(head, error, request_id, fields, body);
  responder.answer(http_status(error.code), fields, body);
  if (error.code == ErrorCode::unauthorized || error.code == ErrorCode::forbidden) {
    source_->on_refused(head, responder, error, std::move(request_id));
  }
  return nullptr;
}

void Pages::render_error(const http::RequestHead& head, const Error& error, http::Fields& fields, std::string& body) {
  render_error_of(head, error, source_->request_id(head), fields, body);
}

void Pages::render_error_of(const http::RequestHead& head, const Error& error, std::string_view request_id,
                            http::Fields& fields, std::string& body) {
  body = api::error_body(api::guess_dialect(head.path(), head.fields), error, request_id);
  fields.add("content-type", "application/json");
  fields.add("date", date_);
  fields.add("x-request-id", request_id);
  if (error.code == ErrorCode::method_not_allowed) fields.add("allow", methods_of(head.path()));
  if (is_lasting(http_status(error.code))) fields.add("x-should-retry", "false");
  if (error.code == ErrorCode::unauthorized) fields.add("www-authenticate", "Bearer");
}

// Rebuilds everything that contains the time, once a second.
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
