// Course: how the answer of an attempt begins and how it ends well.
#include <algorithm>
#include <utility>

#include "api/dialect.h"
#include "api/target_error.h"
#include "base/give_back.h"
#include "base/text.h"
#include "base/time_text.h"
#include "gateway/course.h"
#include "gateway/kept_answers.h"
#include "gateway/race.h"
#include "gateway/retry_after.h"
#include "gateway/settlement.h"
#include "gateway/upload_ticket.h"
#include "http/writer.h"

namespace sluice::gateway {

// The most that a record keeps of a target's request id.
static constexpr size_t max_target_id = 256;

AnswerTaker& Course::on_answer_head(http::ResponseHead& head) {
  AttemptRecord& record = account_->attempts.last();
  record.status = head.status;
  tell("the target answers");
  const auto id = head.fields.find("x-request-id");
  const auto other_id = id ? id : head.fields.find("request-id");
  if (other_id) record.request_id = cut_to(*other_id, max_target_id);
  if (head.status >= 400) retry_after_ms_ = retry_after_ms(head, context_.loop.clock().unix_s());
  if (std::exchange(usage_left_, false) && head.status < 400) remember_refusal();
  if (asks_rest_) {
    asks_rest_ = !static_cast<ByteRelay&>(*relay_).go_on_with(head);
    if (!asks_rest_) return *relay_;
    held_ = std::make_unique<HeldAnswer>(head, true, static_cast<HeldAnswerEvents&>(*this));
    return *held_;
  }
  if (broken_ != nullptr && head.status >= 300) {  // the rescue is refused
    held_ = std::make_unique<HeldAnswer>(head, true, static_cast<HeldAnswerEvents&>(*this));
    return *held_;
  }
  if (gives_way(head)) {
    takes_other_key_ = true;
    held_ = std::make_unique<HeldAnswer>(head, true, static_cast<HeldAnswerEvents&>(*this));
    return *held_;
  }
  const bool not_here = asks_around_ && HeldAnswer::is_not_here(head.status);
  if (not_here || (usage_asked_ && !alone_ && HeldAnswer::may_refuse(head.status))) {
    held_ = std::make_unique<HeldAnswer>(head, not_here, static_cast<HeldAnswerEvents&>(*this));
    return *held_;
  }
  if (asks_around_) {
    asks_around_ = false;
    if (head.status < 300)
      context_.id_makers->learn_path(asker_.intake.question().match.path, *target().provider, key_);
  }
  relay_answer(head);
  return *relay_;
}

// The target has answered without the `stream_options` that it had refused. Only that proves that they were at fault:
// an error may quote the word from the request.
void Course::remember_refusal() {
  if (context_.usage_refusals == nullptr || !context_.usage_refusals->add(target().label())) return;
  context_.log.warn("target refuses stream_options; usage of its streams is no longer requested",
                    {{"request_id", account_->request_id}, {"target", target().label()}});
}

// With our estimate of a token count, as the target has no such endpoint, or with what is kept of an earlier answer.
void Course::answer_here() {
  http::Fields fields;
  fields.add("date", http_date(context_.loop.clock().unix_s()));
  fields.add("content-type", "application/json");
  fields.add("x-request-id", account_->request_id);
  std::string page;
  if (translation_) {
    page = translation_->estimate();
    fields.add("sluice-target", target().label());
    fields.add("sluice-estimated", "true");
  } else {
    auto kept = kept_page(context_.answers, asker_.admitted, asker_.head, asker_.intake.question().match);
    if (!kept) kept = fail(ErrorCode::unknown_path, "the response is not kept any more");
    if (!*kept) return events_.on_course_failed(kept->error());
    page = std::move(**kept);
  }
  account_->status = 200;
  asker_.responder->send_head(200, fields, {page.size()});
  const std::string_view body = page;
  asker_.responder->send_body(std::span<const std::string_view>(&body, 1), true);
  events_.on_course_end(context_.loop.now_ns());
}

// The codings that the caller accepts. A stream that can be resumed in the middle must not be compressed.
std::optional<std::string_view> Course::codings_for(const http::ResponseHead& head) const {
  if (keeps_stream_) [[unlikely]] {
    const auto coding = head.fields.find("content-encoding");
    if (coding && http::coding_named(*coding)) return "identity";
  }
  return asker_.head.fields.find("accept-encoding");
}

// Whether the endpoint is one that can be translated, so that its answers have a known form.
bool Course::is_answer_due() const {
  const std::span<const std::string_view> names = api::room_of(account_->endpoint->dialect).translated;
  return std::find(names.begin(), names.end(), account_->endpoint->name) != names.end();
}

void Course::relay_answer(http::ResponseHead& head) {
  AttemptRecord& record = account_->attempts.last();
  record.answer_ns = context_.loop.now_ns();
  // If no other target could be asked, an answer in the caller's dialect passes unchanged, whatever it is.
  const bool answer_due = (translation_ != nullptr || plan_.targets.size() > 1) && is_answer_due();
  if (may_ask_again()) {
    gate_.hold(*relay_);
  } else {
    on_commit();
  }
  const Question& question = asker_.intake.question();
  const Dialect dialect = account_->endpoint->dialect;
  const auto limits = rate_limit_fields(context_.limits, asker_.admitted.key, dialect);
  OwnFields own{account_->request_id, target(), attempts_sent(),
                limits ? limits->fields() : std::span<const api::RateLimitFields::Field>()};
  own.dropped = account_->dropped;
  std::string address;
  if (question.match.passes) {
    const std::string_view field = api::room_of(dialect).address_field;
    if (const auto at_target = head.fields.find(field); at_target && !field.empty()) {
      own.address_field = field;
      own.address = address = address_here(*at_target);
    }
  }
  const RelayedRequest request{dialect,
                               codings_for(head),
                               usage_asked_,
                               question.peek.choices,
                               watch_ids(head.status),
                               question.match.passes,
                               answer_due,
                               stream_format(),
                               account_->stream};
  if (!relay_->begin(head, request, own, context_.lines, record.answer_ns)) return;
  account_->status = head.status;
  if (relay_->streaming()) {  // a stream may last long: free what only its beginning needed
    head.fields.release();
    if (translation_ == nullptr && (rescues_ = may_rescue())) {
      static_cast<ByteRelay&>(*relay_).remember(target(), context_.buffers);
    }
    account_->stream = counted_stream_ = true;
    context_.metrics.active_streams.add(1);
  }
}

// This answer has been chosen: the request need not be sent to another target any more.
void Course::on_commit() {
  body_kept_ = false;
  state_ = State::relaying;
  if (beside_ != nullptr) {
    beside_->second_has_won(context_.loop.now_ns());
  } else if (race_) {
    race_->first_has_won(context_.loop.now_ns());
  }
  if (!attempt_) return;
  attempt_->note_output();
  if (!attempt_->request_sent()) return;
  if (!rescues_) asker_.intake.forget();
  give_back(edits_);
  attempt_->forget_request();
  if (translation_) translation_->forget_request();
}

// Whether the stream can be fetched again from the target if it breaks off.
bool Course::goes_on_alone() const {
  const api::ResumptionRoom* const room = api::room_of(account_->endpoint->dialect).resumption;
  return room != nullptr && account_->stream && translation_ == nullptr && room->goes_on_alone(asker_.intake.bytes());
}

// The watch for the id of an object that the answer says was created; nullptr: the id is not needed.
IdWatch* Course::watch_ids(int status) {
  const api::Endpoint& endpoint = *account_->endpoint;
  const bool makes = asker_.head.method == http::Method::post || asker_.head.method == http::Method::put;
  if (!endpoint.makes || !makes || status >= 300) return nullptr;
  const config::Provider& provider = *target().provider;
  const bool several = !provider.api_keys.empty() || context_.router->speakers(endpoint.dialect).size() > 1;
  IdMakers* const makers = several ? context_.id_makers : nullptr;
  goes_on_ = goes_on_alone();
  if (makers == nullptr && !goes_on_) return nullptr;
  ids_ = std::make_unique<IdWatch>(makers, provider, key_);
  return ids_.get();
}

// Translates an address at the target into one of ours, for the caller to use.
std::string Course::address_here(std::string_view at_target) const {
  const size_t host = at_target.find("://");
  const size_t slash = host == std::string_view::npos ? host : at_target.find('/', host + 3);
  if (slash == std::string_view::npos) return {};
  std::string_view path = at_target.substr(slash);
  const config::Provider& provider = *target().provider;
  if (path.starts_with(provider.base_url.path)) path.remove_prefix(provider.base_url.path.size());
  const std::string peer = asker_.responder->peer();
  bool tls = !context_.config.tls_cert_file.empty() && peer != "unix";
  if (peer == "unix" || context_.trusted_proxies.contains(peer)) {
    tls = asker_.head.fields.find("x-forwarded-proto").value_or(tls ? "https" : "http") == "https";
  }
  std::string address = tls ? "https://" : "http://";
  address += asker_.head.fields.find("host").value_or("");
  std::string below = "/providers/" + provider.name;
  return address += with_ticket(below.append(path), context_.config, asker_.admitted, context_.loop.clock().unix_s());
}

AnswerTaker& Course::on_answer_let_go() {
  usage_asked_ = false;
  relay_answer(held_->head());
  return *relay_;
}

void Course::on_answer_kept() {
  if (std::exchange(takes_other_key_, false)) {
    give_attempt_up();
    return on_backed_off();
  }
  if (asks_around_) return ask_next();
  if (broken_ != nullptr || std::exchange(asks_rest_, false)) {
    refuses_prefix_ = by_prefix_;
    const int status = account_->attempts.last().status;
    const Error refused{ErrorCode::target_cut, "the answer broke off, and " + target().label() + " answered " +
                                                   std::to_string(status) + " when it was asked to continue"};
    if (!rescue(refused)) fail_course(refused);
    return;
  }
  usage_asked_ = false;
  usage_left_ = true;
  end_attempt();
  --attempts_;  // the failure was caused by our addition
  --tries_;
  edits_ = *edits_for(asker_.intake.question(), asker_.intake.bytes(), target(), false,
                      foreign());  // cannot fail: the JSON was read before
  note_our_turn();
  start_attempt();
}

void Course::drained() {
  if (leader_ != this) return leader_->drained();
  if (state_ != State::done && relay_ != nullptr && relay_->go_on() && attempt_) attempt_->resume();
}

// --- heartbeats ---

// The target is silent: keeps the caller's stream alive with a beat between frames.
void Course::on_silence() {
  const std::string_view beat = api::room_of(account_->endpoint->dialect).heartbeat;
  if (beat.empty() || stream_format() == api::StreamFormat::json_array) return;
  if (relay_ == nullptr || !relay_->begun() || gate_.holding()) return begin_by_beat(beat);
  if (!relay_->streaming() || relay_->ended() || !relay_->between_frames()) return;
  asker_.responder->send_body(std::span<const std::string_view>(&beat, 1));
}

// There is no answer yet: the head is sent so that the caller keeps waiting.
void Course::begin_by_beat(std::string_view beat) {
  std::string lines;
  const bool is_lines = stream_format() == api::StreamFormat::ndjson;
  http::write_field(lines, "content-type", is_lines ? "application/x-ndjson" : "text/event-stream");
  http::write_field(lines, "cache-control", "no-cache");
  http::write_field(lines, "x-accel-buffering", "no");
  http::write_field(lines, "x-request-id", account_->request_id);
  http::write_field(lines, "date", http_date(context_.loop.clock().unix_s()));
  constexpr int ok = 200;
  account_->status = ok;
  gate_.beat(lines, beat);
  if (race_) race_->stream_begun();
}

}  // namespace sluice::gateway
