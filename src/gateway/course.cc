#include "gateway/course.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "api/dialect.h"
#include "api/passing.h"
#include "api/target_error.h"
#include "api/tool_models.h"
#include "base/give_back.h"
#include "gateway/asking.h"
#include "gateway/catalog.h"
#include "gateway/kept_answers.h"
#include "gateway/quoted_secrets.h"
#include "gateway/race.h"
#include "gateway/retry_after.h"
#include "gateway/settlement.h"
#include "gateway/target_request.h"
#include "gateway/upload_ticket.h"
#include "http/writer.h"
#include "routing/affinity.h"
#include "routing/hedge_budget.h"

namespace sluice::gateway {
namespace {

constexpr uint64_t max_bytes_alone = 64 * 1024 * 1024;  // docs/configuration.md

// The affinity key: requests with the same one go to the same target.
std::string affinity_for(const config::Model* entry, const Course::Asker& asker) {
  if (entry == nullptr || entry->affinity.kind == config::Affinity::Kind::none) return {};
  const http::Fields& fields = asker.head.fields;
  const config::CallerKey* const key = asker.admitted.key;
  routing::AffinityWords words;
  if (key != nullptr) words.key = key->name;
  if (!entry->affinity.header.empty()) words.header = fields.find(entry->affinity.header).value_or("");
  words.turn_state = fields.find(routing::turn_state_field).value_or("");
  words.body = asker.intake.bytes();
  return routing::affinity_of(entry->affinity, words);
}

// A target that keeps failing is skipped as a fallback; it may only be a request's first target, when nothing else is
// left. Otherwise an outage would multiply each request by the number of targets.
bool is_shunned(const routing::Target& target, uint64_t now_ms) {
  if (target.health == nullptr) return false;
  const routing::Standing standing = target.health->standing(now_ms);
  const bool may = routing::may_be_asked(standing) || standing == routing::Standing::backing_off;
  return !may || target.health->is_full(target.concurrent);
}

}  // namespace

Course::Course(Context& context, const Asker& asker, CourseEvents& events)
    : context_(context),
      asker_(asker),
      account_(&asker.account),
      events_(events),
      gate_(*asker.responder, *this),
      first_relay_(gate_, context.pieces, *this),
      back_off_(this, [](void* self) { static_cast<Course*>(self)->on_backed_off(); }),
      heartbeat_(*asker.responder, *this) {}

Course::~Course() = default;

// --- choosing the target ---

Result<void> Course::begin() {
  const Question& question = asker_.intake.question();
  account_->stream = question.stream;
  if (asks_kept_page(context_.answers, asker_.admitted, asker_.head, question.match)) {
    answers_here_ = true;
    plan_.targets.emplace_back();  // none
    return pass_limits();
  }
  if (const Result<void> chosen = choose_targets(); !chosen) return chosen;
  const config::CallerKey* const key = asker_.admitted.key;
  if (key != nullptr && !key->models.empty()) {
    if (const Result<void> may = may_use_others(); !may) return may;
  }
  if (const Result<void> room = asker_.intake.prepare_sending(); !room) return room;
  const uint32_t resume_ms = plan_.entry != nullptr ? plan_.entry->resume_ms : target().provider->resume_ms;
  if (resume_ms != 0) keep_stream(resume_ms);
  if (question.stream) heartbeat_.start(context_.config.heartbeat_ms);
  return ask();
}

// For a key that may use some models only: checks those that the body names besides `model`.
Result<void> Course::may_use_others() const {
  const Question& question = asker_.intake.question();
  if (question.peek.names_others) {
    return fail(ErrorCode::forbidden, "this key may use some models only; `models` and `fallbacks` name others");
  }
  const bool is_json = question.named == Question::Named::in_json || question.named == Question::Named::in_url;
  if (!is_json || !asker_.intake.ended() || asker_.intake.bytes().empty()) return {};
  const auto may_use = [&](const std::string& name) {
    if (name == question.model() || name == target().model) return true;
    return policy::may_use(*asker_.admitted.key, name, target().provider->name + '/' + name);
  };
  const std::optional<std::string> other = api::find_tool_model(asker_.intake.bytes(), may_use);
  if (!other) return {};
  return fail(ErrorCode::forbidden, "this key may use some models only; a tool names another one, '" + *other + "'");
}

// Lets the caller come back to the answer if it is a stream.
void Course::keep_stream(uint32_t resume_ms) {
  if (!asker_.intake.question().stream || !asker_.intake.ended()) return;
  http::Responder* const keeper = events_.on_resumable(resume_ms);
  if (keeper == nullptr) return;
  keeps_stream_ = true;
  asker_.responder = keeper;
  gate_.send_to(*keeper);
}

Result<void> Course::choose_targets() {
  const std::string& model = asker_.intake.question().model();
  const Dialect dialect = account_->endpoint->dialect;
  if (model.size() > api::max_model_bytes) {
    return fail(ErrorCode::bad_request,
                "the model's name has more than " + std::to_string(api::max_model_bytes) + " bytes");
  }
  account_->model = model;
  if (asker_.intake.question().match.endpoint->model_in == api::ModelIn::nowhere) {
    const Result<void> chosen = choose_provider();
    if (!chosen) return tl::unexpected<Error>(error_for(asker_.admitted, model, chosen.error(), *context_.router));
  } else {
    const config::Model* const entry = context_.router->entry_of(model);
    const Intake& intake = asker_.intake;
    routing::Asking asking;
    if (entry != nullptr && intake.ended() && !intake.is_form()) {
      asking = asking_of(intake.question(), intake.bytes(), context_.router->bounds_of(*entry));
    }
    asking.dialect = dialect;
    asking.entry = entry;
    asking.now_ms = context_.loop.now_ms();
    asking.chance = context_.loop.random().next();
    const std::string affinity = affinity_for(entry, asker_);
    asking.affinity = affinity;
    std::function<bool(const routing::Target&)> allowed;
    if (entry != nullptr && !may_use_any(asker_.admitted, model)) {
      allowed = [&](const routing::Target& one) { return is_allowed(asker_.admitted, model, one, *context_.router); };
      asking.allowed = &allowed;
    }
    Result<routing::Plan> plan = context_.router->plan(model, asking);
    if (!plan) return tl::unexpected<Error>(error_for(asker_.admitted, model, plan.error(), *context_.router));
    plan_ = std::move(*plan);
    if (plan_.hedges != nullptr) plan_.hedges->asked();
  }
  account_->target = &target();
  return may_use(asker_.admitted, model, target(), *context_.router);
}

// No model is named: the request goes to the provider that made the id in the path, otherwise to the first that may
// answer.
Result<void> Course::choose_provider() {
  const api::Match& match = asker_.intake.question().match;
  const auto providers = providers_for(asker_.admitted, match, *context_.router);
  if (!providers) return tl::unexpected<Error>(providers.error());
  const config::Provider* chosen = providers->front();
  if ((providers->size() > 1 || !chosen->api_keys.empty()) && context_.id_makers != nullptr) {
    const IdMakers::Maker maker = context_.id_makers->maker(match.path, *providers);
    if (maker.provider != nullptr) {
      chosen = maker.provider;
      makers_key_ = maker.key;
    } else if (providers->size() > 1) {
      const bool reads = asker_.head.method == http::Method::get || asker_.head.method == http::Method::head;
      asks_around_ = reads && asker_.head.framing == http::BodyFraming::none && IdMakers::names_id(match.path);
    }
  }
  static constexpr config::Retry once{.attempts = 1, .backoff_ms = 0, .wait_ms = 0};
  plan_.targets.push_back({chosen, ""});
  plan_.retry = &once;
  return {};
}

// This provider does not have the requested object. If none of them has it, the caller gets the first one's answer.
void Course::ask_next() {
  constexpr size_t max_asked = 8;
  const std::string_view path = asker_.intake.question().match.path;
  const auto providers = providers_for(asker_.admitted, asker_.intake.question().match, *context_.router);
  const size_t most = std::min(providers->size(), max_asked);  // the same list each time
  asks_around_ = ++asked_ < most;
  give_attempt_up();
  plan_.targets.front().provider = (*providers)[asks_around_ ? asked_ : 0];
  if (!asks_around_) context_.id_makers->learn_path(path, *target().provider, key_);
  if (const Result<void> asked = ask(); !asked) fail_course(asked.error());
}

// Asks the current target or the next one that can be asked. If none can, the first one's error is returned.
Result<void> Course::ask() {
  std::optional<Error> met;
  for (;;) {
    Result<void> done = prepare();
    answers_here_ = translation_ && !translation_->estimate().empty();
    if (done) done = pass_limits();
    if (done) return {};
    const bool others_may = done.error().code == ErrorCode::untranslatable || refused_by_provider();
    if (!met) met = done.error();
    if (!others_may || !advance()) return tl::unexpected<Error>(*met);
  }
}

// Moves to the next target. `larger_window`: one whose context window is larger than this one's, or unknown.
bool Course::advance(bool larger_window) {
  if (asks_around_) return false;
  const uint64_t too_small = larger_window ? target().fit.context_tokens : 0;
  const size_t before = at_;
  while (at_ + 1 < plan_.targets.size()) {
    ++at_;
    const uint64_t window = target().fit.context_tokens;
    if (too_small != 0 && window != 0 && window <= too_small) continue;
    if (attempts_ > 0 && is_shunned(target(), context_.loop.now_ms())) continue;
    tries_ = 0;
    refused_keys_ = 0;
    account_->target = &target();
    return true;
  }
  at_ = before;
  return false;
}

// --- the request ---

// Prepares the request for the current target and the relay for its answer.
Result<void> Course::prepare() {
  const Question& question = asker_.intake.question();
  RelayEvents& events = *this;
  if (broken_ != nullptr) return prepare_rest();
  if (!target().provider->speaks(account_->endpoint->dialect)) {
    auto keeper = keeper_for(context_.answers, asker_.admitted, asker_.head, question.match);
    Result<std::unique_ptr<Translation>> translation =
        Translation::make(question, asker_.head.query(), asker_.intake.bytes(), target(), context_.ids.next(),
                          context_.loop.clock().unix_s(), {}, keeper ? &*keeper : nullptr, told());
    if (!translation) return tl::unexpected<Error>(translation.error());
    translation_ = std::move(*translation);
    context_.loop.update_now();
    account_->dropped = translation_->dropped().text();
    rescues_ = may_rescue();
    if (rescues_) translation_->remember();
    other_relay_ = std::make_unique<EventRelay>(gate_, context_.pieces, events, *translation_, context_.buffers);
    relay_ = other_relay_.get();
    return {};
  }
  relay_ = &first_relay_;
  usage_asked_ = asks_usage(question, target(), context_.usage_refusals);
  Result<std::vector<api::Edit>> edits = edits_for(question, asker_.intake.bytes(), target(), usage_asked_, foreign());
  if (!edits) return tl::unexpected<Error>(edits.error());
  edits_ = std::move(*edits);
  if (attempts_ > 0) {
    other_relay_ = std::make_unique<ByteRelay>(gate_, context_.pieces, events);
    relay_ = other_relay_.get();
  }
  return {};
}

Foreign Course::foreign() {
  const size_t speakers = context_.router->speakers(account_->endpoint->dialect).size();
  if (speakers == context_.config.providers.size()) return {};
  const api::Match& match = asker_.intake.question().match;
  auto keeper = keeper_for(context_.answers, asker_.admitted, asker_.head, match);
  return {&account_->dropped, keeper ? keeper->with_conversation(match, asker_.intake.bytes()) : std::nullopt};
}

const api::ModelFacts& Course::told() const {
  return context_.catalog != nullptr ? context_.catalog->facts_of(target()) : api::no_facts;
}

// Passes the rate limits of the key, the model and the provider; the attempt starts now or once they admit it.
Result<void> Course::pass_limits() {
  if (context_.limits != nullptr) {
    if (!caller_pass_) {
      const std::string_view text = asker_.intake.is_form() ? std::string_view() : asker_.intake.bytes();
      const api::Peek& peek = asker_.intake.question().peek;
      const TokenEstimate tokens =
          estimate_tokens(account_->endpoint->yields, text, peek.max_output_tokens, peek.choices);
      LimitEvents& events = *this;
      caller_pass_ = std::make_unique<CallerPass>(*context_.limits, asker_.admitted.key, tokens, events);
    }
    target_pass_ = std::make_unique<TargetPass>(*context_.limits, answers_here_ ? nullptr : target().provider);
    const Result<bool> entered = caller_pass_->enter(target(), *target_pass_);
    if (!entered) return tl::unexpected<Error>(entered.error());
    if (!*entered) {
      state_ = State::waiting;
      return {};
    }
  }
  start_attempt();
  return {};
}

// If a provider's limit refuses, a target of another provider may still be asked.
bool Course::refused_by_provider() const { return caller_pass_ && caller_pass_->refused_by_provider(); }

void Course::on_let_in() {
  note_our_turn();
  start_attempt();
}

// Time spent waiting or in failed attempts does not count as our overhead.
void Course::note_our_turn() {
  if (asker_.intake.ended()) account_->our_turn_ns = context_.loop.now_ns();
}

void Course::on_not_let_in(const Error& error) {
  refused_by_provider() && advance() ? on_backed_off() : fail_course(error);
}

routing::TargetHealth& Course::key_place() const {
  return target().health != nullptr ? *target().health : context_.router->health_of(*target().provider);
}

// Chooses among several credentials. A request that names no model takes the first usable one, so that objects it
// creates can be found again with the same credential.
size_t Course::choose_key() const {
  if (makers_key_) return *makers_key_;
  const uint64_t now_ms = context_.loop.now_ms();
  const uint64_t luck = target().health != nullptr ? plan_.luck : 0;
  const std::optional<size_t> may = key_place().free_credential(*target().provider, now_ms, luck, refused_keys_);
  return may ? *may : key_place().soonest_credential();
}

void Course::start_attempt() {
  if (answers_here_) return answer_here();
  const config::Provider& provider = *target().provider;
  ProviderLink& link = context_.links.of(provider);
  key_ = provider.api_keys.empty() ? 0 : choose_key();
  const std::string_view fields = link.fixed_fields(key_);
  OutgoingRequest request =
      translation_ && !translation_->sends_as_it_came()
          ? translated_request(target(), link, fields, asker_.head, *translation_, context_.lines)
          : request_for(target(), link, fields, asker_.head, asker_.intake, edits_, context_.keys, context_.lines);
  if (may_ask_again()) request.awaits_output = request.wants_stream;
  state_ = State::trying;
  ++tries_;
  begin_attempt(std::move(request));
}

void Course::begin_attempt(OutgoingRequest request) {
  const config::Provider& provider = *target().provider;
  account_->attempts.add(target());
  if (!provider.api_keys.empty()) account_->attempts.last().key = static_cast<uint32_t>(key_ + 1);
  tell("going to the target");
  account_->attempts.last().ready_ns = request.ready_ns = context_.loop.now_ns();
  judged_ = false;
  ++attempts_;
  retry_after_ms_.reset();
  take_off();
  if (plan_.hedges != nullptr && state_ == State::trying) watch_lateness();
  ProviderLink& link = context_.links.of(provider);
  attempt_ = std::make_unique<Attempt>(context_.loop, link, target(), static_cast<AttemptEvents&>(*this));
  attempt_->start(std::move(request));
}

// Counts the attempt as in flight at its target.
void Course::take_off() {
  flying_ = target().health;
  if (flying_ == nullptr) return;
  const uint64_t now_ms = context_.loop.now_ms();
  probes_ = flying_->standing(now_ms) == routing::Standing::half_open && flying_->take_probe(now_ms);
  if (tries_ == 1) flying_->budget().asked(now_ms);
  flying_->began();
}

void Course::end_attempt() {
  if (flying_ != nullptr) {
    if (std::exchange(probes_, false)) flying_->give_back_probe();
    std::exchange(flying_, nullptr)->ended();
  }
  if (!attempt_) return;
  if (!others_turn_) context_.pieces.clear();  // left from an unfinished turn: all relays of the worker share it
  attempt_->cancel();
  account_->attempts.last().bytes_in = attempt_->bytes_in();
  account_->attempts.last().bytes_out = attempt_->bytes_out();
  context_.loop.dispose(std::move(attempt_));
}

// --- endings ---

bool Course::take_back() {
  if (leader_ != this) return leader_->take_back();
  if (gate_.begun_by_beat() || broken_ != nullptr) return false;
  if (gate_.holding()) {
    gate_.drop();
    return true;
  }
  return relay_ == nullptr || !relay_->begun() || asker_.responder->recall_head();
}

// The format of a stream in the caller's dialect.
api::StreamFormat Course::stream_format() const {
  const api::Places& places = api::room_of(account_->endpoint->dialect).places;
  if (places.streams_lines) return api::StreamFormat::ndjson;
  const bool events = !places.streams_arrays || asker_.head.query().find("alt=sse") != std::string_view::npos;
  return events ? api::StreamFormat::sse : api::StreamFormat::json_array;
}

void Course::break_off(const Error& met) {
  if (leader_ != this) return leader_->break_off(met);
  const Error error{told_as_.value_or(met.code), met.message};
  const bool kept_back = broken_ != nullptr && translation_ == nullptr && relay_ != nullptr && relay_->failed();
  const bool answers = relay_ != nullptr && relay_->begun() && !gate_.begun_by_beat() && !kept_back;
  if (answers) return relay_->break_off(error, account_->request_id);
  std::string event;
  if (broken_ != nullptr && broken_->writer != nullptr) {
    broken_->writer->fail(error, account_->request_id);
    event = std::move(broken_->writer->out);
  } else {
    event = api::error_event(account_->endpoint->dialect, stream_format(), error, account_->request_id,
                             {true, broken_sequence_, broken_place_});
  }
  const std::string_view piece = event;
  asker_.responder->send_body(std::span<const std::string_view>(&piece, 1));
}

bool Course::go_on_kept() {
  if (leader_ != this) return leader_->go_on_kept();
  if (state_ != State::trying && state_ != State::relaying && state_ != State::backing_off) return false;
  kept_ = true;
  heartbeat_.stop();
  if (attempt_ && is_read_alone()) attempt_->read_at_most(max_bytes_alone);
  return true;
}

bool Course::go_on_alone() {
  if (leader_ != this) return leader_->go_on_alone();
  if (plan_.entry == nullptr || !plan_.entry->drain_on_disconnect) return false;
  if (!attempt_ || !attempt_->request_sent() || parked_ || parked_answer_) return false;
  if (race_) race_->first_has_won(context_.loop.now_ns());  // one account is enough
  alone_ = true;
  rescues_ = false;
  heartbeat_.stop();
  attempt_->read_at_most(max_bytes_alone);
  gate_.commit();  // the caller is gone, so nothing needs to be held
  return true;
}

void Course::cancel(uint64_t now_ns) {
  state_ = State::done;
  back_off_.cancel();
  heartbeat_.stop();
  if (race_) race_->cancel(now_ns);
  end_attempt();
  if (caller_pass_) {
    caller_pass_->leave(settle_target(caller_pass_->tokens(), now_ns), now_ns);
  } else if (beside_ != nullptr && context_.limits != nullptr) {
    settle_target(beside_->estimate(), now_ns);
  }
  if (std::exchange(counted_stream_, false)) context_.metrics.active_streams.add(-1);
}

// Settles what the attempt took of its provider's limits; returns the tokens used.
uint64_t Course::settle_target(const TokenEstimate& tokens, uint64_t now_ns) {
  const bool answered = relay_ != nullptr && (relay_ == other_relay_.get() || relay_->begun());
  const api::AnswerTap* const tap = answered ? relay_->tap() : nullptr;
  const int status = answered ? relay_->status() : 0;
  const uint64_t used = tokens_used(tokens, tap, status, answered && relay_->ended(), account_->attempts.bytes_in());
  if (target_pass_) target_pass_->leave(used, now_ns);
  return used;
}

// For the debug log, to follow a single request.
void Course::tell(std::string_view what) const {
  if (!context_.log.enabled(observe::Level::debug)) return;
  context_.log.write(observe::Level::debug, what,
                     {{"request_id", account_->request_id},
                      {"target", target().label()},
                      {"status", account_->attempts.last().status}});
}

}  // namespace sluice::gateway
