// Writes the items of an answer for a caller as numbered events, and keeps them for the end.
//
// Parts must arrive one at a time. Consecutive texts and refusals are the contents of one message, which stays open
// until something else arrives; any other part is a separate item.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/responses/sent_output.h"
#include "api/responses/translate.h"

namespace sluice::api::responses {

class OutputWriter : public EventWriter {
 public:
  explicit OutputWriter(const AnswerShape& shape);

  void on_text(uint32_t part, JsonText text) override {
    compacts_ ? void(summary_ += text.escaped) : add_text(part, Open::text, text);
  }
  void on_refusal(uint32_t part, JsonText text) override { add_text(part, Open::refusal, text); }
  void on_thinking(uint32_t part, JsonText text, bool is_summary) override;
  void on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) override;
  void on_call(const CallStart& call) override;
  void on_arguments(uint32_t part, JsonText piece) override;
  void on_media(uint32_t part, PartKind kind, const Source& source) override;
  void on_citation(uint32_t part, const Citation& citation) override;
  void on_extra(const Extra& extra) override;
  void on_part_end(uint32_t part) override;

 protected:
  // Writes one event; `members` writes what it has besides its type and its number.
  template <typename Members>
  void emit(std::string_view type, Members members) {
    if (!stream_) return;
    out += "event: ";
    out += type;
    out += "\ndata: ";
    TextWriter json(out);
    json.object().member("type", type).member("sequence_number", sequence_++);
    members(json);
    json.end_object();
    out += "\n\n";
  }
  // Called before anything else is written; only the first call has an effect.
  virtual void begin() = 0;
  // Continues after what was sent. `text_part`: the text part that is open there.
  Result<void> take_sent(const SentOutput& sent, std::optional<uint32_t> text_part);
  // Ends what is open; a message gets that status.
  void close_all(std::string_view status);
  // For an answer that replaces the conversation: writes its one item, once.
  void tell_summary();

  const bool stream_;
  uint64_t sequence_ = 0;  // of the next event
  std::string output_;     // the items that are whole
  bool refused_ = false;   // the model has refused in words

 public:
  size_t held_bytes() const override {
    return output_.size() + summary_.size() + content_list_.size() + text_.size() + annotations_.size() +
           logprobs_.size() + signature_.size() + made_item_.size();
  }

 private:
  enum class Open : unsigned char { nothing, text, refusal, thinking, function, custom, search };

  // Write which item, or which content of it, an event belongs to.
  void place(TextWriter& json) const { json.member("item_id", item_id_).member("output_index", items_); }
  void place_content(TextWriter& json) const {
    place(json);
    json.member("content_index", contents_);
  }

  void open_item(std::string_view prefix);
  void emit_item(std::string_view type, std::string_view item);
  void finish_item(std::string item);
  void add_text(uint32_t part, Open kind, JsonText text);
  void open_message();
  void close_message(std::string_view status);
  std::string content(bool is_whole) const;
  void close_text();
  void end_content();
  uint64_t text_characters();
  void open_thinking(uint32_t part);
  void close_thinking();
  void tell_thinking_item();
  void tell_thinking(JsonText text, bool is_first);
  std::string given_signature() const;
  std::string call_item(JsonText arguments, bool is_whole) const;
  void close_call();
  void close_part();
  void forget_part();
  void write_whole_item(std::string item);

  const std::string id_;
  const bool holds_thinking_;
  bool takes_encrypted_ = false;
  bool hides_opaque_ = false;  // this writes the stored copy; the caller's copy has no opaque data
  bool hidden_ = false;        // the next item is not in the caller's copy: its number is reused
  const bool compacts_;        // the answer replaces the conversation, as one item
  const Origin origin_;
  std::string summary_;  // escaped
  bool summary_told_ = false;
  bool has_search_ = false;
  std::set<std::string, std::less<>> scoped_;  // names of tools in a namespace

  uint64_t items_ = 0;  // that are whole
  uint64_t made_ids_ = 0;
  std::string item_id_;  // of the open one

  bool message_open_ = false;
  uint64_t contents_ = 0;  // of the open message that are whole
  std::string content_list_;

  Open open_ = Open::nothing;
  std::optional<uint32_t> part_;            // nullopt with an open text: the next text belongs to it
  std::string made_item_;                   // of the current part, whole: written at its end
  std::string text_;                        // of the open part, escaped: its text or its arguments
  std::optional<uint32_t> counted_part_{};  // the part of which text_characters() has counted so much
  size_t counted_bytes_ = 0;
  uint64_t counted_characters_ = 0;
  std::string annotations_, logprobs_;
  uint64_t annotation_count_ = 0;
  std::string signature_, signature_id_;
  Origin signature_origin_{};
  bool is_redacted_ = false;
  std::string call_id_, call_space_, call_name_;
};

}  // namespace sluice::api::responses
