// What must survive between two dialects: requests and answers, compared in the neutral form.
#pragma once

#include <string>
#include <vector>

#include "api/answer.h"
#include "api/dropped.h"
#include "api/request.h"
#include "api/tool_names.h"
#include "base/dialect.h"

namespace sluice::test {

// What of `asked`, written for a target and read again as `got`, neither survived nor is listed in `dropped`; one
// sentence each. `names`: the names that the target was given. `same_schemas`: it accepts JSON Schema unchanged.
std::vector<std::string> lost_of_request(const api::Request& asked, const api::Request& got,
                                         const api::ToolNames& names, const api::Dropped& dropped, bool same_schemas);

// What a caller's dialect can express.
struct Tellable {
  bool order = true;    // of texts and calls
  bool refusal = true;  // as a separate finish reason
  bool cached = true;   // cached input tokens, apart from the rest
};
// The same for an answer, which has no list of what was dropped.
std::vector<std::string> lost_of_answer(const api::Answer& told, const api::Answer& got, const Tellable& tellable);

}  // namespace sluice::test
