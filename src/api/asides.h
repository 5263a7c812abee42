// Translated requests that ask for no answer of a model: token counts of a conversation, and embedding vectors of
// texts. Both are read and written like answers, so that everything else is the same: a reader reports a count or
// vectors to the sink, and a writer makes the caller's body from them.
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
  std::string_view member{};                      // the member of an answer that holds the count
  // Appends the body of a count request, made from a request's body. nullptr: its API cannot count.
  void (*write_question)(std::string_view request_body, const TargetFacts& facts, std::string& out) = nullptr;
  std::string (*path)(std::string_view model) = nullptr;
  void (*write_answer)(uint64_t tokens, std::string& out) = nullptr;
};

// Vectors of texts. A request has a message for each text (Request::embedding); an answer's vectors are reported as
// extras, in their order: Extra::Kind::other, vector_type, an array of numbers.
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
// Appends an object with those members of `body` that have one of the names, byte for byte.
void append_members(std::string_view body, std::span<const std::string_view> names, std::string& out);

// --- vectors ---

// What the readers share: errors, and the events in the order that sinks expect.
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
  // False: the body is not such an answer.
  virtual bool find(JsonValue root, Found& found) = 0;
};

// What the writers share: they collect the answer and write it at the end.
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
  // Tokens of the input: as the target reports, else estimated at four bytes each.
  uint64_t input_tokens() const;

  std::vector<std::string> vectors_{};
  std::string model_;  // escaped
  AnswerUsage usage_{};

 private:
  const Dialect dialect_;
  uint64_t input_bytes_ = 0;
};

// An array of numbers <-> base64 of little-endian 32-bit floats, as in OpenAI's API. "": the input is malformed.
std::string base64_of_vector(std::string_view numbers);
std::string vector_of_base64(std::string_view base64);

}  // namespace sluice::api
