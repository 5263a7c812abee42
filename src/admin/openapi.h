// The body of /openapi.json: an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.1) of sluice's pages and of every path
// that it passes on.
#pragma once

#include <string>

namespace sluice::admin {

// Made on the first call, from api::endpoints() and sluice's pages; constant afterwards. Describes the parts of a
// request's body and parameters that sluice reads; the target decides about the rest. Any thread.
const std::string& openapi_body();

}  // namespace sluice::admin
