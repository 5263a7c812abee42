// What the stream and the body of an answer have in common.
#pragma once

#include <string>
#include <string_view>

#include "api/anthropic/translate.h"
#include "api/event.h"

namespace sluice::api::anthropic {

// Everything in an answer except its content: ids, model, how it ended, counts. Its texts are stored escaped.
class MessageEnvelope {
 public:
  explicit MessageEnvelope(const AnswerShape& shape);

  AnswerUsage usage{};
  uint64_t told_bytes = 0;  // bytes that the model wrote
  bool called = false, refused = false;
  std::string container{};  // JSON

  void take(const AnswerStart& start);
  // Takes the id of a stream that another writer began.
  void take_id(JsonText id);
  void take(const Finish& finish);
  // The target's id, or one made from the answer's id and the call's number.
  std::string call_id(JsonText id, size_t number) const;
  // These write members of the object that `json` is writing to `out`. `at_end`: everything that was written is known.
  void write_opening(JsonWriter& json, std::string& out) const;
  void write_ending(JsonWriter& json, std::string& out) const;
  void write_usage(JsonWriter& json, bool at_end) const;

 private:
  std::string id_, model_{};
  uint64_t estimated_input_;
  FinishReason reason_ = FinishReason::stop;
  std::string word_{}, stop_sequence_{}, details_{};
};

// Opaque data as it goes to the caller: this dialect's unchanged, another's wrapped with its origin.
std::string told_opaque(const Opaque& opaque);
// A call's signature, for the redacted thinking before the call.
std::string told_call_signature(const Opaque& opaque);
// JSON. A citation of another dialect becomes a page found by a search if it has an address. "": it cannot be
// expressed.
std::string told_citation(const Citation& citation);
// The body of an error response, or the data of an error event.
std::string error_json(const ProviderError& error);

}  // namespace sluice::api::anthropic
