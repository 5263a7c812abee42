// Reads Ollama's answers as events. Lines of a stream and plain bodies have the same shape.
#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "api/json_unescape.h"
#include "api/ollama/translate.h"
#include "api/target_error.h"

namespace sluice::api::ollama {
namespace {

// Members that have a meaning here, or only describe the machine's work. All others become extras.
constexpr std::array<std::string_view, 22> known_members = {"model",
                                                            "created_at",
                                                            "message",
                                                            "done",
                                                            "done_reason",
                                                            "response",
                                                            "thinking",
                                                            "tool_calls",
                                                            "image",
                                                            "images",
                                                            "error",
                                                            "logprobs",
                                                            "context",
                                                            "eval_count",
                                                            "total_duration",
                                                            "load_duration",
                                                            "prompt_eval_count",
                                                            "prompt_eval_duration",
                                                            "eval_duration",
                                                            "remote_model",
                                                            "remote_host",
                                                            "tool_call_id"};
constexpr std::array<std::string_view, 8> known_of_message = {"role",       "content",   "thinking",     "images",
                                                              "tool_calls", "tool_name", "tool_call_id", "name"};

bool is_text_or_none(JsonValue value) { return !value.has_value() || value.is_string(); }

bool is_call(JsonValue call) {
  const JsonValue function = call["function"];
  const JsonValue arguments = function["arguments"];
  return function["name"].is_string() && (!arguments.has_value() || arguments.is_object() || arguments.is_string());
}

// Checks a message, or an answer of /api/generate, which has the same members at its top.
bool is_content(JsonValue of, std::string_view text) {
  if (!is_text_or_none(of[text]) || !is_text_or_none(of["thinking"])) return false;
  const JsonValue calls = of["tool_calls"];
  if (!calls.has_value()) return true;
  if (!calls.is_array()) return false;
  for (const JsonValue call : calls) {
    if (!is_call(call)) return false;
  }
  return true;
}

bool is_answer(JsonValue root) {
  if (!root.is_object()) return false;
  if (root["error"].has_value()) return true;
  const JsonValue message = root["message"], done = root["done"];
  if (done.has_value() && !done.is(JsonType::boolean)) return false;
  if (message.has_value()) return message.is_object() && is_content(message, "content");
  return is_content(root, "response") && (root["response"].exists() || root["image"].exists() || done.exists());
}

FinishReason reason_of(std::string_view word, bool has_calls) {
  if (word == "length") return FinishReason::length;
  if (word == "content_filter") return FinishReason::refusal;
  return has_calls || word == "tool_calls" ? FinishReason::tool_calls : FinishReason::stop;
}

// A token with its probability, including the members that OpenAI's format always has.
void append_token(std::string& out, JsonValue token, bool is_top) {
  JsonWriter json(out);
  json.object();
  for (const JsonValue member : token) {
    if (member.named("bytes") || member.named("top_logprobs")) continue;
    json.raw("\"");
    out.append(member.key().escaped).append("\":").append(member.raw());
  }
  json.key("bytes").raw(token["bytes"].is_array() ? token["bytes"].raw() : "null");
  if (!is_top) {
    json.key("top_logprobs").array();
    for (const JsonValue top : token["top_logprobs"]) {
      if (out.back() == '}') out += ',';
      append_token(out, top, true);
    }
    json.end_array();
  }
  json.end_object();
}

class OllamaEventReader final : public EventReader {
 public:
  Result<void> read_frame(std::string_view, std::string_view data, EventSink& sink) override;
  Result<void> read_body(std::string_view body, EventSink& sink) override;
  void end(EventSink& sink) override { close(sink); }
  size_t scratch_bytes() const override { return document_.held_bytes(); }

 private:
  enum class Open : unsigned char { nothing, text, thinking };

  void tell(JsonValue root, EventSink& sink);
  void tell_error(JsonValue root, EventSink& sink);
  void tell_content(JsonValue of, std::string_view text, EventSink& sink);
  void tell_calls(JsonValue calls, EventSink& sink);
  void tell_image(JsonValue image, EventSink& sink);
  void tell_extras(JsonValue root, EventSink& sink);
  void tell_end(JsonValue root, EventSink& sink);
  // Returns the open part of that kind; opens one if needed.
  uint32_t open(Open kind, EventSink& sink);
  void close(EventSink& sink);

