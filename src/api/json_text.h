// JSON strings, written: for the small bodies that are put together by hand.
#pragma once

#include <string>
#include <string_view>

namespace sluice::api {

// Appends `text` as a JSON string with its quotes (RFC 8259 7). Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);
// The same without the quotes.
void append_json_escaped(std::string& out, std::string_view text);
// Unescapes the inside of a JSON string. False where an escape is broken; `out` then holds what came before it.
bool append_json_unescaped(std::string& out, std::string_view escaped);

}  // namespace sluice::api
