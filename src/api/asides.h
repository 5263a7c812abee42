// What is asked beside answers, between dialects: how many tokens a conversation has, and texts as vectors. Both are
// read and written as answers are, so that all else is the same: a reader tells the sink a count, or vectors; a writer
// makes the caller's body of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/event.h"
#include "api/request.h"
#include "api/target_facts.h"
#include "api/tool_names.h"
#include "base/result.h"

namespace sluice::api {

struct ReadContext;
struct WrittenRequest;
class Dropped;

// How a dialect counts the tokens of a conversation.
struct CountRoom {
  std::span<const std::string_view> endpoints{};  // of callers
  std::string_view member{};                      // of an answer: the count
  // Appends the body of such a question, made of that of a request. nullptr: its API counts nothing.
  void (*write_question)(std::string_view request_body, const TargetFacts& facts, std::string& out) = nullptr;
  std::string (*path)(std::string_view model) = nullptr;
  void (*write_answer)(uint64_t tokens, std::string& out) = nullptr;
};

// Vectors of texts. A request has a message for each text (Request::embedding); an answer's vectors are told as extras,
// in their order: Extra::Kind::other, vector_type, an array of numbers.
inline constexpr std::string_view vector_type = "vector";
struct EmbeddingRoom {
  std::span<const std::string_view> endpoints{};  // of callers
  Result<std::unique_ptr<Request>> (*read_request)(std::string_view body, const ReadContext& context) = nullptr;
  Result<void> (*write_request)(const Request& request, const TargetFacts& facts, Dropped& dropped,
                                WrittenRequest& written) = nullptr;
  std::string (*path)(std::string_view model) = nullptr;
  std::unique_ptr<EventReader> (*make_reader)() = nullptr;
  std::unique_ptr<EventWriter> (*make_writer)(const AnswerShape& shape) = nullptr;
};

// --- counts ---

std::unique_ptr<EventReader> make_count_reader(std::string_view member);
std::unique_ptr<EventWriter> make_count_writer(const CountRoom& room, Dialect dialect);
// Of the object `body`, the members of those names, as they stand, between braces.
void append_members(std::string_view body, std::span<const std::string_view> names, std::string& out);

// --- vectors ---

// What readers of answers share: errors, and what they have found told in the order of sinks.
class VectorReader : public EventReader {
 public:
  Result<void> read_frame(std::string_view, std::string_view data, EventSink& sink) final {
    return read_body(data, sink);
  }
  Result<void> read_body(std::string_view body, EventSink& sink) final;
  void end(EventSink&) final {}

 protected:
  struct Found {
    std::vector<std::string> vectors{};
    std::string_view model{};  // escaped
    std::optional<uint64_t> input_tokens{};
  };
  // False: the body is no such answer.
  virtual bool find(JsonValue root, Found& found) = 0;
};

// What writers of answers share: they gather, and write all at the end.
class VectorWriter : public EventWriter {
 public:
  explicit VectorWriter(const AnswerShape& shape, Dialect dialect);
  void on_start(const AnswerStart& start) final;
  void on_text(uint32_t, JsonText) final {}
  void on_refusal(uint32_t, JsonText) final {}
  void on_thinking(uint32_t, JsonText, bool) final {}
  void on_signature(uint32_t, const Opaque&, bool) final {}
  void on_call(const CallStart&) final {}
  void on_arguments(uint32_t, JsonText) final {}
  void on_media(uint32_t, PartKind, const Source&) final {}
  void on_citation(uint32_t, const Citation&) final {}
  void on_extra(const Extra& extra) final;
  void on_part_end(uint32_t) final {}
  void on_usage(const AnswerUsage& usage) final { usage_.set(usage); }
  void on_finish(const Finish&) final {}
  void on_error(const ProviderError& error) final;
  void fail(const Error& error, std::string_view request_id) final;

 protected:
  // Tokens of the input: as the target tells, else by four bytes each.
  uint64_t input_tokens() const;

  std::vector<std::string> vectors_{};
  std::string model_;  // escaped
  AnswerUsage usage_{};

 private:
  const Dialect dialect_;
  uint64_t input_bytes_ = 0;
};

// An array of numbers <-> base64 of 32-bit floats, the lowest byte first, as OpenAI's API has it. "": it is none.
std::string base64_of_vector(std::string_view numbers);
std::string vector_of_base64(std::string_view base64);

}  // namespace sluice::api
