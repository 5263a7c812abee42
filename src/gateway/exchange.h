// One request of a caller, from its first byte to the settlement: the caller's side of it. The course chooses targets
// and handles failures (course.h).
//
//   receiving ---body whole, or the model found in an upload---> answering (course.h) ---its end---> done
//       |                                                            |
//       +--- refused (key, path, body): error answer                 +--- no target answers: error answer
//                                                                    +--- cut: error event, connection closed
//   receiving ---it resumes a kept stream---> resuming (stream_follower.h) ---its end---> done
//   If the caller leaves, it ends in any state and the attempt is cancelled immediately. Exceptions in answering: the
//   caller may come back for the stream (stream_keeper.h), or the route wants exact accounts; then the answer is read
//   to its end and thrown away.
//
// Every exit goes through finish(), exactly once, which settles the account.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/recycled.h"
#include "gateway/account.h"
#include "gateway/admission.h"
#include "gateway/context.h"
#include "gateway/course.h"
#include "gateway/exchange_list.h"
#include "gateway/intake.h"
#include "gateway/stream_follower.h"
#include "gateway/stream_keeper.h"
#include "http/service.h"

namespace sluice::gateway {

class Exchange final : public http::RequestHandler,
                       public Recycled<Exchange>,
                       CourseEvents,
                       ListedExchange,
                       StreamKeeperEvents,
                       StreamFollowerEvents {
 public:
  // All references must outlive the exchange.
  Exchange(Context& context, const http::RequestHead& head, http::Responder& responder);
  ~Exchange() override;
  // Checks the head and may answer immediately. `refused`: an error to answer with instead.
  void begin(const Error* refused = nullptr);

 private:
  enum class State : unsigned char { receiving, answering, alone, resuming, done };

  // http::RequestHandler: what the caller does
  void on_body(std::string_view bytes) override;
  void on_body_end() override;
  std::span<char> body_room(uint64_t left) override;
  void on_request_broken(const Error& error) override;
  void on_drained() override { follower_ ? follower_->go_on() : course_.drained(); }
  void on_caller_gone(const Error& error) override;
  bool goes_on_alone(const Error& error) override;
  // CourseEvents: how the answer ends
  void on_course_end(uint64_t now_ns) override;
  void on_course_failed(const Error& error) override;
  [[gnu::cold]] http::Responder* on_resumable(uint32_t resume_ms) override;
  // StreamKeeperEvents: a caller who has left or comes back on another connection
  void on_followed() override;
  void on_given_up() override;
  // StreamFollowerEvents: how the resumed stream ends
  void on_followed_to_end() override;
  void on_follow_failed(const Error* error) override;
  // ListedExchange: what /admin/exchanges shows of it
  uint64_t since_ns() const override { return responder_.received_ns(); }
  void describe(std::string& out, uint64_t now_ns) const override;

  Result<void> check_head();
  [[gnu::cold]] Result<void> check_access(const api::Match& match) const;
  [[gnu::cold]] Result<bool> look_for_stream();
  [[gnu::cold]] void skip_body(size_t bytes);
  [[gnu::cold]] void end_following();
  [[gnu::cold]] void settle_alone();
  bool is_kept() const { return keeper_ && keeper_->keeps(); }
  // Where the answer is sent.
  http::Responder& out() { return keeper_ ? static_cast<http::Responder&>(*keeper_) : responder_; }
  void go_on(const Result<bool>& asked);
  void answer_known_path();
  [[gnu::cold]] Error masked(const Error& error) const;
  [[gnu::cold]] void refuse(const Error& met);
  [[gnu::cold]] void cut(const Error& met);
  void finish() { finish(context_.loop.now_ns()); }
  void finish(uint64_t now_ns);

  Context& context_;
  const http::RequestHead& head_;
  http::Responder& responder_;
  State state_ = State::receiving;
  Account account_;
  Admitted admitted_;
  Intake intake_;  // its memory is freed once an answer has been chosen
  Course course_;
  std::unique_ptr<StreamKeeper> keeper_;      // null: the answer cannot be resumed
  std::unique_ptr<StreamFollower> follower_;  // null: this request does not resume another's stream
  uint64_t unread_bytes_ = 0;                 // of the body of a resuming request
};

}  // namespace sluice::gateway
