// Reads the answers of Gemini targets. Each frame is a complete GenerateContentResponse with the next pieces; a plain
// body is a single frame with all of them.
#include <algorithm>
#include <utility>

#include "api/gemini/answer_notes.h"
#include "api/gemini/fields.h"
#include "api/gemini/media.h"
#include "api/gemini/partial_arguments.h"
#include "api/gemini/signature.h"
#include "api/gemini/translate.h"
#include "base/json_writer.h"

namespace sluice::api::gemini {
namespace {

// Words of `finishReason` and `blockReason` (ai.google.dev/api/generate-content#FinishReason).
constexpr std::string_view refusals[] = {"SAFETY",      "RECITATION",   "BLOCKLIST",
                                         "SPII",        "LANGUAGE",     "PROHIBITED_CONTENT",
                                         "MODEL_ARMOR", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT",
                                         "JAILBREAK",   "ESCALATION",   "IMAGE_RECITATION"};
// The model's answer was unusable. If nothing of it arrived, that is an error.
constexpr std::string_view failures[] = {"MALFORMED_FUNCTION_CALL",
                                         "UNEXPECTED_TOOL_CALL",
                                         "TOO_MANY_TOOL_CALLS",
                                         "MISSING_THOUGHT_SIGNATURE",
                                         "MALFORMED_RESPONSE",
                                         "NO_IMAGE",
                                         "IMAGE_OTHER",
                                         "OTHER"};

class GenerateContentReader final : public EventReader {
 public:
  explicit GenerateContentReader(const Origin& origin) : origin_(origin) {}

  Result<void> read_frame(std::string_view event, std::string_view data, EventSink& sink) override;
  Result<void> read_body(std::string_view body, EventSink& sink) override;
  void end(EventSink& sink) override;
  size_t held_bytes() const override { return partial_.bytes(); }
  size_t scratch_bytes() const override { return document_.held_bytes(); }

 private:
  enum class Open : unsigned char { none, text, thinking, call };

  void read_chunk(JsonValue chunk, EventSink& sink);
  void read_candidate(JsonValue candidate, EventSink& sink);
  void read_part(JsonValue part, EventSink& sink);
  void read_text(JsonText text, bool is_thought, JsonText signature, EventSink& sink);
  void read_call(JsonValue call, JsonText signature, EventSink& sink);
  void read_other(JsonValue part, EventSink& sink);
  bool read_media(JsonValue part, EventSink& sink);
  void read_notes(JsonValue candidate, EventSink& sink);
  void read_finish(JsonValue candidate);
  void block(JsonValue feedback);

  void open(Open kind, EventSink& sink);
  void end_part(EventSink& sink);
  void tell_signature(EventSink& sink);
  Opaque opaque_of(JsonText signature);
  FinishReason reason_of() const;

