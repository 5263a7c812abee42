#include "base/error.h"

#include <array>

namespace sluice {
namespace {

struct Entry {
  ErrorCode code;
  int status;
  Fault fault;
  std::string_view name;
};

constexpr std::array entries = {
    Entry{ErrorCode::bad_request, 400, Fault::caller, "bad_request"},
    Entry{ErrorCode::untranslatable, 400, Fault::caller, "untranslatable"},
    Entry{ErrorCode::unauthorized, 401, Fault::caller, "unauthorized"},
    Entry{ErrorCode::forbidden, 403, Fault::caller, "forbidden"},
    Entry{ErrorCode::unknown_path, 404, Fault::caller, "unknown_path"},
    Entry{ErrorCode::unknown_model, 404, Fault::caller, "unknown_model"},
    Entry{ErrorCode::unknown_stream, 404, Fault::caller, "unknown_stream"},
    Entry{ErrorCode::method_not_allowed, 405, Fault::caller, "method_not_allowed"},
    Entry{ErrorCode::request_timeout, 408, Fault::caller, "request_timeout"},
    Entry{ErrorCode::stream_gone, 410, Fault::caller, "stream_gone"},
    Entry{ErrorCode::length_required, 411, Fault::caller, "length_required"},
    Entry{ErrorCode::body_too_large, 413, Fault::caller, "body_too_large"},
    Entry{ErrorCode::target_uri_too_long, 414, Fault::caller, "target_uri_too_long"},
    Entry{ErrorCode::unsupported_coding, 415, Fault::caller, "unsupported_coding"},
    Entry{ErrorCode::expectation_failed, 417, Fault::caller, "expectation_failed"},
    Entry{ErrorCode::upgrade_required, 426, Fault::caller, "upgrade_required"},
    Entry{ErrorCode::rate_limited, 429, Fault::caller, "rate_limited"},
    Entry{ErrorCode::head_too_large, 431, Fault::caller, "head_too_large"},
    Entry{ErrorCode::not_implemented, 501, Fault::caller, "not_implemented"},
    Entry{ErrorCode::bad_http_version, 505, Fault::caller, "bad_http_version"},
    Entry{ErrorCode::caller_gone, 499, Fault::caller, "caller_gone"},
    Entry{ErrorCode::target_unresolved, 502, Fault::target, "target_unresolved"},
    Entry{ErrorCode::target_refused, 502, Fault::target, "target_refused"},
    Entry{ErrorCode::target_tls, 502, Fault::target, "target_tls"},
    Entry{ErrorCode::target_broke, 502, Fault::target, "target_broke"},
    Entry{ErrorCode::target_cut, 502, Fault::target, "target_cut"},
    Entry{ErrorCode::target_timeout, 504, Fault::target, "target_timeout"},
    Entry{ErrorCode::target_stalled, 504, Fault::target, "target_stalled"},
    Entry{ErrorCode::target_unauthorized, 502, Fault::target, "target_unauthorized"},
    Entry{ErrorCode::target_quota, 502, Fault::target, "target_quota"},
    Entry{ErrorCode::target_rate_limited, 502, Fault::target, "target_rate_limited"},
    Entry{ErrorCode::target_rejected, 502, Fault::target, "target_rejected"},
    Entry{ErrorCode::target_error, 502, Fault::target, "target_error"},
    Entry{ErrorCode::overloaded, 503, Fault::gateway, "overloaded"},
    Entry{ErrorCode::draining, 503, Fault::gateway, "draining"},
    Entry{ErrorCode::internal, 500, Fault::gateway, "internal"},
    Entry{ErrorCode::config, 500, Fault::gateway, "config"},
    Entry{ErrorCode::io, 500, Fault::gateway, "io"},
};

// The table is in the enum's order, so a code is its own index.
constexpr bool in_order() {
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].code != static_cast<ErrorCode>(i)) return false;
  }
  return true;
}
static_assert(in_order() && entries.size() == error_codes);

const Entry& entry(ErrorCode code) { return entries[static_cast<size_t>(code)]; }

}  // namespace

int http_status(ErrorCode code) { return entry(code).status; }
Fault fault_of(ErrorCode code) { return entry(code).fault; }
bool is_lasting(int status) {
  switch (status) {
    case 408:  // may succeed in time
    case 409:  // conflict of concurrent requests
    case 421:
    case 425:
    case 429:
    case 499:
      return false;
    case 501:
    case 505:
      return true;
    default:
      return status >= 400 && status < 500;
  }
}

std::string_view name_of(ErrorCode code) { return entry(code).name; }

std::string_view name_of(Fault fault) {
  constexpr std::array<std::string_view, 3> names = {"caller", "target", "gateway"};
  return names[static_cast<size_t>(fault)];
}

}  // namespace sluice
