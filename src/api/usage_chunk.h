// The chunk with which an openai stream tells its usage, once asked for.
#pragma once

#include <string_view>

namespace sluice::api {

// Whether a usage chunk holds nothing that its caller would miss: only members that every chunk has, beside `usage`.
// llama.cpp's `timings` and others' metrics ride on this chunk and on no other. `begin` and `rest` are the two parts of
// the frame's bytes, as they came. False where it cannot be told.
[[gnu::cold]] bool tells_usage_only(std::string_view begin, std::string_view rest);

}  // namespace sluice::api
