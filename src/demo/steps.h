// Calls that the user spells out, which the demo model makes round by round:
//
//   Please call write {"path": "a.txt", "text": "two words"}
//   then read {"path": "a.txt"} and read {"path": "b.txt"}
#pragma once

#include <string_view>
#include <vector>

#include "demo/reply.h"

namespace sluice::demo {

// Each line with calls is one round of them, in order: an offered tool's name followed by its arguments, a JSON object
// (for a freeform tool: a JSON string), which is sent unchanged. Empty: none is spelled out.
std::vector<std::vector<ToolCall>> steps_in(std::string_view text, const std::vector<OfferedTool>& tools);

}  // namespace sluice::demo
