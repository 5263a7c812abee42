// Sinks between a reader and a writer: each passes on what it does not change.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/answer.h"
#include "api/event.h"
#include "api/tool_names.h"

namespace sluice::api {

class EventFilter : public EventSink {
 public:
  explicit EventFilter(EventSink& next) : next_(next) {}
  void on_start(const AnswerStart& start) override { next_.on_start(start); }
  void on_text(uint32_t part, JsonText text) override { next_.on_text(part, text); }
  void on_refusal(uint32_t part, JsonText text) override { next_.on_refusal(part, text); }
  void on_thinking(uint32_t part, JsonText text, bool is_summary) override {
    next_.on_thinking(part, text, is_summary);
  }
  void on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) override {
    next_.on_signature(part, opaque, is_redacted);
  }
  void on_call(const CallStart& call) override { next_.on_call(call); }
  void on_arguments(uint32_t part, JsonText piece) override { next_.on_arguments(part, piece); }
  void on_media(uint32_t part, PartKind kind, const Source& source) override { next_.on_media(part, kind, source); }
  void on_citation(uint32_t part, const Citation& citation) override { next_.on_citation(part, citation); }
  void on_extra(const Extra& extra) override { next_.on_extra(extra); }
  void on_part_end(uint32_t part) override { next_.on_part_end(part); }
  void on_usage(const AnswerUsage& usage) override { next_.on_usage(usage); }
  void on_finish(const Finish& finish) override { next_.on_finish(finish); }
  void on_error(const ProviderError& error) override { next_.on_error(error); }

 protected:
  EventSink& next_;
};

// Restores the names and the form by which the caller knows its tools (tool_names.h).
class CallRestorer final : public EventFilter {
 public:
  // Both must outlive it.
  CallRestorer(const ToolNames& names, EventSink& next) : EventFilter(next), names_(names) {}
  void on_call(const CallStart& call) override;
  void on_arguments(uint32_t part, JsonText piece) override;
  void on_part_end(uint32_t part) override;
  size_t held_bytes() const { return held_bytes_; }

 private:
  const ToolNames& names_;
  size_t held_bytes_ = 0;                   // of custom_
  std::map<uint32_t, std::string> custom_;  // arguments of calls of free-text tools, passed on at their end
};

// Passes on one part at a time: events of other parts wait until that one has ended.
class PartSequencer final : public EventFilter {
 public:
  using EventFilter::EventFilter;
  void on_text(uint32_t part, JsonText text) override;
  void on_refusal(uint32_t part, JsonText text) override;
  void on_thinking(uint32_t part, JsonText text, bool is_summary) override;
  void on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) override;
  void on_call(const CallStart& call) override;
  void on_arguments(uint32_t part, JsonText piece) override;
  void on_media(uint32_t part, PartKind kind, const Source& source) override;
  void on_citation(uint32_t part, const Citation& citation) override;
  void on_extra(const Extra& extra) override;
  void on_part_end(uint32_t part) override;
  // Of what waits.
  size_t held_bytes() const { return waiting_.bytes(); }

 private:
  // Whether the part's events may pass immediately; otherwise they are collected.
  bool goes_on(uint32_t part);
  void release();
  std::optional<uint32_t> open_;
  AnswerCollector waiting_;
};

// Whatever a target sends, the sinks behind it get one start, one end, and nothing but usage after that. An error is
// not passed on: its handling is left to whoever calls error(). An error after the end is ignored.
class EndGuard final : public EventFilter {
 public:
  using EventFilter::EventFilter;
  void on_start(const AnswerStart& start) override;
  void on_text(uint32_t part, JsonText text) override;
  void on_refusal(uint32_t part, JsonText text) override;
  void on_thinking(uint32_t part, JsonText text, bool is_summary) override;
  void on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) override;
  void on_call(const CallStart& call) override;
  void on_arguments(uint32_t part, JsonText piece) override;
  void on_media(uint32_t part, PartKind kind, const Source& source) override;
  void on_citation(uint32_t part, const Citation& citation) override;
  void on_extra(const Extra& extra) override;
  void on_part_end(uint32_t part) override;
  void on_usage(const AnswerUsage& usage) override;
  void on_finish(const Finish& finish) override;
  void on_error(const ProviderError& error) override;

  bool finished() const { return finished_; }
  FinishReason reason() const { return reason_; }              // valid once finished
  const ProviderError* error() const { return error_.get(); }  // nullptr: none was reported

 private:
  bool open();  // reports a start, where the target sent none
  bool started_ = false, finished_ = false;
  FinishReason reason_{};
  std::unique_ptr<ProviderError> error_;
};

}  // namespace sluice::api
