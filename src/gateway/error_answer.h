// The head and body of an error answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/dialect.h"
#include "base/error.h"
#include "http/message.h"

namespace sluice::gateway {

// `path`: the request's, for Allow. `retry_after_s`: seconds until it may be let in; 0: unknown.
void render_error(Dialect dialect, const Error& error, std::string_view request_id, std::string_view path,
                  int64_t now_unix_s, http::Fields& fields, std::string& body, uint64_t retry_after_s = 0);

}  // namespace sluice::gateway
