// Reads the token counts of chat completions under all the names that providers use (as the room's places).
#pragma once

#include "api/event.h"
#include "api/usage.h"

namespace sluice::api::openai {

class ChatCountsReader {
 public:
  // Returns whether it has any counts.
  bool read(JsonValue usage);
  bool read_timings(JsonValue timings);  // llama.cpp's
  AnswerUsage usage() const;

 private:
  bool add(SentCounts::Count which, JsonValue number);
  bool read_details(JsonValue details, std::optional<uint64_t>& audio);
  SentCounts counts_;
  std::optional<uint64_t> audio_input_, audio_output_;
};

// {"prompt_tokens":...}: unknown details are left out.
void write_usage(std::string& out, const AnswerUsage& usage);

}  // namespace sluice::api::openai
