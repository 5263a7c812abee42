// A question and its answer between two dialects: the caller's request written for the target, and what reads the
// target's answer and writes the caller's. Made once the target is known.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/dropped.h"
#include "api/event_filter.h"
#include "api/translation.h"
#include "base/result.h"
#include "gateway/question.h"
#include "routing/router.h"

namespace sluice::gateway {

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
  api::EventSink& sink() { return guard_; }
  api::EventWriter& writer() { return *writer_; }
  const api::EndGuard& end() const { return guard_; }

 private:
  Translation(std::unique_ptr<api::EventReader> reader, std::unique_ptr<api::EventWriter> writer,
              api::WrittenRequest written, api::Dropped dropped);

  api::WrittenRequest written_;
  api::Dropped dropped_;
  std::unique_ptr<api::EventReader> reader_;
  std::unique_ptr<api::EventWriter> writer_;
  api::PartSequencer sequencer_;
  api::CallRestorer restorer_;
  api::EndGuard guard_;
  Dialect dialect_{}, callers_{};
  std::string path_;
  bool stream_ = false;
  bool json_array_ = false;
};

}  // namespace sluice::gateway
