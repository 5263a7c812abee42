// Writes a request for a target. One of the same dialect is the caller's body again, except for the model and what was
// changed on the way; one of another is written from the neutral form.
#include <algorithm>
#include <unordered_set>

#include "api/object_schema.h"
#include "api/responses/translate.h"
#include "api/responses/write_input.h"

namespace sluice::api::responses {
namespace {

constexpr uint64_t min_output_tokens = 16;
constexpr size_t max_user_bytes = 64;
constexpr uint64_t max_top_logprobs = 20;

class RequestWriter {
 public:
  RequestWriter(const Request& request, const TargetFacts& facts, Dropped& dropped, WrittenRequest& written)
      : request_(request),
        facts_(facts),
        dropped_(dropped),
        written_(written),
        json_(written.body),
        input_(request, facts, dropped, written, json_) {}

  Result<void> write() {
    const JsonValue body = request_.document->root();
    return request_.from == facts_.origin.dialect && body.is_object() ? write_own(body) : write_neutral();
  }

 private:
  Result<void> write_own(JsonValue body);
  Result<void> write_neutral();
  void write_instructions();
  void write_tools();
  void write_function(const Tool& tool, const std::string& path);
  void write_custom(const Tool& tool);
  void write_tool_choice();
  void write_tool_name(JsonText name);
  void write_sampling();
  void write_limits();
  void write_text_settings();
  void write_reasoning();
  std::string_view effort_for_off();
  void write_identity();
  void write_include();
  // A number, clamped to the range from 0 to `most`.
  void write_bounded(std::string_view name, std::string_view number, double most, std::string_view max_text);
  void drop(std::string_view path, DropReason reason = DropReason::unsupported) { dropped_.add(path, reason); }

