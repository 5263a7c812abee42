// The end of every exchange, whatever it was: its metrics and its access record, written once.
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

// The address of the caller itself: the last one in X-Forwarded-For that a trusted proxy has vouched for, else `peer`.
// The field may stand several times: each proxy adds to the end of the last one, or another one behind it.
std::string caller_address(const Context& context, const http::RequestHead& head, std::string peer);

// An exchange that is over. All of it needs to live for the call only.
struct Closing {
  Account& account;  // its outcome is set: a target's own error is one
  const http::RequestHead& head;
  const http::Responder& responder;
  const Relay* relay = nullptr;  // nullptr: nothing could be relayed
};

// What the target's own answer comes to: by its status and its own word for the error.
ErrorCode outcome_of(int status, std::string_view code);

// An attempt that failed, and that was not the last: counted at its target, and told to who is told of failures.
void note_failed_attempt(Context& context, const Account& account, uint64_t now_ns);

// `now_ns`: when it ended.
void settle(Context& context, const Closing& ending, uint64_t now_ns);

// A request for a page of sluice's own that was refused: recorded and counted like others.
void settle_refused_page(Context& context, const http::RequestHead& head, const http::Responder& responder,
                         const Error& error);

}  // namespace sluice::gateway
