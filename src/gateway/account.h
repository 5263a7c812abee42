// What an exchange records while it runs. It is settled once, at the end (settlement.h).
#pragma once

#include <cstdint>
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/endpoint.h"
#include "api/usage.h"
#include "base/error.h"
#include "gateway/admission.h"
#include "routing/router.h"

namespace sluice::gateway {

// One attempt. Times are Loop::now_ns(); 0: that point was not reached.
struct AttemptRecord {
  const routing::Target* target = nullptr;  // outlives the record
  uint64_t ready_ns = 0;                    // routed, ready to be sent
  uint64_t answer_ns = 0;                   // the answer's first bytes were read
  uint64_t ended_ns = 0;                    // set only for an attempt that failed
  uint64_t bytes_in = 0, bytes_out = 0;     // set when the attempt is over
  std::string request_id;                   // the target's own x-request-id or request-id
  int status = 0;                           // of the target's answer; 0: none
  ErrorCode code = ErrorCode::internal;     // why it failed; valid only where `reason` is set
  std::string reason;       // the target's message, masked; "": it did not fail, or was the last attempt
  uint32_t key = 0;         // index of the provider's credential, from 1; 0: it has only one
  uint32_t sent_again = 0;  // how often: on another connection, or at another path
  bool lost = false;        // cancelled because another target answered first
};

// The attempts of an exchange. Usually there is only one, and it needs no allocation.
class AttemptRecords {
 public:
  void add(const routing::Target& target) {
    if (!empty()) {
      earlier_.push_front(std::move(last_));
      last_ = {};
    }
    last_.target = &target;
  }
  // The others ran meanwhile and are over.
  void add_earlier(AttemptRecords&& others) {
    if (others.empty()) return;
    others.earlier_.push_front(std::exchange(others.last_, {}));
    earlier_.splice_after(earlier_.before_begin(), others.earlier_);
  }
  // The last of the others becomes the current one.
  void lead(AttemptRecords&& others) {
    if (!empty()) earlier_.push_front(std::move(last_));
    last_ = std::exchange(others.last_, {});
    earlier_.splice_after(earlier_.before_begin(), others.earlier_);
  }
  bool empty() const { return last_.target == nullptr; }
  AttemptRecord& last() { return last_; }
  const AttemptRecord& last() const { return last_; }
  template <typename Look>
  void for_each(Look look) const {
    if (!empty()) look(last_);
    for (const AttemptRecord& one : earlier_) look(one);
  }
  // From the second-last to the first.
  template <typename Look>
  void for_each_earlier(Look look) const {
    for (const AttemptRecord& one : earlier_) look(one);
  }
  // How often the request was sent.
  uint32_t sent() const {
    uint32_t times = 0;
    for_each([&times](const AttemptRecord& one) { times += 1 + one.sent_again; });
    return times;
  }
  uint64_t bytes_in() const { return sum(&AttemptRecord::bytes_in); }
  uint64_t bytes_out() const { return sum(&AttemptRecord::bytes_out); }

 private:
  uint64_t sum(uint64_t AttemptRecord::*bytes) const {
    uint64_t all = 0;
    for_each([&all, bytes](const AttemptRecord& one) { all += one.*bytes; });
    return all;
  }

  AttemptRecord last_;
  std::forward_list<AttemptRecord> earlier_;
};

// Why an exchange went wrong.
struct Failure {
  ErrorCode code = ErrorCode::internal;
  std::string reason;
  std::string target_code;  // the target's error code
};

// Times are Loop::now_ns(); 0: that point was not reached.
struct Account {
  std::string request_id;
  std::string_view model;                   // as the caller named it; a view into the exchange's question
  const routing::Target* target = nullptr;  // that the exchange chose; owned by the exchange
  const api::Endpoint* endpoint = nullptr;
  const config::CallerKey* key = nullptr;
  uint32_t key_secret = 0;           // index of the key's secret: 0 is the newest
  int status = 0;                    // as sent to the caller; 0: none
  std::unique_ptr<Failure> failure;  // null: it succeeded
  AttemptRecords attempts;
  std::string dropped;   // parts of the request that could not be translated
  api::Usage earlier;    // of attempts before the last, as far as their targets reported it
  bool rescued = false;  // its stream broke off and another target was asked to continue it
  bool resumed = false;  // it asked to continue a stream that another request began
  bool stream = false;
  uint64_t our_turn_ns = 0;  // when our work began: the request was read, or a wait (limits, failed attempt) ended

  void note(const Admitted& admitted) {
    key = admitted.key;
    key_secret = admitted.secret;
  }
  void note(const Error& error) { failure = std::make_unique<Failure>(Failure{error.code, error.message, {}}); }
};

}  // namespace sluice::gateway