  const Origin origin_;
  JsonDocument document_;
  TextArena arena_;       // of the current frame
  std::string scratch_;   // of the current frame
  JsonText signature_{};  // of the previous part, not reported yet; points into the current frame
  PartialArguments partial_;
  SentCounts counts_;
  Open open_ = Open::none;
  uint32_t part_ = 0;  // the open part
  uint32_t next_part_ = 0;
  uint32_t text_part_ = no_part;  // the last text part
  uint32_t texts_ = 0;
  bool ascii_ = true;  // all text so far is ASCII
  bool started_ = false;
  bool ended_ = false;  // finish or error has been reported
  bool has_candidate_ = false;
  bool has_output_ = false;
  bool has_call_ = false;
  bool blocked_ = false;
  std::string word_, message_, ratings_;  // of the finish: the first two still escaped, the last one JSON
};

bool is_chunk(JsonValue chunk) {
  constexpr std::string_view names[] = {"candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId"};
  if (chunk["error"].has_value()) return true;
  for (const std::string_view name : names) {
    if (field(chunk, name).exists()) return name != "candidates" || field(chunk, name).is_array();
  }
  return false;
}

Result<void> GenerateContentReader::read_frame(std::string_view, std::string_view data, EventSink& sink) {
  if (Result<void> done = document_.parse(data); !done) return done;
  const JsonValue root = document_.root();
  const bool is_list = root.is_array() && !root.empty();
  if (!is_list && !is_chunk(root)) return fail(ErrorCode::bad_request, "it is not part of an answer");
  for (const JsonValue chunk : root) {
    if (is_list && !is_chunk(chunk))
      return fail(ErrorCode::bad_request, "it contains something that is not part of an answer");
  }
  arena_.clear();
  if (!is_list) {
    read_chunk(root, sink);
    return {};
  }
  for (const JsonValue chunk : root) read_chunk(chunk, sink);
  return {};
}

Result<void> GenerateContentReader::read_body(std::string_view body, EventSink& sink) {
  if (Result<void> done = read_frame({}, body, sink); !done) return done;
  if (!ended_ && !blocked_ && !has_candidate_) return fail(ErrorCode::bad_request, "the answer has no candidates");
  end(sink);
  return {};
}

void GenerateContentReader::read_chunk(JsonValue chunk, EventSink& sink) {
  if (ended_) return;
  if (const JsonValue error = chunk["error"]; error.has_value()) {
    ended_ = true;
    return sink.on_error(read_error_object(error));
  }
  if (!std::exchange(started_, true))
    sink.on_start({field(chunk, "responseId").text(), field(chunk, "modelVersion").text()});
  for (const JsonValue candidate : field(chunk, "candidates")) {
    if (field(candidate, "index").count().value_or(0) == 0) {
      read_candidate(candidate, sink);
    } else {  // events carry only one answer
      sink.on_extra({Extra::Kind::other, no_part, Dialect::gemini, "candidate", candidate.raw()});
    }
  }
  if (const JsonValue feedback = field(chunk, "promptFeedback"); field(feedback, "blockReason").is_string())
    block(feedback);
  if (const JsonValue usage = field(chunk, "usageMetadata"); usage.is_object())
    sink.on_usage(read_usage(usage, counts_));
}

void GenerateContentReader::read_candidate(JsonValue candidate, EventSink& sink) {
  has_candidate_ = true;
  for (const JsonValue part : field(field(candidate, "content"), "parts")) {
    if (part.is_object()) read_part(part, sink);
  }
  read_notes(candidate, sink);
  tell_signature(sink);
  read_finish(candidate);
}

// --- parts ---

void GenerateContentReader::open(Open kind, EventSink& sink) {
  if (open_ == kind && kind != Open::call) return;
  end_part(sink);
  open_ = kind;
  part_ = next_part_++;
  has_output_ = true;
}

void GenerateContentReader::end_part(EventSink& sink) {
  if (open_ == Open::call && !partial_.empty()) {
    std::string arguments;
    partial_.append(arguments);
    scratch_.clear();
    append_json_escaped(scratch_, arguments);
    partial_.clear();
    sink.on_arguments(part_, JsonText{scratch_});
  }
  if (std::exchange(open_, Open::none) != Open::none) sink.on_part_end(part_);
}

Opaque GenerateContentReader::opaque_of(JsonText signature) {
  if (signature.empty()) return {};
  Signature read = read_signature(signature, arena_);
  if (!read.is_foreign) read.opaque.origin = origin_;
  return read.opaque;
}

// A signature on a text or without any part is reported as redacted thinking.
void GenerateContentReader::tell_signature(EventSink& sink) {
  if (signature_.empty()) return;
  end_part(sink);
  const uint32_t part = next_part_++;
  sink.on_signature(part, opaque_of(std::exchange(signature_, {})), true);
  sink.on_part_end(part);
}

void GenerateContentReader::read_part(JsonValue part, EventSink& sink) {
  tell_signature(sink);
  const JsonText signature = field(part, "thoughtSignature").text();
  const bool is_thought = field(part, "thought").boolean() == true;
  if (const JsonValue call = field(part, "functionCall"); call.is_object()) return read_call(call, signature, sink);
  if (const JsonValue text = part["text"]; text.is_string()) return read_text(text.text(), is_thought, signature, sink);
  if (!is_thought && read_media(part, sink)) {
    signature_ = signature;
    return;
  }
  read_other(part, sink);
}

void GenerateContentReader::read_text(JsonText text, bool is_thought, JsonText signature, EventSink& sink) {
  const bool ends_thought = is_thought && open_ == Open::thinking && !signature.empty();
  if (text.empty() && !ends_thought) {
    signature_ = signature;
    return;
  }
  if (is_thought) {
    open(Open::thinking, sink);
    if (!text.empty()) sink.on_thinking(part_, text, true);
    if (signature.empty()) return;
    sink.on_signature(part_, opaque_of(signature), false);
    return end_part(sink);
  }
  if (open_ != Open::text) ++texts_;
  open(Open::text, sink);
  text_part_ = part_;
  ascii_ = ascii_ && is_ascii(text);
  sink.on_text(part_, text);
  signature_ = signature;
}

// A call arrives whole or in pieces: the first piece has the name, the others continue it.
void GenerateContentReader::read_call(JsonValue call, JsonText signature, EventSink& sink) {
  const JsonText name = field(call, "name").text();
  const bool goes_on = open_ == Open::call && name.empty();
  if (!goes_on) {
    open(Open::call, sink);
    has_call_ = true;
    sink.on_call({part_, field(call, "id").text(), name, CallKind::function, opaque_of(signature)});
  }
  if (const JsonValue arguments = field(call, "args"); arguments.is_object()) {
    scratch_.clear();
    append_json_escaped(scratch_, arguments.raw());
    sink.on_arguments(part_, JsonText{scratch_});
  }
  for (const JsonValue patch : field(call, "partialArgs")) partial_.take(patch);
  if (field(call, "willContinue").boolean() != true) end_part(sink);
}

bool GenerateContentReader::read_media(JsonValue part, EventSink& sink) {
  const JsonValue data = field(part, "inlineData");
  const JsonValue file = field(part, "fileData");
  const JsonValue media = data.is_object() ? data : file;
  if (!media.is_object()) return false;
  const std::string_view type = field(media, "mimeType").word();
  const Source source = data.is_object()
                            ? Source{Source::Kind::base64, type, standard_base64(field(media, "data").text(), arena_)}
                            : Source{Source::Kind::url, type, field(media, "fileUri").text()};
  end_part(sink);
  has_output_ = true;
  const uint32_t number = next_part_++;
  sink.on_media(number, kind_of_media(type), source);
  sink.on_part_end(number);
  return true;
}

// A tool that the provider ran itself, or a part only later models know. It is passed on unchanged.
void GenerateContentReader::read_other(JsonValue part, EventSink& sink) {
  constexpr std::string_view beside[] = {"thought", "thoughtSignature", "videoMetadata", "partMetadata"};
  std::string_view type;
  for (const JsonValue member : part) {
    const FieldName name(member);
    if (is_one_of(name.text(), beside)) continue;
    type = arena_.keep(std::string(name.text()));
    break;
  }
  if (type.empty()) {
    signature_ = field(part, "thoughtSignature").text();
    return;
  }
  end_part(sink);
  has_output_ = true;
  const uint32_t number = next_part_++;
  sink.on_extra({Extra::Kind::hosted_item, number, Dialect::gemini, type, part.raw()});
  sink.on_part_end(number);
}

// --- notes ---

void GenerateContentReader::read_notes(JsonValue candidate, EventSink& sink) {
  if (text_part_ != no_part) tell_citations(candidate, text_part_, ascii_ && texts_ == 1, sink);
  constexpr std::string_view told[] = {"content",       "index",       "finishReason", "finishMessage",
                                       "safetyRatings", "avgLogprobs", "tokenCount",   "citationMetadata"};
  for (const JsonValue member : candidate) {
    const FieldName name(member);
    if (is_one_of(name.text(), told)) continue;
    if (name.text() == "logprobsResult") {
      scratch_.clear();
      append_logprobs(scratch_, member);
      sink.on_extra({Extra::Kind::logprobs, text_part_, Dialect::gemini, "logprobsResult", scratch_});
    } else {
      sink.on_extra({Extra::Kind::other, no_part, Dialect::gemini, name.text(), member.raw()});
    }
  }
}

void GenerateContentReader::read_finish(JsonValue candidate) {
  if (const JsonValue reason = field(candidate, "finishReason"); reason.is_string()) word_ = reason.text().escaped;
  if (const JsonValue message = field(candidate, "finishMessage"); message.is_string())
    message_ = message.text().escaped;
  if (const JsonValue ratings = field(candidate, "safetyRatings"); ratings.is_array()) ratings_ = ratings.raw();
}

// The prompt was rejected: there are no candidates.
void GenerateContentReader::block(JsonValue feedback) {
  blocked_ = true;
  word_ = field(feedback, "blockReason").text().escaped;
  message_ = field(feedback, "blockReasonMessage").text().escaped;
  if (const JsonValue ratings = field(feedback, "safetyRatings"); ratings.is_array()) ratings_ = ratings.raw();
}

FinishReason GenerateContentReader::reason_of() const {
  if (blocked_ || is_one_of(word_, refusals)) return FinishReason::refusal;
  if (word_ == "MAX_TOKENS") return FinishReason::length;
  if (word_ == "CONTINUATION") return FinishReason::pause;
  return has_call_ ? FinishReason::tool_calls : FinishReason::stop;
}

// The finish is reported only at the end: some targets send a reason with every frame.
void GenerateContentReader::end(EventSink& sink) {
  if (std::exchange(ended_, true)) return;
  if (!std::exchange(started_, true)) sink.on_start({});
  end_part(sink);
  if (!has_output_ && is_one_of(word_, failures)) {
    TextArena arena;
    ProviderError error;
    error.code = word_;
    error.message = message_.empty() ? "the model's answer could not be used" : arena.unescape(JsonText{message_});
    return sink.on_error(error);
  }
  std::string details;
  if (!message_.empty() || !ratings_.empty()) {
    JsonWriter json(details);
    json.object();
    if (!message_.empty()) json.key("finishMessage").raw('"' + message_ + '"');
    if (!ratings_.empty()) json.key("safetyRatings").raw(ratings_);
    json.end_object();
  }
  sink.on_finish({reason_of(), JsonText{word_}, {}, details, Dialect::gemini, is_one_of(word_, failures)});
}

}  // namespace

std::unique_ptr<EventReader> make_reader(const Origin& target) {
  return std::make_unique<GenerateContentReader>(target);
}

}  // namespace sluice::api::gemini
