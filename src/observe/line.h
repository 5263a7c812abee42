// The words of a log line, escaped so that no value can break a line or pass for another one.
#pragma once

#include <string>
#include <string_view>

namespace sluice::observe {

// Whether append_word would append `text` as it is: not empty, plain, without spaces and '='.
bool is_word(std::string_view text);
// As it is where it is one plain word, else quoted and escaped: the value of key=value.
void append_word(std::string& out, std::string_view text);

}  // namespace sluice::observe
