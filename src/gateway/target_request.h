// The request as a target gets it: the caller's own head, without what is the caller's business alone, with the
// provider's credential; and the caller's own bytes, with the edits for this target.
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

// Passed on: every end-to-end field but Host, Accept-Encoding, Expect, credentials, and what tells of the caller's
// program and network (origin_fields.h). The query passes without key=. `keys`: sluice's own, which stay here where
// "api_key" is "caller". `fixed_fields`: the link's, of the key that is used. The request's body refers to `intake` and
// `edits`. `scratch`: in use within the call.
OutgoingRequest request_for(const routing::Target& target, const ProviderLink& link, std::string_view fixed_fields,
                            const http::RequestHead& caller, const Intake& intake, const std::vector<api::Edit>& edits,
                            const policy::CallerKeys& keys, std::string& scratch);

// What asks for the rest of that request's answer, by GET at `path`, which stands behind what the provider's paths for
// `dialect` begin with.
OutgoingRequest rest_request(const routing::Target& target, const ProviderLink& link, std::string_view fixed_fields,
                             const http::RequestHead& caller, const Intake& intake, Dialect dialect,
                             std::string_view path, const policy::CallerKeys& keys);

// The same of a request that is translated: of the caller's head, only what tells of its program and its trace passes.
// The request's body refers to `translation`.
OutgoingRequest translated_request(const routing::Target& target, const ProviderLink& link,
                                   std::string_view fixed_fields, const http::RequestHead& caller,
                                   const Translation& translation, std::string& scratch);

}  // namespace sluice::gateway
