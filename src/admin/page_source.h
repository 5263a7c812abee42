// What sluice's pages show and do. Implemented by the wiring, which knows the keys, the setup and the workers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/model_list.h"
#include "base/result.h"
#include "config/config.h"
#include "http/message.h"
#include "http/service.h"
#include "routing/plan.h"

namespace sluice::admin {

enum class PageAccess : unsigned char {
  probes,   // everyone and, without configured keys, any web page too: reveals nothing secret
  open,     // everyone
  callers,  // anyone with a key, if keys are configured
  admins    // a key with "admin"; without configured keys, this machine (gateway::admit_admin)
};

// Someone who has been admitted to a page.
struct Visitor {
  const config::CallerKey* key = nullptr;  // nullptr: no keys are configured, or the page asks for none
  std::shared_ptr<const void> held{};      // what the key is part of

  std::string_view name() const { return key != nullptr ? std::string_view(key->name) : std::string_view(); }
};

struct Models {
  std::vector<api::ListedModel> list;
  std::shared_ptr<const void> held{};  // what the views in it are of
};

// Called on the thread of the Pages object that owns it.
class PageSource {
 public:
  // Callbacks run in a later turn of the request's loop, at most once, possibly after the caller is gone.
  using Body = std::function<void(const std::string& body)>;
  using Problems = std::function<void(const std::vector<std::string>& problems)>;

  virtual ~PageSource() = default;
  // Whether the sender of this request from `peer` may see such a page. Errors: unauthorized, forbidden.
  virtual Result<Visitor> admit(PageAccess access, const http::RequestHead& head, std::string_view peer) = 0;
  // The models that a visitor may use, for a dialect.
  virtual Models models(const Visitor& visitor, Dialect dialect) = 0;
  // The model that a request for an answer would get under this name, or the error it would get. `name` must outlive
  // the result.
  virtual Result<Models> model(const Visitor& visitor, Dialect dialect, std::string_view name) = 0;
  // The bodies of /admin/limits and /admin/targets.
  virtual std::string limits() = 0;
  virtual std::string targets() = 0;
  // Carries out the body of a POST to /admin/targets. `key`: the name of the key that was used; "" without one.
  virtual Result<void> control_target(std::string_view body, std::string_view key, std::string_view peer) = 0;
  // The body of /admin/explain: how a request would be routed. `asking` has no time yet. Errors: those of such a
  // request.
  virtual Result<std::string> explain(std::string_view model, const routing::Asking& asking) = 0;
  // Passes on the body of /admin/exchanges.
  virtual void ask_exchanges(net::Loop& loop, Body done) = 0;
  // Reloads the configuration and passes on what is wrong with it. `by`: who asks, for the log. Error: not_implemented
  // if this process cannot reload.
  virtual Result<void> ask_reload(const std::string& by, net::Loop& loop, Problems done) = 0;
  // The id of a request that is answered with an error: the caller's own (x-request-id) if usable, or a new one.
  virtual std::string request_id(const http::RequestHead& head) = 0;
  // Called after a request was rejected (401, 403). `request_id`: as in its answer.
  virtual void on_refused(const http::RequestHead& head, const http::Responder& responder, const Error& error,
                          std::string request_id) = 0;
};

}  // namespace sluice::admin
