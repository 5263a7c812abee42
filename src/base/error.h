// What can go wrong, as a value: one enum for the whole program; each code has an HTTP status (RFC 9110) and a fault
// domain. The message is for people and never holds a secret.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// Who has to change something for the next try to succeed.
enum class Fault : unsigned char { caller, target, gateway };

enum class ErrorCode : unsigned char {
  // caller
  bad_request,          // 400: malformed HTTP, JSON or parameters
  untranslatable,       // 400: the target's dialect has no equivalent of the endpoint or of a feature
  unauthorized,         // 401: no key, or an unknown one
  forbidden,            // 403: a known key without permission for this model
  unknown_path,         // 404
  unknown_model,        // 404
  unknown_stream,       // 404: no stream with that id is kept for this caller to resume
  method_not_allowed,   // 405: the answer carries Allow
  request_timeout,      // 408: head or body did not arrive in time
  stream_gone,          // 410: the stream is kept, but no longer from the point where the caller would resume
  length_required,      // 411
  body_too_large,       // 413
  target_uri_too_long,  // 414
  unsupported_coding,   // 415: the request's content-encoding is not supported
  expectation_failed,   // 417
  upgrade_required,     // 426
  rate_limited,         // 429
  head_too_large,       // 431
  not_implemented,      // 501: unknown method
  bad_http_version,     // 505
  caller_gone,          // 499: only in records and metrics, since the caller cannot be answered
  // target
  target_unresolved,  // 502: its name has no address
  target_refused,     // 502: no connection could be made
  target_tls,         // 502: the handshake or the certificate failed
  target_broke,       // 502: it sent something that is not HTTP, or hung up before answering
  target_cut,         // 502: the answer ended before it was complete
  target_timeout,     // 504: no connection or no answer in time
  target_stalled,     // 504: its stream began, then stalled
  // target, by the error that it answered: never sluice's own answer, only in records, metrics and alerts
  target_unauthorized,  // 401, 403: it rejects the credential
  target_quota,         // 402, or the error code with another status: no money left
  target_rate_limited,  // 429
  target_rejected,      // any other 4xx: it rejects this request
  target_error,         // 5xx, or an error inside an answer that began well
  // gateway
  overloaded,  // 503: a queue or table is full; the answer carries Retry-After
  draining,    // 503: the daemon is shutting down
  internal,    // 500
  config,      // not an answer: the configuration is wrong
  io,          // not an answer: a local file or socket operation failed
};

inline constexpr size_t error_codes = static_cast<size_t>(ErrorCode::io) + 1;

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

// The status a caller gets for `code`; 499 for caller_gone, 500 for codes that are never an answer.
int http_status(ErrorCode code);
Fault fault_of(ErrorCode code);
// Whether the same request gets the same status until somebody changes something, so that a retry is useless.
bool is_lasting(int status);
// snake_case, as in records and metrics; a literal.
std::string_view name_of(ErrorCode code);
std::string_view name_of(Fault fault);

}  // namespace sluice
