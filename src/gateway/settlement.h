// The end of every exchange, whatever it was: its metrics and its access record, written once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/answer_tap.h"
#include "api/endpoint.h"
#include "base/error.h"
#include "config/config.h"
#include "gateway/admission.h"
#include "gateway/context.h"
#include "http/service.h"

namespace sluice::gateway {

// What an exchange notes as it goes. Times are Loop::now_ns(); 0: it did not come to that.
struct Account {
  std::string request_id;
  std::string model;              // as the caller named it
  std::string target;             // "provider/model"
  std::string target_request_id;  // the target's own x-request-id or request-id
  const api::Endpoint* endpoint = nullptr;
  const config::CallerKey* key = nullptr;
  uint32_t key_secret = 0;  // which of the key's: 0 is the newest
  ErrorCode error_code = ErrorCode::internal;
  std::string error;        // empty: it went well
  std::string target_code;  // the target's own name for its error
  int status = 0;           // as sent to the caller; 0: none
  int target_status = 0;
  uint32_t attempts = 0;
  bool stream = false;
  bool listed = false;            // the configuration names the target, rather than only the caller
  uint64_t request_whole_ns = 0;  // the request's last byte was read
  uint64_t ready_ns = 0;          // routed, ready to be sent
  uint64_t answer_ns = 0;         // the answer's first bytes were read
  uint64_t relayed_ns = 0;        // and written to the caller
  uint64_t first_byte_ns = 0;     // of the answer's body
  uint64_t target_bytes_in = 0, target_bytes_out = 0;

  void note(const Admitted& admitted) {
    key = admitted.key;
    key_secret = admitted.secret;
  }
};

// The address of the caller itself: the last one in X-Forwarded-For that a trusted proxy has vouched for, else `peer`.
// The field may stand several times: each proxy adds to the end of the last one, or another one behind it.
std::string caller_address(const Context& context, const http::RequestHead& head, std::string peer);

// An exchange that is over. All of it needs to live for the call only.
struct Closing {
  Account& account;  // its outcome is set: a target's own error is one
  const http::RequestHead& head;
  const http::Responder& responder;
  const api::AnswerTap* tap = nullptr;  // nullptr: no answer was relayed
  bool target_failed = false;           // by its status, or by an error within its answer
  std::string_view error_text{};        // where it says so
};

// `now_ns`: when it ended.
void settle(Context& context, const Closing& ending, uint64_t now_ns);

// A request for a page of sluice's own that was refused: recorded and counted like others.
void settle_refused_page(Context& context, const http::RequestHead& head, const http::Responder& responder,
                         const Error& error);

}  // namespace sluice::gateway
