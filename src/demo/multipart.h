// The parts of a multipart/form-data body (RFC 7578), which images and audio come in.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace sluice::demo {

inline constexpr size_t max_form_parts = 64;

// Views into the body.
struct FormPart {
  std::string_view name;
  std::string_view file_name;  // "" where it is no file
  std::string_view value;
};
// bad_request where `body` is not what its content-type says.
Result<std::vector<FormPart>> parse_form(const http::Fields& fields, std::string_view body);
// The first part of that name, else "".
std::string_view value_in(const std::vector<FormPart>& form, std::string_view name);

}  // namespace sluice::demo
