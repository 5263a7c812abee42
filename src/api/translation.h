// What of a dialect's room translates: its requests into the neutral form and out of it (request.h), its answers into
// events and out of them (event.h). No dialect knows another.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/asides.h"
#include "api/dropped.h"
#include "api/event.h"
#include "api/request.h"
#include "api/target_facts.h"
#include "api/tool_names.h"
#include "base/result.h"

namespace sluice::api {

// What of a request stands elsewhere than in its body.
struct ReadContext {
  std::string_view endpoint;     // Endpoint::name
  std::string_view url_model{};  // Match::model, percent-decoded: where the path names the model
  bool stream = false;           // asked for by the path
  bool previous_known = false;   // the kept answer that the request goes on with stands in its input (KeepingRoom)
};

// A request for a target.
struct WrittenRequest {
  std::string body{};
  std::string head_lines{};  // fields that it needs beside those of the provider: "anthropic-beta: ...\r\n"
  ToolNames names{};
};

struct TranslationRoom {
  // bad_request tells what is wrong and where: "messages[2].content: ...". `body` must outlive the request.
  Result<std::unique_ptr<Request>> (*read_request)(std::string_view body, const ReadContext& context) = nullptr;
  // What is known of a model (its bare name), beside what is_makers_own tells.
  void (*set_facts)(std::string_view model, TargetFacts& facts) = nullptr;
  // Appends to `written`. What the target cannot be told is dropped and named, but for content: untranslatable.
  Result<void> (*write_request)(const Request& request, const TargetFacts& facts, Dropped& dropped,
                                WrittenRequest& written) = nullptr;
  // Behind what a provider's paths begin with (config::Provider::path_for): "/chat/completions", "/v1/messages",
  // "/v1beta/models/NAME:streamGenerateContent?alt=sse".
  std::string (*path)(std::string_view model, bool stream) = nullptr;
  std::unique_ptr<EventReader> (*make_reader)(const Origin& target) = nullptr;
  std::unique_ptr<EventWriter> (*make_writer)(const AnswerShape& shape) = nullptr;
  // For EventWriter::resume, which knows its type; nullptr: each frame stands for itself.
  std::unique_ptr<SentState> (*make_sent_state)() = nullptr;
  // A thinking's signature comes at its end, and without it the thinking may not be sent back.
  bool signs_thinking = false;
  // The JSON body of a target's error, in a form and with words that callers know; its own code and words stay in it.
  void (*write_provider_error)(const ProviderError& error, std::string_view request_id, std::string& out) = nullptr;
  const CountRoom* counts = nullptr;          // nullptr: it has no such endpoint
  const EmbeddingRoom* embeddings = nullptr;  // the same
  std::span<const OwnWord> words{};           // for callers, of what was dropped
  // Endpoints whose bodies bring back what answers said, and how what is wrapped (provenance.h) begins in them.
  std::span<const std::string_view> conversations{};
  std::string_view wrapped = wrap_mark;

  bool reads() const { return read_request != nullptr && make_writer != nullptr; }    // as a caller's
  bool writes() const { return write_request != nullptr && make_reader != nullptr; }  // as a target's
};

// Asks for a summary of the conversation, in place of an answer (Request::compacts).
void ask_for_summary(Request& request);

// The members that only the request's own dialect knows, of every node, told as dropped: for a target of another.
// untranslatable where the request demands what has no equal elsewhere.
Result<void> leave_behind(const Request& request, Dropped& dropped);
// Takes out what only stands for a signature (wrap_unsigned): for a target of another dialect than the request's.
void forget_unsigned(Request& request);

// --- what several readers and writers need ---

// A member that is not known, for the bag of its node.
inline void carry(Bag& bag, JsonValue member) { bag.push_back({member.key(), member.raw()}); }
// A bag's members behind those that have been written: `,"key":value` each, with the comma before the first only where
// `first` is false.
void append_bag(std::string& out, const Bag& bag, bool first);
// "messages[3].content[0].text"
std::string path_of(std::string_view list, size_t index, std::string_view member = {});

// Budget <-> effort (translation.md): minimal and low 1024, medium 2048, high 4096, xhigh 8192, max 16384.
uint64_t budget_for(std::string_view effort);
std::string_view effort_for(uint64_t budget_tokens);
// It is one of those words, or not told: for others the budget is a guess.
bool is_known_effort(std::string_view effort);
// The least that thinking is of use with. `wanted`, or what is left of it where the answer may be `max_tokens` long, of
// which thinking is a part. 0: it does not fit.
constexpr uint64_t least_thinking_budget = 1024;
uint64_t budget_below(uint64_t max_tokens, uint64_t wanted);

// A data: URL of base64 (RFC 2397) <-> its source. nullopt for any other URL.
std::optional<Source> source_of_data_url(JsonText url);
void append_data_url(std::string& out, const Source& source);
// The text of a document that is plain text, JSON or the like, escaped: as it stands or out of its base64. nullopt: it
// is none, or not told as either.
std::optional<std::string> text_of_document(const Source& source);
// The same of a document that is to become a text, with its title and its context before it. nullopt for other parts.
std::optional<std::string> text_of_document(const Part& document);
// What base64 text of a picture, document or sound begins with tells its type: "image/png"; "" where it does not.
std::string_view sniff_media_type(std::string_view base64);

// The arguments as a JSON object: themselves, `{}` for none; where they are no JSON object, {"input": <as a string>},
// and `dropped` is told at `path`.
void append_arguments_object(std::string& out, std::string_view arguments, std::string_view path, Dropped& dropped);

}  // namespace sluice::api
