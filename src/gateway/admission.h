// Authenticates and authorizes a caller: the first step of an exchange.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "base/result.h"
#include "config/config.h"
#include "http/message.h"
#include "policy/caller_keys.h"
#include "policy/recent_keys.h"
#include "routing/router.h"

namespace sluice::gateway {

struct Admitted {
  const config::CallerKey* key = nullptr;  // nullptr: no keys are configured, so everyone is admitted
  uint32_t secret = 0;                     // index of the key's secret: 0 is the newest
};

// unauthorized: keys are configured, and the request has none, or an unknown or expired one. `recent`: the cache of
// this thread for these keys; nullptr: no cache.
Result<Admitted> admit(const policy::CallerKeys& keys, const http::RequestHead& head,
                       policy::RecentKeys* recent = nullptr);

// The owner of what is kept of an answer: the key, or, without keys, whoever sends the same credential; "" if there is
// none.
std::string owner_of(const Admitted& admitted, const http::RequestHead& head);

// Like admit(), for the pages of /admin. Allowed are: a key with "admin"; if no keys are configured, requests from
// loopback or a Unix socket (according to `peer`) that came through no proxy. Otherwise unauthorized or forbidden.
Result<Admitted> admit_admin(const policy::CallerKeys& keys, const http::RequestHead& head, std::string_view peer);

// Whether the request from `peer` may change a provider's list of models: its key needs "manage"; without keys, the
// conditions of admit_admin() apply. `admitted`: the request's.
Result<void> may_manage(const Admitted& admitted, const http::RequestHead& head, std::string_view peer);

// Whether the key may use everything that `requested`, a name in `models`, leads to.
bool may_use_any(const Admitted& admitted, std::string_view requested);
// Whether the key may use this model.
bool is_allowed(const Admitted& admitted, std::string_view requested, const routing::Target& target,
                const routing::Router& router);
// forbidden: the key may not use this model. `requested` is the caller's name for it. The key's list may contain that
// name or the one the provider uses. A target without a model needs the whole provider ("provider/*").
Result<void> may_use(const Admitted& admitted, std::string_view requested, const routing::Target& target,
                     const routing::Router& router);
// The providers that may answer a request that names no model: the one its path names; otherwise those that speak its
// dialect and that the key may use without a model, in the configuration's order; if the key may use none, the first
// speaker. unknown_model: there is none.
Result<std::vector<const config::Provider*>> providers_for(const Admitted& admitted, const api::Match& match,
                                                           const routing::Router& router);
// The error to report for `error`, which was met on the way to a target for `requested`. A key that is restricted to
// some models must not learn which others exist, so an unknown and a forbidden model get the same message.
Error error_for(const Admitted& admitted, std::string_view requested, const Error& error,
                const routing::Router& router);

}  // namespace sluice::gateway
