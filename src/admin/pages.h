// sluice's pages, as one http::Service: / says that it runs, /health and /ready are for monitoring, /metrics for
// Prometheus, /openapi.json and the lists of models for callers, /admin for operators. page_table.cc has a row for
// each. One instance for each worker; used on its thread only.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "admin/page_source.h"
#include "base/result.h"
#include "http/message.h"
#include "http/service.h"
#include "net/clock.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace sluice::admin {

class Pages final : public http::Service {
 public:
  // Referenced objects must outlive the pages.
  struct Options {
    const observe::Metrics& metrics;
    const std::atomic<bool>& draining;
    uint64_t started_ns;     // when the daemon began, by Clock::monotonic_ns
    int64_t started_unix_s;  // the same moment by Clock::unix_s; also reported as every model's creation time
    const net::Clock& clock;
    observe::Log& log;  // its level is shown and changed
  };
  // An admitted request for a page.
  struct Visit {
    const http::RequestHead& head;
    http::Responder& responder;
    Visitor visitor;
    std::string_view path;   // the page's path, without any prefix before it
    std::string_view model;  // the part in place of {model}, percent-encoded
  };
  // Everything about one method and path; the strings are literals.
  struct Page {
    http::Method method;    // get covers HEAD too
    std::string_view path;  // "/v1/models/{model}"; "{model}" comes last, and may be empty or span slashes
    PageAccess access;
    std::unique_ptr<http::RequestHandler> (Pages::*handler)(const Visit&);  // returns null if it has answered
    std::string_view summary{};                                             // "": an alias, not listed in /openapi.json
    std::string_view content_type{};
    std::string_view schema{};      // of the answer, as JSON Schema; "": any
    std::string_view body{};        // of the request, as JSON Schema; "": none
    std::string_view parameters{};  // of the query, as OpenAPI's list; "": none
  };

  Pages(Options options, std::unique_ptr<PageSource> source);

  static std::span<const Page> table();
  // Whether a request for `path` (without query) is for the pages, even if only to reject its method.
  static bool knows(http::Method method, std::string_view path);
  // Whether everyone may see this page: PageAccess::probes.
  static bool is_probe(http::Method method, std::string_view path);

  // Answers and finishes immediately, except for /admin/exchanges, /admin/reload and requests whose body is read. If
  // knows() is false for the request, the answer is 404.
  std::unique_ptr<http::RequestHandler> handle(const http::RequestHead& head, http::Responder& responder) override;
  void render_error(const http::RequestHead& head, const Error& error, http::Fields& fields,
                    std::string& body) override;

 private:
  using HandlerPtr = std::unique_ptr<http::RequestHandler>;
  struct Table;
  struct Found {
    const Page* page = nullptr;  // nullptr: there is none
    std::string_view path{}, model{};
  };
  static Found find(http::Method method, std::string_view path);
  // The methods that `path` allows, as in "GET, HEAD"; "" if it is not a page.
  static std::string methods_of(std::string_view path);

  HandlerPtr answer_root(const Visit& visit);
  HandlerPtr answer_health(const Visit& visit);
  HandlerPtr answer_ready(const Visit& visit);
  HandlerPtr answer_metrics(const Visit& visit);
  HandlerPtr answer_openapi(const Visit& visit);
  HandlerPtr answer_models(const Visit& visit);
  HandlerPtr answer_model(const Visit& visit, Dialect dialect, const std::string& name);
  HandlerPtr show_model(const Visit& visit);
  HandlerPtr answer_limits(const Visit& visit);
  HandlerPtr answer_targets(const Visit& visit);
  HandlerPtr control_target(const Visit& visit);
  HandlerPtr answer_explain(const Visit& visit);
  HandlerPtr answer_exchanges(const Visit& visit);
  HandlerPtr answer_log_level(const Visit& visit);
  HandlerPtr set_log_level(const Visit& visit);
  HandlerPtr reload(const Visit& visit);
  void render_error_of(const http::RequestHead& head, const Error& error, std::string_view request_id,
                       http::Fields& fields, std::string& body);
  void refresh();
  HandlerPtr answer_json(int status, std::string_view body, http::Responder& responder);
  HandlerPtr answer_error(const http::RequestHead& head, const Error& error, http::Responder& responder);

  Options options_;
  std::unique_ptr<PageSource> source_;
  uint64_t uptime_s_ = UINT64_MAX;
  std::string date_, health_body_;
  http::Fields json_fields_, text_fields_, metrics_fields_;
};

}  // namespace sluice::admin
