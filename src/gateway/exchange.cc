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

// Of a request's id that a target tells; a record holds it.
static constexpr size_t max_target_id = 256;

Exchange::Exchange(Context& context, const http::RequestHead& head, http::Responder& responder)
    : context_(context),
      head_(head),
      responder_(responder),
      intake_(context.buffers),
      byte_relay_(responder, context.pieces, *this) {
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
  Result<api::Match> match = api::match(head_.method, head_.path(), &head_.fields);
  if (head_.wants_websocket && head_.method == http::Method::get && (!match || match->passes)) {
    return fail(ErrorCode::upgrade_required,
                "websockets are not spoken here; use POST with HTTP/1.1 and server-sent events");
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
  if (match->endpoint->model_in == api::ModelIn::nowhere || head_.method == http::Method::del) {
    if (const Result<void> allowed = check_access(*match); !allowed) return allowed;
  }
  return intake_.begin(head_, *match, context_.config.limits.body_bytes);
}

// Some of what a provider's own API has is not for everyone.
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
  if (state_ != State::done) go_on(intake_.add(bytes));
}

std::span<char> Exchange::body_room(uint64_t left) {
  return state_ == State::receiving ? intake_.room(left) : std::span<char>();
}

void Exchange::on_body_end() {
  if (state_ == State::done) return;
  account_.request_whole_ns = responder_.read_ns();
  go_on(intake_.end());
}

// More of the body has come. `asked`: it is now known what is asked.
void Exchange::go_on(const Result<bool>& asked) {
  if (!asked) return on_request_broken(asked.error());
  if (!*asked) return intake_.pass_on(attempt_.get(), responder_);
  if (const Result<void> fine = answer_question(); !fine) on_request_broken(fine.error());
}

// --- the target ---

Result<void> Exchange::answer_question() {
  const Question& question = intake_.question();
  account_.stream = question.stream;
  if (const Result<void> chosen = choose_target(); !chosen) return chosen;
  if (question.peek.names_others && admitted_.key != nullptr && !admitted_.key->models.empty()) {
    return fail(ErrorCode::forbidden, "this key may use some models only; `models` and `fallbacks` name others");
  }
  if (!target_.provider->speaks(account_.endpoint->dialect)) {
    if (const Result<void> translated = translate(); !translated) return translated;
    return pass_limits();
  }
  usage_asked_ = asks_usage(question, target_, context_.usage_refusals);
  Result<std::vector<api::Edit>> edits = edits_for(question, intake_.bytes(), target_, usage_asked_);
  if (!edits) return tl::unexpected<Error>(edits.error());
  edits_ = std::move(*edits);
  return pass_limits();
}

Result<void> Exchange::choose_target() {
  const std::string& model = intake_.question().model();
  const Dialect dialect = account_.endpoint->dialect;
  if (model.size() > api::max_model_bytes) {
    return fail(ErrorCode::bad_request,
                "the model's name has more than " + std::to_string(api::max_model_bytes) + " bytes");
  }
  account_.model = model;
  const api::Match& match = intake_.question().match;
  Result<routing::Target> target =
      match.endpoint->model_in == api::ModelIn::nowhere ? choose_provider() : context_.router->route(model, dialect);
  if (!target) return tl::unexpected<Error>(error_for(admitted_, model, target.error(), *context_.router));
  target_ = std::move(*target);
  account_.target = &target_;
  return may_use(admitted_, model, target_, *context_.router);
}

// No model is named: the provider that made what the path names, else the first that may answer.
Result<routing::Target> Exchange::choose_provider() {
  const api::Match& match = intake_.question().match;
  const auto providers = providers_for(admitted_, match, *context_.router);
  if (!providers) return tl::unexpected<Error>(providers.error());
  if (providers->size() == 1 || context_.id_makers == nullptr) return routing::Target{providers->front(), ""};
  const config::Provider* const maker = context_.id_makers->maker(match.path, *providers);
  if (maker != nullptr) return routing::Target{maker, ""};
  const bool reads = head_.method == http::Method::get || head_.method == http::Method::head;
  asks_around_ = reads && head_.framing == http::BodyFraming::none && IdMakers::names_id(match.path);
  return routing::Target{providers->front(), ""};
}

