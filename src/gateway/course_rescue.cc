// Course: when a stream that has begun breaks off, another target continues it, so that the caller reads one answer.
#include <algorithm>
#include <optional>
#include <utility>

#include "api/delivered.h"
#include "api/dialect.h"
#include "api/sent_reading.h"
#include "gateway/course.h"
#include "gateway/known_facts.h"
#include "gateway/settlement.h"
#include "gateway/target_request.h"

namespace sluice::gateway {

// Whether what the caller gets should be remembered: there is another target to ask, and room for the request, which
// has to be sent again.
bool Course::may_rescue() const {
  constexpr uint64_t max_body_bytes = 1024 * 1024;
  constexpr uint64_t max_share = 8;  // only while a worker uses less than 1/8 of the bodies' budget
  if (!account_->stream || !may_ask_again()) return false;
  if (plan_.entry != nullptr && plan_.entry->rescue == config::Rescue::off) return false;
  if (at_ + 1 >= plan_.targets.size() || attempts_spent() >= plan_.retry->attempts) return false;
  if (asker_.intake.memory_bytes() > max_body_bytes) return false;
  return context_.buffers == nullptr || context_.buffers->used() < context_.buffers->most() / max_share;
}

// Takes from the relay what the caller has of the answer. False: no other target can continue it.
bool Course::take_what_was_told() {
  if (broken_ == nullptr) broken_ = std::make_unique<BrokenAnswer>();
  if (translation_) {
    if (translation_->delivered() == nullptr) return false;
    const api::Bar bar = translation_->delivered()->bar();
    if (bar != api::Bar::none) return note_bar(bar);
    *broken_ = translation_->leave();
    return true;
  }
  if (relay_ == nullptr) return broken_->sent != nullptr;  // the previous rescue failed before its target was asked
  ByteRelay& relay = static_cast<ByteRelay&>(*relay_);
  if (!relay.remembers()) return false;
  const Dialect dialect = account_->endpoint->dialect;
  const api::TranslationRoom& room = api::room_of(dialect).translation;
  if (!room.reads() || !room.writes()) return false;
  broken_sequence_ = relay.tap()->next_sequence();
  broken_->sent = relay.take_sent();
  broken_place_ = relay.array_place();
  broken_->delivered =
      api::read_delivered(*broken_->sent, room, origin_of(*account_->attempts.last().target, dialect), api::Bar::none);
  const api::Bar bar = broken_->delivered.bar();
  return bar == api::Bar::none || note_bar(bar);
}

bool Course::note_bar(api::Bar bar) const {
  context_.log.warn("a stream that broke off cannot be continued at another target",
                    {{"request_id", account_->request_id},
                     {"target", account_->attempts.last().target->label()},
                     {"reason", api::why(bar)}});
  return false;
}

// The stream broke off. True: another target has been asked to continue it.
bool Course::rescue(const Error& met) {
  if (!rescues_ || !asker_.intake.ended() || attempts_spent() >= plan_.retry->attempts) return false;
  if (relay_ != nullptr && relay_->ended_well()) return false;            // what could follow?
  if (translation_ && translation_->misfit() != nullptr) return false;    // no third answer is tried
  const bool same = std::exchange(by_prefix_, false) && refuses_prefix_;  // it may still be able to start anew
  const size_t before = at_;
  if (!same && !advance()) return false;
  if (!take_what_was_told()) {
    at_ = before;
    account_->target = &target();
    return false;
  }
  warn(met, target().label() + ", to continue the stream");
  account_->rescued = true;
  note_failed_attempt(context_, *account_, context_.loop.now_ns());
  give_attempt_up();
  on_backed_off();
  return true;
}

// The stream broke off, but its target continues to produce it. Asks for the events after the last one that the caller
// has, not for a new answer. True: the request is scheduled.
bool Course::ask_for_rest(const Error& met) {
  constexpr uint8_t max_times = 3;
  asks_rest_ = false;
  if (!goes_on_ || ids_ == nullptr || ids_->id().empty() || translation_ || broken_ || alone_ || rests_ == max_times)
    return false;
  if (attempts_spent() >= plan_.retry->attempts || !take_repeat(context_.loop.now_ms())) return false;
  if (!static_cast<ByteRelay&>(*relay_).leave_off()) return false;
  warn(met, "the same target, for the rest of its answer");
  account_->rescued = true;
  note_failed_attempt(context_, *account_, context_.loop.now_ns());
  end_attempt();
  context_.loop.dispose(std::move(held_));
  asks_rest_ = true;
  state_ = State::backing_off;
  const uint64_t wait_ms = std::min<uint64_t>(uint64_t{plan_.retry->backoff_ms} << rests_++, plan_.retry->wait_ms);
  context_.loop.timers().arm(back_off_, std::max<uint64_t>(wait_ms, 1));
  return true;
}

void Course::start_rest() {
  const Dialect dialect = account_->endpoint->dialect;
  const std::optional<uint64_t> after = static_cast<ByteRelay&>(*relay_).leave_off();
  const std::optional<std::string> path =
      after ? api::room_of(dialect).resumption->path(ids_->id(), *after) : std::nullopt;
  if (!path) return fail_course({ErrorCode::target_cut, "the answer broke off"});
  ProviderLink& link = context_.links.of(*target().provider);
  OutgoingRequest request =
      rest_request(target(), link, link.fixed_fields(key_), asker_.head, asker_.intake, dialect, *path, context_.keys);
  state_ = State::relaying;
  begin_attempt(std::move(request));
}

// Prepares the request for the rest of an answer and the relay that appends it to what was sent.
Result<void> Course::prepare_rest() {
  if (translation_ && translation_->delivered() != nullptr) {  // left from a target whose limits refused
    *broken_ = translation_->leave();
    relay_ = nullptr;
    context_.loop.dispose(std::move(other_relay_));
    context_.loop.dispose(std::move(translation_));
  }
  Rescue rescue;
  rescue.broken = broken_.get();
  rescue.may_continue = !std::exchange(refuses_prefix_, false);
  rescue.may_ask = plan_.entry != nullptr && plan_.entry->rescue == config::Rescue::ask;
  const Question& question = asker_.intake.question();
  auto keeper = keeper_for(context_.answers, asker_.admitted, asker_.head, question.match);
  Result<std::unique_ptr<Translation>> translation =
      Translation::make(question, asker_.head.query(), asker_.intake.bytes(), target(), context_.ids.next(),
                        context_.loop.clock().unix_s(), rescue, keeper ? &*keeper : nullptr, told());
  if (!translation) return tl::unexpected<Error>(translation.error());
  translation_ = std::move(*translation);
  by_prefix_ = translation_->rung() == Rung::continues;
  if (translation_->sends_as_it_came()) {
    usage_asked_ = asks_usage(question, target(), context_.usage_refusals);
    Result<std::vector<api::Edit>> edits =
        edits_for(question, asker_.intake.bytes(), target(), usage_asked_, foreign());
    if (!edits) return tl::unexpected<Error>(edits.error());
    edits_ = std::move(*edits);
  }
  auto relay = std::make_unique<EventRelay>(gate_, context_.pieces, static_cast<RelayEvents&>(*this), *translation_,
                                            context_.buffers);
  relay->go_on_with_stream();
  other_relay_ = std::move(relay);
  relay_ = other_relay_.get();
  return {};
}

}  // namespace sluice::gateway