  const Request& request_;
  const TargetFacts& facts_;
  Dropped& dropped_;
  WrittenRequest& written_;
  std::unordered_set<std::string_view> custom_names_;  // filled by the first lookup
  TextWriter json_;
  InputWriter input_;
  bool has_tools_ = false;
};

// The caller's members in their order; those that may have been changed are written from the request.
Result<void> RequestWriter::write_own(JsonValue body) {
  json_.object();
  for (const JsonValue member : body) {
    if (request_.holds_earlier && member.named("previous_response_id")) continue;
    json_.text_key(member.key());
    if (member.named("model")) {
      json_.value(facts_.model);
    } else if (member.named("input") && !request_.messages.empty()) {
      if (Result<void> done = input_.write(); !done) return done;
    } else if (member.named("stream") && member.boolean().value_or(false) != request_.stream) {
      json_.value(request_.stream);
    } else if (member.named("max_output_tokens") && request_.max_output_tokens) {
      json_.value(*request_.max_output_tokens);
    } else {
      json_.raw(member.raw());
    }
  }
  if (request_.stream && !body["stream"].exists()) json_.member("stream", true);
  if (request_.max_output_tokens && !body["max_output_tokens"].exists()) {
    json_.member("max_output_tokens", *request_.max_output_tokens);
  }
  json_.end_object();
  return {};
}

Result<void> RequestWriter::write_neutral() {
  json_.object().member("model", facts_.model);
  write_instructions();
  json_.key("input");
  if (Result<void> done = input_.write(); !done) return done;
  write_tools();
  write_tool_choice();
  write_limits();
  write_sampling();
  write_text_settings();
  write_reasoning();
  write_identity();
  write_include();
  json_.member("store", request_.store.value_or(false));
  if (request_.stream) json_.member("stream", true);
  json_.end_object();
  return {};
}

// The system's texts, joined. The maker's own API gets several as a message instead (write_system).
void RequestWriter::write_instructions() {
  if (request_.system.empty() || system_is_message(request_, facts_)) return;
  std::string joined;
  for (size_t i = 0; i < request_.system.size(); ++i) {
    const Part& part = request_.system[i];
    if (part.kind != PartKind::text) {
      drop(path_of("system", i));
      continue;
    }
    if (!part.cache_mark.empty()) drop(path_of("system", i, "cache_control"));
    if (!joined.empty()) joined += between_pieces;
    joined += part.text.escaped;
  }
  if (!joined.empty()) json_.text_member("instructions", JsonText{joined});
}

void RequestWriter::write_tools() {
  const auto is_known = [](const Tool& tool) { return tool.kind != ToolKind::other; };
  has_tools_ = std::any_of(request_.tools.begin(), request_.tools.end(), is_known);
  if (has_tools_) json_.key("tools").array();
  for (size_t i = 0; i < request_.tools.size(); ++i) {
    const Tool& tool = request_.tools[i];
    const std::string path = path_of("tools", i);
    if (!tool.cache_mark.empty()) drop(path + ".cache_control");
    if (tool.kind == ToolKind::function) {
      write_function(tool, path);
    } else if (tool.kind == ToolKind::custom) {
      write_custom(tool);
    } else {
      drop(path);
    }
  }
  if (has_tools_) json_.end_array();
}

// An absent `strict` means false in other dialects, but true in this API: so it is always written.
void RequestWriter::write_function(const Tool& tool, const std::string& path) {
  json_.object().member("type", "function");
  json_.text_member("name", written_.names.shorten(tool.name, name_rules(facts_)));
  if (!tool.description.empty()) json_.text_member("description", tool.description);
  json_.key("parameters");
  if (!append_object_schema(written_.body, tool.schema, root_rules(facts_.is_makers_own))) {
    drop(path + ".parameters", DropReason::changed);
  }
  const bool strict = tool.strict.value_or(false);
  const bool can_be = facts_.strict_tools && (!facts_.is_makers_own || is_strict_schema(tool.schema));
  if (strict && !can_be) drop(path + ".strict");
  json_.member("strict", strict && can_be).end_object();
}

// The grammar is flat here; elsewhere it is in a nested object.
void RequestWriter::write_custom(const Tool& tool) {
  json_.object().member("type", "custom");
  json_.text_member("name", written_.names.shorten(tool.name, name_rules(facts_)));
  if (!tool.description.empty()) json_.text_member("description", tool.description);
  JsonDocument document;
  if (!tool.format.empty() && document.parse(tool.format)) {
    const JsonValue grammar = document.root()["grammar"];
    if (grammar.is_object()) {
      json_.key("format").object().member("type", "grammar");
      for (const JsonValue member : grammar) json_.text_key(member.key()).raw(member.raw());
      json_.end_object();
    } else {
      json_.key("format").raw(tool.format);
    }
  }
  json_.end_object();
}

void RequestWriter::write_tool_name(JsonText name) {
  if (custom_names_.empty()) {
    custom_names_.insert("");  // not a tool's name: marks the set as filled
    for (const Tool& tool : request_.tools) {
      if (tool.kind == ToolKind::custom) custom_names_.insert(tool.name.escaped);
    }
  }
  const bool is_custom = custom_names_.contains(name.escaped);
  json_.object().member("type", is_custom ? "custom" : "function");
  json_.text_member("name", written_.names.shorten(name, name_rules(facts_)));
  json_.end_object();
}

void RequestWriter::write_tool_choice() {
  using enum ToolChoice::Mode;
  const ToolChoice& choice = request_.tool_choice;
  if (!has_tools_) {
    if (choice.mode == required) drop("tool_choice");
    return;
  }
  if (choice.parallel) json_.member("parallel_tool_calls", *choice.parallel);
  if (choice.mode == none || choice.allowed.empty()) {
    if (choice.mode == absent) return;
    json_.member("tool_choice", choice.mode == none ? "none" : choice.mode == required ? "required" : "auto");
    return;
  }
  json_.key("tool_choice");
  if (choice.mode == required && choice.allowed.size() == 1) return write_tool_name(choice.allowed[0]);
  json_.object().member("type", "allowed_tools").member("mode", choice.mode == required ? "required" : "auto");
  json_.key("tools").array();
  for (const JsonText name : choice.allowed) write_tool_name(name);
  json_.end_array().end_object();
}

void RequestWriter::write_limits() {
  if (!request_.max_output_tokens) return;
  uint64_t most = std::max(*request_.max_output_tokens, min_output_tokens);
  if (facts_.max_output_tokens) most = std::min(most, *facts_.max_output_tokens);
  if (most != *request_.max_output_tokens) drop("max_output_tokens", DropReason::clamped);
  json_.member("max_output_tokens", most);
}

void RequestWriter::write_bounded(std::string_view name, std::string_view number, double most,
                                  std::string_view max_text) {
  if (number.empty()) return;
  if (!facts_.takes_sampling) return drop(name);
  JsonDocument document;
  const auto value = document.parse(number) ? document.root().number() : std::nullopt;
  if (!value) return drop(name);
  const bool fits = *value >= 0 && *value <= most;
  if (!fits) drop(name, DropReason::clamped);
  json_.key(name).raw(fits ? number : *value < 0 ? "0" : max_text);
}

void RequestWriter::write_sampling() {
  const Sampling& sampling = request_.sampling;
  write_bounded("temperature", sampling.temperature, 2, "2");
  write_bounded("top_p", sampling.top_p, 1, "1");
  const std::pair<std::string_view, std::string_view> unknown[] = {{"top_k", sampling.top_k},
                                                                   {"min_p", sampling.min_p},
                                                                   {"frequency_penalty", sampling.frequency_penalty},
                                                                   {"presence_penalty", sampling.presence_penalty},
                                                                   {"repeat_penalty", sampling.repeat_penalty},
                                                                   {"seed", sampling.seed},
                                                                   {"logit_bias", sampling.logit_bias}};
  for (const auto& [name, value] : unknown) {
    if (!value.empty()) drop(name);
  }
  if (!request_.stop.empty()) drop("stop");
  if (!sampling.top_logprobs) return;
  if (!facts_.takes_sampling) return drop("top_logprobs");
  if (*sampling.top_logprobs > max_top_logprobs) drop("top_logprobs", DropReason::clamped);
  json_.member("top_logprobs", std::min(*sampling.top_logprobs, max_top_logprobs));
}

void RequestWriter::write_text_settings() {
  using enum ResponseFormat::Kind;
  const ResponseFormat& format = request_.response_format;
  if (format.kind == absent && request_.verbosity.empty()) return;
  json_.key("text").object();
  if (format.kind == ResponseFormat::Kind::text) json_.key("format").raw(R"({"type":"text"})");
  if (format.kind == json_object) json_.key("format").raw(R"({"type":"json_object"})");
  if (format.kind == json_schema) {
    json_.key("format").object().member("type", "json_schema");
    ToolNames names;
    json_.text_member("name", format.name.empty() ? JsonText{"response"} : names.shorten(format.name, {}));
    if (!format.description.empty()) json_.text_member("description", format.description);
    json_.key("schema").raw(format.schema.empty() ? R"({"type":"object"})" : format.schema);
    const bool is_forced = format.strict == true && (!facts_.is_makers_own || is_strict_schema(format.schema));
    if (format.strict) json_.member("strict", is_forced);
    if (format.strict == true && !is_forced) drop("response_format", DropReason::changed);
    json_.end_object();
  }
  if (!request_.verbosity.empty()) json_.member("verbosity", request_.verbosity);
  json_.end_object();
}

// The lowest effort that the model accepts if thinking is turned off.
std::string_view RequestWriter::effort_for_off() {
  if (!facts_.is_makers_own) return no_effort;
  if (!facts_.reasons_by_default) return "";
  const std::string_view least = least_effort_of_gpt(facts_.model);
  if (least != no_effort) drop("reasoning", DropReason::changed);
  return least;
}

void RequestWriter::write_reasoning() {
  using enum Reasoning::Mode;
  const Reasoning& reasoning = request_.reasoning;
  if (reasoning.mode == absent && reasoning.effort.empty()) return;
  if (!facts_.reasons) {
    if (reasoning.mode != off) drop("reasoning");
    return;
  }
  std::string_view effort = reasoning.effort;
  if (reasoning.mode == off) {
    effort = effort_for_off();
  } else if (effort.empty() && reasoning.budget_tokens) {
    effort = effort_for(*reasoning.budget_tokens);
  } else if (effort.empty() && (reasoning.mode == adaptive || (reasoning.mode == on && !thinks_untold(facts_)))) {
    effort = "medium";
  }
  if (facts_.is_makers_own && reasoning.mode != off) {
    const std::string_view taken = effort_of_gpt(facts_.model, effort);
    if (taken != effort) drop("reasoning.effort", DropReason::clamped);
    effort = taken;
  }
  const bool has_summary = !reasoning.summary.empty() && reasoning.summary != "none" && reasoning.mode != off;
  if (effort.empty() && !has_summary) return;
  json_.key("reasoning").object();
  if (!effort.empty()) json_.member("effort", effort);
  if (has_summary) json_.member("summary", reasoning.summary);
  json_.end_object();
}

// The end user, and what helps to find the request again.
void RequestWriter::write_identity() {
  if (!request_.user.empty()) {
    ToolNames ids;
    const bool fits = request_.user.escaped.size() <= max_user_bytes;
    if (!fits) drop("user", DropReason::changed);
    json_.text_member("user", fits ? request_.user : ids.shorten(request_.user, {max_user_bytes, false, false}));
  }
  if (!request_.metadata.empty()) json_.key("metadata").raw(request_.metadata);
  if (!request_.prompt_cache_key.empty()) json_.text_member("prompt_cache_key", request_.prompt_cache_key);
  if (!request_.service_tier.empty()) {
    json_.member("service_tier", request_.service_tier == "standard_only" ? "default" : request_.service_tier);
  }
}

void RequestWriter::write_include() {
  const bool wants_logprobs = request_.sampling.logprobs.value_or(false);
  const bool logprobs = wants_logprobs && facts_.takes_sampling;
  if (wants_logprobs && !logprobs) drop("logprobs");
  if (!facts_.reasons && !logprobs) return;
  json_.key("include").array();
  if (facts_.reasons) json_.value(include_encrypted);
  if (logprobs) json_.value(include_logprobs);
  json_.end_array();
}

}  // namespace

Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped,
                           WrittenRequest& written) {
  return RequestWriter(request, facts, dropped, written).write();
}

std::string path_below(std::string_view, bool) { return "/responses"; }

}  // namespace sluice::api::responses
