// A question and its answer between two dialects: the caller's request written for the target, and what reads the
// target's answer and writes the caller's. Made once the target is known.
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

// A stream that broke off, for another target to go on with.
struct BrokenAnswer {
  api::Delivered delivered{};                  // Bar::none
  std::unique_ptr<api::EventWriter> writer{};  // what wrote it so far; null: its frames passed as they came
  std::unique_ptr<api::SentFrames> sent{};     // those
};

// How a target is to go on with it (docs/life-of-a-request.md).
enum class Rung : unsigned char {
  continues,  // behind what was delivered, which it is sent as the assistant's message
  asks,       // the same, and the user asks it to
  restarts    // with an answer of its own, whose beginning has to equal what was delivered
};
// The first of them that may be used and that the target is known to take is used.
struct Rescue {
  BrokenAnswer* broken = nullptr;  // taken only where the translation is made
  bool may_continue = true;        // false: the target has refused the prefix
  bool may_ask = false;            // the route wants it
};

class Translation {
 public:
  // `body`: the whole of the caller's, of which nothing is kept. `answer_id`: of this exchange alone. untranslatable:
  // the target's dialect has no equal for what is asked, or the endpoint is none that can be translated; bad_request:
  // the body is not what its dialect says. With a `rescue`, the target may speak the caller's dialect, too; target_cut:
  // what was delivered ends where nobody else can go on. `keeper`: of the exchange; nullptr: no answers are kept.
  // `told`: what the provider has told of the model.
  static Result<std::unique_ptr<Translation>> make(const Question& question, std::string_view query,
                                                   std::string_view body, const routing::Target& target,
                                                   std::string answer_id, int64_t now_unix_s, Rescue rescue = {},
                                                   AnswerKeeper* keeper = nullptr,
                                                   const api::ModelFacts& told = api::no_facts);

  Dialect dialect() const { return dialect_; }       // the target's
  const std::string& path() const { return path_; }  // below the provider's path for that dialect, with a query
  const std::string& body() const { return written_.body; }
  const std::string& head_lines() const { return written_.head_lines; }
  const api::Dropped& dropped() const { return dropped_; }
  // Gives the memory of the request back.
  void forget_request();

  // The caller's answer, where nobody has to be asked: a count of tokens that the target cannot tell, estimated. Else
  // "".
  const std::string& estimate() const { return estimate_; }

  // What the caller gets.
  bool stream() const { return stream_; }
  std::string_view content_type() const;

  // The answer: what the reader tells the sink comes out of the writer.
  api::EventReader& reader() { return *reader_; }
  api::EventSink& sink() { return *guard_; }
  api::EventWriter& writer() { return *writer_; }
  const api::EndGuard& end() const { return *guard_; }
  // What of the answer is kept, since more must come before it can be written or in case it is needed again: about.
  size_t held_bytes() const {
    return reader_->held_bytes() + restorer_->held_bytes() + sequencer_->held_bytes() + writer_->held_bytes();
  }

  // --- where a stream breaks off ---

  // From now on it is remembered what the caller is told, as it is where a rescue goes on. Before the answer begins.
  void remember();
  // What stands in the question against going on elsewhere.
  api::Bar asked_bar() const { return asked_bar_; }
  Rung rung() const { return rung_; }
  // The request is the caller's own, which goes as to any target of its dialect: body() and path() are not for it.
  bool sends_as_it_came() const { return dialect_ == callers_ && rung_ == Rung::restarts; }
  // For that, about.
  size_t remembered_bytes() const { return delivered_.text.size() + (splice_ ? splice_->held_bytes() : 0); }
  // There is no room for it: nobody else can go on with the answer any more.
  void forget_delivered() { delivered_.forget_text(); }
  // nullptr: it is not remembered.
  const api::Delivered* delivered() const { return told_ ? &delivered_ : nullptr; }
  // Why what came does not fit behind what was delivered; nullptr: it does, so far.
  const Error* misfit() const { return splice_ ? splice_->failure() : nullptr; }
  // Leaves the answer to another target. Nothing may be asked of the translation any more.
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
  // From the writer to the reader.
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
