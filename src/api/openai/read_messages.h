// The messages of chat completions in the neutral form.
#pragma once

#include <string>
#include <vector>

#include "api/openai/member_reader.h"
#include "api/openai/translate.h"

namespace sluice::api::openai {

class MessagesReader {
 public:
  MessagesReader(Request& request, MemberReader& reader) : request_(request), reader_(reader) {}
  void read(JsonValue messages);

 private:
  // Thinking that is put together from entries of reasoning_details.
  struct Thought {
    Part part{};
    std::string text{};
    std::optional<uint64_t> index{};
  };

  void read_message(JsonValue message, const Place& place);
  void read_system(JsonValue message, const Place& place, bool is_developer);
  void read_user(JsonValue message, const Place& place);
  void read_assistant(JsonValue message, const Place& place);
  void read_result(JsonValue message, const Place& place, bool is_function);
  void read_thinking(JsonValue details, JsonValue text, JsonValue calls, const Place& place, Message& message);
  void read_detail(JsonValue entry, const Place& place, std::vector<Thought>& thoughts);
  void read_call(JsonValue call, const Place& place, Message& message);
  void read_function_call(JsonValue call, const Place& place, Message& message);
  std::string_view arguments_of(JsonValue arguments, const Place& place);
  JsonText answered(JsonText id, JsonText name);

  void read_content(JsonValue content, const Place& place, std::vector<Part>& parts);
  void read_part(JsonValue value, const Place& place, Part& part);
  void read_image(JsonValue image, const Place& place, Part& part);
  void read_audio(JsonValue audio, const Place& place, Part& part);
  void read_file(JsonValue file, const Place& place, Part& part);
  void read_thinking_part(JsonValue thinking, JsonValue signature, const Place& place, Part& part);
  Source source_of(JsonText url);
  Opaque opaque_of(JsonText data, JsonValue format, JsonValue id);
  static void mark_last(std::vector<Part>& parts, JsonValue cache_control);

  struct Unanswered {
    JsonText id, name;
  };

  Request& request_;
  MemberReader& reader_;
  std::vector<Unanswered> unanswered_{};  // calls of the last turn
  size_t ids_made_ = 0;
};

}  // namespace sluice::api::openai
