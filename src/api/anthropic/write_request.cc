#include <algorithm>
#include <optional>
#include <utility>

#include "api/anthropic/conversation.h"
#include "api/anthropic/tool_schema.h"
#include "api/anthropic/translate.h"
#include "api/anthropic/write_own.h"
#include "api/anthropic/write_tools.h"

namespace sluice::api::anthropic {
namespace {

constexpr uint64_t least_budget = least_thinking_budget;  // the least the API takes
constexpr std::string_view usual_version = "2023-06-01";
constexpr uint64_t usual_max_tokens = 4096;  // if neither the caller nor the model sets one
constexpr uint64_t room_for_words = 4096;    // in addition to thinking

std::optional<double> number_of(std::string_view spelled) {
  JsonDocument document;
  if (!document.parse(spelled)) return std::nullopt;
  return document.root().number();
}

// --- how much it may write, and think ---

struct Thinking {
  bool on = false, is_adaptive = false;
  uint64_t budget_tokens = 0;
  std::string_view effort{};
};

struct Limits {
  uint64_t max_tokens = 0;
  Thinking thinking{};
};

std::string_view effort_word(const Reasoning& reasoning) {
  constexpr std::string_view known[] = {"low", "medium", "high", "xhigh", "max"};
  if (reasoning.effort == "minimal") return known[0];
  if (std::find(std::begin(known), std::end(known), reasoning.effort) != std::end(known)) return reasoning.effort;
  return reasoning.budget_tokens ? effort_for(*reasoning.budget_tokens) : std::string_view();
}

uint64_t wanted_budget(const Reasoning& reasoning, Dropped& dropped) {
  const uint64_t budget = reasoning.budget_tokens.value_or(budget_for(reasoning.effort));
  if (!reasoning.budget_tokens && !is_known_effort(reasoning.effort))
    dropped.add("reasoning.effort", DropReason::changed);
  if (budget < least_budget) dropped.add("reasoning", DropReason::clamped);
  return std::max(budget, least_budget);
}

uint64_t default_max_tokens(const TargetFacts& facts, uint64_t budget, Dropped& dropped) {
  if (facts.default_max_tokens != 0) return facts.default_max_tokens;
  dropped.add("max_tokens", DropReason::invented);
  if (facts.max_output_tokens) return *facts.max_output_tokens;
  return budget == 0 ? usual_max_tokens : std::max(usual_max_tokens, budget + room_for_words);
}

uint64_t told_max_tokens(uint64_t told, const TargetFacts& facts, Dropped& dropped) {
  if (!facts.max_output_tokens || told <= *facts.max_output_tokens) return told;
  dropped.add("max_tokens", DropReason::clamped);
  return *facts.max_output_tokens;
}

Limits limits_for(Draft& draft, const Conversation& conversation) {
  const Reasoning& reasoning = draft.request.reasoning;
  const TargetFacts& facts = draft.facts;
  Limits limits;
  Thinking& thinking = limits.thinking;
  using enum Reasoning::Mode;
  bool wanted = reasoning.mode == on || reasoning.mode == adaptive;
  // With a thinking budget, the assistant's turn that called the tools must begin with thinking.
  if (wanted && (!facts.reasons || (!facts.adaptive_only && conversation.is_loop_without_thinking()))) {
    draft.dropped.add("reasoning", DropReason::unsupported);
    wanted = false;
  }
  if (wanted && (facts.takes_effort || facts.adaptive_only)) thinking.effort = effort_word(reasoning);
  if (wanted && facts.adaptive_only) thinking.on = thinking.is_adaptive = true;
  const bool by_budget = wanted && !facts.adaptive_only;
  const uint64_t budget = by_budget ? wanted_budget(reasoning, draft.dropped) : 0;
  const std::optional<uint64_t> told = draft.request.max_output_tokens;
  limits.max_tokens =
      told ? told_max_tokens(*told, facts, draft.dropped) : default_max_tokens(facts, budget, draft.dropped);
  if (!by_budget) return limits;
  thinking.budget_tokens = budget_below(limits.max_tokens, budget);
  thinking.on = thinking.budget_tokens != 0;
  if (!thinking.on) draft.dropped.add("reasoning", DropReason::unsupported);
  if (thinking.on && reasoning.budget_tokens && thinking.budget_tokens < budget) {
    draft.dropped.add("reasoning", DropReason::clamped);
  }
  return limits;
}

void write_thinking_setting(Draft& draft, const Thinking& thinking, JsonWriter& json) {
  if (!thinking.on) return;
  json.key("thinking").object();
  if (thinking.is_adaptive) {
    json.member("type", "adaptive");
    const std::string_view summary = draft.request.reasoning.summary;
    if (!summary.empty()) json.member("display", summary == "none" ? "omitted" : "summarized");
  } else {
    json.member("type", "enabled").member("budget_tokens", thinking.budget_tokens);
  }
  json.end_object();
}

// --- system and the form of the answer ---

// JSON output that the API cannot enforce is asked for in words.
std::string format_in_words(const ResponseFormat& format) {
  std::string words = "Answer with one JSON object and nothing else: no words around it, no code fence.";
  if (!format.schema.empty()) {
    words += " It must be valid by this JSON Schema:\n";
    words += format.schema;
  }
  return words;
}

void write_output_config(Draft& draft, const Thinking& thinking, bool forces_format, JsonWriter& json,
                         std::string& out) {
  if (!forces_format && thinking.effort.empty()) return;
  json.key("output_config").object();
  if (!thinking.effort.empty()) json.member("effort", thinking.effort);
  if (forces_format) {
    json.key("format").object().member("type", "json_schema").key("schema");
    if (!append_strict_schema(out, draft.request.response_format.schema)) {
      draft.dropped.add("response_format", DropReason::changed);
    }
    json.end_object();
  }
  json.end_object();
}

Result<void> write_system(Draft& draft, const std::string& more, std::string& out) {
  bool any = false;
  const auto begin = [&] {
    out += any ? "," : R"(,"system":[)";
    any = true;
  };
  for (size_t i = 0; i < draft.request.system.size(); ++i) {
    const Part& part = draft.request.system[i];
    const std::string path = path_of("system", i);
    if (part.kind != PartKind::text)
      return fail(ErrorCode::untranslatable, path + ": the target takes only text there");
    if (is_blank(part.text)) continue;
    begin();
    if (const Result<void> done = write_content(draft, part, path, out); !done) return done;
  }
  if (!more.empty()) {
    begin();
    JsonWriter(out += R"({"type":"text","text":)").value(more).end_object();
  }
  if (any) out += ']';
  return {};
}

// --- sampling and the rest ---

void write_temperature_and_top_p(Draft& draft, bool thinks, JsonWriter& json) {
  const Sampling& sampling = draft.request.sampling;
  constexpr double least_top_p_with_thinking = 0.95;
  std::optional<double> temperature = number_of(sampling.temperature), top_p = number_of(sampling.top_p);
  const bool takes = draft.facts.takes_sampling;
  if (temperature && (!takes || thinks)) {
    if (*temperature != 1) draft.dropped.add("temperature", DropReason::unsupported);
    temperature.reset();
  }
  if (top_p && (!takes || (thinks && *top_p < least_top_p_with_thinking))) {
    if (*top_p != 1) draft.dropped.add("top_p", DropReason::unsupported);
    top_p.reset();
  }
  // A value of 1 is the default and changes nothing.
  if (temperature && top_p && draft.facts.one_of_both) {
    if (*temperature == 1) {
      temperature.reset();
    } else {
      if (*top_p != 1) draft.dropped.add("top_p", DropReason::unsupported);
      top_p.reset();
    }
  }
  if (temperature) {
    const bool fits = *temperature >= 0 && *temperature <= 1;
    if (!fits) draft.dropped.add("temperature", DropReason::clamped);
    json.key("temperature").raw(fits ? sampling.temperature : *temperature < 0 ? "0" : "1");
  }
  if (top_p) {
    const bool fits = *top_p >= 0 && *top_p <= 1;
    if (!fits) draft.dropped.add("top_p", DropReason::clamped);
    json.key("top_p").raw(fits ? sampling.top_p : *top_p < 0 ? "0" : "1");
  }
}

void write_top_k(Draft& draft, bool thinks, JsonWriter& json) {
  const std::string_view spelled = draft.request.sampling.top_k;
  if (spelled.empty()) return;
  JsonDocument document;
  const std::optional<uint64_t> count = document.parse(spelled) ? document.root().count() : std::nullopt;
  if (thinks || !draft.facts.takes_sampling || !count) return draft.dropped.add("top_k", DropReason::unsupported);
  json.member("top_k", *count);
}

void drop_what_has_no_place(Draft& draft) {
  const Request& request = draft.request;
  const Sampling& sampling = request.sampling;
  const auto drop = [&draft](std::string_view path) { draft.dropped.add(path, DropReason::unsupported); };
  const std::pair<std::string_view, std::string_view> numbers[] = {{"min_p", sampling.min_p},
                                                                   {"frequency_penalty", sampling.frequency_penalty},
                                                                   {"presence_penalty", sampling.presence_penalty},
                                                                   {"repeat_penalty", sampling.repeat_penalty}};
  for (const auto& [path, value] : numbers) {
    if (!value.empty()) drop(path);
  }
  if (!sampling.seed.empty()) drop("seed");
  if (!sampling.logit_bias.empty() && sampling.logit_bias != "{}") drop("logit_bias");
  if (sampling.logprobs == true) drop("logprobs");
  if (sampling.top_logprobs.value_or(0) != 0) drop("top_logprobs");
  if (!request.verbosity.empty()) drop("verbosity");
  if (!request.metadata.empty() && request.metadata != "{}") drop("metadata");
  if (!request.prompt_cache_key.empty()) drop("prompt_cache_key");
  if (request.store == true) drop("store");
}

void write_stop(Draft& draft, JsonWriter& json, std::string& out) {
  bool any = false;
  for (const JsonText& stop : draft.request.stop) {
    if (is_blank(stop)) {
      draft.dropped.add("stop", DropReason::unsupported);
      continue;
    }
    if (!any) json.key("stop_sequences").array();
    any = true;
    if (out.back() != '[') out += ',';
    out += '"';
    out += stop.escaped;
    out += '"';
  }
  if (any) json.end_array();
}

void write_service_tier(Draft& draft, JsonWriter& json) {
  const std::string_view tier = draft.request.service_tier;
  if (tier.empty() || tier == "auto") return;
  if (tier == "default" || tier == "standard_only") {
    json.member("service_tier", "standard_only");
  } else {
    draft.dropped.add("service_tier", DropReason::unsupported);
  }
}

Result<void> write_translated(Draft& draft, std::string& out) {
  const Request& request = draft.request;
  if (request.choices > 1) return fail(ErrorCode::untranslatable, "the target gives one answer, not several");
  Conversation conversation(draft);
  conversation.gather();
  const Limits limits = limits_for(draft, conversation);
  const bool thinks = limits.thinking.on;
  const ResponseFormat& format = request.response_format;
  const bool wants_json =
      format.kind == ResponseFormat::Kind::json_object || format.kind == ResponseFormat::Kind::json_schema;
  const bool forces_format =
      format.kind == ResponseFormat::Kind::json_schema && !format.schema.empty() && draft.facts.takes_json_schema;
  const bool in_words = wants_json && !forces_format;
  if (in_words) draft.dropped.add("response_format", DropReason::changed);
  if (!format.description.empty()) draft.dropped.add("response_format.description", DropReason::unsupported);

  JsonWriter json(out);
  json.object().member("model", draft.facts.model).member("max_tokens", limits.max_tokens);
  if (request.stream) json.member("stream", true);
  if (const auto done = write_system(draft, in_words ? format_in_words(format) : "", out); !done) return done;
  write_tools(draft, conversation.called(), thinks, out);
  write_thinking_setting(draft, limits.thinking, json);
  write_output_config(draft, limits.thinking, forces_format, json, out);
  write_temperature_and_top_p(draft, thinks, json);
  write_top_k(draft, thinks, json);
  write_stop(draft, json, out);
  write_service_tier(draft, json);
  if (!request.user.empty()) {
    json.key("metadata").object();
    escaped_member(out, "user_id", request.user);
    json.end_object();
  }
  drop_what_has_no_place(draft);
  json.key("messages");
  if (const auto done = conversation.write(draft.facts.takes_prefill && !thinks, out); !done) return done;
  json.end_object();
  return {};
}

}  // namespace

Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped,
                           WrittenRequest& written) {
  if (request.from == own) {
    write_own(request, facts, dropped, written.body);
    return {};
  }
  // Later versions have no temperature, top_p and top_k. The provider's configuration may override this header field.
  TargetFacts of_version = facts;
  if (facts.api_version > usual_version) of_version.takes_sampling = false;
  Draft draft{request, of_version, dropped, written.names};
  written.head_lines.append("anthropic-version: ").append(usual_version).append("\r\n");
  return write_translated(draft, written.body);
}

std::string path(std::string_view, bool) { return "/v1/messages"; }

}  // namespace sluice::api::anthropic
