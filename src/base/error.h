// What can go wrong, as a value: one enum for the whole program, each code with its HTTP status (RFC 9110) and
// with who is at fault. The message is for people and never holds a secret.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// Who has to change something so that it works next time.
enum class Fault : unsigned char { caller, target, gateway };

enum class ErrorCode : unsigned char {
  // caller
  bad_request,          // 400: malformed HTTP, JSON or parameters
  untranslatable,       // 400: the target speaks another dialect, or the feature has no equal there
  unauthorized,         // 401: no key, or one that is not known
  forbidden,            // 403: a known key that may not use this model
  unknown_path,         // 404
  unknown_model,        // 404
  unknown_stream,       // 404: no stream of that id is kept for this caller, to go on with
  method_not_allowed,   // 405: the answer carries Allow
  request_timeout,      // 408: head or body did not arrive in time
  stream_gone,          // 410: it is, but not from where the caller would go on
  length_required,      // 411
  body_too_large,       // 413
  target_uri_too_long,  // 414
  unsupported_coding,   // 415: a content-encoding of the request that is not understood
  expectation_failed,   // 417
  upgrade_required,     // 426
  rate_limited,         // 429
  head_too_large,       // 431
  not_implemented,      // 501: a method that is not known
  bad_http_version,     // 505
  caller_gone,          // 499: only in records and metrics; nobody is left to be answered
  // target
  target_unresolved,  // 502: its name has no address
  target_refused,     // 502: no connection could be made
  target_tls,         // 502: the handshake or the certificate failed
  target_broke,       // 502: what it sent is not HTTP, or it hung up before answering
  target_cut,         // 502: the answer ended before it was whole
  target_timeout,     // 504: no connection or no answer in time
  target_stalled,     // 504: its stream has begun, and stands still
  // target, by what it answers itself: never an answer of ours, only in records, metrics and alerts
  target_unauthorized,  // 401, 403: it does not take the credential
  target_quota,         // 402, or the code of another status: no money left
  target_rate_limited,  // 429
  target_rejected,      // any other 4xx: it does not take this request
  target_error,         // 5xx, or an error within an answer that began well
  // gateway
  overloaded,  // 503: a queue or table is full; the answer carries Retry-After
  draining,    // 503: the daemon is going down
  internal,    // 500
  config,      // not an answer: the configuration is wrong
  io,          // not an answer: a local file or socket operation failed
};

inline constexpr size_t error_codes = static_cast<size_t>(ErrorCode::io) + 1;

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

// The status a caller gets for `code`; 499 for caller_gone, 500 for those that are never an answer.
int http_status(ErrorCode code);
Fault fault_of(ErrorCode code);
// Whether the same request gets the same status until somebody changes something: not to be tried again.
bool is_lasting(int status);
// snake_case, as in records and metrics; a literal.
std::string_view name_of(ErrorCode code);
std::string_view name_of(Fault fault);

}  // namespace sluice
