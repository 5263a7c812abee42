// The end of every exchange: its metrics and its access record, written exactly once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "gateway/account.h"
#include "http/service.h"

namespace sluice::gateway {

struct Context;
class Relay;

// The caller's address: the furthest one in X-Forwarded-For that a trusted proxy vouches for, otherwise `peer`. The
// field may occur several times: each proxy appends to the last one or adds another.
std::string caller_address(const Context& context, const http::RequestHead& head, std::string peer);

// An exchange that is over. It only has to be valid during the call.
struct Closing {
  Account& account;  // settle() sets its failure if the target reported an error
  const http::RequestHead& head;
  const http::Responder& responder;
  const Relay* relay = nullptr;  // nullptr: nothing could be relayed
};

// The outcome of a target's answer, by its status and its error code and message.
ErrorCode outcome_of(int status, std::string_view code, std::string_view message);

// Counts a failed attempt that is not the last at its target, and reports it to the alerts.
void note_failed_attempt(Context& context, const Account& account, uint64_t now_ns);

// `now_ns`: when the exchange ended.
void settle(Context& context, const Closing& ending, uint64_t now_ns);

// Records and counts a refused request for a page of sluice's own. `request_id`: as in its answer.
void settle_refused_page(Context& context, const http::RequestHead& head, const http::Responder& responder,
                         const Error& error, std::string request_id);

}  // namespace sluice::gateway
