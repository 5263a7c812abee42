#include "gateway/error_answer.h"

#include "api/endpoint.h"
#include "api/error_body.h"

namespace sluice::gateway {

void render_error(Dialect dialect, const Error& error, std::string_view request_id, std::string_view path,
                  http::Fields& fields, std::string& body) {
  body = api::error_body(dialect, error, request_id);
  fields.add("content-type", "application/json");
  fields.add("x-request-id", request_id);
  switch (error.code) {
    case ErrorCode::method_not_allowed: {
      const std::string allowed = api::allowed_methods(path);
      if (!allowed.empty()) fields.add("allow", allowed);
      break;
    }
    case ErrorCode::overloaded:
    case ErrorCode::draining:
      fields.add("retry-after", "1");
      break;
    case ErrorCode::unauthorized:
      fields.add("www-authenticate", "Bearer");
      break;
    case ErrorCode::upgrade_required:
      fields.add("upgrade", "HTTP/1.1");
      break;
    default:
      break;
  }
}

}  // namespace sluice::gateway
