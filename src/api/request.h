// What a request asks of a model, whatever its dialect: read by the caller's dialect (read_request), written by the
// target's (write_request). Strings are views into the caller's body, still escaped where they are JsonText; schemas
// and arguments stay JSON text as it was spelled.
//
// A member is mapped (it has a place here), carried (it is in the bag of its node, and the dialect that it came from
// puts it back) or dropped (and reported to Dropped). A reader never skips a member silently: what it does not know
// goes into the bag of the current node.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "api/json_value.h"
#include "api/provenance.h"
#include "base/dialect.h"

namespace sluice::api {

// Where something stands in the caller's own lists: in which message of the conversation, or item of the input, and
// where in the list `member` of it ("": its content).
struct OwnPlace {
  static constexpr uint32_t none = UINT32_MAX;
  uint32_t message = none, part = none;
  std::string_view member{};
};

// A member that only the request's own dialect knows.
struct CarriedMember {
  JsonText key;
  std::string_view value;           // JSON
  uint32_t place = OwnPlace::none;  // of an item that stood by itself, before the message that it is kept with
};
using Bag = std::vector<CarriedMember>;

// Where the bytes of a document or of media are.
struct Source {
  enum class Kind : unsigned char { none, base64, url, text, file_id };
  Kind kind = Kind::none;
  std::string_view media_type{};  // "" if not given
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
  tool_result,  // id (of the call), name (of the tool, if given), parts, is_error
  thinking,     // text (what may be shown), opaque (the signature or encrypted data), is_summary
  redacted,     // opaque: thinking that may not be shown
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
  std::string_view arguments{};  // JSON as it was spelled, usually an object. "": none were given
  CallKind call_kind = CallKind::function;
  std::vector<Part> parts{};  // of a tool's result: text, image, document, other
  std::optional<bool> is_error{};
  Opaque opaque{};            // sent back only to its origin
  bool is_hosted = false;     // other: what a tool that the provider runs did; text: what of that is plain text
  bool is_summary = false;    // thinking: the text is the provider's summary of it
  std::string_view detail{};  // image: "low", "high", "auto"
  JsonText title{}, context{};
  std::string_view cache_mark{};  // Anthropic's cache_control, JSON: everything up to here may be cached
  std::string_view citations{};   // JSON in the request's dialect: those of an answer that is sent back
  std::string_view other_type{};
  std::string_view raw{};  // as it was in the body; "" if it was a bare string there, or not a value by itself
  Bag bag{};
  OwnPlace place{};
};

enum class Role : unsigned char { system, user, assistant, tool };

// Normal form. Tools' results are in messages of Role::tool, which hold nothing else: those of one turn in one message,
// in their order, before what the user says in the same turn. What the assistant did in one turn (thinking, text,
// calls, in their order) is one message. A system message stays in its place.
struct Message {
  Role role = Role::user;
  bool is_developer = false;  // Role::system: the caller wrote "developer"
  std::vector<Part> parts{};
  JsonText name{};          // the speaker's
  bool was_string = false;  // the content was a bare string, not a list of parts
  bool joined = false;      // it was one message with the one before it (tools' results, and text after them)
  std::string_view raw{};   // as it was in the body
  Bag bag{};
  uint32_t place = OwnPlace::none;  // in the caller's list; none: it was not there
};

enum class ToolKind : unsigned char {
  function,
  custom,  // takes free text; `format` is its grammar, flat: {"type":"grammar","syntax":"lark","definition":"..."}
  other    // one that the provider runs, or that only its own dialect knows: raw, other_type
};

struct Tool {
  ToolKind kind = ToolKind::function;
  JsonText name{}, description{};
  std::string_view
      schema{};  // JSON Schema of its arguments, as it was spelled; "": none. Gemini's OpenAPI is converted to it
  std::optional<bool> strict{};
  std::string_view format{};  // ToolKind::custom: JSON
  std::string_view cache_mark{};
  std::string_view other_type{};
  std::string_view raw{};
  std::string_view path{};  // in the caller's body, where it is not "tools" with the index in Request::tools; else ""
  Bag bag{};
};

struct ToolChoice {
  enum class Mode : unsigned char { absent, automatic, required, none };
  Mode mode = Mode::absent;
  std::vector<JsonText> allowed{};  // only these; with Mode::required and one of them: that tool
  std::optional<bool> parallel{};   // whether several may be called at once
  // Whether a tool of that name may be called: any, if `allowed` is empty. `allowed` must not change after the first
  // call of this.
  bool allows(JsonText name) const {
    if (allowed.empty()) return true;
    if (allowed_names.empty()) {
      for (const JsonText one : allowed) allowed_names.insert(one.escaped);
    }
    return allowed_names.contains(name.escaped);
  }

