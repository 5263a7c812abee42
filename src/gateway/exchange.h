// One request of a caller and all that is done to answer it: the caller's side, from its first byte to the settlement.
// Who is asked, and what becomes of failures, is the course's (course.h).
//
//   receiving ---body whole, or the model found in an upload---> answering (course.h) ---its end---> done
//       |                                                            |
//       +--- refused (key, path, body): error answer                 +--- nobody answers: error answer
//                                                                    +--- cut: error event, connection closed
//   receiving ---it goes on with a stream that is kept---> resuming (stream_follower.h) ---its end---> done
//   The caller leaving ends it in any state: the attempt is cancelled at once. But answering goes on alone where the
//   caller may come back for it (stream_keeper.h), and where the route wants the account to be true: then its answer is
//   read and thrown away.
//
// Every way out goes through finish(), once, which settles the account.
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
  // Looks at the head: may answer at once. `refused`: why it is not let in at all, which is then the answer.
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
  // StreamKeeperEvents: a caller who has left, or comes back in another connection
  void on_followed() override;
  void on_given_up() override;
  // StreamFollowerEvents: how the stream ends that this one goes on with
  void on_followed_to_end() override;
  void on_follow_failed(const Error* error) override;
  // ListedExchange: what an admin is told of it
  uint64_t since_ns() const override { return responder_.received_ns(); }
  void describe(std::string& out, uint64_t now_ns) const override;

  Result<void> check_head();
  [[gnu::cold]] Result<void> check_access(const api::Match& match) const;
  [[gnu::cold]] Result<bool> look_for_stream();
  [[gnu::cold]] void skip_body(size_t bytes);
  [[gnu::cold]] void end_following();
  [[gnu::cold]] void settle_alone();
  bool is_kept() const { return keeper_ && keeper_->keeps(); }
  // Where the answer goes.
  http::Responder& out() { return keeper_ ? static_cast<http::Responder&>(*keeper_) : responder_; }
  void go_on(const Result<bool>& asked);
  void answer_known_path();
  bool answer_kept();
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
  Intake intake_;  // its memory is given back once an answer is the caller's
  Course course_;
  std::unique_ptr<StreamKeeper> keeper_;      // null: nobody can come back to its answer
  std::unique_ptr<StreamFollower> follower_;  // null: it asks for an answer of its own
  uint64_t unread_bytes_ = 0;                 // of the body of one that follows
};

}  // namespace sluice::gateway
