// The part of a dialect's room that translates: requests to and from the neutral form (request.h), answers to and from
// events (event.h). No dialect knows another.
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

// What a request says outside its body.
struct ReadContext {
  std::string_view endpoint;     // Endpoint::name
  std::string_view url_model{};  // Match::model, percent-decoded, if the path names the model
  bool stream = false;           // asked for by the path
  bool previous_known = false;   // the kept answer that the request continues is in its input (KeepingRoom)
};

// A request for a target.
struct WrittenRequest {
  std::string body{};
  std::string head_lines{};  // fields that it needs besides the provider's: "anthropic-beta: ...\r\n"
  ToolNames names{};
};

struct TranslationRoom {
  // bad_request tells what is wrong and where: "messages[2].content: ...". `body` must outlive the request.
  Result<std::unique_ptr<Request>> (*read_request)(std::string_view body, const ReadContext& context) = nullptr;
  // Sets what is known about a model (its bare name); `facts` has the model, the origin and is_makers_own already.
  void (*set_facts)(std::string_view model, TargetFacts& facts) = nullptr;
  // Appends to `written`. What cannot be sent to the target is recorded in `dropped`; if it is content: untranslatable.
  Result<void> (*write_request)(const Request& request, const TargetFacts& facts, Dropped& dropped,
                                WrittenRequest& written) = nullptr;
  // The path below the provider's base path (config::Provider::path_for): "/chat/completions", "/v1/messages",
  // "/v1beta/models/NAME:streamGenerateContent?alt=sse".
  std::string (*path)(std::string_view model, bool stream) = nullptr;
  std::unique_ptr<EventReader> (*make_reader)(const Origin& target) = nullptr;
  std::unique_ptr<EventWriter> (*make_writer)(const AnswerShape& shape) = nullptr;
  // For EventWriter::resume, which knows its type; nullptr: frames are independent of each other.
  std::unique_ptr<SentState> (*make_sent_state)() = nullptr;
  // A thinking's signature arrives at its end, and without it the thinking may not be sent back.
  bool signs_thinking = false;
  // Writes a target's error as a JSON body in the dialect's form; the target's code and message stay in it.
  void (*write_provider_error)(const ProviderError& error, std::string_view request_id, std::string& out) = nullptr;
  int overloaded_status = 529;                // as which a target's 529 is told; only some SDKs know that one
  const CountRoom* counts = nullptr;          // nullptr: it has no such endpoint
  const EmbeddingRoom* embeddings = nullptr;  // the same
  std::span<const OwnWord> words{};           // for reporting drops to callers
  // Endpoints whose bodies send earlier answers back, and how wrapped data (provenance.h) begins in them.
  std::span<const std::string_view> conversations{};
  std::string_view wrapped = wrap_mark;

  bool reads() const { return read_request != nullptr && make_writer != nullptr; }    // as a caller's
  bool writes() const { return write_request != nullptr && make_reader != nullptr; }  // as a target's
};

// Asks for a summary of the conversation, in place of an answer (Request::compacts).
void ask_for_summary(Request& request);

// For a target of another dialect: records the members of all nodes that only the request's dialect knows as dropped.
// untranslatable if the request demands what has no equivalent elsewhere.
Result<void> leave_behind(const Request& request, Dropped& dropped);
// For a target of another dialect: removes what only stands in for a signature (wrap_unsigned).
void forget_unsigned(Request& request);

// --- what several readers and writers need ---

// Puts an unknown member into the bag of its node.
inline void carry(Bag& bag, JsonValue member) { bag.push_back({member.key(), member.raw()}); }
// Appends a bag's members to those already written, as `,"key":value`, without the first comma if `first`.
void append_bag(std::string& out, const Bag& bag, bool first);
// "messages[3].content[0].text"
std::string path_of(std::string_view list, size_t index, std::string_view member = {});

// Budget <-> effort (translation.md): minimal and low 1024, medium 2048, high 4096, xhigh 8192, max 16384.
uint64_t budget_for(std::string_view effort);
std::string_view effort_for(uint64_t budget_tokens);
// Whether it is one of those words, or "": for others the budget is a guess.
bool is_known_effort(std::string_view effort);
// The smallest budget that is of use. budget_below() is `wanted`, or less if an answer of `max_tokens`, which thinking
// is part of, has no room for it; 0: not even the smallest fits.
constexpr uint64_t least_thinking_budget = 1024;
uint64_t budget_below(uint64_t max_tokens, uint64_t wanted);

// A data: URL (RFC 2397) <-> its source, whose data is base64 also where the URL's was not: `arena` keeps it then.
// nullopt for any other URL.
std::optional<Source> source_of_data_url(JsonText url, TextArena& arena);
void append_data_url(std::string& out, const Source& source);
// The text of a document that is plain text, JSON or similar, escaped: given directly or as base64. nullopt: it is not
// text, or given otherwise.
std::optional<std::string> text_of_document(const Source& source);
// The same for a document that is to become a text, after its title and its context. nullopt for other parts.
std::optional<std::string> text_of_document(const Part& document);
// The media type of a picture, document or sound, by how its base64 begins: "image/png"; "" if unknown.
std::string_view sniff_media_type(std::string_view base64);

// Appends the arguments as a JSON object: unchanged, or `{}` for none. If they are not a JSON object, appends
// {"input": <as a string>} and records `path` in `dropped`.
void append_arguments_object(std::string& out, std::string_view arguments, std::string_view path, Dropped& dropped);

}  // namespace sluice::api
