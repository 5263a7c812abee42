// Reads JSON strings; base/json_writer.h writes them.
#pragma once

#include <string>
#include <string_view>

namespace sluice::api {

// Unescapes the inside of a JSON string. False if an escape is broken; `out` then holds what precedes it.
bool append_json_unescaped(std::string& out, std::string_view escaped);

}  // namespace sluice::api
