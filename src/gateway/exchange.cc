#include "gateway/exchange.h"

#include <algorithm>
#include <utility>

#include "api/dialect.h"
#include "api/passing.h"
#include "base/give_back.h"
#include "base/time_text.h"
#include "gateway/error_answer.h"
#include "gateway/quoted_secrets.h"
#include "gateway/settlement.h"
#include "gateway/target_request.h"
#include "gateway/upload_ticket.h"

namespace sluice::gateway {

Exchange::Exchange(Context& context, const http::RequestHead& head, http::Responder& responder)
    : context_(context),
      head_(head),
      responder_(responder),
      intake_(context.buffers),
      course_(context, {head, &responder, account_, intake_, admitted_}, *this) {
  ++context_.users;
  context_.metrics.active_exchanges.add(1);
  if (context_.exchanges != nullptr) context_.exchanges->add(*this);
}

Exchange::~Exchange() {
  if (state_ != State::done) finish();  // only when the whole process shuts down
  --context_.users;
}

// --- the request ---

void Exchange::begin(const Error* refused) {
  account_.request_id = context_.ids.of(head_.fields.find("x-request-id").value_or(""));
  if (refused != nullptr) return refuse(*refused);
  const Result<void> fine = check_head();
  if (!fine && head_.method == http::Method::head && fine.error().code == ErrorCode::method_not_allowed) {
    return answer_known_path();
  }
  if (!fine) refuse(fine.error());
}

Result<void> Exchange::check_head() {
  if (context_.draining) return fail(ErrorCode::draining, "this sluice is shutting down; try again in a moment");
  Result<api::Match> match = api::match(head_.method, head_.path(), &head_.fields);
  if (head_.wants_websocket && head_.method == http::Method::get && (!match || match->passes)) {
    return fail(ErrorCode::upgrade_required,
                "websockets are not supported; use POST with HTTP/1.1 and server-sent events");
  }
  if (!match) return tl::unexpected<Error>(match.error());
  if (!match->provider.empty()) {
    const config::Provider* const named = context_.router->provider(match->provider);
    if (named != nullptr) match->endpoint = &api::endpoint_at(named->dialects, match->path);
  }
  account_.endpoint = match->endpoint;
  const Result<Admitted> admitted = admit(context_.keys, head_, &context_.recent_keys);
  if (!admitted) {
    const auto by_ticket = match->provider.empty()
                               ? std::nullopt
                               : admit_by_ticket(context_.config, head_, context_.loop.clock().unix_s());
    if (!by_ticket) return tl::unexpected<Error>(admitted.error());
    admitted_ = *by_ticket;
  } else {
    admitted_ = *admitted;
  }
  account_.note(admitted_);
  if (context_.streams != nullptr) [[unlikely]] {
    if (const Result<bool> resumes = look_for_stream(); !resumes || *resumes) {
      return resumes ? Result<void>() : tl::unexpected<Error>(resumes.error());
    }
  }
  if (match->endpoint->model_in == api::ModelIn::nowhere || head_.method == http::Method::del) {
    if (const Result<void> allowed = check_access(*match); !allowed) return allowed;
  }
  return intake_.begin(head_, *match, context_.config.limits.body_bytes);
}

// Some parts of a provider's own API need the "manage" right or are closed to all callers.
Result<void> Exchange::check_access(const api::Match& match) const {
  const config::Provider* const named = context_.router->provider(match.provider);
  switch (api::access_of(head_.method, named != nullptr ? std::string_view(named->base_url.path) : "", match.path)) {
    case api::Access::free:
      break;
    case api::Access::manage:
      return may_manage(admitted_, head_, responder_.peer());
    case api::Access::refused:
      return fail(ErrorCode::forbidden,
                  "the administration of a whole organisation does not go through sluice; ask the provider itself");
  }
  return {};
}

void Exchange::on_body(std::string_view bytes) {
  if (follower_) [[unlikely]]
    return skip_body(bytes.size());
  if (state_ != State::done) go_on(intake_.add(bytes));
}

std::span<char> Exchange::body_room(uint64_t left) {
  return state_ == State::receiving ? intake_.room(left) : std::span<char>();
}

void Exchange::on_body_end() {
  if (state_ == State::done) return;
  account_.our_turn_ns = responder_.read_ns();
  if (follower_) return follower_->start(context_.config.heartbeat_ms);
  go_on(intake_.end());
}

// More of the body has arrived. `asked`: the question is now known.
void Exchange::go_on(const Result<bool>& asked) {
  if (!asked) return on_request_broken(asked.error());
  if (!*asked) return course_.body_came();
  state_ = State::answering;
  if (const Result<void> fine = course_.begin(); !fine) on_request_broken(fine.error());
}

// --- endings ---

void Exchange::on_course_end(uint64_t now_ns) {
  finish(now_ns);
  out().finish();
}

void Exchange::on_course_failed(const Error& error) {
  if (state_ == State::done) return;
  if (state_ == State::resuming) return on_follow_failed(&error);
  if (state_ == State::alone && !is_kept()) return on_course_end(context_.loop.now_ns());
  // If nothing has been sent yet, an error of ours is better than half an answer.
  course_.take_back() ? refuse(error) : cut(error);
}

void Exchange::on_request_broken(const Error& error) { on_course_failed(error); }

void Exchange::on_caller_gone(const Error& error) {
  if (state_ == State::done) return;
  account_.note(error);
  account_.status = http_status(ErrorCode::caller_gone);
  finish();
}

bool Exchange::goes_on_alone(const Error& error) {
  if (state_ != State::answering) return false;
  if (is_kept() && course_.go_on_kept()) {
    keeper_->caller_left(context_.draining, course_.is_read_alone());
  } else if (!course_.go_on_alone()) {
    return false;
  }
  state_ = State::alone;
  account_.note(error);
  return true;
}

// HEAD of a path that only allows POST is answered with 200: probes want to know that the path exists.
void Exchange::answer_known_path() {
  http::Fields fields;
  fields.add("date", http_date(context_.loop.clock().unix_s()));
  fields.add("allow", api::allowed_methods(head_.path()));
  fields.add("x-request-id", account_.request_id);
  account_.status = 200;
  responder_.send_head(200, fields, {http::Responder::Length::unsaid});
  responder_.send_body({}, true);
  finish();
  responder_.finish();
}

Error Exchange::masked(const Error& error) const {
  const config::Provider* const provider = account_.target != nullptr ? account_.target->provider : nullptr;
  return without_secrets(context_.log, provider, error);
}

// Nothing has been sent yet: sends an error in the caller's dialect.
void Exchange::refuse(const Error& met) {
  const Error error = masked(met);
  account_.note(error);
  account_.status = http_status(error.code);
  const Dialect dialect =
      account_.endpoint != nullptr ? account_.endpoint->dialect : api::guess_dialect(head_.path(), head_.fields);
  http::Fields fields;
  std::string body;
  const CallerPass* const pass = course_.caller_pass();
  const uint64_t limit_s = pass != nullptr ? pass->retry_after_s() : 1;
  const uint64_t retry_after_s = error.code == ErrorCode::rate_limited ? limit_s : 0;
  render_error(dialect, error, account_.request_id, head_.path(), context_.loop.clock().unix_s(), fields, body,
               retry_after_s);
  if (const auto limits = rate_limit_fields(context_.limits, admitted_.key, dialect)) {
    for (const api::RateLimitFields::Field& field : limits->fields()) fields.add(field.name, field.value());
  }
  if (!account_.attempts.empty()) {
    fields.add("sluice-target", account_.target->label());
    fields.add("sluice-attempts", std::to_string(account_.attempts.sent()));
  }
  out().send_head(account_.status, fields, {body.size()});
  const std::string_view piece = body;
  out().send_body(std::span<const std::string_view>(&piece, 1), true);
  finish();
  out().finish();
}

// Part of the answer has been sent: the caller must be able to see that it is not whole.
void Exchange::cut(const Error& met) {
  const Error error = masked(met);
  account_.note(error);
  if (error.code == ErrorCode::target_timeout) account_.failure->code = ErrorCode::target_stalled;
  course_.break_off(error);
  finish();
  out().abort();
}

// The one exit: cancels what still runs and settles. Whoever calls it still has to end the answer.
void Exchange::finish(uint64_t now_ns) {
  if (state_ == State::done) return;
  if (state_ == State::alone) settle_alone();
  if (follower_) end_following();
  state_ = State::done;
  course_.cancel(now_ns);
  context_.metrics.active_exchanges.add(-1);
  if (context_.exchanges != nullptr) context_.exchanges->remove(*this);
  settle(context_, {account_, head_, responder_, course_.relay()}, now_ns);
}

}  // namespace sluice::gateway
