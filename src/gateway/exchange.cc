#include "gateway/exchange.h"

#include <algorithm>
#include <utility>

#include "api/model_places.h"
#include "api/percent.h"
#include "gateway/error_answer.h"
#include "gateway/target_request.h"
#include "http/date.h"

namespace sluice::gateway {

using http::BodyFraming;
using net::WriteMarks;

// Of a request's id that a target tells; a record holds it.
static constexpr size_t longest_target_id = 256;

Exchange::Exchange(Context& context, const http::RequestHead& head, http::Responder& responder)
    : context_(context), head_(head), responder_(responder), body_(context.buffers), relay_(responder, context.pieces) {
  ++context_.users;
  context_.metrics.active_exchanges.add(1);
  if (context_.exchanges != nullptr) context_.exchanges->add(*this);
}

Exchange::~Exchange() {
  if (state_ != State::done) finish();  // only when the whole daemon is torn down
  --context_.users;
}

// --- the request ---

void Exchange::begin(const Error* refused) {
  const std::string_view given = head_.fields.find("x-request-id").value_or("");
  account_.request_id = RequestIds::usable(given) ? std::string(given) : context_.ids.next();
  if (refused != nullptr) return refuse(*refused);
  const Result<void> fine = check_head();
  if (!fine && head_.method == http::Method::head && fine.error().code == ErrorCode::method_not_allowed) {
    return answer_known_path();
  }
  if (!fine) refuse(fine.error());
}

Result<void> Exchange::check_head() {
  if (context_.draining) return fail(ErrorCode::draining, "this sluice is shutting down; try again in a moment");
  const Result<api::Match> match = api::match(head_.method, head_.path());
  if (!match) {
    if (head_.wants_websocket && head_.method == http::Method::get && !api::allowed_methods(head_.path()).empty()) {
      return fail(ErrorCode::upgrade_required,
                  "websockets are not spoken here; use POST with HTTP/1.1 and server-sent events");
    }
    return tl::unexpected<Error>(match.error());
  }
  match_ = *match;
  account_.endpoint = match_.endpoint;
  const Result<Admitted> admitted = admit(context_.keys, head_, &context_.recent_keys);
  if (!admitted) return tl::unexpected<Error>(admitted.error());
  admitted_ = *admitted;
  account_.note(admitted_);
  if (match_.endpoint->model_in == api::ModelIn::json_body && head_.framing == BodyFraming::none) {
    return fail(ErrorCode::length_required,
                "this path needs a JSON body, with Content-Length or Transfer-Encoding: chunked");
  }
  if (match_.endpoint->model_in != api::ModelIn::nowhere && !head_.query().empty()) {
    if (const Result<void> fine = api::check_query(head_.query()); !fine) return fine;
  }
  return body_.begin(head_, *match_.endpoint, context_.config.limits.body_bytes);
}

void Exchange::on_body(std::string_view bytes) {
  if (state_ == State::done) return;
  const Result<void> taken = take_body(bytes);
  if (!taken) on_request_broken(taken.error());
}

Result<void> Exchange::take_body(std::string_view bytes) {
  if (attempt_ || state_ == State::waiting) {  // an upload under way
    if (const Result<void> fine = body_.look_at(bytes); !fine) return fine;
    rest_ += bytes;
    send_rest();
    return {};
  }
  if (const Result<void> fine = body_.add(bytes); !fine) return fine;
  if (!body_.may_go_on()) return {};
  // An upload goes on as it arrives, as soon as its model is known.
  if (const Result<void> chosen = choose_target(body_.multipart()->model()); !chosen) return chosen;
  return pass_limits(0, true);
}

void Exchange::on_body_end() {
  if (state_ == State::done) return;
  body_ended_ = true;
  account_.request_whole_ns = responder_.read_ns();
  Result<void> fine = body_.end();
  if (fine) {
    if (attempt_ || state_ == State::waiting) return send_rest();
    fine = read_body();
  }
  if (!fine) on_request_broken(fine.error());
}

// The whole body is here: finds the model and goes to its target.
Result<void> Exchange::read_body() {
  if (match_.endpoint->model_in == api::ModelIn::url) return read_url();
  if (match_.endpoint->model_in != api::ModelIn::nowhere && body_.is_json()) return read_json();
  const std::string_view model = body_.multipart() != nullptr ? body_.multipart()->model() : std::string_view();
  if (const Result<void> chosen = choose_target(model); !chosen) return chosen;
  return pass_limits(0, false);
}

Result<void> Exchange::read_json() {
  const Result<api::Peek> peek = api::peek_request(body_.bytes(), match_.endpoint->dialect);
  if (!peek) return tl::unexpected<Error>(peek.error());
  account_.stream = peek->stream && match_.endpoint->streams;
  if (const Result<void> chosen = choose_target(peek->model); !chosen) return chosen;
  if (peek->names_others && admitted_.key != nullptr && !admitted_.key->models.empty()) {
    return fail(ErrorCode::forbidden, "this key may use some models only; `models` and `fallbacks` name others");
  }
  choices_ = static_cast<uint8_t>(peek->choices);
  usage_asked_ = match_.endpoint->usage_splice && peek->stream && !peek->asks_usage && target_.provider->ask_usage &&
                 (context_.usage_refusals == nullptr || !context_.usage_refusals->knows(account_.target));
  edits_ = api::edits_for(*peek, target_.model, usage_asked_);
  return pass_limits(peek->most_output_tokens, false);
}

// The model stands in the path, and maybe in the body too.
Result<void> Exchange::read_url() {
  account_.stream = match_.endpoint->streams;
  std::string model;
  api::append_percent_decoded(model, match_.model);
  if (const Result<void> chosen = choose_target(model); !chosen) return chosen;
  if (!body_.bytes().empty()) {
    Result<std::vector<api::Edit>> edits = api::rename_models(body_.bytes(), model, target_.model);
    if (!edits) return tl::unexpected<Error>(edits.error());
    edits_ = std::move(*edits);
  }
  return pass_limits(0, false);
}

// --- the target ---

Result<void> Exchange::choose_target(std::string_view model) {
  if (model.size() > api::most_model_bytes) {
    return fail(ErrorCode::bad_request,
                "the model's name has more than " + std::to_string(api::most_model_bytes) + " bytes");
  }
  account_.model = model;
  Result<routing::Target> target = context_.router.route(model, match_.endpoint->dialect);
  if (!target) return tl::unexpected<Error>(error_for(admitted_, model, target.error(), context_.router));
  target_ = std::move(*target);
  account_.target = target_.label();
  if (const Result<void> allowed = may_use(admitted_, model, target_, context_.router); !allowed) return allowed;
  if (!target_.provider->speaks(match_.endpoint->dialect)) {
    return fail(ErrorCode::untranslatable,
                "'" + account_.target + "' does not speak the " + std::string(name_of(match_.endpoint->dialect)) +
                    " dialect of this path, and translating between dialects is not built yet");
  }
  const api::MultipartPeeker* const form = body_.multipart();
  if (form != nullptr && form->found() && form->model() != target_.model) {
    edits_.push_back({form->model_at(), form->model().size(), target_.model});
  }
  return {};
}

// The rate limits of the key, the provider and the model: on to the target, now or once they let it in.
Result<void> Exchange::pass_limits(uint64_t most_output_tokens, bool more_follows) {
  if (const Result<void> room = body_.prepare_sending(more_follows); !room) return room;
  if (context_.limits != nullptr) {
    passed_on_ = more_follows;
    const std::string_view text = body_.multipart() != nullptr ? std::string_view() : body_.bytes();
    tokens_ = estimate_tokens(*match_.endpoint, text, most_output_tokens);
    const Result<bool> entered = limit_pass_.enter(*context_.limits, admitted_.key, target_, tokens_.total(), *this);
    if (!entered) return tl::unexpected<Error>(entered.error());
    if (!*entered) {
      state_ = State::waiting;
      return {};
    }
  }
  start_attempt(more_follows);
  return {};
}

void Exchange::on_let_in() {
  if (body_ended_) account_.request_whole_ns = net::Loop::now_ns();  // waiting is no overhead of ours
  start_attempt(passed_on_);
}

void Exchange::on_not_let_in(const Error& error) { refuse(error); }

// `more_follows`: the body is still arriving and is passed on as it comes.
void Exchange::start_attempt(bool more_follows) {
  ProviderLink& link = context_.links.of(*target_.provider);
  OutgoingRequest request;
  TargetRequestOptions options;
  options.body_inflated = body_.inflated();
  options.content_type = body_.type_for_target();
  if (!context_.keys.empty()) options.own_keys = &context_.keys;
  if (head_.framing != BodyFraming::none || head_.method == http::Method::post)
    options.content_length = outgoing_bytes(more_follows);
  request.head = write_target_head(head_, match_, target_, link, options, context_.lines);
  api::apply(body_.bytes(), edits_, request.body);
  request.more_follows = more_follows;
  request.is_head = head_.method == http::Method::head;
  request.wants_stream = account_.stream;
  ++account_.attempts;
  tell("going to the target");
  account_.ready_ns = request.ready_ns = net::Loop::now_ns();
  state_ = State::trying;
  attempt_ = std::make_unique<Attempt>(context_.loop, link, account_.target, static_cast<AttemptEvents&>(*this));
  attempt_->start(std::move(request));
}

uint64_t Exchange::outgoing_bytes(bool more_follows) const {
  const uint64_t edited = api::size_after(body_.bytes(), edits_);
  return more_follows ? head_.content_length - body_.bytes().size() + edited : edited;
}

// The rest of an upload, as fast as the target takes it.
void Exchange::send_rest() {
  if (!attempt_ || attempt_->congested()) {
    if (rest_.size() > WriteMarks::high_bytes) responder_.pause_body();
    return;
  }
  const std::string_view piece = rest_;
  if (!rest_.empty() || body_ended_) {
    attempt_->send_more(std::span<const std::string_view>(&piece, rest_.empty() ? 0 : 1), body_ended_);
    rest_.clear();
  }
  if (attempt_->congested()) {
    responder_.pause_body();
  } else {
    responder_.resume_body();
  }
}

void Exchange::on_target_ready() {
  if (state_ == State::trying || state_ == State::relaying) send_rest();
}

// --- the answer ---

void Exchange::on_answer_head(http::ResponseHead& head) {
  account_.answer_ns = turn_ns_ = net::Loop::now_ns();
  account_.target_status = head.status;
  tell("the target answers");
  const auto id = head.fields.find("x-request-id");
  const auto other_id = id ? id : head.fields.find("request-id");
  if (other_id) account_.target_request_id = other_id->substr(0, longest_target_id);
  if (usage_asked_ && (head.status == 400 || head.status == 422)) return hold_answer(head);
  if (attempt_->request_sent()) {
    body_.forget();
    edits_ = {};
    attempt_->forget_request();
  }
  const auto limits = rate_limit_fields(context_.limits, admitted_.key, match_.endpoint->dialect);
  const OwnFields own{account_.request_id, account_.target,
                      account_.attempts,   limits ? limits->fields() : std::span<const api::RateLimitFields::Field>(),
                      target_.provider,    account_.stream};
  const RelayedRequest request{match_.endpoint->dialect, head_.fields.find("accept-encoding"), usage_asked_, choices_};
  const Result<void> begun = relay_.begin(head, request, own, context_.lines);
  if (!begun) {
    failure_ = std::make_unique<Error>(begun.error());
    return;
  }
  state_ = State::relaying;
  account_.status = head.status;
  if (relay_.streaming()) {  // which may last: what only its beginning needed goes
    head.fields.release();
    account_.stream = counted_stream_ = true;
    context_.metrics.active_streams.add(1);
  }
}

void Exchange::on_answer_body(std::string_view bytes) {
  if (held_) {
    held_->body += bytes;
    return;
  }
  if (failure_ || state_ != State::relaying) return;
  if (account_.first_byte_ns == 0) account_.first_byte_ns = turn_ns_ != 0 ? turn_ns_ : net::Loop::now_ns();
  const Result<void> done = relay_.body(bytes);
  if (!done) failure_ = std::make_unique<Error>(done.error());
}

void Exchange::on_answer_end() {
  if (held_) {
    held_->ended = true;
    return;
  }
  if (failure_ || state_ != State::relaying) return;
  const Result<void> done = relay_.end();
  if (!done) failure_ = std::make_unique<Error>(done.error());
}

// All that one read of the target brought has been told: write it to the caller.
void Exchange::on_answer_turn() {
  turn_ns_ = 0;
  if (held_) return read_held();
  if (failure_) return on_attempt_failed(*std::exchange(failure_, nullptr));
  if (state_ != State::relaying) return;
  relay_.turn();
  if (relay_.holds_back()) return inflate_on();
  after_turn();
}

void Exchange::after_turn() {
  if (account_.relayed_ns == 0 || relay_.ended()) {
    const uint64_t now_ns = net::Loop::now_ns();
    if (account_.relayed_ns == 0) account_.relayed_ns = now_ns;
    if (relay_.ended()) {
      finish(now_ns);
      return responder_.finish();
    }
  }
  if (responder_.pending_bytes() > WriteMarks::high_bytes) attempt_->pause();
}

// A compressed answer that the caller gets inflated: as much of it as may wait for the caller.
void Exchange::inflate_on() {
  while (relay_.holds_back() && responder_.pending_bytes() <= WriteMarks::high_bytes) {
    if (const Result<void> done = relay_.go_on(); !done) return on_attempt_failed(done.error());
    relay_.turn();
  }
  if (relay_.holds_back()) return attempt_->pause();
  after_turn();
}

void Exchange::on_drained() {
  if (state_ == State::relaying && relay_.holds_back()) {
    inflate_on();
    if (state_ != State::relaying || responder_.pending_bytes() > WriteMarks::high_bytes) return;
  }
  if (attempt_) attempt_->resume();
}

// --- a refusal of what only we have asked for ---

// What a target says of a `stream_options` is for us; what else it finds wrong is for the caller.
void Exchange::hold_answer(const http::ResponseHead& head) {
  held_ = std::make_unique<HeldAnswer>();
  held_->head = head;
}

void Exchange::read_held() {
  constexpr size_t most_bytes = 64 * 1024;  // a longer answer is no such refusal
  if (!held_->ended && held_->body.size() <= most_bytes) return;
  if (held_->body.find("stream_options") != std::string::npos ||
      held_->body.find("include_usage") != std::string::npos) {
    return ask_without_usage();
  }
  usage_asked_ = false;
  const std::unique_ptr<HeldAnswer> held = std::move(held_);
  on_answer_head(held->head);
  if (!held->body.empty()) on_answer_body(held->body);
  if (held->ended) on_answer_end();
  on_answer_turn();
}

void Exchange::ask_without_usage() {
  if (context_.usage_refusals != nullptr && context_.usage_refusals->add(account_.target)) {
    context_.log.warn("target refuses stream_options; usage of its streams is not asked for any more",
                      {{"request_id", account_.request_id}, {"target", account_.target}});
  }
  held_.reset();
  usage_asked_ = false;
  attempt_->cancel();
  account_.target_bytes_in += attempt_->bytes_in();
  account_.target_bytes_out += attempt_->bytes_out();
  context_.loop.dispose(std::move(attempt_));
  const Result<api::Peek> peek = api::peek_request(body_.bytes(), match_.endpoint->dialect);
  if (!peek) return refuse(peek.error());  // it could be read before
  edits_ = api::edits_for(*peek, target_.model, false);
  start_attempt(false);
}

// --- endings ---

// The target broke off behind the end of what it had to say.
void Exchange::end_early() {
  relay_.turn();
  finish();
  responder_.finish();
}

void Exchange::on_attempt_failed(const Error& met) {
  if (state_ == State::done) return;
  if (relay_.end_early()) return end_early();
  const Error error = without_secrets(met);
  context_.log.warn("target failed", {{"request_id", account_.request_id},
                                      {"target", account_.target},
                                      {"code", name_of(error.code)},
                                      {"reason", error.message}});
  // Nothing has left yet: an error of our own is better than half an answer.
  relay_.begun() && !responder_.recall_head() ? cut(error) : refuse(error);
}

void Exchange::on_request_broken(const Error& error) {
  if (state_ == State::done) return;
  relay_.begun() ? cut(error) : refuse(error);
}

void Exchange::on_caller_gone(const Error& error) {
  if (state_ == State::done) return;
  note(error);
  account_.status = http_status(ErrorCode::caller_gone);
  finish();
}

// HEAD of a path that only POST is for: probes want to know that it is there.
void Exchange::answer_known_path() {
  http::Fields fields;
  fields.add("date", http::http_date_now());
  fields.add("allow", api::allowed_methods(head_.path()));
  fields.add("x-request-id", account_.request_id);
  account_.status = 200;
  responder_.send_head(200, fields, {http::Responder::Length::unsaid});
  responder_.send_body({}, true);
  finish();
  responder_.finish();
}

// An error about a target may quote it, and a target may quote the key that it was sent.
Error Exchange::without_secrets(const Error& error) const {
  if (fault_of(error.code) == Fault::caller) return error;
  const std::string masked = context_.log.masked(error.message);
  return {error.code, target_.provider != nullptr ? QuotedSecrets(*target_.provider).masked(masked) : masked};
}

// Nothing of an answer has gone out yet: an error in the caller's dialect.
void Exchange::refuse(const Error& met) {
  const Error error = without_secrets(met);
  note(error);
  account_.status = http_status(error.code);
  const Dialect dialect =
      match_.endpoint != nullptr ? match_.endpoint->dialect : api::guess_dialect(head_.path(), head_.fields);
  http::Fields fields;
  std::string body;
  const uint64_t retry_after_s = error.code == ErrorCode::rate_limited ? limit_pass_.retry_after_s() : 0;
  render_error(dialect, error, account_.request_id, head_.path(), fields, body, retry_after_s);
  if (const auto limits = rate_limit_fields(context_.limits, admitted_.key, dialect)) {
    for (const api::RateLimitFields::Field& field : limits->fields()) fields.add(field.name, field.value());
  }
  if (!account_.target.empty() && account_.attempts > 0) {
    fields.add("sluice-target", account_.target);
    fields.add("sluice-attempts", std::to_string(account_.attempts));
  }
  responder_.send_head(account_.status, fields, {body.size()});
  const std::string_view piece = body;
  responder_.send_body(std::span<const std::string_view>(&piece, 1), true);
  finish();
  responder_.finish();
}

// Part of the answer is out: it must not look whole.
void Exchange::cut(const Error& met) {
  const Error error = without_secrets(met);
  note(error);
  if (error.code == ErrorCode::target_timeout) account_.error_code = ErrorCode::target_stalled;
  relay_.break_off(error, account_.request_id);
  finish();
  responder_.abort();
}

// For the log at debug, which somebody may have asked for who looks for one request.
void Exchange::tell(std::string_view what) const {
  if (!context_.log.enabled(observe::Level::debug)) return;
  context_.log.write(
      observe::Level::debug, what,
      {{"request_id", account_.request_id}, {"target", account_.target}, {"status", account_.target_status}});
}

void Exchange::note(const Error& error) {
  account_.error_code = error.code;
  account_.error = error.message;
}

// The one exit: cancels what still runs and settles. What is left for the caller of this is to end the answer.
void Exchange::finish(uint64_t now_ns) {
  if (state_ == State::done) return;
  state_ = State::done;
  if (attempt_) {
    attempt_->cancel();
    account_.target_bytes_in += attempt_->bytes_in();
    account_.target_bytes_out += attempt_->bytes_out();
    context_.loop.dispose(std::move(attempt_));
  }
  if (context_.limits != nullptr) {
    const api::AnswerTap* const tap = relay_.begun() ? relay_.tap() : nullptr;
    limit_pass_.leave(tokens_used(tokens_, tap, relay_.status(), relay_.ended(), account_.target_bytes_in), now_ns);
  }
  context_.metrics.active_exchanges.add(-1);
  if (context_.exchanges != nullptr) context_.exchanges->remove(*this);
  if (counted_stream_) context_.metrics.active_streams.add(-1);
  account_.listed = target_.entry != nullptr;
  settle(context_, {account_, head_, responder_, relay_.tap(), relay_.failed(), relay_.error_text()}, now_ns);
}

}  // namespace sluice::gateway
