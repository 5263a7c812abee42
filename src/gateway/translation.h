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
#include "api/splice.h"
#include "api/translation.h"
#include "base/result.h"
#include "gateway/question.h"
#include "routing/router.h"

namespace sluice::gateway {

// An answer that broke off, for another target to go on with.
struct BrokenAnswer {
  api::Delivered delivered{};                  // Bar::none
  std::unique_ptr<api::EventWriter> writer{};  // what wrote it so far
  api::SpliceMode mode{};                      // of what the other target is asked for
};

class Translation {
 public:
  // `body`: the whole of the caller's, of which nothing is kept. `answer_id`: of this exchange alone. untranslatable:
  // the target's dialect has no equal for what is asked, or the endpoint is none that can be translated; bad_request:
  // the body is not what its dialect says.
  static Result<std::unique_ptr<Translation>> make(const Question& question, std::string_view query,
                                                   std::string_view body, const routing::Target& target,
                                                   std::string answer_id, int64_t now_unix_s);

  Dialect dialect() const { return dialect_; }       // the target's
  const std::string& path() const { return path_; }  // below the provider's path for that dialect, with a query
  const std::string& body() const { return written_.body; }
  const std::string& head_lines() const { return written_.head_lines; }
  const api::Dropped& dropped() const { return dropped_; }
  // Gives the memory of the request back.
  void forget_request();

  // What the caller gets.
  bool stream() const { return stream_; }
  std::string_view content_type() const;

  // The answer: what the reader tells the sink comes out of the writer.
  api::EventReader& reader() { return *reader_; }
  api::EventSink& sink() { return *guard_; }
  api::EventWriter& writer() { return *writer_; }
  const api::EndGuard& end() const { return *guard_; }

  // --- where a stream breaks off ---

  // From now on it is remembered what the caller is told. `asked`: api::bar_of(request). Before the answer begins.
  void remember(api::Bar asked);
  // What broke off elsewhere goes on here, and is remembered. Before the answer begins.
  void go_on(BrokenAnswer broken);
  // nullptr: it is not remembered.
  const api::Delivered* delivered() const { return told_ ? &delivered_ : nullptr; }
  // Why what came does not fit behind what was delivered; nullptr: it does, so far.
  const Error* misfit() const { return splice_ ? splice_->failure() : nullptr; }
  // Leaves the answer to another target. Nothing may be asked of the translation any more.
  BrokenAnswer leave() { return {std::move(delivered_), std::move(writer_), {}}; }

 private:
  Translation(std::unique_ptr<api::EventReader> reader, std::unique_ptr<api::EventWriter> writer,
              api::WrittenRequest written, api::Dropped dropped);
  void line_up(const api::SpliceMode* mode);

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
  std::string path_;
  bool stream_ = false;
  bool json_array_ = false;
};

}  // namespace sluice::gateway
