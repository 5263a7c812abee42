// Text as it stands between the quotes of JSON (RFC 8259 7), for what is written by hand: small bodies, log lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// How many bytes the UTF-8 sequence at the start of `text` has (1..4); 0 if none begins there (RFC 3629: no overlong
// forms, no surrogates). `text` is not empty.
size_t utf8_sequence_bytes(std::string_view text);

// Appends `text` with what may not stand between quotes escaped: quote, backslash, control characters; C1 and U+2028,
// U+2029 too, which terminals and some readers of lines take for control characters. Bytes that are not UTF-8 become
// U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);
// The same with its quotes.
void append_json_string(std::string& out, std::string_view text);
// Whether append_json_escaped would append `text` as it is, and it is ASCII.
bool is_plain_json(std::string_view text);

}  // namespace sluice
