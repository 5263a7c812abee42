// Writes a conversation as `contents`: alternating user and model turns, tool results in separate turns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/dropped.h"
#include "api/request.h"
#include "api/target_facts.h"
#include "api/tool_names.h"
#include "base/json_writer.h"
#include "base/result.h"

namespace sluice::api::gemini {

// The rules for function names.
ToolNames::Rules name_rules(const TargetFacts& facts);

class ContentsWriter {
 public:
  // All arguments must outlive the writer.
  ContentsWriter(const Request& request, const TargetFacts& facts, Dropped& dropped, ToolNames& names, std::string& out)
      : request_(request), facts_(facts), dropped_(dropped), names_(names), json_(out), out_(out) {}

  // Appends the array. `system_first`: the system text goes into it, since there are no messages.
  // Error: untranslatable for content that cannot be sent.
  Result<void> write(bool system_first);

  // Writes a text as a part. An empty one is left out.
  void write_text(JsonText text, std::string_view signature = {});

 private:
  enum class Turn : unsigned char { none, user, model, results };
  struct Late {  // media in a tool result, for models that accept none there
    const Part* part;
    std::string path;
    JsonText call;  // the call's id, or the tool's name
  };

  void open(Turn turn);
  void close();
  void quoted(JsonText text);
  void note_unsaid(const Part& part, const std::string& path);
  bool is_own(const Message& message) const { return request_.from == facts_.origin.dialect && !message.raw.empty(); }

  Result<void> write_message(const Message& message, size_t index);
  void write_system(const Message& message, size_t index);
  Result<void> write_part(const Part& part, Turn turn, const std::string& path);
  void write_own(const Message& message, size_t index);
  void write_thinking(const Part& part, const std::string& path);
  void write_call(const Part& part, const std::string& path);
  Result<void> write_results(size_t& index);
  Result<void> write_result(const Part& result, const std::string& path, std::vector<Late>& late);
  Result<void> write_media(const Part& part, const std::string& path);
  Result<void> write_source(const Part& part, const std::string& path);

  const Request& request_;
  const TargetFacts& facts_;
  Dropped& dropped_;
  ToolNames& names_;
  JsonWriter json_;
  std::string& out_;
  Turn turn_ = Turn::none;
  bool signature_due_ = false;  // for the next call
  struct Call {
    JsonText name;
    size_t place;
  };
  std::unordered_map<std::string_view, Call> calls_;  // by id, in the history so far
};

}  // namespace sluice::api::gemini
