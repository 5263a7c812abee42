// What sluice's own pages tell and do, from whoever wires the program: it knows the keys, the setup and the workers.
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
  probes,   // everyone, where no key is asked for any web page too: it says nothing that is anybody's secret
  open,     // everyone
  callers,  // whoever has a key, where there are keys
  admins    // whoever may administer
};

// Whoever has been let in to a page.
struct Visitor {
  const config::CallerKey* key = nullptr;  // nullptr: no keys are configured, or the page asks for none
  std::shared_ptr<const void> held{};      // what the key is part of

  std::string_view name() const { return key != nullptr ? std::string_view(key->name) : std::string_view(); }
};

struct Models {
  std::vector<api::ListedModel> list;
  std::shared_ptr<const void> held{};  // what the views in it are of
};

// Called on the thread of the pages that have it.
class PageSource {
 public:
  // What is asked for later is given in a later turn of the request's loop, at most once, and maybe after the caller
  // has left.
  using Body = std::function<void(const std::string& body)>;
  using Problems = std::function<void(const std::vector<std::string>& problems)>;

  virtual ~PageSource() = default;
  // Whether whoever sent this request from `peer` may see such a page; else unauthorized or forbidden.
  virtual Result<Visitor> admit(PageAccess access, const http::RequestHead& head, std::string_view peer) = 0;
  // The models that a visitor may use, in a dialect.
  virtual Models models(const Visitor& visitor, Dialect dialect) = 0;
  // The one that a request for an answer would get by this name, which outlives what is returned; else the error that
  // it would get.
  virtual Result<Models> model(const Visitor& visitor, Dialect dialect, std::string_view name) = 0;
  // The body of /admin/limits, and that of /admin/targets.
  virtual std::string limits() = 0;
  virtual std::string targets() = 0;
  // Does to a target what the body of a POST of /admin/targets says. `key`: its name; "" without one.
  virtual Result<void> control_target(std::string_view body, std::string_view key, std::string_view peer) = 0;
  // How a request would be routed: the body of /admin/explain. `asking`: but for the time. The errors are those of such
  // a request.
  virtual Result<std::string> explain(std::string_view model, const routing::Asking& asking) = 0;
  // Gives the body of /admin/exchanges.
  virtual void ask_exchanges(net::Loop& loop, Body done) = 0;
  // Has the configuration read again, and gives what is wrong with it. `by`: who asks, for the log. not_implemented:
  // nobody reads it again.
  virtual Result<void> ask_reload(const std::string& by, net::Loop& loop, Problems done) = 0;
  // A request was refused (401, 403), and has been answered.
  virtual void on_refused(const http::RequestHead& head, const http::Responder& responder, const Error& error) = 0;
};

}  // namespace sluice::admin