  JsonDocument document_;
  std::string scratch_;
  bool started_ = false, over_ = false, has_calls_ = false;
  Open open_ = Open::nothing;
  uint32_t next_part_ = 0;  // the open part's number is one less
};

Result<void> OllamaEventReader::read_frame(std::string_view, std::string_view data, EventSink& sink) {
  if (const Result<void> parsed = document_.parse(data); !parsed) return parsed;
  if (!is_answer(document_.root())) return fail(ErrorCode::bad_request, "the line is not part of an answer");
  tell(document_.root(), sink);
  return {};
}

Result<void> OllamaEventReader::read_body(std::string_view body, EventSink& sink) {
  if (const Result<void> parsed = document_.parse(body); !parsed) return parsed;
  const JsonValue root = document_.root();
  if (!is_answer(root) || root["done"].boolean() == false) {
    return fail(ErrorCode::bad_request, "the body is not a complete answer");
  }
  tell(root, sink);
  if (!over_) tell_end(root, sink);  // some imitations of the API leave `done` out
  return {};
}

void OllamaEventReader::tell(JsonValue root, EventSink& sink) {
  if (over_) return;
  if (root["error"].has_value()) return tell_error(root, sink);
  if (!started_) {
    started_ = true;
    sink.on_start({{}, root["model"].text()});
  }
  const JsonValue message = root["message"];
  if (message.has_value()) {
    tell_content(message, "content", sink);
  } else {
    tell_content(root, "response", sink);
    tell_image(root["image"], sink);
  }
  tell_extras(root, sink);
  if (root["done"].boolean() == true) tell_end(root, sink);
}

void OllamaEventReader::tell_error(JsonValue root, EventSink& sink) {
  close(sink);
  over_ = true;
  ProviderError error;
  const JsonValue told = root["error"];
  const JsonValue message = told.is_object() ? told["message"] : told;
  if (message.is_string()) {
    append_json_unescaped(error.message, message.text().escaped);
  } else {
    error.message = told.raw();
  }
  error.code = told["code"].word();
  sink.on_error(error);
}

void OllamaEventReader::tell_content(JsonValue of, std::string_view text, EventSink& sink) {
  if (const JsonText thinking = of["thinking"].text(); !thinking.empty()) {
    sink.on_thinking(open(Open::thinking, sink), thinking, false);
  }
  if (const JsonText content = of[text].text(); !content.empty()) sink.on_text(open(Open::text, sink), content);
  for (const JsonValue image : of["images"]) tell_image(image, sink);
  tell_calls(of["tool_calls"], sink);
}

// Ollama sends each call whole.
void OllamaEventReader::tell_calls(JsonValue calls, EventSink& sink) {
  for (const JsonValue call : calls) {
    close(sink);
    has_calls_ = true;
    const JsonValue function = call["function"];
    const uint32_t part = next_part_++;
    sink.on_call({part, call["id"].text(), function["name"].text(), CallKind::function, {}});
    const JsonValue arguments = function["arguments"];
    if (arguments.is_string()) {  // some imitations of the API do this
      sink.on_arguments(part, arguments.text());
    } else if (arguments.is_object()) {
      scratch_.clear();
      append_json_escaped(scratch_, arguments.raw());
      sink.on_arguments(part, JsonText{scratch_});
    }
    sink.on_part_end(part);
  }
}

void OllamaEventReader::tell_image(JsonValue image, EventSink& sink) {
  if (image.text().empty()) return;
  close(sink);
  const uint32_t part = next_part_++;
  const JsonText data = image.text();
  sink.on_media(part, PartKind::image, {Source::Kind::base64, sniff_media_type(data.escaped), data});
  sink.on_part_end(part);
}

void OllamaEventReader::tell_extras(JsonValue root, EventSink& sink) {
  const uint32_t part = open_ == Open::nothing ? next_part_ : next_part_ - 1;
  const auto tell_unknown = [&](JsonValue object, std::string_view prefix, const auto& known) {
    for (const JsonValue member : object) {
      if (!member.has_value() || std::any_of(known.begin(), known.end(), [&](auto name) { return member.named(name); }))
        continue;
      scratch_ = prefix;
      scratch_ += member.key().escaped;
      sink.on_extra({Extra::Kind::other, part, own, scratch_, member.raw()});
    }
  };
  if (const JsonValue tokens = root["logprobs"]; tokens.is_array() && !tokens.empty()) {
    scratch_ = '[';
    for (const JsonValue token : tokens) {
      if (scratch_.back() == '}') scratch_ += ',';
      append_token(scratch_, token, false);
    }
    scratch_ += ']';
    sink.on_extra({Extra::Kind::logprobs, part, own, "logprobs", scratch_});
  }
  if (const JsonValue context = root["context"]; context.has_value()) {
    sink.on_extra({Extra::Kind::other, part, own, "context", context.raw()});
  }
  tell_unknown(root, "", known_members);
  tell_unknown(root["message"], "message.", known_of_message);
}

void OllamaEventReader::tell_end(JsonValue root, EventSink& sink) {
  close(sink);
  over_ = true;
  AnswerUsage usage;
  usage.counts.input_uncached = root["prompt_eval_count"].count();
  usage.counts.output = root["eval_count"].count();
  if (usage.counts.any()) sink.on_usage(usage);
  Finish finish;
  finish.word = root["done_reason"].text();
  if (is_failed_finish(finish.word.escaped)) {
    return sink.on_error({0, std::string(finish.word.escaped), std::string(failed_finish_message), {}});
  }
  finish.reason = reason_of(root["done_reason"].word(), has_calls_);
  finish.from = own;
  sink.on_finish(finish);
}

uint32_t OllamaEventReader::open(Open kind, EventSink& sink) {
  if (open_ != kind) {
    close(sink);
    open_ = kind;
    ++next_part_;
  }
  return next_part_ - 1;
}

void OllamaEventReader::close(EventSink& sink) {
  if (open_ == Open::nothing) return;
  open_ = Open::nothing;
  sink.on_part_end(next_part_ - 1);
}

}  // namespace

std::unique_ptr<EventReader> make_reader(const Origin&) { return std::make_unique<OllamaEventReader>(); }

}  // namespace sluice::api::ollama
