// Who is asking, and may they? The first thing that happens to an exchange.
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
  const config::CallerKey* key = nullptr;  // nullptr: no keys are configured, everyone may
  uint32_t secret = 0;                     // which of the key's: 0 is the newest
};

// unauthorized: keys are configured and none was sent, or one that is not known or has expired.
// `recent`: of this thread and these keys; nullptr: the key is looked for without.
Result<Admitted> admit(const policy::CallerKeys& keys, const http::RequestHead& head,
                       policy::RecentKeys* recent = nullptr);

// Whose what is kept of an answer is: the key's; without keys, whose who sends the same credential, or none.
std::string owner_of(const Admitted& admitted, const http::RequestHead& head);

// As admit(), of whoever may see the pages of /admin: with a key that is an admin's; without any keys, from loopback or
// a Unix socket (which `peer` tells), and not through a proxy. Else unauthorized or forbidden.
Result<Admitted> admit_admin(const policy::CallerKeys& keys, const http::RequestHead& head, std::string_view peer);

// Whether whoever sent this request from `peer` may change what models a provider has: with a key that may manage, else
// as admit_admin() has it. `admitted`: of the request.
Result<void> may_manage(const Admitted& admitted, const http::RequestHead& head, std::string_view peer);

// Whether the key may use whatever `requested`, a name of `models`, stands for.
bool may_use_any(const Admitted& admitted, std::string_view requested);
// Whether the key may use this model.
bool is_allowed(const Admitted& admitted, std::string_view requested, const routing::Target& target,
                const routing::Router& router);
// forbidden: the key may not use this model. `requested` is the caller's name for it; the key's list may hold that, or
// what it is at its provider; without a model, all that the provider has ("provider/*").
Result<void> may_use(const Admitted& admitted, std::string_view requested, const routing::Target& target,
                     const routing::Router& router);
// Who may answer a request that names no model: the provider that its path names, else those that speak its dialect and
// that the key may use without a model, in their order; if it may use none, the first. unknown_model: there is none.
Result<std::vector<const config::Provider*>> providers_for(const Admitted& admitted, const api::Match& match,
                                                           const routing::Router& router);
// What becomes of `error`, met on the way to a target for `requested`, where the key is held to some models: whether
// there is a model that it may not use is not for it to know, so both are told in the same words.
Error error_for(const Admitted& admitted, std::string_view requested, const Error& error,
                const routing::Router& router);

}  // namespace sluice::gateway
