// What the answer writers share: chat completions and the older completions, as a stream or as one body.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/answer.h"
#include "api/openai/translate.h"
#include "api/text_units.h"

namespace sluice::api::openai {

// What the sent chunks say about the answer as a whole, and whether they held more than one text.
struct SentChunks final : SentState {
  bool any = false;           // a chunk with a choice was sent
  bool is_plain = true;       // no calls, and no other choice
  uint64_t thoughts = 0;      // entries of reasoning_details
  std::string id{}, model{};  // escaped; "": none was sent
  std::optional<int64_t> created_s{};

  void take(JsonValue chunk) override;
};

class ChatAnswerWriter : public EventWriter {
 public:
  ChatAnswerWriter(const AnswerShape& shape, std::string_view id_prefix);
  void on_error(const ProviderError& error) override;
  void fail(const Error& error, std::string_view request_id) override;

 protected:
  // {"id":...,"object":`object`,"created":...,"model":... without the closing bracket.
  void append_head(std::string& to, std::string_view object) const;
  void set_model(JsonText model);
  // `sent`: the frames of the stream that is continued; its id, time and model are used from now on.
  SentChunks take_sent(const SentFrames& sent);
  // A call makes a stop a tool_calls. `has_calls`: there was one.
  std::string_view finish_word(FinishReason reason, bool has_calls) const;
  // An id for a call that has none.
  std::string made_id(size_t number) const;

  const bool stream_, usage_wanted_;
  bool old_functions_ = false;  // the caller uses `functions`: an answer has at most one call

 private:
  std::string id_;
  int64_t created_s_;
  std::string model_;  // escaped
};

// Collects the answer; the writer of a body writes it at the end.
class ChatGatheringWriter : public ChatAnswerWriter {
 public:
  using ChatAnswerWriter::ChatAnswerWriter;
  void on_start(const AnswerStart& start) override { gathered_.on_start(start); }
  void on_text(uint32_t part, JsonText text) override { gathered_.on_text(part, text); }
  void on_refusal(uint32_t part, JsonText text) override { gathered_.on_refusal(part, text); }
  void on_thinking(uint32_t part, JsonText text, bool is_summary) override {
    gathered_.on_thinking(part, text, is_summary);
  }
  void on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) override {
    gathered_.on_signature(part, opaque, is_redacted);
  }
  void on_call(const CallStart& call) override { gathered_.on_call(call); }
  void on_arguments(uint32_t part, JsonText piece) override { gathered_.on_arguments(part, piece); }
  void on_media(uint32_t part, PartKind kind, const Source& source) override { gathered_.on_media(part, kind, source); }
  void on_citation(uint32_t part, const Citation& citation) override { gathered_.on_citation(part, citation); }
  void on_extra(const Extra& extra) override { gathered_.on_extra(extra); }
  void on_part_end(uint32_t part) override { gathered_.on_part_end(part); }
  void on_usage(const AnswerUsage& usage) override { gathered_.on_usage(usage); }
  void on_finish(const Finish& finish) override { gathered_.on_finish(finish); }
  size_t held_bytes() const override { return gathered_.bytes(); }

 protected:
  AnswerCollector gathered_;
};

// --- pieces of a message or delta ---

// A thinking's entry in reasoning_details: a piece of its text, or its opaque data.
void append_thought(std::string& out, JsonText text, bool is_summary, size_t index);
void append_opaque_thought(std::string& out, const Opaque& opaque, bool as_signature, size_t index);
// The data as a caller of this dialect gets it: wrapped, unless it is of this dialect.
std::string caller_data(const Opaque& opaque);
// {"id":...,"type":...,...} of a call, without the opening bracket.
void append_call(std::string& out, const CallStart& call, JsonText id, JsonText arguments);
// An entry of annotations. `text_begin`: characters before the part's text; `text_chars`: its characters so far. False:
// what it cites has no URL.
bool append_annotation(std::string& out, const Citation& citation, uint64_t text_begin, uint64_t text_chars);

std::unique_ptr<EventWriter> make_stream_writer(const AnswerShape& shape);
std::unique_ptr<EventWriter> make_body_writer(const AnswerShape& shape);
std::unique_ptr<EventWriter> make_completion_writer(const AnswerShape& shape);

}  // namespace sluice::api::openai
