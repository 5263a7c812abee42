// What a request asks of a model, whatever its dialect: read by the caller's dialect (read_request), written by the
// target's (write_request). Strings are views into the caller's body, still escaped where they are JsonText; schemas
// and arguments stay JSON text as it was spelled.
//
// Three fates: a field is mapped (it has a place here), carried (it stands in the bag of its node, and is put back by
// the dialect that it came from) or dropped (Dropped is told). A reader never skips a member in silence: what it does
// not know goes into the bag of the node at hand.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "api/json_value.h"
#include "api/provenance.h"
#include "base/dialect.h"

namespace sluice::api {

// A member that only the request's own dialect knows.
struct CarriedMember {
  JsonText key;
  std::string_view value;  // JSON
};
using Bag = std::vector<CarriedMember>;

// Where bytes are.
struct Source {
  enum class Kind : unsigned char { none, base64, url, text, file_id };
  Kind kind = Kind::none;
  std::string_view media_type{};  // "" where it is not told
  JsonText data{};                // the base64 text, the URL, the text or the id
};

enum class PartKind : unsigned char {
  text,         // text
  refusal,      // text: the model's words of refusal, in an answer that is sent back
  image,        // source, detail
  document,     // source, title (its name), context
  audio,        // source
  video,        // source
  tool_call,    // id, name, arguments, call_kind, opaque (Gemini's thought signature on the call)
  tool_result,  // id (of the call), name (of the tool, where it is told), parts, is_error
  thinking,     // text (what may be shown), opaque (the signature or what is encrypted), summary
  redacted,     // opaque: thinking of which nothing may be shown
  compaction,   // opaque or text: what stands for the conversation before it
  other         // raw, other_type: only the dialect that it came from knows it
};

enum class CallKind : unsigned char {
  function,
  custom,  // its input is free text, not JSON (OpenAI's custom tools); `arguments` is that text as a JSON string
};

struct Part {
  PartKind kind = PartKind::text;
  JsonText text{};
  Source source{};
  JsonText id{}, name{};
  std::string_view arguments{};  // JSON as it was spelled: an object, as a rule. "": none were given
  CallKind call_kind = CallKind::function;
  std::vector<Part> parts{};  // of a tool's result: text, image, document, other
  std::optional<bool> is_error{};
  Opaque opaque{};            // what goes back to where it came from only
  bool is_hosted = false;     // other: what a tool of the provider's own did
  bool is_summary = false;    // thinking: the text is the provider's summary of it
  std::string_view detail{};  // image: "low", "high", "auto"
  JsonText title{}, context{};
  std::string_view cache_mark{};  // Anthropic's cache_control, JSON: what stands up to here may be cached
  std::string_view citations{};   // JSON, with the dialect of the request: an answer's that is sent back
  std::string_view other_type{};
  std::string_view raw{};  // as it stood in the body; "" where it stood there as a bare string, or not by itself
  Bag bag{};
};

enum class Role : unsigned char { system, user, assistant, tool };

// Normal form. Results of tools stand in messages of Role::tool, which hold nothing else; those of one turn in one
// message, in their order, before what the user says in the same turn. What the assistant did in one turn (thinking,
// text, calls, in their order) is one message. A system message stays in its place.
struct Message {
  Role role = Role::user;
  bool is_developer = false;  // Role::system: it was called that
  std::vector<Part> parts{};
  JsonText name{};          // of who speaks
  bool was_string = false;  // the content was a bare string, not a list of parts
  bool joined = false;      // it stood in one message with the one before it (results of tools, and text behind them)
  std::string_view raw{};   // as it stood in the body
  Bag bag{};
};

enum class ToolKind : unsigned char {
  function,
  custom,  // takes free text; `format` is its grammar, flat: {"type":"grammar","syntax":"lark","definition":"..."}
  other    // one that the provider runs, or that only the own dialect knows: raw, other_type
};

struct Tool {
  ToolKind kind = ToolKind::function;
  JsonText name{}, description{};
  std::string_view
      schema{};  // JSON Schema of its arguments, as it was spelled; "": none. Gemini's OpenAPI is turned into it
  std::optional<bool> strict{};
  std::string_view format{};  // ToolKind::custom: JSON
  std::string_view cache_mark{};
  std::string_view other_type{};
  std::string_view raw{};
  Bag bag{};
};

struct ToolChoice {
  enum class Mode : unsigned char { absent, automatic, required, none };
  Mode mode = Mode::absent;
  std::vector<JsonText> allowed{};  // only these; with Mode::required and one of them: that tool
  std::optional<bool> parallel{};   // whether several may be called at once
  // Whether a tool of that name may be called: any, where `allowed` is empty, which must not change after the first
  // question.
  bool allows(JsonText name) const {
    if (allowed.empty()) return true;
    if (allowed_names.empty()) {
      for (const JsonText one : allowed) allowed_names.insert(one.escaped);
    }
    return allowed_names.contains(name.escaped);
  }

