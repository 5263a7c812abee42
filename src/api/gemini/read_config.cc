#include "api/gemini/read_config.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "api/gemini/fields.h"
#include "api/gemini/read_contents.h"
#include "api/gemini/schema.h"
#include "base/text.h"

namespace sluice::api::gemini {
namespace {

constexpr std::string_view config_path = "generationConfig";

constexpr std::string_view config_names[] = {"temperature",
                                             "topP",
                                             "topK",
                                             "frequencyPenalty",
                                             "presencePenalty",
                                             "seed",
                                             "maxOutputTokens",
                                             "stopSequences",
                                             "candidateCount",
                                             "responseLogprobs",
                                             "logprobs",
                                             "responseMimeType",
                                             "responseSchema",
                                             "responseJsonSchema",
                                             "_responseJsonSchema",
                                             "responseModalities",
                                             "thinkingConfig"};
struct ConfigField {
  enum Place : unsigned char {
    temperature,
    top_p,
    top_k,
    frequency_penalty,
    presence_penalty,
    seed,
    max_output_tokens,
    stop_sequences,
    candidate_count,
    response_logprobs,
    logprobs,
    response_mime_type,
    response_schema,
    response_json_schema,
    older_response_json_schema,
    response_modalities,
    thinking_config
  };
};

std::string path_to(ConfigField::Place which) { return below(config_path, config_names[which]); }

Result<void> read_numbers(const NamedMembers& fields, Request& request) {
  Sampling& sampling = request.sampling;
  const std::pair<ConfigField::Place, std::string_view*> numbers[] = {
      {ConfigField::temperature, &sampling.temperature},
      {ConfigField::top_p, &sampling.top_p},
      {ConfigField::top_k, &sampling.top_k},
      {ConfigField::frequency_penalty, &sampling.frequency_penalty},
      {ConfigField::presence_penalty, &sampling.presence_penalty},
      {ConfigField::seed, &sampling.seed}};
  for (const auto& [which, number] : numbers) {
    if (!fields[which].exists()) continue;
    *number = digits_of(fields[which]);
    if (number->empty()) return wrong_field(path_to(which), "must be a number");
  }
  std::optional<uint64_t> choices;
  const std::pair<ConfigField::Place, std::optional<uint64_t>*> counts[] = {
      {ConfigField::max_output_tokens, &request.max_output_tokens},
      {ConfigField::logprobs, &sampling.top_logprobs},
      {ConfigField::candidate_count, &choices}};
  for (const auto& [which, count] : counts) {
    if (!fields[which].exists()) continue;
    *count = count_of(fields[which]);
    if (!*count) return wrong_field(path_to(which), "must be a whole number");
  }
  sampling.logprobs = fields[ConfigField::response_logprobs].boolean();
  request.choices = choices.value_or(1);
  if (request.choices > 1)
    request.demands.push_back({path_to(ConfigField::candidate_count), "asks for several answers"});
  for (const JsonValue stop : elements_of(fields[ConfigField::stop_sequences])) {
    if (!stop.is_string()) return wrong_field(path_to(ConfigField::stop_sequences), "must be an array of strings");
    request.stop.push_back(stop.text());
  }
  return {};
}

Result<void> read_format(const NamedMembers& fields, Request& request) {
  ResponseFormat& format = request.response_format;
  const JsonValue type = fields[ConfigField::response_mime_type];
  if (type.exists() && !type.is_string())
    return wrong_field(path_to(ConfigField::response_mime_type), "must be a string");
  JsonValue schema;
  for (const ConfigField::Place which :
       {ConfigField::response_schema, ConfigField::older_response_json_schema, ConfigField::response_json_schema}) {
    if (!fields[which].exists()) continue;
    if (!fields[which].is_object()) return wrong_field(path_to(which), "must be a schema");
    schema = fields[which];
  }
  const std::string word = to_lower(type.word());
  if (word == "text/plain") {
    format.kind = ResponseFormat::Kind::text;
  } else if (word == "application/json" || (word.empty() && schema.exists())) {
    format.kind = schema.exists() ? ResponseFormat::Kind::json_schema : ResponseFormat::Kind::json_object;
    if (schema.exists()) format.schema = json_schema_of(schema, request.arena);
  } else if (!word.empty()) {  // text/x.enum: the answer is a bare word of the schema
    carry_all(request.bag, {type}, "generationConfig.", request.arena);
    if (schema.exists()) carry_all(request.bag, {schema}, "generationConfig.", request.arena);
  }
  return {};
}

Result<void> read_modalities(JsonValue list, Request& request) {
  bool has_text = false, has_other = false;
  for (const JsonValue one : elements_of(list)) {
    if (!one.is_string()) return wrong_field(path_to(ConfigField::response_modalities), "must be an array of strings");
    const bool is_text = to_lower(one.word()) == "text";
    (is_text ? has_text : has_other) = true;
  }
  if (!has_other) return {};
  carry_all(request.bag, {list}, "generationConfig.", request.arena);
  if (!has_text)
    request.demands.push_back({path_to(ConfigField::response_modalities), "asks for an answer that is not text"});
  return {};
}

Result<void> read_thinking(JsonValue config, Request& request) {
  constexpr std::string_view thinking_names[] = {"thinkingBudget", "thinkingLevel", "includeThoughts"};
  if (!config.exists()) return {};
  const std::string path = path_to(ConfigField::thinking_config);
  const Result<NamedMembers> fields = NamedMembers::of(config, thinking_names, path);
  if (!fields) return tl::unexpected<Error>(fields.error());
  carry_all(request.bag, fields->rest(), path + ".", request.arena);
  Reasoning& reasoning = request.reasoning;
  if (const JsonValue budget = (*fields)[0]; budget.exists()) {
    if (digits_of(budget) == "-1") {
      reasoning.mode = Reasoning::Mode::adaptive;
    } else {
      reasoning.budget_tokens = count_of(budget);
      if (!reasoning.budget_tokens) return wrong_field(path + ".thinkingBudget", "must be a whole number or -1");
      const bool is_off = *reasoning.budget_tokens == 0;
      if (is_off) reasoning.budget_tokens.reset();
      reasoning.mode = is_off ? Reasoning::Mode::off : Reasoning::Mode::on;
    }
  }
  if (const JsonValue level = (*fields)[1]; level.exists()) {
    if (!level.is_string()) return wrong_field(path + ".thinkingLevel", "must be a string");
    const std::string word = to_lower(level.word());
    if (word != "thinking_level_unspecified") {
      reasoning.mode = Reasoning::Mode::on;
      reasoning.effort = request.arena.keep(word);
    }
  }
  if (const std::optional<bool> shown = (*fields)[2].boolean()) {
    reasoning.summary = *shown ? "auto" : "none";
    // These models think unless told not to, so a caller who wants to see thoughts wants thinking.
    if (*shown && reasoning.mode == Reasoning::Mode::absent) reasoning.mode = Reasoning::Mode::adaptive;
  }
  return {};
}

}  // namespace

Result<void> read_config(JsonValue config, Request& request) {
  if (!config.exists()) return {};
  const Result<NamedMembers> fields = NamedMembers::of(config, config_names, config_path);
  if (!fields) return tl::unexpected<Error>(fields.error());
  carry_all(request.bag, fields->rest(), "generationConfig.", request.arena);
  if (Result<void> done = read_numbers(*fields, request); !done) return done;
  if (Result<void> done = read_format(*fields, request); !done) return done;
  if (Result<void> done = read_modalities((*fields)[ConfigField::response_modalities], request); !done) return done;
  return read_thinking((*fields)[ConfigField::thinking_config], request);
}

}  // namespace sluice::api::gemini
