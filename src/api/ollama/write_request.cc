// Writes requests for targets of Ollama's API (/api/chat).
//
// A request of this dialect is written from its current contents, with each message and tool as it was spelled. What
// has no place in the neutral form is restored from the original body.
#include <algorithm>
#include <string>
#include <vector>

#include "api/ollama/message_writer.h"
#include "api/ollama/translate.h"

namespace sluice::api::ollama {
namespace {

class OllamaRequestWriter {
 public:
  OllamaRequestWriter(const Request& request, const TargetFacts& facts, Dropped& dropped, WrittenRequest& written)
      : request_(request),
        facts_(facts),
        dropped_(dropped),
        names_(written.names),
        out_(written.body),
        json_(written.body),
        is_own_(request.from == own),
        body_(is_own_ ? request.document->root() : JsonValue()) {}

  Result<void> write();

 private:
  Result<void> write_conversation();
  Result<void> write_prompt();
  void write_tools();
  void write_tool(const Tool& tool, size_t index);
  bool is_allowed(const Tool& tool) const;
  void write_options();
  void write_number(std::string_view name, std::string_view number, bool takes = true);
  void write_stop();
  void write_length();
  void write_format();
  void write_thinking();
  void write_probabilities();
  void tell_dropped();

  // Opens a member and records that it need not be put back.
  void key(std::string_view name) {
    json_.key(name);
    written_.push_back(name);
  }
  // Writes the members of `of` that have not been written yet.
  void put_back(JsonValue of);