// What is asked for is not at this provider. Where it is at none of them, the first one's answer is the caller's.
void Exchange::ask_next() {
  constexpr size_t max_asked = 8;
  const std::string_view path = intake_.question().match.path;
  const auto providers = providers_for(admitted_, intake_.question().match, *context_.router);
  const size_t most = std::min(providers->size(), max_asked);  // as there were before
  asks_around_ = ++asked_ < most;
  end_attempt();
  target_ = {(*providers)[asks_around_ ? asked_ : 0], ""};
  if (!asks_around_) context_.id_makers->learn_path(path, target_.provider->name);
  if (target_pass_) {
    target_pass_->leave(0, context_.loop.now_ns());
    target_pass_ = std::make_unique<TargetPass>(*context_.limits, target_);
    const Result<bool> entered = caller_pass_->enter(target_, *target_pass_);
    if (!entered) return refuse(entered.error());
    if (!*entered) {
      state_ = State::waiting;
      return;
    }
  }
  start_attempt();
}

// Who looks for the id of what an answer says was made; nullptr where nobody needs to know.
IdWatch* Exchange::watch_ids(int status) {
  const bool makes = head_.method == http::Method::post || head_.method == http::Method::put;
  if (!account_.endpoint->makes || !makes || status >= 300 || context_.id_makers == nullptr) return nullptr;
  if (context_.router->speakers(account_.endpoint->dialect).size() < 2) return nullptr;
  ids_ = std::make_unique<IdWatch>(*context_.id_makers, *target_.provider);
  return ids_.get();
}

Result<void> Exchange::translate() {
  Result<std::unique_ptr<Translation>> translation = Translation::make(
      intake_.question(), head_.query(), intake_.bytes(), target_, context_.ids.next(), context_.loop.clock().unix_s());
  if (!translation) return tl::unexpected<Error>(translation.error());
  translation_ = std::move(*translation);
  account_.dropped = translation_->dropped().text();
  event_relay_ =
      std::make_unique<EventRelay>(responder_, context_.pieces, static_cast<RelayEvents&>(*this), *translation_);
  return {};
}

// The rate limits of the key, the model and the provider: on to the target, now or once they let it in.
Result<void> Exchange::pass_limits() {
  if (const Result<void> room = intake_.prepare_sending(); !room) return room;
  if (context_.limits != nullptr) {
    const std::string_view text = intake_.is_form() ? std::string_view() : intake_.bytes();
    const uint64_t max_output = intake_.question().peek.max_output_tokens;
    const TokenEstimate tokens = estimate_tokens(*account_.endpoint, text, max_output);
    LimitEvents& events = *this;
    caller_pass_ = std::make_unique<CallerPass>(*context_.limits, admitted_.key, tokens, events);
    target_pass_ = std::make_unique<TargetPass>(*context_.limits, target_);
    const Result<bool> entered = caller_pass_->enter(target_, *target_pass_);
    if (!entered) return tl::unexpected<Error>(entered.error());
    if (!*entered) {
      state_ = State::waiting;
      return {};
    }
  }
  start_attempt();
  return {};
}

void Exchange::on_let_in() {
  if (intake_.ended()) account_.request_whole_ns = context_.loop.now_ns();  // waiting is no overhead of ours
  start_attempt();
}

void Exchange::on_not_let_in(const Error& error) { refuse(error); }

void Exchange::start_attempt() {
  ProviderLink& link = context_.links.of(*target_.provider);
  OutgoingRequest request = translation_
                                ? translated_request(target_, link, head_, *translation_, context_.lines)
                                : request_for(target_, link, head_, intake_, edits_, context_.keys, context_.lines);
  account_.attempts.add(target_);
  tell("going to the target");
  account_.attempts.last().ready_ns = request.ready_ns = context_.loop.now_ns();
  state_ = State::trying;
  attempt_ = std::make_unique<Attempt>(context_.loop, link, target_, static_cast<AttemptEvents&>(*this));
  attempt_->start(std::move(request));
}

void Exchange::end_attempt() {
  attempt_->cancel();
  account_.attempts.last().bytes_in = attempt_->bytes_in();
  account_.attempts.last().bytes_out = attempt_->bytes_out();
  context_.loop.dispose(std::move(attempt_));
}

