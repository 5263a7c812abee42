// What has to survive between two dialects: requests and answers, compared as the neutral form has them.
#pragma once

#include <string>
#include <vector>

#include "api/answer.h"
#include "api/dropped.h"
#include "api/request.h"
#include "api/tool_names.h"
#include "base/dialect.h"

namespace sluice::test {

// What of `asked`, written for a target and read again as `got`, neither survived nor stands in `dropped`; a sentence
// each. `names`: those that the target was told. `same_schemas`: it takes JSON Schema as it is.
std::vector<std::string> lost_of_request(const api::Request& asked, const api::Request& got,
                                         const api::ToolNames& names, const api::Dropped& dropped, bool same_schemas);

// How far a caller's dialect can tell it at all.
struct Tellable {
  bool order = true;    // of texts and calls
  bool refusal = true;  // as a finish of its own
  bool cached = true;   // tokens of the input, apart from the rest
};
// The same of an answer, which has no list of what was dropped.
std::vector<std::string> lost_of_answer(const api::Answer& told, const api::Answer& got, const Tellable& tellable);

}  // namespace sluice::test
