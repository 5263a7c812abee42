// sluice's own pages as a table, for /openapi.json and for tests; admin/pages.h answers them.
#pragma once

#include <span>
#include <string_view>

#include "http/message.h"

namespace sluice::admin {

struct OwnPage {
  enum class Access : unsigned char { open, callers, admins };

  http::Method method;
  std::string_view path;  // "/v1/models/{model}"; "{model}" may span slashes
  std::string_view summary;
  Access access;
  std::string_view content_type;
  std::string_view schema;  // of the answer, JSON schema; "": any
  std::string_view body{};  // of the request, JSON schema; "": there is none
};

// All of them, literals. GET pages take HEAD, too.
std::span<const OwnPage> own_pages();

}  // namespace sluice::admin
