// Reads requests of chat completions and of the older completions into the neutral form.
#include <array>
#include <utility>

#include "api/openai/member_reader.h"
#include "api/openai/read_messages.h"
#include "api/openai/translate.h"

namespace sluice::api::openai {
namespace {

constexpr UsualValue usual_values[] = {
    {"echo", "false"}, {"best_of", "1"}, {"ignore_eos", "false"}, {"use_beam_search", "false"}};

class RequestReader {
 public:
  RequestReader(Request& request, const ReadContext& context) : request_(request), context_(context) {}
  Result<void> read(std::string_view body);

 private:
  // The members that are read. Others go to the bag.
  enum Known : uint8_t {
    model,
    messages,
    prompt,
    suffix,
    echo,
    tools,
    functions,
    tool_choice,
    function_call,
    parallel_tool_calls,
    temperature,
    top_p,
    top_k,
    min_p,
    frequency_penalty,
    presence_penalty,
    repetition_penalty,
    repeat_penalty,
    seed,
    logit_bias,
    logprobs,
    top_logprobs,
    stop,
    max_completion_tokens,
    max_tokens,
    n,
    modalities,
    response_format,
    reasoning_effort,
    reasoning,
    thinking,
    enable_thinking,
    verbosity,
    stream,
    stream_options,
    user,
    safety_identifier,
    metadata,
    service_tier,
    prompt_cache_key,
    store,
    all_known
  };
  static constexpr std::array<std::string_view, all_known> known_names = {"model",
                                                                          "messages",
                                                                          "prompt",
                                                                          "suffix",
                                                                          "echo",
                                                                          "tools",
                                                                          "functions",
                                                                          "tool_choice",
                                                                          "function_call",
                                                                          "parallel_tool_calls",
                                                                          "temperature",
                                                                          "top_p",
                                                                          "top_k",
                                                                          "min_p",
                                                                          "frequency_penalty",
                                                                          "presence_penalty",
                                                                          "repetition_penalty",
                                                                          "repeat_penalty",
                                                                          "seed",
                                                                          "logit_bias",
                                                                          "logprobs",
                                                                          "top_logprobs",
                                                                          "stop",
                                                                          "max_completion_tokens",
                                                                          "max_tokens",
                                                                          "n",
                                                                          "modalities",
                                                                          "response_format",
                                                                          "reasoning_effort",
                                                                          "reasoning",
                                                                          "thinking",
                                                                          "enable_thinking",
                                                                          "verbosity",
                                                                          "stream",
                                                                          "stream_options",
                                                                          "user",
                                                                          "safety_identifier",
                                                                          "metadata",
                                                                          "service_tier",
                                                                          "prompt_cache_key",
                                                                          "store"};
  void read_prompt();
  void read_tools();
  void read_tool(JsonValue value, const ChatPlace& place);
  void read_function(JsonValue function, const ChatPlace& place, Tool& tool);
  void read_custom(JsonValue custom, const ChatPlace& place, Tool& tool);
  void read_tool_choice();
  void read_allowed(JsonValue allowed);
  void read_sampling();
  void read_limits();
  void read_response_format();
  void read_reasoning();
  void read_stream();
  void read_account();
  void demand(std::string_view path, std::string_view why) {
    request_.demands.push_back({std::string(path), std::string(why)});
  }
  void leave(Known which) { reader_.leave(request_.bag, at_[which]); }

  JsonText text(Known which) { return reader_.text(at_[which], place(which)); }
  std::string_view number(Known which) { return reader_.number(at_[which], place(which)); }
  std::optional<uint64_t> count(Known which) { return reader_.count(at_[which], place(which)); }
  std::optional<bool> boolean(Known which) { return reader_.boolean(at_[which], place(which)); }
  JsonValue object(Known which) { return reader_.object(at_[which], place(which)); }
  static ChatPlace place(Known which) { return {nullptr, known_names[which], {}}; }

