// Reads the messages of chat completions into the neutral form.
#pragma once

#include <string>
#include <vector>

#include "api/open_calls.h"
#include "api/openai/member_reader.h"
#include "api/openai/translate.h"

namespace sluice::api::openai {

class ChatMessagesReader {
 public:
  ChatMessagesReader(Request& request, ChatMemberReader& reader) : request_(request), reader_(reader) {}
  void read(JsonValue messages);

 private:
  // Thinking that is assembled from entries of reasoning_details.
  struct Thought {
    Part part{};
    std::string text{};
    std::optional<uint64_t> index{};
  };

  void read_message(JsonValue message, const ChatPlace& place);
  void read_system(JsonValue message, const ChatPlace& place, bool is_developer);
  void read_user(JsonValue message, const ChatPlace& place);
  void read_assistant(JsonValue message, const ChatPlace& place);
  void read_result(JsonValue message, const ChatPlace& place, bool is_function);
  void read_thinking(JsonValue details, JsonValue text, JsonValue calls, const ChatPlace& place, Message& message);
  void read_detail(JsonValue entry, const ChatPlace& place, std::vector<Thought>& thoughts);
  void read_call(JsonValue call, const ChatPlace& place, Message& message);
  void read_function_call(JsonValue call, const ChatPlace& place, Message& message);
  std::string_view arguments_of(JsonValue arguments, const ChatPlace& place);
  JsonText answered(JsonText id, JsonText name);

  void read_content(JsonValue content, const ChatPlace& place, std::vector<Part>& parts);
  void read_part(JsonValue value, const ChatPlace& place, Part& part);
  void read_image(JsonValue image, const ChatPlace& place, Part& part);
  void read_audio(JsonValue audio, const ChatPlace& place, Part& part);
  void read_file(JsonValue file, const ChatPlace& place, Part& part);
  void read_thinking_part(JsonValue thinking, JsonValue signature, const ChatPlace& place, Part& part);
  Source source_of(JsonText url);
  Opaque opaque_of(JsonText data, JsonValue format, JsonValue id);
  static void mark_last(std::vector<Part>& parts, JsonValue cache_control);

  Request& request_;
  ChatMemberReader& reader_;
  OpenCalls open_calls_{};  // of the last turn
  size_t ids_made_ = 0;
};

}  // namespace sluice::api::openai
