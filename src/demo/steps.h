// Calls that the user spells out, for the demo model to make one round after another:
//
//   Please call write {"path": "a.txt", "text": "two words"}
//   then read {"path": "a.txt"} and read {"path": "b.txt"}
#pragma once

#include <string_view>
#include <vector>

#include "demo/reply.h"

namespace sluice::demo {

// Each line that holds calls is a round of them, in their order: an offered tool's name with its arguments behind it, a
// JSON object (of a freeform tool: a JSON string), which goes out as it is spelled. Empty: nothing is spelled out.
std::vector<std::vector<ToolCall>> steps_in(std::string_view text, const std::vector<OfferedTool>& tools);

}  // namespace sluice::demo