  const Request& request_;
  const TargetFacts& facts_;
  Dropped& dropped_;
  ToolNames& names_;
  std::string& out_;
  JsonWriter json_;
  const bool is_own_;
  const JsonValue body_;  // the request's original body if it is of this dialect; else none
  std::vector<std::string_view> written_;
};

Result<void> OllamaRequestWriter::write() {
  json_.object();
  key("model");
  json_.value(facts_.model);
  if (body_["name"].exists()) {  // as very old callers send it
    key("name");
    json_.value(facts_.model);
  }
  const bool is_prompt = is_own_ && !body_["messages"].exists();
  if (const Result<void> done = is_prompt ? write_prompt() : write_conversation(); !done) return done;
  write_tools();
  write_format();
  write_thinking();
  write_probabilities();
  if (!is_own_ || body_["stream"].is(JsonType::boolean) || !request_.stream) {
    key("stream");
    json_.value(request_.stream);
  }
  write_options();
  put_back(body_);
  json_.end_object();
  if (!is_own_) tell_dropped();
  return {};
}

void OllamaRequestWriter::put_back(JsonValue of) {
  for (const JsonValue member : of) {
    if (std::any_of(written_.begin(), written_.end(), [&](std::string_view name) { return member.named(name); })) {
      continue;
    }
    json_.raw("\"");
    out_.append(member.key().escaped).append("\":").append(member.raw());
  }
}

Result<void> OllamaRequestWriter::write_conversation() {
  if (request_.system.empty() && request_.messages.empty() && is_own_) return {};
  key("messages");
  json_.array();
  MessageWriter messages(request_, facts_, dropped_, names_, out_, json_);
  if (const Result<void> done = messages.write_all(); !done) return done;
  json_.end_array();
  return {};
}

// For a request that came to /api/generate.
Result<void> OllamaRequestWriter::write_prompt() {
  if (request_.system.size() == 1) {
    key("system");
    append_text(out_, request_.system[0].text);
  }
  if (request_.messages.empty()) return {};
  if (request_.messages.size() != 1 || request_.messages[0].role != Role::user || request_.system.size() > 1) {
    return fail(ErrorCode::untranslatable, "/api/generate takes one prompt, not a conversation");
  }
  std::vector<const Part*> images;
  for (const Part& part : request_.messages[0].parts) {
    if (part.kind == PartKind::image) images.push_back(&part);
    if (part.kind != PartKind::text) continue;
    key("prompt");
    append_text(out_, part.text);
  }
  if (images.empty()) return {};
  key("images");
  json_.array();
  for (const Part* const image : images) {
    if (image->raw.empty()) {
      json_.raw("\"" + std::string(image->source.data.escaped) + "\"");
    } else {
      json_.raw(image->raw);
    }
  }
  json_.end_array();
  return {};
}

// --- tools ---

bool OllamaRequestWriter::is_allowed(const Tool& tool) const { return request_.tool_choice.allows(tool.name); }

// Ollama has no tool choice: tools that may not be called are not sent.
void OllamaRequestWriter::write_tools() {
  using Mode = ToolChoice::Mode;
  const ToolChoice& choice = request_.tool_choice;
  if (request_.tools.empty()) {
    if (choice.mode == Mode::required) dropped_.add("tool_choice", DropReason::unsupported);
    return;
  }
  if (choice.parallel == false) dropped_.add("parallel_tool_calls", DropReason::unsupported);
  if (choice.mode == Mode::none) {
    dropped_.add("tool_choice", DropReason::changed);
    for (size_t i = 0; i < request_.tools.size(); ++i) {
      if (request_.tools[i].kind == ToolKind::other) dropped_.add(path_of("tools", i), DropReason::unsupported);
    }
    return;
  }
  if (choice.mode == Mode::required) {
    dropped_.add("tool_choice", DropReason::unsupported);
  } else if (!choice.allowed.empty()) {
    dropped_.add("tool_choice", DropReason::changed);
  }
  bool any = false;
  for (size_t i = 0; i < request_.tools.size(); ++i) {
    const Tool& tool = request_.tools[i];
    const bool is_raw = is_own_ && !tool.raw.empty();
    if (tool.kind == ToolKind::other && !is_raw) {
      dropped_.add(path_of("tools", i), DropReason::unsupported);
      continue;
    }
    if (!is_allowed(tool)) continue;
    if (!std::exchange(any, true)) {
      key("tools");
      json_.array();
    }
    if (is_raw) {
      json_.raw(tool.raw);
    } else {
      write_tool(tool, i);
    }
  }
  if (any) json_.end_array();
}

void OllamaRequestWriter::write_tool(const Tool& tool, size_t index) {
  json_.object().member("type", "function").key("function").object();
  text_member(json_, out_, "name", names_.shorten(tool.name, {facts_.max_tool_name_bytes}));
  if (!tool.description.empty()) text_member(json_, out_, "description", tool.description);
  json_.key("parameters");
  if (tool.kind == ToolKind::custom) {
    names_.add_custom(tool.name);
    json_.raw(R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"]})");
    if (!tool.format.empty()) dropped_.add(path_of("tools", index, "format"), DropReason::unsupported);
  } else {
    json_.raw(tool.schema.empty() ? std::string_view(R"({"type":"object","properties":{}})") : tool.schema);
  }
  json_.end_object().end_object();
  if (tool.strict == true) dropped_.add(path_of("tools", index, "strict"), DropReason::unsupported);
  if (!tool.cache_mark.empty()) dropped_.add(path_of("tools", index, "cache_control"), DropReason::unsupported);
}

// --- settings ---

void OllamaRequestWriter::write_number(std::string_view name, std::string_view number, bool takes) {
  if (number.empty()) return;
  if (!takes) return dropped_.add(name, DropReason::unsupported);
  key(name);
  json_.raw(number);
}

void OllamaRequestWriter::write_stop() {
  const auto is_empty = [](JsonText stop) { return stop.empty(); };
  if (std::all_of(request_.stop.begin(), request_.stop.end(), is_empty)) return;
  key("stop");
  json_.array();
  for (const JsonText stop : request_.stop) {
    if (stop.empty()) continue;  // every text contains it, so the answer would end before it began
    json_.raw("\"");
    out_.append(stop.escaped).append("\"");
  }
  json_.end_array();
}

// Ollama takes 0 as no limit.
void OllamaRequestWriter::write_length() {
  if (!request_.max_output_tokens) return;
  const bool is_nothing = !is_own_ && *request_.max_output_tokens == 0;
  if (is_nothing) dropped_.add("max_tokens", DropReason::clamped);
  key("num_predict");
  json_.value(is_nothing ? 1 : *request_.max_output_tokens);
}

void OllamaRequestWriter::write_options() {
  const std::vector<std::string_view> of_body = std::exchange(written_, {});
  const size_t before = out_.size();
  json_.key("options").object();
  const size_t empty = out_.size();
  const Sampling& sampling = request_.sampling;
  const bool takes = facts_.takes_sampling || is_own_;
  write_length();
  write_number("temperature", sampling.temperature, takes);
  write_number("top_p", sampling.top_p, takes);
  write_number("top_k", sampling.top_k, takes);
  write_number("min_p", sampling.min_p, takes);
  write_number("repeat_penalty", sampling.repeat_penalty, takes);
  write_number("presence_penalty", sampling.presence_penalty, takes);
  write_number("frequency_penalty", sampling.frequency_penalty, takes);
  write_number("seed", sampling.seed);
  write_stop();
  const JsonValue options = body_["options"];
  put_back(options);
  const bool is_empty = out_.size() == empty;
  written_ = of_body;
  if (is_empty) {
    out_.resize(before);  // the original value is put back: nothing, null or {}
  } else {
    json_.end_object();
    written_.push_back("options");
  }
}

void OllamaRequestWriter::write_format() {
  using Kind = ResponseFormat::Kind;
  const ResponseFormat& format = request_.response_format;
  if (format.kind == Kind::json_object || (format.kind == Kind::json_schema && format.schema.empty())) {
    key("format");
    json_.value("json");
  } else if (format.kind == Kind::json_schema) {
    key("format");
    json_.raw(format.schema);
    // The name is only a label, and Ollama always enforces what `strict` asks for.
    if (!format.description.empty()) dropped_.add("response_format.description", DropReason::unsupported);
  }
}

// Most models can be told whether to think, and some how much.
void OllamaRequestWriter::write_thinking() {
  using Mode = Reasoning::Mode;
  const Reasoning& reasoning = request_.reasoning;
  if (reasoning.mode == Mode::absent) return;
  if (!facts_.reasons && !is_own_) {
    if (reasoning.mode != Mode::off) dropped_.add("reasoning", DropReason::unsupported);
    return;
  }
  key("think");
  if (reasoning.mode == Mode::off) {
    json_.value(false);
    return;
  }
  if (is_own_) {
    reasoning.effort.empty() ? json_.value(true) : json_.value(reasoning.effort);
    return;
  }
  std::string_view effort = reasoning.effort;
  if (reasoning.budget_tokens) {
    dropped_.add("reasoning.budget_tokens", DropReason::changed);
    if (effort.empty()) effort = effort_for(*reasoning.budget_tokens);
  }
  if (!facts_.takes_effort) {
    if (!reasoning.effort.empty()) dropped_.add("reasoning.effort", DropReason::changed);
    json_.value(true);
    return;
  }
  std::string_view level = effort;
  if (effort == "minimal") level = "low";
  if (effort == "xhigh" || effort == "max") level = "high";
  if (level != "low" && level != "high") level = "medium";
  if (!reasoning.effort.empty() && level != effort) dropped_.add("reasoning.effort", DropReason::clamped);
  json_.value(level);
}

void OllamaRequestWriter::write_probabilities() {
  const Sampling& sampling = request_.sampling;
  if (sampling.logprobs) {
    key("logprobs");
    json_.value(*sampling.logprobs);
  }
  if (sampling.top_logprobs) {
    key("top_logprobs");
    json_.value(*sampling.top_logprobs);
  }
}

// Reports settings that have no place here.
void OllamaRequestWriter::tell_dropped() {
  const auto tell = [this](bool is_there, std::string_view path) {
    if (is_there) dropped_.add(path, DropReason::unsupported);
  };
  tell(!request_.sampling.logit_bias.empty(), "logit_bias");
  tell(!request_.verbosity.empty(), "verbosity");
  tell(!request_.user.empty(), "user");
  tell(!request_.metadata.empty(), "metadata");
  const std::string_view tier = request_.service_tier;
  tell(!tier.empty() && tier != "auto" && tier != "default", "service_tier");
  tell(!request_.prompt_cache_key.empty(), "prompt_cache_key");
  tell(request_.store == true, "store");
}

}  // namespace

Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped,
                           WrittenRequest& written) {
  return OllamaRequestWriter(request, facts, dropped, written).write();
}

}  // namespace sluice::api::ollama
