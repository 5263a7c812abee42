// The head and body of an error answer.
#pragma once

#include <string>
#include <string_view>

#include "base/dialect.h"
#include "base/error.h"
#include "http/message.h"

namespace sluice::gateway {

// `path`: of the request, for Allow.
void render_error(Dialect dialect, const Error& error, std::string_view request_id, std::string_view path,
                  http::Fields& fields, std::string& body);

}  // namespace sluice::gateway
