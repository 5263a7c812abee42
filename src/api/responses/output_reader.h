// Reports the items of an answer's output as parts: each item is one, except that of a message each content is one.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "api/latest_place.h"
#include "api/responses/translate.h"

namespace sluice::api::responses {

// One item of the output, and what of it has been reported.
struct OutputItem {
  enum class Kind : unsigned char { message, reasoning, function, custom, hosted };
  struct Content {
    uint32_t part = 0;
    bool told = false, ended = false;
    bool noted = false;   // an annotation was reported
    bool logged = false;  // logprobs were reported
  };
  Kind kind = Kind::hosted;
  uint32_t part = 0;  // except for messages
  bool begun = false;
  bool told = false;         // some of its text or its arguments was reported
  bool is_summary = false;   // reasoning: what was reported is its summary
  uint64_t piece_index = 0;  // reasoning: the piece that was reported last
  bool ended = false;
  std::vector<Content> contents{};
};

OutputItem::Kind kind_of_item(std::string_view type);

// Remembers what has been reported, so that what a stream repeats as a whole is reported only once.
class OutputReader {
 public:
  explicit OutputReader(const Origin& target) : target_(target) {}

  // The item that a frame belongs to, created if the target has not reported its beginning. The reference stays valid.
  OutputItem& item_of(JsonValue frame, OutputItem::Kind kind);
  // The n-th content of a message.
  OutputItem::Content& content_of(OutputItem& item, uint64_t index);
  void begin(OutputItem& item, JsonValue value, EventSink& sink);
  // Reports what has not been reported yet of the whole item `value`, and its end.
  void end(OutputItem& item, JsonValue value, EventSink& sink);
  void end_content(OutputItem& item, JsonValue value, uint64_t index, EventSink& sink);
  // Reads the list of a whole answer, unless a stream has reported items before.
  void read(JsonValue output, EventSink& sink);
  // Ends whatever is still open.
  void end_all(EventSink& sink);

  void tell_text(OutputItem::Content& content, JsonText text, JsonValue logprobs, EventSink& sink);
  void tell_logprobs(OutputItem::Content& content, JsonValue list, EventSink& sink);
  void tell_refusal(OutputItem::Content& content, JsonText text, EventSink& sink);
  void tell_citation(uint32_t part, JsonValue annotation, EventSink& sink);
  void tell_arguments(OutputItem& item, JsonText text, EventSink& sink);
  // `piece`: the index of the item's summary or content that `text` belongs to.
  void tell_thinking(OutputItem& item, JsonText text, uint64_t piece, bool is_summary, EventSink& sink);

  size_t held_bytes() const;
  bool has_calls() const { return called_; }
  bool has_refusal() const { return refused_; }

 private:
  OutputItem& add(uint64_t index, OutputItem::Kind kind);
  void end_open(OutputItem& item, JsonValue value, EventSink& sink);
  void end_hosted(const OutputItem& item, JsonValue value, EventSink& sink);
  void end_message(OutputItem& item, JsonValue value, EventSink& sink);
  void end_reasoning(OutputItem& item, JsonValue value, EventSink& sink);

  const Origin target_;
  std::deque<OutputItem> items_;
  LatestPlace<uint64_t> places_{};  // places in items_, by the index in the output
  LatestPlace<std::pair<const OutputItem*, uint64_t>> content_places_{};
  size_t contents_ = 0;  // of all items
  uint32_t parts_ = 0;
  bool called_ = false, refused_ = false;
};

}  // namespace sluice::api::responses
