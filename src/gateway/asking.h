// What a request's body asks of whoever answers it: how much there is to read, and of what kind. One reader for the
// request itself and for `sluice explain`, which tells beforehand what becomes of it.
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
  routing::Asking asking;  // tokens, images, tools and sound
};

// `body`: of a request in any dialect. `endpoint`: that it came by; nullptr: one that is answered in tokens.
// bad_request: it is no JSON object. What is in a tool's description, in what a tool is called with and in base64 is
// not taken for an image or a sound of the request; what is said to be one is.
Result<AskedBody> read_asked(std::string_view body, const api::Endpoint* endpoint = nullptr);
// The same of `question`, whose body this is, as far as it can matter: where nothing does, the body is not looked at.
// What is wrong with it is for the target to say.
routing::Asking asking_of(const Question& question, std::string_view body, const routing::Bounds& bounds);

}  // namespace sluice::gateway