  Request& request_;
  const ReadContext& context_;
  ChatMemberReader reader_{request_.arena};
  std::array<JsonValue, all_known> at_{};
};

Result<void> RequestReader::read(std::string_view body) {
  if (Result<void> parsed = request_.document->parse(body); !parsed) return parsed;
  const JsonValue root = request_.document->root();
  if (!root.is_object()) return fail(ErrorCode::bad_request, "the body must be a JSON object");
  request_.from = Dialect::openai;
  at_ = reader_.members(root, known_names, {}, request_.bag);
  for (const JsonValue member : root) {  // an empty object asks for something too
    if (member.named("web_search_options") && member.empty()) carry(request_.bag, member);
  }
  request_.model = text(model);
  if (context_.endpoint == "completions") {
    leave(messages);
    read_prompt();
  } else {
    for (const Known which : {prompt, suffix, echo}) leave(which);
    if (!at_[messages].has_value()) reader_.wrong(place(messages), "is missing");
    ChatMessagesReader(request_, reader_).read(at_[messages]);
  }
  read_tools();
  read_tool_choice();
  read_sampling();
  read_limits();
  read_response_format();
  read_reasoning();
  read_stream();
  read_account();
  if (reader_.error()) return tl::unexpected<Error>(*reader_.error());
  return {};
}

// A prompt that is to be continued becomes a user's message.
void RequestReader::read_prompt() {
  JsonValue value = at_[prompt];
  if (value.is_array() && value.size() == 1 && (*value.begin()).is_string()) value = *value.begin();
  if (value.is_array()) {
    demand("prompt", "is a list of several prompts, or of tokens, which has no equivalent in other dialects");
  } else if (!value.is_string()) {
    reader_.wrong(place(prompt), "must be a string or a list");
  }
  Message& message = request_.messages.emplace_back();
  message.role = Role::user;
  message.was_string = true;
  message.parts.emplace_back().text = value.text();
  if (!text(suffix).empty()) demand("suffix", "has no equivalent in other dialects");
  if (boolean(echo) == true) demand("echo", "has no equivalent in other dialects");
}

// --- tools ---

void RequestReader::read_tools() {
  size_t index = 0;
  for (const JsonValue tool : reader_.array(at_[tools], place(tools))) {
    read_tool(tool, {nullptr, known_names[tools], index++});
  }
  index = 0;
  for (const JsonValue function : reader_.array(at_[functions], place(functions))) {
    const ChatPlace here{nullptr, known_names[functions], index++};
    Tool& tool = request_.tools.emplace_back();
    tool.raw = function.raw();
    tool.path = request_.arena.keep(path_of(here.name, index - 1));
    read_function(reader_.object(function, here), here, tool);
  }
}

void RequestReader::read_tool(JsonValue value, const ChatPlace& place) {
  static constexpr std::array<std::string_view, 4> names = {"type", "function", "custom", "cache_control"};
  if (!value.is_object()) return reader_.wrong(place, "must be an object");
  Tool& tool = request_.tools.emplace_back();
  tool.raw = value.raw();
  const auto [type_value, function, custom, mark] = reader_.members(value, names, place, tool.bag);
  const std::string_view type = reader_.word(type_value, {&place, "type", {}});
  if (mark.is_object()) tool.cache_mark = mark.raw();
  if (type == "function" || (type.empty() && function.is_object())) {
    const ChatPlace here{&place, "function", {}};
    read_function(reader_.object(function, here), here, tool);
  } else if (type == "custom") {
    const ChatPlace here{&place, "custom", {}};
    read_custom(reader_.object(custom, here), here, tool);
  } else {
    tool.kind = ToolKind::other;
    tool.other_type = type;
    tool.bag.clear();
  }
}

void RequestReader::read_function(JsonValue function, const ChatPlace& place, Tool& tool) {
  static constexpr std::array<std::string_view, 5> names = {"name", "description", "parameters", "strict",
                                                            "cache_control"};
  const auto [name, description, parameters, strict, mark] =
      reader_.members(function, names, place, tool.bag, place.within != nullptr ? place.name : "");
  tool.name = reader_.text(name, {&place, "name", {}});
  if (tool.name.empty()) reader_.wrong({&place, "name", {}}, "is missing");
  tool.description = reader_.text(description, {&place, "description", {}});
  tool.schema = reader_.object(parameters, {&place, "parameters", {}}).raw();
  tool.strict = reader_.boolean(strict, {&place, "strict", {}});
  if (mark.is_object() && tool.cache_mark.empty()) tool.cache_mark = mark.raw();
}

void RequestReader::read_custom(JsonValue custom, const ChatPlace& place, Tool& tool) {
  static constexpr std::array<std::string_view, 3> names = {"name", "description", "format"};
  const auto [name, description, format_value] = reader_.members(custom, names, place, tool.bag, place.name);
  tool.kind = ToolKind::custom;
  tool.name = reader_.text(name, {&place, "name", {}});
  if (tool.name.empty()) reader_.wrong({&place, "name", {}}, "is missing");
  tool.description = reader_.text(description, {&place, "description", {}});
  const JsonValue format = reader_.object(format_value, {&place, "format", {}}), grammar = format["grammar"];
  if (!grammar.is_object()) {
    if (format["type"].word() != "text") tool.format = format.raw();
    return;
  }
  // The grammar is flat in the neutral form.
  std::string flat = R"({"type":"grammar")";
  for (const JsonValue member : grammar) {
    flat += ",\"" + std::string(member.key().escaped) + "\":";
    flat += member.raw();
  }
  tool.format = request_.arena.keep(flat + '}');
}

void RequestReader::read_tool_choice() {
  using enum ToolChoice::Mode;
  ToolChoice& choice = request_.tool_choice;
  choice.parallel = boolean(parallel_tool_calls);
  const bool is_old = !at_[tool_choice].has_value();
  const JsonValue value = is_old ? at_[function_call] : at_[tool_choice];
  if (value.is_string()) {
    const std::string_view word = value.word();
    const bool is_known = word == "auto" || word == "none" || word == "required" || word == "any";
    choice.mode = word == "none" ? none : word == "auto" ? automatic : required;
    if (!is_known)
      reader_.wrong(place(is_old ? function_call : tool_choice), "must be auto, none, required or an object");
    return;
  }
  if (!value.has_value()) return;
  if (!value.is_object())
    return reader_.wrong(place(is_old ? function_call : tool_choice), "must be a string or an object");
  const JsonValue named = value["function"].is_object() ? value["function"] : value["custom"];
  if (const JsonText name = (is_old ? value : named)["name"].text(); !name.empty()) {
    choice.mode = required;
    choice.allowed.push_back(name);
  } else if (value["allowed_tools"].is_object()) {
    read_allowed(value["allowed_tools"]);
  } else {
    leave(is_old ? function_call : tool_choice);  // a tool that only the provider knows
    return;
  }
  for (const JsonValue member : named) {
    if (!member.named("name")) reader_.leave(request_.bag, member, "tool_choice.function");
  }
  for (const JsonValue member : value) {
    const bool is_read = member.named("type") || member.named("function") || member.named("custom") ||
                         member.named("allowed_tools") || (is_old && member.named("name"));
    if (!is_read) reader_.leave(request_.bag, member, is_old ? "function_call" : "tool_choice");
  }
}

void RequestReader::read_allowed(JsonValue allowed) {
  static constexpr std::array<std::string_view, 2> names = {"mode", "tools"};
  const ChatPlace here{nullptr, "tool_choice.allowed_tools", {}};
  const auto [mode, list] = reader_.members(allowed, names, here, request_.bag, here.name);
  const bool must = mode.word() == "required";
  request_.tool_choice.mode = must ? ToolChoice::Mode::required : ToolChoice::Mode::automatic;
  for (const JsonValue tool : reader_.array(list, {&here, "tools", {}})) {
    const JsonValue inner = tool["function"].is_object() ? tool["function"]
                            : tool["custom"].is_object() ? tool["custom"]
                                                         : tool;
    if (const JsonText name = inner["name"].text(); !name.empty()) request_.tool_choice.allowed.push_back(name);
  }
}

// --- settings ---

void RequestReader::read_sampling() {
  Sampling& sampling = request_.sampling;
  sampling.temperature = number(temperature);
  sampling.top_p = number(top_p);
  sampling.top_k = number(top_k);
  sampling.min_p = number(min_p);
  sampling.frequency_penalty = number(frequency_penalty);
  sampling.presence_penalty = number(presence_penalty);
  sampling.repeat_penalty = number(at_[repetition_penalty].has_value() ? repetition_penalty : repeat_penalty);
  sampling.seed = number(seed);
  if (const JsonValue bias = object(logit_bias); !bias.empty()) sampling.logit_bias = bias.raw();
  if (at_[logprobs].is(JsonType::number)) {  // of the older completions, whose answer has another form
    leave(logprobs);
  } else {
    sampling.logprobs = boolean(logprobs);
  }
  sampling.top_logprobs = count(top_logprobs);
}

void RequestReader::read_limits() {
  if (at_[stop].is_array()) {
    size_t index = 0;
    for (const JsonValue one : at_[stop]) {
      request_.stop.push_back(reader_.text(one, {nullptr, "stop", index++}));
    }
  } else if (const JsonText one = text(stop); !one.empty()) {
    request_.stop.push_back(one);
  }
  const std::optional<uint64_t> older = count(max_tokens);
  request_.max_output_tokens = count(max_completion_tokens);
  if (!request_.max_output_tokens) request_.max_output_tokens = older;
  request_.choices = count(n).value_or(1);
  if (request_.choices == 0) reader_.wrong(place(n), "must be at least 1");
  if (request_.choices > 1) demand("n", "asks for several answers, which other providers do not give");
  for (const JsonValue modality : reader_.array(at_[modalities], place(modalities))) {
    if (modality.word() != "text")
      demand("modalities", "asks for more than text, which has no equivalent in other dialects");
  }
}

void RequestReader::read_response_format() {
  static constexpr std::array<std::string_view, 2> names = {"type", "json_schema"};
  static constexpr std::array<std::string_view, 4> inner = {"name", "description", "schema", "strict"};
  const JsonValue value = object(response_format);
  if (!value.exists()) return;
  const ChatPlace here = place(response_format), schema_place{&here, "json_schema", {}};
  ResponseFormat& format = request_.response_format;
  const auto [type_value, schema_value] = reader_.members(value, names, here, request_.bag, here.name);
  const std::string_view type = reader_.word(type_value, {&here, "type", {}});
  using enum ResponseFormat::Kind;
  if (type == "json_schema") {
    const auto [name, description, schema, strict] = reader_.members(
        reader_.object(schema_value, schema_place), inner, schema_place, request_.bag, "response_format.json_schema");
    format.kind = json_schema;
    format.name = reader_.text(name, {&schema_place, "name", {}});
    format.description = reader_.text(description, {&schema_place, "description", {}});
    format.schema = reader_.object(schema, {&schema_place, "schema", {}}).raw();
    format.strict = reader_.boolean(strict, {&schema_place, "strict", {}});
  } else if (type == "json_object" || type == "text") {
    format.kind = type == "text" ? ResponseFormat::Kind::text : json_object;
  } else {
    leave(response_format);
  }
}

// OpenAI's effort, and what providers of other models use: OpenRouter's object, DeepSeek's and Z.ai's object, Qwen's
// switch.
void RequestReader::read_reasoning() {
  using enum Reasoning::Mode;
  Reasoning& asked = request_.reasoning;
  asked.effort = text(reasoning_effort).escaped;
  if (const std::optional<bool> enabled = boolean(enable_thinking)) asked.mode = *enabled ? on : off;
  for (const Known which : {reasoning, thinking}) {
    static constexpr std::array<std::string_view, 6> names = {"effort",  "max_tokens", "budget_tokens",
                                                              "enabled", "type",       "exclude"};
    const ChatPlace here = place(which);
    const auto [effort, max, budget, enabled, type, exclude] =
        reader_.members(object(which), names, here, request_.bag, here.name);
    if (asked.effort.empty()) asked.effort = reader_.word(effort, {&here, "effort", {}});
    if (const auto tokens = reader_.count(max, {&here, "max_tokens", {}})) asked.budget_tokens = tokens;
    if (const auto tokens = reader_.count(budget, {&here, "budget_tokens", {}})) asked.budget_tokens = tokens;
    if (const auto wanted = reader_.boolean(enabled, {&here, "enabled", {}})) asked.mode = *wanted ? on : off;
    if (reader_.boolean(exclude, {&here, "exclude", {}}) == true) asked.summary = "none";
    const std::string_view kind = reader_.word(type, {&here, "type", {}});
    if (kind == "enabled") asked.mode = on;
    if (kind == "disabled") asked.mode = off;
    if (kind == "adaptive") asked.mode = adaptive;
  }
  if (asked.effort == no_effort) asked.mode = off;
  if (asked.mode == absent && (!asked.effort.empty() || asked.budget_tokens)) asked.mode = on;
  request_.verbosity = text(verbosity).escaped;
}

void RequestReader::read_stream() {
  static constexpr std::array<std::string_view, 2> names = {"include_usage", "include_obfuscation"};
  request_.stream = boolean(stream).value_or(false);
  const ChatPlace here = place(stream_options);
  const auto [usage, obfuscation] = reader_.members(object(stream_options), names, here, request_.bag, here.name);
  request_.usage_wanted = reader_.boolean(usage, {&here, "include_usage", {}}).value_or(false);
  if (reader_.boolean(obfuscation, {&here, "include_obfuscation", {}}) == true) {
    reader_.leave(request_.bag, obfuscation, here.name);
  }
}

void RequestReader::read_account() {
  const JsonText older = text(user);
  request_.user = text(safety_identifier);
  if (request_.user.empty()) {
    request_.user = older;
  } else if (!older.empty() && !(older == request_.user)) {
    leave(user);
  }
  if (const JsonValue given = object(metadata); !given.empty()) request_.metadata = given.raw();
  request_.service_tier = text(service_tier).escaped;
  request_.prompt_cache_key = text(prompt_cache_key);
  request_.store = boolean(store);
}

}  // namespace

Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context) {
  auto request = std::make_unique<Request>();
  request->usual = usual_values;
  if (Result<void> read = RequestReader(*request, context).read(body); !read) {
    return tl::unexpected<Error>(read.error());
  }
  return request;
}

}  // namespace sluice::api::openai
