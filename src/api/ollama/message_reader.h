// The messages of a caller of Ollama's API in their normal form (request.h): what an assistant did in one turn in one
// message, results of tools in one, each with the id of its call. Callers of older versions know no ids: calls get one
// made up, and results are linked to them by their order and the tool's name.
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
  // Must outlive it.
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
  // Of the call that a result belongs to.
  JsonText link(JsonText id, JsonText name);

  Request& request_;
  std::set<std::string_view> given_ids_;
  OpenCalls open_calls_;  // of the turn at hand
  unsigned next_id_ = 0;
};

}  // namespace sluice::api::ollama
