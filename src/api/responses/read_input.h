// Reads the items of a request's `input` as messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/responses/translate.h"

namespace sluice::api::responses {

// Consecutive items of the assistant become one message, consecutive results of tools another. A message's `raw` is all
// of its items unchanged, with the items before them that are not messages (more tools, settings).
class InputReader {
 public:
  explicit InputReader(Request& request) : request_(request) {}
  Result<void> read(JsonValue input);

 private:
  Result<void> read_item(JsonValue item);
  Result<void> read_message(JsonValue item);
  Result<bool> read_leading(JsonValue item, Role role);
  Result<void> read_call(JsonValue item, CallKind kind);
  Result<void> read_run_call(JsonValue item, std::string_view name, std::string_view member);
  Result<void> read_output(JsonValue item);
  Result<void> read_reasoning(JsonValue item);
  Result<void> read_made_image(JsonValue item);
  Result<void> read_hosted(JsonValue item, std::string_view type);
  Result<void> read_compaction(JsonValue item);
  Result<void> read_summary(JsonValue item, std::string_view summary);
  Result<void> read_more_tools(JsonValue item);
  Result<void> read_search(JsonValue item);
  Result<void> read_content(JsonValue content, bool is_assistant, std::vector<Part>& parts);
  Result<Part> read_part(JsonValue value, bool is_assistant, const std::string& path);
  Result<Part> read_image(JsonValue value, const std::string& path);
  Result<Part> read_file(JsonValue value, const std::string& path);
  Result<Part> read_audio(JsonValue value, const std::string& path);

  // The message that an item of that role belongs to. The item is added to its `raw`.
  Message& message_for(Role role, JsonValue item);
  void extend(Message& message, JsonValue item);
  // An item that is not a message; it is reported as `name` if it has to be dropped.
  void set_aside(JsonValue item, std::string_view name);
  void finish(JsonValue input);
  std::string here(std::string_view member = {}) const { return path_of("input", index_, member); }

  Request& request_;
  size_t index_ = 0;
  size_t items_ = 0;          // in all
  size_t system_parts_ = 0;   // that are not from the input
  std::string_view aside_{};  // items that belong to no message yet, unchanged
  Bag aside_bag_{};
  Opaque of_next_call_{};
  bool is_leading_ = true;  // nothing but system messages so far
};

}  // namespace sluice::api::responses
