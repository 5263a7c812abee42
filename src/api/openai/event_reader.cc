// Reads targets' chat completions, chunk by chunk or whole, as events. It also reads what providers of other models add
// or do differently: reasoning in four places, content as a list of parts, usage wherever it is.
#include <array>
#include <list>
#include <string>

#include "api/dialect.h"
#include "api/openai/call_reader.h"
#include "api/openai/translate.h"
#include "api/openai/usage_counts.h"
#include "api/target_error.h"
#include "base/text.h"

namespace sluice::api::openai {
namespace {

FinishReason reason_of(std::string_view word) {
  constexpr std::pair<std::string_view, FinishReason> words[] = {
      {"length", FinishReason::length},          {"max_tokens", FinishReason::length},
      {"model_length", FinishReason::length},    {"tool_calls", FinishReason::tool_calls},
      {"tool_use", FinishReason::tool_calls},    {"function_call", FinishReason::tool_calls},
      {"content_filter", FinishReason::refusal}, {"sensitive", FinishReason::refusal},
      {"refusal", FinishReason::refusal}};
  for (const auto& [name, reason] : words) {
    if (name == word) return reason;
  }
  return FinishReason::stop;
}

bool same_id(JsonValue one, JsonValue other) {
  return !one["id"].text().empty() && one["id"].text() == other["id"].text();
}

// Encrypted reasoning with the id of a call belongs to the call.
bool is_of_a_call(JsonValue entry, JsonValue calls) {
  for (const JsonValue call : calls) {
    if (same_id(entry, call)) return true;
  }
  return false;
}

class ChatReader final : public EventReader {
 public:
  explicit ChatReader(const Origin& target) : target_(target) {}

  Result<void> read_frame(std::string_view event, std::string_view data, EventSink& sink) override;
  Result<void> read_body(std::string_view body, EventSink& sink) override;
  void end(EventSink& sink) override;
  size_t held_bytes() const override { return calls_.held_bytes() + sound_.size() + early_bytes_; }
  size_t scratch_bytes() const override { return document_.held_bytes() + waiting_document_.held_bytes(); }

 private:
  // The members of a message or delta that are read. Others become extras.
  struct In {
    enum Slot : uint8_t {
      role,
      channel,
      prefix,
      content,
      refusal,
      tool_calls,
      function_call,
      reasoning_details,
      reasoning_content,
      reasoning,
      reasoning_text,
      annotations,
      audio,
      images,
      all_known
    };
  };
  static constexpr std::array<std::string_view, In::all_known> known_names = {"role",
                                                                              "channel",
                                                                              "prefix",
                                                                              "content",
                                                                              "refusal",
                                                                              "tool_calls",
                                                                              "function_call",
                                                                              "reasoning_details",
                                                                              "reasoning_content",
                                                                              "reasoning",
                                                                              "reasoning_text",
                                                                              "annotations",
                                                                              "audio",
                                                                              "images"};
  struct Open {
    PartKind kind = PartKind::text;
    uint32_t part = 0;
    std::optional<uint64_t> detail{};  // thinking: the index of its entries
    bool is_summary = false, is_signed = false;
  };

  bool read_error(std::string_view event, std::string_view text, EventSink& sink);
  void read_answer(std::string_view message_name, EventSink& sink);
  void read_message(JsonValue message, EventSink& sink);
  void finish_untold(EventSink& sink);
  void read_content(JsonValue content, EventSink& sink);
  void read_content_part(JsonValue part, EventSink& sink);
  bool read_details(JsonValue details, EventSink& sink);
  void read_encrypted(JsonValue entry, EventSink& sink);
  void read_call(JsonValue call, std::optional<uint64_t> index, JsonValue details, EventSink& sink);
  void read_annotation(JsonValue annotation, EventSink& sink);
  void tell_citation(JsonValue cited, std::string_view raw, uint32_t part, EventSink& sink);
  void read_media(JsonValue audio, JsonValue images, EventSink& sink);
  void read_usage(JsonValue root, JsonValue choice, EventSink& sink);
  void read_finish(JsonValue choice, EventSink& sink);

