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
#include "routing/router.h"

namespace sluice::gateway {

struct TargetRequestOptions {
  std::optional<uint64_t> content_length;  // nullopt: no body
  bool body_inflated = false;              // the caller's content-encoding was undone
  // With "api_key": "caller": where a key of sluice's own stood, which stays here: in this field ("": in none), or in
  // the query.
  std::string_view own_key_field;
  bool own_key_in_query = false;
};

// Passed on: every end-to-end field but Host, Accept-Encoding, Expect, credentials, and what tells of the caller's
// network (Forwarded, X-Forwarded-*, X-Real-IP). The query passes without key=.
std::string write_target_head(const http::RequestHead& caller, const api::Match& match, const routing::Target& target,
                              const ProviderLink& link, const TargetRequestOptions& options, std::string& scratch);

}  // namespace sluice::gateway
