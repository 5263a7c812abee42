// Writes requests for targets of chat completions. One that was read from chat completions is written as it was; others
// from the neutral form, by what the target is known to accept: the maker's own API, or one of its many imitators.
#include <algorithm>
#include <array>

#include "api/object_schema.h"
#include "api/openai/translate.h"
#include "api/openai/write_messages.h"
#include "base/text.h"

namespace sluice::api::openai {
namespace {

constexpr size_t max_stops = 4;

// Shortens other names than tools': the same text always gives the same result.
std::string shortened(JsonText text, uint32_t max_bytes) {
  ToolNames names;
  return std::string(text.escaped.size() <= max_bytes ? text.escaped : names.shorten(text, {max_bytes}).escaped);
}

class BodyWriter {
 public:
  BodyWriter(const Request& request, const TargetFacts& facts, Dropped& dropped, WrittenRequest& written)
      : request_(request),
        facts_(facts),
        dropped_(dropped),
        names_(written.names),
        out_(written.body),
        json_(written.body) {}

  Result<void> write();
  Result<void> write_own();

 private:
  void write_tools();
  bool is_sent(const Tool& tool, size_t index);
  void write_tool(const Tool& tool, const std::string& path);
  void write_custom_tool(const Tool& tool, const std::string& path);
  void write_format(std::string_view format);
  void write_choice();
  void write_named(JsonText name);
  void write_sampling();
  void write_limits();
  void write_response_format();
  void write_reasoning();
  void write_account();
  void write_stream();
  void write_prefix_mark();
  void drop(std::string_view path) { dropped_.add(path, DropReason::unsupported); }
  void number(std::string_view name, std::string_view value, bool takes);
  const Tool* tool_named(JsonText name);

