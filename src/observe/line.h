// The words of a log line, escaped so that no value can break a line or look like another field.
#pragma once

#include <string>
#include <string_view>

namespace sluice::observe {

// Whether append_word would append `text` as it is: not empty, plain, without spaces and '='.
bool is_word(std::string_view text);
// Appends the value of key=value: unchanged if it is one plain word, otherwise quoted and escaped.
void append_word(std::string& out, std::string_view text);

}  // namespace sluice::observe
