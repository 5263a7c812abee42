// sluice's own pages, as one http::Service: / says that it runs, /health and /ready are for whoever watches it,
// /metrics for Prometheus, /openapi.json and /v1/models for callers, /admin for whoever runs it. One for each worker;
// on its thread only.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/model_list.h"
#include "base/result.h"
#include "http/message.h"
#include "http/service.h"
#include "net/clock.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace sluice::admin {

class Pages final : public http::Service {
 public:
  // The models that whoever sent this request may use; unauthorized if its key is missing or not known.
  using ModelsFor = std::function<Result<std::vector<api::ListedModel>>(const http::RequestHead&)>;
  // The body of /admin/limits for whoever sent this request from `peer`; unauthorized or forbidden if it is not for
  // them.
  using LimitsFor = std::function<Result<std::string>(const http::RequestHead&, std::string_view peer)>;
  // Checks who asks as LimitsFor does, and, if nothing is wrong, calls `done` with the body of /admin/exchanges in a
  // later turn of the request's loop; at most once, and maybe after the caller has left.
  using Done = std::function<void(const std::string& body)>;
  using ExchangesFor =
      std::function<Result<void>(const http::RequestHead&, std::string_view peer, net::Loop& loop, Done done)>;
  // As ExchangesFor, but to have the configuration read again: `done` is called with what is wrong with it, or with
  // nothing.
  using Reloaded = std::function<void(const std::vector<std::string>& problems)>;
  using ReloadFor =
      std::function<Result<void>(const http::RequestHead&, std::string_view peer, net::Loop& loop, Reloaded done)>;
  // Whether whoever sent this request from `peer` may administer.
  using MayFor = std::function<Result<void>(const http::RequestHead&, std::string_view peer)>;
  // The name of the key that a request came with; "" without one.
  using KeyNameFor = std::function<std::string(const http::RequestHead&)>;
  // What is referred to must outlive the pages.
  struct Options {
    const observe::Metrics& metrics;
    const std::atomic<bool>& draining;
    ModelsFor models;
    uint64_t started_ns;     // when the daemon began, by Clock::monotonic_ns
    int64_t started_unix_s;  // the same moment by Clock::unix_s; stands for every model's creation, too
    const net::Clock& clock;
    LimitsFor limits{};  // empty: there is no such page
    ExchangesFor exchanges{};
    MayFor may_administer{};      // who may see and set the log's level
    observe::Log* log = nullptr;  // whose level; nullptr: there is no such page
    ReloadFor reload{};
    KeyNameFor key_name{};  // for the log, of who has set its level
    // Told of each request that was refused (401, 403), once it has been answered.
    std::function<void(const http::RequestHead&, const http::Responder&, const Error&)> refused{};
  };

  explicit Pages(Options options);

  // Whether a request for `path` (no query) is for the pages, be it only to be told that the method is wrong.
  // "/models" and "/models/{id}" count as /v1/models, for callers whose base URL lacks the version.
  static bool knows(http::Method method, std::string_view path);

  // Answers and finishes at once, but for /admin/exchanges and what has a body to be read. What handle() is given must
  // be known (else the answer is 404).
  std::unique_ptr<http::RequestHandler> handle(const http::RequestHead& head, http::Responder& responder) override;
  void render_error(const http::RequestHead& head, const Error& error, http::Fields& fields,
                    std::string& body) override;

 private:
  void refresh();
  void answer_page(const http::RequestHead& head, http::Responder& responder);
  void answer_ready(http::Responder& responder);
  void answer_models(const http::RequestHead& head, std::string_view id, http::Responder& responder);
  std::unique_ptr<http::RequestHandler> answer_exchanges(const http::RequestHead& head, http::Responder& responder);
  std::unique_ptr<http::RequestHandler> reload(const http::RequestHead& head, http::Responder& responder);
  std::unique_ptr<http::RequestHandler> set_log_level(const http::RequestHead& head, http::Responder& responder);
  void answer_log_level(const http::RequestHead& head, http::Responder& responder);
  void answer_limits(const http::RequestHead& head, http::Responder& responder);
  void answer_json(int status, std::string_view body, http::Responder& responder);
  void answer_error(const http::RequestHead& head, const Error& error, http::Responder& responder);

  const Options options_;
  // Made anew when a second has passed; most requests find them ready.
  uint64_t uptime_s_ = UINT64_MAX;
  std::string date_, health_body_;
  http::Fields json_fields_, text_fields_, metrics_fields_;
};

}  // namespace sluice::admin
