// Writes tools, and which of them may or must be called.
#pragma once

#include <string>
#include <vector>

#include "api/anthropic/conversation.h"

namespace sluice::api::anthropic {

// Appends the members `tools` and `tool_choice`, each with a comma before it, if needed. `called`: the names of the
// conversation's calls, since the API rejects calls without tools. `thinks`: no tool can be forced.
void write_tools(Draft& draft, const std::vector<JsonText>& called, bool thinks, std::string& out);

}  // namespace sluice::api::anthropic