// --- the answer ---

AnswerTaker& Exchange::on_answer_head(http::ResponseHead& head) {
  AttemptRecord& record = account_.attempts.last();
  record.status = head.status;
  tell("the target answers");
  const auto id = head.fields.find("x-request-id");
  const auto other_id = id ? id : head.fields.find("request-id");
  if (other_id) record.request_id = other_id->substr(0, max_target_id);
  const bool not_here = asks_around_ && HeldAnswer::is_not_here(head.status);
  if (not_here || (usage_asked_ && HeldAnswer::may_refuse(head.status))) {
    held_ = std::make_unique<HeldAnswer>(head, not_here, static_cast<HeldAnswerEvents&>(*this));
    return *held_;
  }
  if (asks_around_) {
    asks_around_ = false;
    if (head.status < 300) context_.id_makers->learn_path(intake_.question().match.path, target_.provider->name);
  }
  relay_answer(head);
  return relay();
}

void Exchange::relay_answer(http::ResponseHead& head) {
  AttemptRecord& record = account_.attempts.last();
  record.answer_ns = context_.loop.now_ns();
  if (attempt_->request_sent()) {
    intake_.forget();
    give_back(edits_);
    attempt_->forget_request();
    if (translation_) translation_->forget_request();
  }
  const Question& question = intake_.question();
  const Dialect dialect = account_.endpoint->dialect;
  const auto limits = rate_limit_fields(context_.limits, admitted_.key, dialect);
  OwnFields own{account_.request_id, target_, account_.attempts.sent(),
                limits ? limits->fields() : std::span<const api::RateLimitFields::Field>()};
  std::string address;
  if (question.match.passes) {
    const std::string_view field = api::room_of(dialect).address_field;
    if (const auto at_target = head.fields.find(field); at_target && !field.empty()) {
      own.address_field = field;
      own.address = address = address_here(*at_target);
    }
  }
  const RelayedRequest request{dialect,
                               head_.fields.find("accept-encoding"),
                               usage_asked_,
                               question.peek.choices,
                               watch_ids(head.status),
                               question.match.passes,
                               account_.stream};
  if (!relay().begin(head, request, own, context_.lines, record.answer_ns)) return;
  state_ = State::relaying;
  account_.status = head.status;
  if (relay().streaming()) {  // which may last: what only its beginning needed goes
    head.fields.release();
    account_.stream = counted_stream_ = true;
    context_.metrics.active_streams.add(1);
  }
}

// What the caller is to ask for in place of an address at the target.
std::string Exchange::address_here(std::string_view at_target) const {
  const size_t host = at_target.find("://");
  const size_t slash = host == std::string_view::npos ? host : at_target.find('/', host + 3);
  if (slash == std::string_view::npos) return {};
  std::string_view path = at_target.substr(slash);
  const config::Provider& provider = *target_.provider;
  if (path.starts_with(provider.base_url.path)) path.remove_prefix(provider.base_url.path.size());
  const std::string peer = responder_.peer();
  bool tls = !context_.config.tls_cert_file.empty() && peer != "unix";
  if (peer == "unix" || context_.trusted_proxies.contains(peer)) {
    tls = head_.fields.find("x-forwarded-proto").value_or(tls ? "https" : "http") == "https";
  }
  std::string address = tls ? "https://" : "http://";
  address += head_.fields.find("host").value_or("");
  std::string target = "/providers/" + provider.name;
  return address += with_ticket(target.append(path), context_.config, admitted_, context_.loop.clock().unix_s());
}

AnswerTaker& Exchange::on_answer_let_go() {
  usage_asked_ = false;
  relay_answer(held_->head());
  return relay();
}

void Exchange::on_answer_kept() {
  if (asks_around_) return ask_next();
  if (context_.usage_refusals != nullptr && context_.usage_refusals->add(target_.label())) {
    context_.log.warn("target refuses stream_options; usage of its streams is not asked for any more",
                      {{"request_id", account_.request_id}, {"target", target_.label()}});
  }
  usage_asked_ = false;
  end_attempt();
  edits_ = *edits_for(intake_.question(), intake_.bytes(), target_, false);  // JSON, which was read before
  start_attempt();
}