  mutable std::unordered_set<std::string_view> allowed_names{};  // of `allowed`, once somebody has asked
};

struct ResponseFormat {
  enum class Kind : unsigned char { absent, text, json_object, json_schema };
  Kind kind = Kind::absent;
  JsonText name{}, description{};
  std::string_view schema{};  // as it was spelled
  std::optional<bool> strict{};
};

constexpr std::string_view no_effort = "none";  // Reasoning::effort of who says so in that word

struct Reasoning {
  enum class Mode : unsigned char { absent, off, on, adaptive };  // on: by effort or budget, or as the target likes
  Mode mode = Mode::absent;
  // "minimal", "low", "medium", "high", "xhigh", "max", with Mode::off "none"; "": not told
  std::string_view effort{};
  std::optional<uint64_t> budget_tokens{};
  // Whether its text is wanted: "auto", "concise", "detailed" of OpenAI; "none"; "": not told
  std::string_view summary{};
  bool off_unless_asked = false;  // with Mode::absent: in the caller's dialect that is off
};

// Numbers as they were spelled; "": absent.
struct Sampling {
  std::string_view temperature{}, top_p{}, top_k{}, min_p{}, frequency_penalty{}, presence_penalty{}, repeat_penalty{},
      seed{};
  std::string_view logit_bias{};  // JSON
  std::optional<bool> logprobs{};
  std::optional<uint64_t> top_logprobs{};
};

// What only its own dialect can do, and without which the question is another: elsewhere the request is refused.
struct Demand {
  std::string path;  // "previous_response_id"
  std::string why;   // "is not known to other providers"
};

// Owns what its views are of, but for the caller's body.
// Texts that are to become vectors: a message each, with one part.
struct Embedding {
  std::optional<uint64_t> dimensions{};
  bool as_base64 = false;  // how the caller wants them
  bool is_single = false;  // one text, that stood by itself
  JsonText task{};         // what they are for: Gemini's taskType
};

struct Request {
  Dialect from{};
  JsonText model{};
  std::vector<Part> system{};  // what stands before the conversation: text parts
  bool system_was_string = false;
  std::vector<Message> messages{};
  std::vector<Tool> tools{};
  ToolChoice tool_choice{};
  Sampling sampling{};
  std::vector<JsonText> stop{};
  std::optional<uint64_t> max_output_tokens{};
  ResponseFormat response_format{};
  Reasoning reasoning{};
  std::string_view verbosity{};  // "low", "medium", "high"
  bool compacts = false;         // what is asked for is what can stand for the conversation (ask_for_summary)
  bool stream = false;
  bool usage_wanted = false;  // in a stream, where the dialect gives it only to who asks
  uint64_t choices = 1;
  JsonText user{};                  // who it is for: `user`, safety_identifier, metadata.user_id
  std::string_view metadata{};      // JSON object of strings
  std::string_view service_tier{};  // "auto", "default", "flex", "priority", "standard_only"
  JsonText prompt_cache_key{};
  std::optional<bool> store{};
  Embedding embedding{};
  std::vector<Demand> demands{};
  Bag bag{};

  // What the views above are of. The document is that of the body.
  std::unique_ptr<JsonDocument> document = std::make_unique<JsonDocument>(JsonDocument::max_request_elements);
  TextArena arena{};
};

}  // namespace sluice::api
