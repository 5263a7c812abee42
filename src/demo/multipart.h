// The parts of a multipart/form-data body (RFC 7578), used for images and audio.
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
  std::string_view file_name;  // "" if it is not a file
  std::string_view value;
};
// bad_request if `body` does not match its content-type.
Result<std::vector<FormPart>> parse_form(const http::Fields& fields, std::string_view body);
// The first part of that name, else "".
std::string_view value_in(const std::vector<FormPart>& form, std::string_view name);

}  // namespace sluice::demo
