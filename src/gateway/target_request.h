// The request head as a target gets it: the caller's own, without what is the caller's business alone, with the
// provider's credential.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/endpoint.h"
#include "gateway/provider_link.h"
#include "http/message.h"
#include "policy/caller_keys.h"
#include "routing/router.h"

namespace sluice::gateway {

struct TargetRequestOptions {
  std::optional<uint64_t> content_length;        // nullopt: no body
  bool body_inflated = false;                    // the caller's content-encoding was undone
  std::string_view content_type{};               // in place of the caller's; "": as it is
  const policy::CallerKeys* own_keys = nullptr;  // which stay here where "api_key" is "caller"; nullptr: there are none
};

// Passed on: every end-to-end field but Host, Accept-Encoding, Expect, credentials, and what tells of the caller's
// program and network (origin_fields.h). The query passes without key=.
std::string write_target_head(const http::RequestHead& caller, const api::Match& match, const routing::Target& target,
                              const ProviderLink& link, const TargetRequestOptions& options, std::string& scratch);

}  // namespace sluice::gateway