  uint32_t open(PartKind kind, EventSink& sink);
  void close(EventSink& sink);
  void tell_text(JsonText text, EventSink& sink);
  void tell_thinking(JsonText text, bool is_summary, std::optional<uint64_t> detail, EventSink& sink);
  void tell_end(EventSink& sink);
  Opaque opaque_of(JsonText data, const DetailName& name);

  const Origin target_;
  JsonDocument document_, waiting_document_;
  TextArena arena_;  // of one frame
  ChatCallReader calls_;
  ChatCountsReader counts_;
  std::optional<Open> open_;
  uint32_t next_part_ = 0, last_text_ = 0;
  std::list<std::string> early_;  // citations that arrived before the text
  size_t early_bytes_ = 0;
  std::string sound_;  // base64, as received
  bool begun_ = false, finished_ = false, failed_ = false;
  bool is_body_ = false;  // not a stream
};

// --- frames and bodies ---

Result<void> ChatReader::read_frame(std::string_view event, std::string_view data, EventSink& sink) {
  if (trim(data, white_space) == "[DONE]") {
    if (begun_) finish_untold(sink);
    return {};
  }
  if (Result<void> parsed = document_.parse(data); !parsed) return parsed;
  if (!document_.root().is_object()) return fail(ErrorCode::bad_request, "the chunk is not a JSON object");
  if (failed_ || read_error(event, data, sink)) return {};
  read_answer("delta", sink);
  return {};
}

Result<void> ChatReader::read_body(std::string_view body, EventSink& sink) {
  if (Result<void> parsed = document_.parse(body); !parsed) return parsed;
  const JsonValue root = document_.root();
  if (!root.is_object()) return fail(ErrorCode::bad_request, "the answer is not a JSON object");
  if (read_error({}, body, sink)) return {};
  const JsonValue choices = root["choices"];
  if (choices.empty() || !(*choices.begin()).is_object())
    return fail(ErrorCode::bad_request, "the answer has no choices");
  is_body_ = true;
  read_answer("message", sink);
  finish_untold(sink);
  return {};
}

// Some providers give no reason: the end of the stream or of the body is one.
void ChatReader::finish_untold(EventSink& sink) {
  if (finished_ || failed_) return;
  tell_end(sink);
  finished_ = true;
  sink.on_finish({calls_.any() ? FinishReason::tool_calls : FinishReason::stop, {}, {}, {}, Dialect::openai});
}

void ChatReader::end(EventSink& sink) {
  if (!finished_ && !failed_) tell_end(sink);
}

bool ChatReader::read_error(std::string_view event, std::string_view text, EventSink& sink) {
  const JsonValue root = document_.root(), error = root["error"];
  const bool told = (error.is_object() && !error.empty()) || !error.text().empty();
  if (!told && event != "error" && root["object"].word() != "error") return false;
  ProviderError told_error;
  TargetWords words = target_words(text);
  told_error.code = std::move(words.code);
  told_error.message = std::move(words.message);
  for (const JsonValue status :
       {error["status_code"], error["code"], error["status"], root["status_code"], root["status"], root["code"]}) {
    const uint64_t number = status.count().value_or(0);
    if (told_error.status == 0 && number >= 400 && number < 600) told_error.status = static_cast<int>(number);
  }
  failed_ = true;
  sink.on_error(told_error);
  return true;
}

void ChatReader::read_answer(std::string_view message_name, EventSink& sink) {
  arena_.clear();
  const JsonValue root = document_.root();
  JsonValue choice, other;
  for (const JsonValue one : root["choices"]) {
    if (!one.is_object()) continue;
    const bool is_first = one["index"].count().value_or(0) == 0 && !choice.exists();
    (is_first ? choice : other) = one;
  }
  if (!begun_ && choice.exists()) {
    begun_ = true;
    sink.on_start({root["id"].text(), root["model"].text()});
  }
  if (other.exists()) {  // only one answer is read
    sink.on_extra({Extra::Kind::other, UINT32_MAX, Dialect::openai, other_choice, {}});
  }
  if (choice.exists() && !finished_) {
    if (const JsonValue text = choice["text"]; text.is_string()) tell_text(text.text(), sink);
    const JsonValue message = choice[message_name];
    if (message.is_object()) read_message(message, sink);
    if (const JsonValue tokens = choice["logprobs"]["content"]; tokens.is_array() && !tokens.empty()) {
      sink.on_extra({Extra::Kind::logprobs, open_ ? open_->part : last_text_, Dialect::openai, {}, tokens.raw()});
    }
  }
  read_usage(root, choice, sink);
  if (choice.exists() && !finished_) read_finish(choice, sink);
}

// --- one message or delta ---

void ChatReader::read_message(JsonValue message, EventSink& sink) {
  std::array<JsonValue, In::all_known> at;
  bool has_more = false;
  for (const JsonValue member : message) {
    size_t place = 0;
    while (place != In::all_known && !member.named(known_names[place])) ++place;
    if (place != In::all_known) {
      at[place] = member;
    } else {
      has_more = has_more || member.has_value();
    }
  }
  const JsonValue details = at[In::reasoning_details];
  if (!read_details(details, sink)) {
    for (const In::Slot place : {In::reasoning_content, In::reasoning, In::reasoning_text}) {
      if (at[place].text().empty()) continue;
      tell_thinking(at[place].text(), false, {}, sink);
      break;
    }
  }
  for (const JsonValue entry : details) {
    const bool encrypted = entry["type"].word() == "reasoning.encrypted";
    if (encrypted && !is_of_a_call(entry, at[In::tool_calls])) read_encrypted(entry, sink);
  }
  read_content(at[In::content], sink);
  if (!at[In::refusal].text().empty()) sink.on_refusal(open(PartKind::refusal, sink), at[In::refusal].text());
  read_media(at[In::audio], at[In::images], sink);
  for (const JsonValue annotation : at[In::annotations]) read_annotation(annotation, sink);
  if (has_more) {
    for (const JsonValue member : message) {
      bool known = !member.has_value() || ((member.is_array() || member.is_object()) && member.empty());
      for (const std::string_view name : known_names) known = known || member.named(name);
      if (known) continue;
      sink.on_extra(
          {Extra::Kind::other, open_ ? open_->part : last_text_, Dialect::openai, member.key().escaped, member.raw()});
    }
  }
  uint64_t place = 0;
  for (const JsonValue call : at[In::tool_calls]) {
    read_call(call, is_body_ ? std::optional(place++) : call["index"].count(), details, sink);
  }
  if (at[In::function_call].is_object()) read_call(at[In::function_call], {}, {}, sink);
}

void ChatReader::read_content(JsonValue content, EventSink& sink) {
  if (content.is_string()) return tell_text(content.text(), sink);
  for (const JsonValue part : content) read_content_part(part, sink);
}

// An element of a list: text, or thinking, whose text may be a list again.
void ChatReader::read_content_part(JsonValue part, EventSink& sink) {
  const std::string_view type = part["type"].word();
  if (type == "thinking") {
    const JsonValue thinking = part["thinking"];
    if (thinking.is_string()) tell_thinking(thinking.text(), false, {}, sink);
    for (const JsonValue piece : thinking) tell_thinking(piece["text"].text(), false, {}, sink);
    const JsonText signature = part["signature"].text();
    if (!signature.empty() && open_ && open_->kind == PartKind::thinking) {
      sink.on_signature(open_->part, opaque_of(signature, {}), false);
      open_->is_signed = true;
    }
  } else if (type == "refusal") {
    if (!part["refusal"].text().empty()) sink.on_refusal(open(PartKind::refusal, sink), part["refusal"].text());
  } else if (part["text"].is_string()) {
    tell_text(part["text"].text(), sink);
  } else if (part.is_string()) {
    tell_text(part.text(), sink);
  } else if (part.is_object()) {
    sink.on_extra({Extra::Kind::other, open_ ? open_->part : last_text_, Dialect::openai, unknown_part, part.raw()});
  }
}

// Reads texts and summaries, and returns whether there are any: then `reasoning` repeats the same text.
bool ChatReader::read_details(JsonValue details, EventSink& sink) {
  bool any = false;
  for (const JsonValue entry : details) {
    const std::string_view type = entry["type"].word();
    const bool is_summary = type == "reasoning.summary";
    if (!is_summary && type != "reasoning.text") continue;
    const JsonText text = entry[is_summary ? "summary" : "text"].text(), signature = entry["signature"].text();
    any = any || !text.empty();
    tell_thinking(text, is_summary, entry["index"].count(), sink);
    if (signature.empty()) continue;
    if (!open_ || open_->kind != PartKind::thinking) open(PartKind::thinking, sink);
    sink.on_signature(open_->part, opaque_of(signature, {entry["format"].word(), entry["id"].word(), true}), false);
    open_->is_signed = true;
  }
  return any;
}

// Encrypted data belongs to the thinking before it, or is a part by itself.
void ChatReader::read_encrypted(JsonValue entry, EventSink& sink) {
  const JsonText data = entry["data"].text();
  if (data.empty()) return;
  const std::optional<uint64_t> index = entry["index"].count();
  const DetailName name{entry["format"].word(), entry["id"].word(), false};
  const bool belongs = open_ && open_->kind == PartKind::thinking && !open_->is_signed &&
                       (!open_->detail || !index || open_->detail == index);
  if (!belongs) close(sink);
  const uint32_t part = belongs ? open_->part : next_part_++;
  sink.on_signature(part, opaque_of(data, name), !belongs);
  if (belongs) {
    open_->is_signed = true;
  } else {
    sink.on_part_end(part);
  }
}

// `index`: in a stream what its piece says, in a body its place, as ids may be missing or alike.
void ChatReader::read_call(JsonValue call, std::optional<uint64_t> index, JsonValue details, EventSink& sink) {
  if (!call.is_object()) return;
  ChatCallReader::Piece piece;
  const JsonValue custom = call["custom"], function = call["function"];
  const JsonValue inner = custom.is_object() ? custom : function.is_object() ? function : call;
  piece.index = index;
  piece.id = call["id"].text();
  piece.name = inner["name"].text();
  piece.kind = custom.is_object() ? CallKind::custom : CallKind::function;
  const JsonValue arguments = inner[custom.is_object() ? "input" : "arguments"];
  piece.arguments = arguments.is_object() ? arena_.escape(arguments.raw()) : arguments.text();
  const JsonText signature = call["extra_content"]["google"]["thought_signature"].text();
  if (!signature.empty()) piece.opaque = opaque_of(signature, {});
  for (const JsonValue entry : details) {
    if (entry["type"].word() != "reasoning.encrypted" || !same_id(entry, call)) continue;
    piece.opaque = opaque_of(entry["data"].text(), {entry["format"].word(), entry["id"].word()});
  }
  if (calls_.begins(piece)) {
    close(sink);
    calls_.end_whole(sink);
  }
  calls_.take(piece, next_part_, sink);
}

// --- what comes with the text ---

void ChatReader::read_annotation(JsonValue annotation, EventSink& sink) {
  const JsonValue cited = annotation["url_citation"];
  if (!cited.is_object()) {
    if (annotation.is_object()) {
      sink.on_extra(
          {Extra::Kind::other, open_ ? open_->part : last_text_, Dialect::openai, "annotation", annotation.raw()});
    }
  } else if (open_ && open_->kind == PartKind::text) {
    tell_citation(cited, annotation.raw(), open_->part, sink);
  } else {
    early_bytes_ += early_.emplace_back(annotation.raw()).capacity() + sizeof(std::string);
  }
}

void ChatReader::tell_citation(JsonValue cited, std::string_view raw, uint32_t part, EventSink& sink) {
  sink.on_citation(part, {cited["url"].text(), cited["title"].text(), cited["content"].text(),
                          cited["start_index"].count(), cited["end_index"].count(), raw, Dialect::openai});
}

void ChatReader::read_media(JsonValue audio, JsonValue images, EventSink& sink) {
  tell_text(audio["transcript"].text(), sink);
  sound_ += audio["data"].text().escaped;
  for (const JsonValue image : images) {
    const JsonText url = image["image_url"]["url"].text();
    if (url.empty()) continue;
    close(sink);
    const uint32_t part = next_part_++;
    sink.on_media(part, PartKind::image, source_of_data_url(url, arena_).value_or(Source{Source::Kind::url, {}, url}));
    sink.on_part_end(part);
  }
}

void ChatReader::read_usage(JsonValue root, JsonValue choice, EventSink& sink) {
  bool any = false;
  for (const JsonValue usage : {root["usage"], root["x_groq"]["usage"], choice["usage"]}) {
    any = counts_.read(usage) || any;
  }
  any = counts_.read_timings(root["timings"]) || any;
  if (any) sink.on_usage(counts_.usage());
}

void ChatReader::read_finish(JsonValue choice, EventSink& sink) {
  const JsonText word = choice["finish_reason"].text();
  if (word.empty()) return;
  if (is_failed_finish(word.escaped)) {
    failed_ = true;
    return sink.on_error({0, std::string(word.escaped), std::string(failed_finish_message), {}});
  }
  tell_end(sink);
  FinishReason reason = reason_of(word.escaped);
  if (reason == FinishReason::stop && calls_.any()) reason = FinishReason::tool_calls;
  finished_ = true;
  sink.on_finish({reason, word, choice["stop_reason"].text(), {}, Dialect::openai});
}

// --- parts ---

uint32_t ChatReader::open(PartKind kind, EventSink& sink) {
  if (open_ && open_->kind == kind) return open_->part;
  close(sink);
  calls_.end_whole(sink);
  open_ = Open{kind, next_part_++, {}, false, false};
  return open_->part;
}

void ChatReader::close(EventSink& sink) {
  if (open_) sink.on_part_end(open_->part);
  open_.reset();
}

void ChatReader::tell_text(JsonText text, EventSink& sink) {
  if (text.empty()) return;
  const uint32_t part = last_text_ = open(PartKind::text, sink);
  sink.on_text(part, text);
  for (const std::string& raw : early_) {
    if (!waiting_document_.parse(raw)) continue;
    tell_citation(waiting_document_.root()["url_citation"], raw, part, sink);
  }
  early_.clear();
  early_bytes_ = 0;
}

void ChatReader::tell_thinking(JsonText text, bool is_summary, std::optional<uint64_t> detail, EventSink& sink) {
  if (text.empty()) return;
  const bool other = open_ && open_->kind == PartKind::thinking &&
                     (open_->is_summary != is_summary || (detail && open_->detail && *detail != *open_->detail));
  if (other) close(sink);
  const uint32_t part = open(PartKind::thinking, sink);
  open_->is_summary = is_summary;
  if (detail) open_->detail = detail;
  sink.on_thinking(part, text, is_summary);
}

// Ends all parts.
void ChatReader::tell_end(EventSink& sink) {
  close(sink);
  if (!sound_.empty()) {
    const uint32_t part = next_part_++;
    sink.on_media(part, PartKind::audio, {Source::Kind::base64, {}, JsonText{sound_}});
    sink.on_part_end(part);
    sound_.clear();
  }
  calls_.end_all(sink);
}

// Wrapped data has its origin in it; other data is the target's, and `name` is kept with it.
Opaque ChatReader::opaque_of(JsonText data, const DetailName& name) {
  Opaque opaque = unwrap(data, Dialect::openai);
  if (opaque.data == data) {
    opaque.origin = target_;
    opaque.id = JsonText{arena_.keep(opaque_id_of(name))};
  }
  return opaque;
}

}  // namespace

std::unique_ptr<EventReader> make_reader(const Origin& target) { return std::make_unique<ChatReader>(target); }

}  // namespace sluice::api::openai
