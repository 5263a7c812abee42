// Writes the conversation as the items of a request's `input`.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/responses/translate.h"

namespace sluice::api::responses {

// Whether the system's text is written as a message with several parts, not as `instructions`.
bool system_is_message(const Request& request, const TargetFacts& facts);

// Writes messages of other dialects, and those of its own dialect that are not in the caller's body. All its arguments
// must outlive it.
class InputWriter {
 public:
  InputWriter(const Request& request, const TargetFacts& facts, Dropped& dropped, WrittenRequest& written,
              TextWriter& json)
      : request_(request), facts_(facts), dropped_(dropped), written_(written), json_(json) {}

  // The value of `input`.
  Result<void> write();
  // Writes what precedes the conversation, as one message with several parts.
  void write_system();

 private:
  Result<void> write_message(size_t at);
  void write_own(const Message& message);
  Result<void> write_talk(const Message& message, size_t at);
  Result<void> write_assistant(const Message& message, size_t at);
  Result<void> write_results(const Message& message, size_t at);
  Result<void> write_result(const Part& result, const std::string& path);
  Result<void> write_content(const std::vector<Part>& parts, const std::string& path);
  // `is_marked`: everything up to this part may be cached.
  Result<void> write_part(const Part& part, const std::string& path, bool is_marked);
  Result<void> write_image(const Part& part, const std::string& path, bool is_marked);
  Result<void> write_document(const Part& part, const std::string& path, bool is_marked);
  // Whether the part's mark can be written; takes_mark() also counts it.
  bool may_mark(const Part& part) const { return !part.cache_mark.empty() && facts_.takes_cache_breakpoints; }
  bool takes_mark(const Part& part);
  void write_mark();
  void write_call(const Part& call, const std::string& path);
  void write_thinking(const Part& part, const std::string& path);
  Result<void> write_compaction(const Part& part, const std::string& path);
  void write_assistant_text(JsonText text);
  void drop_marks(const Part& part, const std::string& path, bool is_marked = false);
  // A call's id in a form that the target accepts; the same each time. "": the caller gave none, and calls are matched
  // to their results by order.
  JsonText id_of_call(JsonText id);
  JsonText id_of_result(JsonText id);
  JsonText short_id(JsonText id);
  JsonText made_id();

  const Request& request_;
  const TargetFacts& facts_;
  Dropped& dropped_;
  WrittenRequest& written_;
  TextWriter& json_;
  ToolNames ids_;
  TextArena arena_;
  std::vector<JsonText> unnamed_;                     // made for calls that have no result yet
  static constexpr size_t max_cache_breakpoints = 4;  // of a request
  size_t made_ids_ = 0, breakpoints_ = 0;
  std::set<std::string_view> custom_;  // ids of calls whose input is free text
};

}  // namespace sluice::api::responses
