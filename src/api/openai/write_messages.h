// Writes the messages of a request for a target of chat completions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/openai/translate.h"

namespace sluice::api::openai {

// A message's content: one string if possible, else a list of parts.
class ChatContent {
 public:
  // `joins`: the target accepts no list here; texts are joined with a blank line.
  explicit ChatContent(bool joins) : joins_(joins) {}
  // `cache_mark`: a member, with its name. Both views must outlive the content.
  void add_text(JsonText text, std::string_view cache_mark = {});
  void add_item(std::string json);
  bool empty() const { return items_.empty(); }
  // `null`: writes null if there is no content, else "".
  void write(std::string& out, bool null) const;

 private:
  struct Item {
    JsonText text;
    std::string_view cache_mark;
    std::string json;  // "" for a text; else the whole item
  };
  static void write_item(std::string& out, const Item& item);

  const bool joins_;
  std::vector<Item> items_;
  bool plain_ = true;  // a string can express it
};

class ChatMessagesWriter {
 public:
  ChatMessagesWriter(const Request& request, const TargetFacts& facts, Dropped& dropped, ToolNames& names,
                     std::string& out)
      : request_(request), facts_(facts), dropped_(dropped), names_(names), out_(out) {}

  // Writes the array. untranslatable names content that the target does not accept.
  Result<void> write();
  // The same for a request that was read from chat completions: unchanged messages are copied.
  Result<void> write_own();

 private:
  // A picture or a document in a tool's result, which this API takes only from the user.
  struct Shown {
    const Part* part;
    JsonText call_id;
    std::string path;
  };

  void begin(std::string_view role);
  bool has_foreign(const Message& message) const;
  bool is_foreign(JsonText data) const;
  std::string without_foreign(const Message& message, const std::string& path);
  void append_unsigned(std::string& out, JsonValue call, const std::string& path);
  Result<void> write_message(size_t index);
  void write_system(const std::vector<Part>& parts, const std::string& path, std::string_view role, JsonText name);
  Result<void> write_user(const Message& message, const std::string& path);
  Result<void> write_assistant(const Message& message, const std::string& path);
  void write_call(const Part& part, const std::string& path, std::string& calls, std::string& details);
  void write_thinking(const Part& part, const std::string& path, std::string& text, std::string& details);
  Result<void> write_result(const Part& part, const std::string& path);
  Result<void> write_shown(ChatContent& content);
  Result<void> flush_shown();
  Result<void> add_part(ChatContent& content, const Part& part, const std::string& path);
  Result<void> add_document(ChatContent& content, const Part& part, const std::string& path);
  std::string_view mark_of(const Part& part, const std::string& path);
  bool returns(const Part& part, const std::string& path);
  JsonText call_id(JsonText id, size_t& without);

  const Request& request_;
  const TargetFacts& facts_;
  Dropped& dropped_;
  ToolNames& names_;
  ToolNames ids_{};  // shortens a call's id the same way everywhere
  TextArena arena_{};
  std::string& out_;
  std::vector<Shown> shown_{};
  static constexpr size_t max_cache_breakpoints = 4;  // of a request
  size_t calls_without_id_ = 0, results_without_id_ = 0, details_ = 0, breakpoints_ = 0;
  bool first_ = true;
};

}  // namespace sluice::api::openai