void Exchange::on_drained() {
  if (state_ != State::done && relay().go_on() && attempt_) attempt_->resume();
}

void Exchange::on_relayed(uint64_t now_ns) {
  account_.status = relay().told_status();
  finish(now_ns);
  responder_.finish();
}

// --- endings ---

void Exchange::on_attempt_failed(const Error& met) {
  if (state_ == State::done) return;
  if (relay().end_early()) return on_relayed(context_.loop.now_ns());
  if (asks_around_ && !relay().begun()) return ask_next();
  const Error error = without_secrets(met);
  context_.log.warn("target failed", {{"request_id", account_.request_id},
                                      {"target", target_.label()},
                                      {"code", name_of(error.code)},
                                      {"reason", error.message}});
  // Nothing has left yet: an error of our own is better than half an answer.
  relay().begun() && !responder_.recall_head() ? cut(error) : refuse(error);
}

void Exchange::on_request_broken(const Error& error) {
  if (state_ == State::done) return;
  relay().begun() ? cut(error) : refuse(error);
}

void Exchange::on_caller_gone(const Error& error) {
  if (state_ == State::done) return;
  account_.note(error);
  account_.status = http_status(ErrorCode::caller_gone);
  finish();
}

// HEAD of a path that only POST is for: probes want to know that it is there.
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

// An error about a target may quote it, and a target may quote the key that it was sent.
Error Exchange::without_secrets(const Error& error) const {
  if (fault_of(error.code) == Fault::caller) return error;
  const std::string masked = context_.log.masked(error.message);
  return {error.code, account_.target != nullptr ? QuotedSecrets(*target_.provider).masked(masked) : masked};
}

// Nothing of an answer has gone out yet: an error in the caller's dialect.
void Exchange::refuse(const Error& met) {
  const Error error = without_secrets(met);
  account_.note(error);
  account_.status = http_status(error.code);
  const Dialect dialect =
      account_.endpoint != nullptr ? account_.endpoint->dialect : api::guess_dialect(head_.path(), head_.fields);
  http::Fields fields;
  std::string body;
  const uint64_t retry_after_s = error.code == ErrorCode::rate_limited ? caller_pass_->retry_after_s() : 0;
  render_error(dialect, error, account_.request_id, head_.path(), context_.loop.clock().unix_s(), fields, body,
               retry_after_s);
  if (const auto limits = rate_limit_fields(context_.limits, admitted_.key, dialect)) {
    for (const api::RateLimitFields::Field& field : limits->fields()) fields.add(field.name, field.value());
  }
  if (!account_.attempts.empty()) {
    fields.add("sluice-target", target_.label());
    fields.add("sluice-attempts", std::to_string(account_.attempts.sent()));
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
  account_.note(error);
  if (error.code == ErrorCode::target_timeout) account_.failure->code = ErrorCode::target_stalled;
  relay().break_off(error, account_.request_id);
  finish();
  responder_.abort();
}

// For the log at debug, which somebody may have asked for who looks for one request.
void Exchange::tell(std::string_view what) const {
  if (!context_.log.enabled(observe::Level::debug)) return;
  context_.log.write(
      observe::Level::debug, what,
      {{"request_id", account_.request_id}, {"target", target_.label()}, {"status", account_.attempts.last().status}});
}

// The one exit: cancels what still runs and settles. What is left for the caller of this is to end the answer.
void Exchange::finish(uint64_t now_ns) {
  if (state_ == State::done) return;
  state_ = State::done;
  if (attempt_) end_attempt();
  if (caller_pass_) {
    const bool answered = event_relay_ || byte_relay_.begun();
    const api::AnswerTap* const tap = answered ? relay().tap() : nullptr;
    const uint64_t used =
        tokens_used(caller_pass_->tokens(), tap, relay().status(), relay().ended(), account_.attempts.bytes_in());
    target_pass_->leave(used, now_ns);
    caller_pass_->leave(used, now_ns);
  }
  context_.metrics.active_exchanges.add(-1);
  if (context_.exchanges != nullptr) context_.exchanges->remove(*this);
  if (counted_stream_) context_.metrics.active_streams.add(-1);
  settle(context_, {account_, head_, responder_, &relay()}, now_ns);
}

}  // namespace sluice::gateway