  const Request& request_;
  const TargetFacts& facts_;
  Dropped& dropped_;
  ToolNames& names_;
  std::string& out_;
  JsonWriter json_;
  std::unordered_map<std::string_view, const Tool*> tools_by_name_;  // filled by the first lookup
  bool has_tools_ = false;
};

Result<void> BodyWriter::write() {
  json_.object().member("model", facts_.model).key("messages");
  if (Result<void> done = ChatMessagesWriter(request_, facts_, dropped_, names_, out_).write(); !done) return done;
  write_tools();
  write_sampling();
  write_limits();
  write_response_format();
  write_reasoning();
  write_account();
  write_stream();
  write_prefix_mark();
  json_.end_object();
  return {};
}

// Member for member, except for what may have been changed since it was read.
Result<void> BodyWriter::write_own() {
  json_.object();
  JsonValue stream_options;
  for (const JsonValue member : request_.document->root()) {
    const bool limits = member.named("max_tokens") || member.named("max_completion_tokens");
    if (member.named("stream_options") && request_.stream && facts_.asks_usage) {
      stream_options = member;
      continue;
    }
    if (member.named("stream") && member.boolean() == true && !request_.stream) continue;
    if (out_.back() != '{') out_ += ',';
    write_text(out_, member.key());
    out_ += ':';
    if (member.named("model")) {
      append_json_string(out_, facts_.model);
    } else if (member.named("messages")) {
      if (Result<void> done = ChatMessagesWriter(request_, facts_, dropped_, names_, out_).write_own(); !done)
        return done;
    } else if (limits && member.count() && request_.max_output_tokens &&
               *member.count() > *request_.max_output_tokens) {
      out_ += std::to_string(*request_.max_output_tokens);
    } else {
      out_ += member.raw();
    }
  }
  if (request_.stream && facts_.asks_usage) {
    out_ += R"(,"stream_options":{"include_usage":true)";
    for (const JsonValue option : stream_options) {
      if (option.named("include_usage")) continue;
      out_ += ',';
      write_text(out_, option.key());
      out_ += ':';
      out_ += option.raw();
    }
    out_ += '}';
  }
  write_prefix_mark();
  json_.end_object();
  return {};
}

// --- tools ---

const Tool* BodyWriter::tool_named(JsonText name) {
  if (tools_by_name_.empty()) {
    for (const Tool& tool : request_.tools) tools_by_name_.emplace(tool.name.escaped, &tool);
  }
  const auto found = tools_by_name_.find(name.escaped);
  return found == tools_by_name_.end() ? nullptr : found->second;
}

// If only some tools are allowed and the target cannot be told so, the others are not sent.
bool BodyWriter::is_sent(const Tool& tool, size_t index) {
  if (tool.kind == ToolKind::other) {
    drop(path_of("tools", index));
    return false;
  }
  return facts_.is_makers_own || request_.tool_choice.allows(tool.name);
}

void BodyWriter::write_tools() {
  for (size_t i = 0; i < request_.tools.size(); ++i) {
    const Tool& tool = request_.tools[i];
    if (!is_sent(tool, i)) continue;
    if (!std::exchange(has_tools_, true)) json_.key("tools").array();
    if (out_.back() != '[') out_ += ',';
    write_tool(tool, path_of("tools", i));
  }
  if (!has_tools_) {
    if (request_.tool_choice.mode == ToolChoice::Mode::required) drop("tool_choice");
    return;
  }
  out_ += ']';
  write_choice();
  if (request_.tool_choice.parallel && facts_.takes_parallel) {
    json_.member("parallel_tool_calls", *request_.tool_choice.parallel);
  } else if (request_.tool_choice.parallel == false) {
    drop("parallel_tool_calls");
  }
}

void BodyWriter::write_tool(const Tool& tool, const std::string& path) {
  const JsonText name = names_.shorten(tool.name, {facts_.max_tool_name_bytes});
  const bool custom = tool.kind == ToolKind::custom;
  JsonWriter json(out_);
  json.object();
  if (custom && facts_.is_makers_own) {
    json.member("type", "custom").key("custom").object();
    text_member(json, out_, "name", name);
    if (!tool.description.empty()) text_member(json, out_, "description", tool.description);
    if (!tool.format.empty()) {
      json.key("format");
      write_format(tool.format);
    }
    json.end_object();
  } else {
    json.member("type", "function").key("function").object();
    text_member(json, out_, "name", name);
    if (!tool.description.empty()) text_member(json, out_, "description", tool.description);
    json.key("parameters");
    if (custom) {
      names_.add_custom(tool.name);
      if (!tool.format.empty()) dropped_.add(path + ".format", DropReason::changed);
      json.raw(R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"]})");
    } else if (!append_object_schema(out_, tool.schema, root_rules(facts_.is_makers_own))) {
      dropped_.add(path + ".parameters", DropReason::changed);
    }
    const bool can_be_strict = facts_.strict_tools && (!facts_.is_makers_own || is_strict_schema(tool.schema));
    if (tool.strict && !custom && (can_be_strict || !*tool.strict)) json.member("strict", *tool.strict);
    if (tool.strict == true && !can_be_strict) drop(path + ".strict");
    json.end_object();
  }
  if (!tool.cache_mark.empty()) {
    if (facts_.takes_cache_marks) {
      json.key("cache_control").raw(tool.cache_mark);
    } else {
      drop(path + ".cache_control");
    }
  }
  json.end_object();
}

// A grammar is flat in the neutral form; here it is in a nested object.
void BodyWriter::write_format(std::string_view format) {
  JsonDocument document;
  const bool flat = document.parse(format) && document.root()["definition"].exists();
  if (!flat) {
    out_ += format;
    return;
  }
  out_ += R"({"type":"grammar","grammar":{"definition":)";
  out_ += document.root()["definition"].raw();
  out_ += R"(,"syntax":)";
  out_ += document.root()["syntax"].exists() ? document.root()["syntax"].raw() : R"("lark")";
  out_ += "}}";
}

void BodyWriter::write_named(JsonText name) {
  const Tool* const tool = tool_named(name);
  const std::string_view type =
      tool != nullptr && tool->kind == ToolKind::custom && facts_.is_makers_own ? "custom" : "function";
  json_.object().member("type", type).key(type).object();
  text_member(json_, out_, "name", names_.shorten(name, {facts_.max_tool_name_bytes}));
  json_.end_object().end_object();
}

void BodyWriter::write_choice() {
  using enum ToolChoice::Mode;
  const ToolChoice& choice = request_.tool_choice;
  if (choice.mode == absent && choice.allowed.empty()) return;
  json_.key("tool_choice");
  if (choice.mode == none) {
    json_.value("none");
  } else if (choice.mode == required && choice.allowed.size() == 1) {
    write_named(choice.allowed.front());
  } else if (!choice.allowed.empty() && facts_.is_makers_own) {
    json_.object().member("type", "allowed_tools").key("allowed_tools").object();
    json_.member("mode", choice.mode == required ? "required" : "auto").key("tools").array();
    for (const JsonText name : choice.allowed) write_named(name);
    json_.end_array().end_object().end_object();
  } else {
    json_.value(choice.mode == required ? "required" : "auto");
  }
}

// --- settings ---

void BodyWriter::number(std::string_view name, std::string_view value, bool takes) {
  if (value.empty()) return;
  if (!takes) return drop(name);
  json_.key(name).raw(value);
}

void BodyWriter::write_sampling() {
  const Sampling& sampling = request_.sampling;
  const bool takes = facts_.takes_sampling;
  JsonDocument document;
  if (takes && document.parse(sampling.temperature) && document.root().number().value_or(0) > 2) {
    dropped_.add("temperature", DropReason::clamped);
    json_.member("temperature", 2);
  } else {
    number("temperature", sampling.temperature, takes);
  }
  number("top_p", sampling.top_p, takes);
  number("frequency_penalty", sampling.frequency_penalty, takes);
  number("presence_penalty", sampling.presence_penalty, takes);
  number("seed", sampling.seed, true);
  number("logit_bias", sampling.logit_bias, takes);
  number("top_k", sampling.top_k, facts_.takes_top_k);
  number("min_p", sampling.min_p, facts_.takes_top_k);
  if (facts_.takes_top_k) {
    number("repetition_penalty", sampling.repeat_penalty, true);
  } else {
    number("repeat_penalty", sampling.repeat_penalty, false);
  }
  const bool wants_top = sampling.top_logprobs.value_or(0) > 0;  // top_logprobs requires logprobs
  if ((sampling.logprobs || wants_top) && takes) json_.member("logprobs", wants_top || *sampling.logprobs);
  if (wants_top && takes) json_.member("top_logprobs", *sampling.top_logprobs);
  if ((sampling.logprobs == true || sampling.top_logprobs.value_or(0) > 0) && !takes) drop("logprobs");
}

void BodyWriter::write_limits() {
  if (!request_.stop.empty()) {
    if (facts_.takes_sampling) {
      const size_t count = std::min(request_.stop.size(), max_stops);
      if (count < request_.stop.size()) dropped_.add("stop", DropReason::clamped);
      json_.key("stop").array();
      for (size_t i = 0; i < count; ++i) {
        if (i != 0) out_ += ',';
        write_text(out_, request_.stop[i]);
      }
      out_ += ']';
    } else {
      drop("stop");
    }
  }
  if (request_.max_output_tokens) {
    const uint64_t most = std::max<uint64_t>(1, facts_.max_output_tokens.value_or(UINT64_MAX));
    const uint64_t asked = std::clamp<uint64_t>(*request_.max_output_tokens, 1, most);
    if (asked != *request_.max_output_tokens) dropped_.add("max_tokens", DropReason::clamped);
    json_.member(facts_.wants_max_tokens_old ? "max_tokens" : "max_completion_tokens", asked);
  }
  if (request_.choices > 1) json_.member("n", request_.choices);
}

void BodyWriter::write_response_format() {
  const ResponseFormat& format = request_.response_format;
  const bool has_schema = format.kind == ResponseFormat::Kind::json_schema && facts_.takes_json_schema;
  if (format.kind == ResponseFormat::Kind::json_schema && !has_schema) {
    dropped_.add("response_format.json_schema", DropReason::changed);
  }
  if (format.kind == ResponseFormat::Kind::absent || format.kind == ResponseFormat::Kind::text) return;
  json_.key("response_format").object();
  if (!has_schema) {
    json_.member("type", "json_object").end_object();
    return;
  }
  ToolNames names;
  json_.member("type", "json_schema").key("json_schema").object();
  text_member(json_, out_, "name", format.name.empty() ? JsonText{"answer"} : names.shorten(format.name, {}));
  if (!format.description.empty()) text_member(json_, out_, "description", format.description);
  json_.key("schema").raw(format.schema.empty() ? R"({"type":"object"})" : format.schema);
  const bool is_forced = format.strict == true && (!facts_.is_makers_own || is_strict_schema(format.schema));
  if (format.strict) json_.member("strict", is_forced);
  if (format.strict == true && !is_forced) dropped_.add("response_format", DropReason::changed);
  json_.end_object().end_object();
}

// Imitators accept low, medium and high; each of the maker's own models accepts its part of the scale.
std::string_view effort_taken(std::string_view effort, const TargetFacts& facts) {
  if (facts.is_makers_own) return effort_of_gpt(facts.model, effort);
  if (effort == "minimal") return "low";
  return effort == "xhigh" || effort == "max" ? "high" : effort;
}

void BodyWriter::write_reasoning() {
  const Reasoning& reasoning = request_.reasoning;
  using enum Reasoning::Mode;
  const bool asks = reasoning.mode == on || reasoning.mode == adaptive;
  if (reasoning.mode == off && facts_.is_makers_own && facts_.reasons_by_default) {
    const std::string_view least = least_effort_of_gpt(facts_.model);
    if (least != no_effort) dropped_.add("reasoning", DropReason::changed);
    json_.member("reasoning_effort", least);
  } else if (asks && (!facts_.reasons || !facts_.takes_effort)) {
    drop("reasoning");
  } else if (asks) {
    std::string_view effort = reasoning.effort;
    if (effort.empty() && reasoning.budget_tokens) effort = effort_for(*reasoning.budget_tokens);
    if (effort.empty() && (reasoning.mode == adaptive || !thinks_untold(facts_))) effort = "medium";
    const std::string_view taken = effort_taken(effort, facts_);
    if (taken != effort) dropped_.add("reasoning.effort", DropReason::clamped);
    if (!taken.empty()) json_.member("reasoning_effort", taken);
  }
  if (!reasoning.summary.empty() && reasoning.summary != "none") drop("reasoning.summary");
  if (request_.verbosity.empty()) return;
  if (facts_.is_makers_own && facts_.reasons) {
    json_.member("verbosity", request_.verbosity);
  } else {
    drop("verbosity");
  }
}

// The end user, and how the provider handles the request.
void BodyWriter::write_account() {
  if (!request_.user.empty()) {
    const std::string user = shortened(request_.user, max_user_bytes);
    if (user != request_.user.escaped) dropped_.add("user", DropReason::changed);
    text_member(json_, out_, "user", JsonText{user});
  }
  if (!facts_.is_makers_own) {
    if (!request_.prompt_cache_key.empty()) drop("prompt_cache_key");
    if (!request_.service_tier.empty()) drop("service_tier");
    if (!request_.metadata.empty()) drop("metadata");
    if (request_.store == true) drop("store");
    return;
  }
  if (!request_.prompt_cache_key.empty()) {
    text_member(json_, out_, "prompt_cache_key", JsonText{shortened(request_.prompt_cache_key, max_user_bytes)});
  }
  if (!request_.service_tier.empty()) {
    json_.member("service_tier", request_.service_tier == "standard_only" ? "default" : request_.service_tier);
  }
  if (request_.store) json_.member("store", *request_.store);
  if (request_.metadata.empty()) return;
  if (request_.store == true) {  // the API accepts it only with stored answers
    json_.key("metadata").raw(request_.metadata);
  } else {
    drop("metadata");
  }
}

// Asks the target to continue a last message of the assistant's, unless a caller of this dialect wrote that message:
// then it sets the members itself.
void BodyWriter::write_prefix_mark() {
  const bool is_told = facts_.continues_prefix && facts_.prefix_mark == TargetFacts::PrefixMark::on_request;
  if (!is_told || request_.messages.empty()) return;
  const Message& last = request_.messages.back();
  if (last.role != Role::assistant || (request_.from == Dialect::openai && !last.raw.empty())) return;
  json_.member("add_generation_prompt", false).member("continue_final_message", true);
}

void BodyWriter::write_stream() {
  if (!request_.stream) return;
  json_.member("stream", true);
  if (facts_.asks_usage) json_.key("stream_options").raw(R"({"include_usage":true})");
}

}  // namespace

Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped,
                           WrittenRequest& written) {
  BodyWriter writer(request, facts, dropped, written);
  const bool own = request.from == Dialect::openai && request.document->root()["messages"].is_array();
  return own ? writer.write_own() : writer.write();
}

std::string path(std::string_view, bool) { return "/chat/completions"; }

}  // namespace sluice::api::openai
