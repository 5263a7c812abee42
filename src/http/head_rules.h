// Rules for a complete head beyond its bytes: Host, the form of the target, and lengths and codings that leave no doubt
// where the body ends (RFC 9112 3.2, 6; RFC 9110 7.2, 7.6.1, 7.8, 10.1.1). Fills in what follows from the fields.
#pragma once

#include "base/result.h"
#include "http/message.h"

namespace sluice::http {

// Cuts the target to origin-form, normalizes its path (http/path.h), and sets framing, content_length, keep_alive,
// expects_continue and wants_websocket. Fails with bad_request or expectation_failed.
Result<void> complete(RequestHead& head);

// Sets framing, content_length and keep_alive. `no_body`: the answer is to a HEAD request. Fails with target_broke.
Result<void> complete(ResponseHead& head, bool no_body);

}  // namespace sluice::http
