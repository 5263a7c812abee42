// Translates a question and its answer between two dialects: the caller's request written for the target, and the
// reader of the target's answer with the writer of the caller's. Made once the target is known.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/delivered.h"
#include "api/dropped.h"
#include "api/event_filter.h"
#include "api/model_list.h"
#include "api/splice.h"
#include "api/translation.h"
#include "base/result.h"
#include "gateway/kept_answers.h"
#include "gateway/question.h"
#include "routing/router.h"

namespace sluice::gateway {

// A stream that broke off, for another target to continue.
struct BrokenAnswer {
  api::Delivered delivered{};                  // Bar::none
  std::unique_ptr<api::EventWriter> writer{};  // its writer so far; null: its frames passed unchanged
  std::unique_ptr<api::SentFrames> sent{};     // those frames
};

// How a target is asked to continue it (docs/life-of-a-request.md).
enum class Rung : unsigned char {
  continues,  // continues the delivered text, sent to it as an assistant message
  asks,       // the same, and a user message asks it to continue
  restarts    // answers anew; the beginning must equal the delivered text
};
// The first rung that is allowed and that the target is known to accept is used.
struct Rescue {
  BrokenAnswer* broken = nullptr;  // only moved from if make() succeeds
  bool may_continue = true;        // false: the target has refused the prefix
  bool may_ask = false;            // the route allows it
};

class Translation {
 public:
  // `body`: the caller's whole body; only used during the call. `answer_id`: unique to this exchange. untranslatable:
  // the target's dialect has no equal for what is asked, or the endpoint cannot be translated. bad_request: the body is
  // not valid in its dialect. With a `rescue`, the target may also speak the caller's dialect; target_cut: no other
  // target can continue after what was delivered. `keeper`: of the exchange; nullptr: answers are not kept. `told`: the
  // model's facts from the provider's list.
  static Result<std::unique_ptr<Translation>> make(const Question& question, std::string_view query,
                                                   std::string_view body, const routing::Target& target,
                                                   std::string answer_id, int64_t now_unix_s, Rescue rescue = {},
                                                   AnswerKeeper* keeper = nullptr,
                                                   const api::ModelFacts& told = api::no_facts);

  Dialect dialect() const { return dialect_; }       // the target's
  const std::string& path() const { return path_; }  // below the provider's path for that dialect, including a query
  const std::string& body() const { return written_.body; }
  const std::string& head_lines() const { return written_.head_lines; }
  const api::Dropped& dropped() const { return dropped_; }
  // Frees the memory of the request.
  void forget_request();

  // The caller's answer if no target has to be asked: an estimated token count, as the target cannot count. Otherwise
  // "".
  const std::string& estimate() const { return estimate_; }

  // What the caller gets.
  bool stream() const { return stream_; }
  std::string_view content_type() const;

  // The answer: the reader feeds the sink, and the result comes out of the writer.
  api::EventReader& reader() { return *reader_; }
  api::EventSink& sink() { return *guard_; }
  api::EventWriter& writer() { return *writer_; }
  const api::EndGuard& end() const { return *guard_; }
  // About how much of the answer is kept, because it cannot be written yet or may be needed again.
  size_t held_bytes() const {
    return reader_->held_bytes() + restorer_->held_bytes() + sequencer_->held_bytes() + writer_->held_bytes();
  }

  // --- streams that break off ---

  // From now on what the caller gets is remembered; with a rescue it always is. Call it before the answer begins.
  void remember();
  // What in the question rules out a rescue.
  api::Bar asked_bar() const { return asked_bar_; }
  Rung rung() const { return rung_; }
  // The caller's own request is sent, as to any target of its dialect; body() and path() are not used.
  bool sends_as_it_came() const { return dialect_ == callers_ && rung_ == Rung::restarts; }
  // About how much memory that takes.
  size_t remembered_bytes() const { return delivered_.text.size() + (splice_ ? splice_->held_bytes() : 0); }
  // There is no room for it: no other target can continue the answer any more.
  void forget_delivered() { delivered_.forget_text(); }
  // nullptr: nothing is remembered.
  const api::Delivered* delivered() const { return told_ ? &delivered_ : nullptr; }
  // Why the new answer does not fit after what was delivered; nullptr: it fits so far.
  const Error* misfit() const { return splice_ ? splice_->failure() : nullptr; }
  // Leaves the answer to another target. The translation must not be used afterwards.
  BrokenAnswer leave() { return {std::move(delivered_), std::move(writer_), nullptr}; }

 private:
  Translation(std::unique_ptr<api::EventReader> reader, std::unique_ptr<api::EventWriter> writer,
              api::WrittenRequest written, api::Dropped dropped);
  void line_up();
  Result<void> take(BrokenAnswer& broken);

  api::WrittenRequest written_;
  api::Dropped dropped_;
  std::unique_ptr<api::EventReader> reader_;
  std::unique_ptr<api::EventWriter> writer_;
  // The chain of sinks, from the writer to the reader.
  api::Delivered delivered_{};
  std::optional<api::DeliveredSink> told_{};
  std::optional<api::Splice> splice_{};
  std::optional<api::PartSequencer> sequencer_{};
  std::optional<api::CallRestorer> restorer_{};
  std::optional<api::EndGuard> guard_{};
  Dialect dialect_{}, callers_{};
  api::Bar asked_bar_{};
  Rung rung_ = Rung::restarts;
  std::string path_, estimate_;
  bool stream_ = false;
  bool json_array_ = false;
};

}  // namespace sluice::gateway
