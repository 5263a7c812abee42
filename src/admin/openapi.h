// What /openapi.json says: an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.1) of sluice's own pages and of every
// path that it passes on.
#pragma once

#include <string>

namespace sluice::admin {

// Made when it is first asked for, from api::endpoints() and the own pages; then the same for ever. A request's body
// and parameters are described as far as sluice itself reads them, all else is open, as the target decides. Any thread.
const std::string& openapi_body();

}  // namespace sluice::admin
