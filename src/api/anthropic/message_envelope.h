// What an answer's stream and its body say alike.
#pragma once

#include <string>
#include <string_view>

#include "api/anthropic/translate.h"
#include "api/event.h"

namespace sluice::api::anthropic {

// All of an answer but its content: ids, model, how it ended, counts. Its texts are escaped.
class MessageEnvelope {
 public:
  explicit MessageEnvelope(const AnswerShape& shape);

  AnswerUsage usage{};
  uint64_t told_bytes = 0;  // of what the model wrote
  bool called = false, refused = false;
  std::string container{};  // JSON

  void take(const AnswerStart& start);
  // Of a stream that another began.
  void take_id(JsonText id);
  void take(const Finish& finish);
  // The target's, or one that is made of the answer's own and the call's number.
  std::string call_id(JsonText id, size_t number) const;
  // Members of the object that `json` is writing to `out`. `at_end`: all that was written is known.
  void write_opening(JsonWriter& json, std::string& out) const;
  void write_ending(JsonWriter& json, std::string& out) const;
  void write_usage(JsonWriter& json, bool at_end) const;

 private:
  std::string id_, model_{};
  uint64_t estimated_input_;
  FinishReason reason_ = FinishReason::stop;
  std::string word_{}, stop_sequence_{}, details_{};
};

// What is opaque, as it goes to the caller: the own as it is, another's with its origin around it.
std::string told_opaque(const Opaque& opaque);
// A call's, for the redacted thinking before it.
std::string told_call_signature(const Opaque& opaque);
// JSON. Of another dialect: as a page that was found, if it has an address. "": it cannot be told.
std::string told_citation(const Citation& citation);
// The body or event of an error.
std::string error_json(const ProviderError& error);

}  // namespace sluice::api::anthropic