  mutable std::unordered_set<std::string_view> allowed_names{};  // of `allowed`, filled by the first allows()
};

struct ResponseFormat {
  enum class Kind : unsigned char { absent, text, json_object, json_schema };
  Kind kind = Kind::absent;
  JsonText name{}, description{};
  std::string_view schema{};  // as it was spelled
  std::optional<bool> strict{};
};

constexpr std::string_view no_effort = "none";  // Reasoning::effort of a caller that turned thinking off by this word

struct Reasoning {
  enum class Mode : unsigned char { absent, off, on, adaptive };  // on: by effort or budget, or as the target decides
  Mode mode = Mode::absent;
  // "minimal", "low", "medium", "high", "xhigh", "max", with Mode::off "none"; "": not given
  std::string_view effort{};
  std::optional<uint64_t> budget_tokens{};
  // Whether its text is wanted: OpenAI's "auto", "concise", "detailed"; "none"; "": not given
  std::string_view summary{};
  bool off_unless_asked = false;  // with Mode::absent: that means off in the caller's dialect
};

// Numbers as they were spelled; "": absent.
struct Sampling {
  std::string_view temperature{}, top_p{}, top_k{}, min_p{}, frequency_penalty{}, presence_penalty{}, repeat_penalty{},
      seed{};
  std::string_view logit_bias{};  // JSON
  std::optional<bool> logprobs{};
  std::optional<uint64_t> top_logprobs{};
};

// What only the request's own dialect can do, and what cannot be left out without changing the meaning: for targets of
// other dialects the request is rejected.
struct Demand {
  std::string path;  // "previous_response_id"
  std::string why;   // "is not known to other providers"
};

// A member that only one dialect has, by its key in the bag, and its default there: JSON without white space.
struct UsualValue {
  std::string_view key, value;
};

// Texts that are to become vectors: a message for each, with one part.
struct Embedding {
  std::optional<uint64_t> dimensions{};
  bool as_base64 = false;  // how the caller wants the vectors
  bool is_single = false;  // one text, not in a list
  JsonText task{};         // what the vectors are for: Gemini's taskType
};

// Owns what its views point to, except the caller's body.
struct Request {
  Dialect from{};
  JsonText model{};
  std::vector<Part> system{};  // what precedes the conversation: text parts
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
  bool compacts = false;         // asks for something that can replace the conversation (ask_for_summary)
  bool holds_earlier = false;    // its messages begin with the turns that it continues (ReadContext::previous_known)
  bool stream = false;
  bool usage_wanted = false;  // in a stream, where the dialect sends it only if asked
  uint64_t choices = 1;
  JsonText user{};                  // whom the request is for: `user`, safety_identifier, metadata.user_id
  std::string_view metadata{};      // JSON object of strings
  std::string_view service_tier{};  // "auto", "default", "flex", "priority", "standard_only"
  JsonText prompt_cache_key{};
  std::optional<bool> store{};
  Embedding embedding{};
  std::vector<Demand> demands{};
  Bag bag{};
  std::span<const UsualValue> usual{};  // of members that may be in a bag

  // What the views above point to. `document` is the parsed body.
  std::unique_ptr<JsonDocument> document = std::make_unique<JsonDocument>(JsonDocument::max_request_elements);
  TextArena arena{};
};

}  // namespace sluice::api
