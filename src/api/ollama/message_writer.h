// Writes the messages of a request for a target of Ollama's API: each has one text, with thinking, pictures and calls
// beside it.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/ollama/translate.h"

namespace sluice::api::ollama {

// All arguments must outlive the writer. `json` writes to `out` and is inside the array of messages.
class MessageWriter {
 public:
  MessageWriter(const Request& request, const TargetFacts& facts, Dropped& dropped, ToolNames& names, std::string& out,
                JsonWriter& json);
  // Error: untranslatable, naming the content that the target cannot take.
  Result<void> write_all();

 private:
  // The contents of a message, without its role.
  struct Said {
    std::string text{}, thinking{};
    std::vector<JsonText> images{};
    std::vector<const Part*> calls{};
    std::vector<size_t> call_indexes{};
  };

  void write_system(const Part& part, size_t index);
  Result<void> write_message(const Message& message, size_t index);
  Result<void> write_results(const Message& message, std::string_view path);
  Result<void> gather(const Part& part, std::string_view path, std::string_view divider, Said& said);
  Result<void> gather_document(const Part& part, std::string_view path, std::string_view divider, Said& said);
  Result<void> gather_image(const Part& part, std::string_view path, Said& said);
  void gather_thinking(const Part& part, std::string_view path, Said& said);
  void add_text(JsonText text, std::string_view divider, Said& said);
  void tell_marks(const Part& part, std::string_view path);
  void tell_order(const Message& message, std::string_view path);
  void write_images(const Said& said);
  void write_calls(const Said& said, std::string_view path);
  JsonText sent_name(JsonText name) { return names_.shorten(name, {facts_.max_tool_name_bytes}); }

  const Request& request_;
  const TargetFacts& facts_;
  Dropped& dropped_;
  ToolNames& names_;
  std::string& out_;
  JsonWriter& json_;
  const bool is_own_;
  struct Called {
    JsonText name;
    size_t number;  // among all calls
  };
  std::unordered_map<std::string_view, Called> called_;  // by call id
};

}  // namespace sluice::api::ollama
