// Reads the messages of a caller of Ollama's API into their normal form (request.h): one message for everything an
// assistant did in a turn, one for its tool results, each result with its call's id. Older callers send no ids: calls
// then get made-up ones, and results are linked by order and tool name.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_value.h"
#include "api/open_calls.h"
#include "api/request.h"
#include "base/result.h"

namespace sluice::api::ollama {

class MessageReader {
 public:
  // `request` must outlive the reader.
  explicit MessageReader(Request& request) : request_(request) {}
  Result<void> read_all(JsonValue messages);

 private:
  Result<void> note_ids(JsonValue messages);
  Result<void> read_message(JsonValue message, const std::string& path);
  Result<void> read_content(JsonValue message, const std::string& path, std::vector<Part>& parts);
  Result<void> read_calls(JsonValue calls, const std::string& path, Message& made);
  Result<void> read_call(JsonValue call, const std::string& path, Message& made);
  Result<void> read_result(JsonValue message, const std::string& path, Message& made);
  void add_system(const Message& message);
  void add(Message message);
  JsonText make_id();
  // The id of the call that a result belongs to.
  JsonText link(JsonText id, JsonText name);

  Request& request_;
  std::set<std::string_view> given_ids_;
  OpenCalls open_calls_;  // of the current turn
  unsigned next_id_ = 0;
};

}  // namespace sluice::api::ollama
