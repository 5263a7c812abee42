// What a request's body demands of a target: how many tokens, and which kinds of content. Used for requests and for
// `sluice explain`, which shows in advance how a request would be routed.
#pragma once

#include <string>
#include <string_view>

#include "api/endpoint.h"
#include "base/result.h"
#include "gateway/question.h"
#include "routing/plan.h"

namespace sluice::gateway {

struct AskedBody {
  std::string model;       // "": it names none
  routing::Asking asking;  // tokens, images, tools and audio
};

// `body`: of a request in any dialect. `endpoint`: the request's; nullptr: assume one that answers in tokens.
// bad_request: the body is not a JSON object. Only parts that are declared as image or audio count as such: words in
// tool descriptions, tool arguments and base64 data do not.
Result<AskedBody> read_asked(std::string_view body, const api::Endpoint* endpoint = nullptr);
// The same for `question`, whose body this is. The body is parsed only if it can affect `bounds`. Errors in it are left
// to the target to report.
routing::Asking asking_of(const Question& question, std::string_view body, const routing::Bounds& bounds);

}  // namespace sluice::gateway
