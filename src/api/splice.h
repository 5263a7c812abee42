// The sink between a second target and the caller's writer, after the first target's answer broke off. It passes what
// the caller does not have yet, so that the caller reads one answer.
//
// It needs one part at a time, so it stands behind a PartSequencer. The ids stay those of the first answer, and the
// usage of all attempts is added up.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/delivered.h"
#include "api/event_filter.h"
#include "api/text_units.h"

namespace sluice::api {

// How the second answer relates to what was delivered.
enum class SpliceMode : unsigned char {
  // It continues that text. A target that repeats the beginning is recognised, where that can be told from continuing,
  // and so is the white space that a prefix may not end with (continuation.h).
  continues,
  // It is a new answer: what equals the delivered text is left out. At the first difference it fails, and nothing of
  // the difference passes.
  restarts
};

class Splice final : public EventFilter {
 public:
  // `delivered` must have Bar::none; what is needed of it is copied. `next` must outlive this.
  Splice(const Delivered& delivered, SpliceMode mode, EventSink& next);

  // target_cut: the second answer differs from what was delivered. Nothing more passes; another target may be tried.
  const Error* failure() const { return failure_.get(); }
  // Everything that was delivered has been matched, or need not be: what follows is new to the caller.
  bool caught_up() const { return state_ == State::through; }
  size_t held_bytes() const { return text_.size(); }

  void on_start(const AnswerStart&) override {}
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

 private:
  enum class State : unsigned char {
    matching,  // the text may be repeating what was delivered
    spacing,   // white space that was delivered may be repeated
    through,
    failed
  };

  void match(uint32_t part, std::string_view text);
  void matched(uint32_t part, const std::string& rest);
  void differs(uint32_t part, const std::string& rest);
  void skip_space(uint32_t part, std::string_view text);
  void pass_text(uint32_t part, std::string_view text);
  bool reach(std::string_view what);
  void end_part(uint32_t part);
  bool swallows_thinking() const;
  void close_thinking();
  void close_delivered();
  void own_text(uint32_t part);
  uint32_t own(uint32_t part);
  bool is_told(uint32_t part) const { return parts_.contains(part); }
  void fail(std::string_view what);

  const SpliceMode mode_;
  State state_ = State::matching;
  const std::string text_;   // what was delivered; `continues`: without the white space at its end
  const std::string space_;  // that white space
  TextUnits at_;             // how far the new text has matched text_, then space_
  std::optional<uint32_t> open_text_;
  std::vector<Delivered::OpenThinking> thinking_;
  uint32_t next_part_;
  AnswerUsage before_, usage_;
  std::map<uint32_t, uint32_t> parts_;  // the second answer's parts -> their numbers for the caller
  uint32_t text_part_ = 0;              // the second answer's last part of text
  bool text_ended_ = false;
  bool has_text_ = false;   // the second answer has had some text
  bool cut_piece_ = false;  // the beginning of its last piece of text was left out
  std::unique_ptr<Error> failure_;
};

}  // namespace sluice::api
