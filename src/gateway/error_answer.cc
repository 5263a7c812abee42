#include "gateway/error_answer.h"

#include "api/endpoint.h"
#include "api/error_body.h"
#include "base/time_text.h"
#include "http/inflater.h"

namespace sluice::gateway {

void render_error(Dialect dialect, const Error& error, std::string_view request_id, std::string_view path,
                  int64_t now_unix_s, http::Fields& fields, std::string& body, uint64_t retry_after_s) {
  if (http_status(error.code) == 503 && retry_after_s == 0) retry_after_s = 1;
  body = api::error_body(dialect, error, request_id, retry_after_s);
  fields.add("content-type", "application/json");
  fields.add("date", http_date(now_unix_s));
  fields.add("x-request-id", request_id);
  if (retry_after_s != 0) fields.add("retry-after", std::to_string(retry_after_s));
  if (is_lasting(http_status(error.code)))
    fields.add("x-should-retry", "false");  // OpenAI's and Anthropic's SDKs heed it
  switch (error.code) {
    case ErrorCode::method_not_allowed: {
      const std::string allowed = api::allowed_methods(path);
      // CONNECT and TRACE are refused before the path is read.
      fields.add("allow", allowed.empty() ? "GET, HEAD, POST, DELETE" : allowed);
      break;
    }
    case ErrorCode::unsupported_coding:
      fields.add("accept-encoding", http::all_codings);
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
