// Tools, and which of them may or must be called.
#pragma once

#include <string>
#include <vector>

#include "api/anthropic/conversation.h"

namespace sluice::api::anthropic {

// Appends the members `tools` and `tool_choice`, each with a comma before it, where there is something to say.
// `called`: what the conversation's calls are named, as calls without tools are refused. `thinks`: no tool can be
// forced.
void write_tools(Draft& draft, const std::vector<JsonText>& called, bool thinks, std::string& out);

}  // namespace sluice::api::anthropic
