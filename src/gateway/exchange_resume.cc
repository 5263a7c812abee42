// Exchange: one whose caller may come back to its stream, and one that resumes such a stream.
#include <utility>

#include "gateway/exchange.h"
#include "gateway/resume.h"

namespace sluice::gateway {

// --- the exchange whose caller may come back ---

http::Responder* Exchange::on_resumable(uint32_t resume_ms) {
  if (context_.streams == nullptr) return nullptr;
  StreamTerms terms;
  terms.owner = owner_of(admitted_, head_);
  terms.request_id = account_.request_id;
  terms.model = account_.model;
  terms.endpoint = account_.endpoint;
  terms.resume_ms = resume_ms;
  terms.tag = context_.loop.random().next();
  keeper_ = StreamKeeper::make(*context_.streams, std::move(terms), responder_, *this);
  return keeper_.get();
}

// The original connection may be dead without our knowing, so it is no longer waited for.
void Exchange::on_followed() {
  if (state_ == State::answering) responder_.let_go();
}

void Exchange::on_given_up() {
  if (state_ != State::alone) return;
  finish();
  keeper_->forget();
  keeper_->abort();
}

// The caller has left. If it came back, the exchange is recorded as it ended, otherwise as caller_gone.
void Exchange::settle_alone() {
  if (is_kept() && keeper_->followed()) {
    if (account_.failure && account_.failure->code == ErrorCode::caller_gone) account_.failure.reset();
  } else {
    account_.status = http_status(ErrorCode::caller_gone);
  }
}

// --- the exchange that resumes a stream ---

// Whether the request resumes a stream; if so, joins it.
Result<bool> Exchange::look_for_stream() {
  using Outcome = observe::ResumeOutcome;
  const Result<std::optional<ResumeAsked>> asked = resume_asked(head_.fields);
  if (asked && !*asked) return false;
  const auto count = [this](Outcome outcome) { context_.metrics.resumes[static_cast<size_t>(outcome)].add(1); };
  account_.resumed = true;
  if (!asked) {
    count(Outcome::refused);
    return tl::unexpected<Error>(asked.error());
  }
  uint64_t at = 0;
  Result<StreamStore::Handle> joined =
      context_.streams->join(**asked, owner_of(admitted_, head_), account_.endpoint, context_.loop.now_ms(), at);
  if (!joined) {
    const ErrorCode code = joined.error().code;
    count(code == ErrorCode::unknown_stream ? Outcome::unknown
          : code == ErrorCode::stream_gone  ? Outcome::gone
                                            : Outcome::refused);
    return tl::unexpected<Error>(joined.error());
  }
  count(Outcome::resumed);
  StreamFollowerEvents& events = *this;
  follower_ = std::make_unique<StreamFollower>(*context_.streams, std::move(*joined), at, responder_, events);
  account_.request_id =
      follower_->terms().request_id;  // of both exchanges: to find them in the records and to resume again
  account_.model = follower_->terms().model;
  account_.stream = true;
  state_ = State::resuming;
  context_.metrics.active_streams.add(1);
  return true;
}

// The body of a resuming request is not needed.
void Exchange::skip_body(size_t bytes) {
  if (state_ == State::done) return;
  unread_bytes_ += bytes;
  if (unread_bytes_ <= context_.config.limits.body_bytes) return;
  const Error error{ErrorCode::body_too_large, "the body is larger than limits.body_mb allows; it may be left out"};
  on_follow_failed(&error);
}

void Exchange::on_followed_to_end() {
  account_.status = follower_->status();
  finish();
  responder_.finish();
}

void Exchange::on_follow_failed(const Error* error) {
  if (state_ == State::done) return;
  const bool begun = follower_->status() != 0;
  if (!begun && error != nullptr) return refuse(*error);
  account_.status = follower_->status();
  if (error != nullptr) {
    follower_->tell(*error);
    account_.note(*error);
  } else {
    account_.note({ErrorCode::target_cut, "the resumed stream was cut"});
  }
  finish();
  responder_.abort();
}

void Exchange::end_following() {
  follower_->leave();
  context_.metrics.active_streams.add(-1);
}

}  // namespace sluice::gateway
