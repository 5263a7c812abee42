// Builds the request that a target gets: the caller's head without its private fields, with the provider's credential,
// and the caller's bytes with the edits for this target.
#pragma once

#include <string>
#include <vector>

#include "gateway/attempt.h"
#include "gateway/intake.h"
#include "gateway/provider_link.h"
#include "gateway/translation.h"
#include "http/message.h"
#include "policy/caller_keys.h"
#include "routing/router.h"

namespace sluice::gateway {

// Passes every end-to-end field except Host, Accept-Encoding, Expect, credentials, and those about the caller's program
// and network (origin_fields.h). The query passes without key=. `keys`: sluice's keys, which are not forwarded if
// "api_key" is "caller". `fixed_fields`: the link's, for the key in use. The request's body refers to `intake` and
// `edits`, which must outlive it. `scratch`: only used during the call.
OutgoingRequest request_for(const routing::Target& target, const ProviderLink& link, std::string_view fixed_fields,
                            const http::RequestHead& caller, const Intake& intake, const std::vector<api::Edit>& edits,
                            const policy::CallerKeys& keys, std::string& scratch);

// The GET request for the rest of that request's answer. `path` is appended to the provider's path for `dialect`.
OutgoingRequest rest_request(const routing::Target& target, const ProviderLink& link, std::string_view fixed_fields,
                             const http::RequestHead& caller, const Intake& intake, Dialect dialect,
                             std::string_view path, const policy::CallerKeys& keys);

// The same for a translated request: of the caller's head, only user-agent and trace fields pass. The request's body
// refers to `translation`, which must outlive it.
OutgoingRequest translated_request(const routing::Target& target, const ProviderLink& link,
                                   std::string_view fixed_fields, const http::RequestHead& caller,
                                   const Translation& translation, std::string& scratch);

}  // namespace sluice::gateway
