// Reads requests of callers of Ollama's API: /api/chat, and /api/generate, whose prompt becomes one user message.
//
// Settings that only Ollama has go into the bags under their documented names ("options.num_ctx"); null members have no
// effect. If the request goes to Ollama after all, write_request restores from the body what has no place in the
// neutral form.
#include <algorithm>
#include <array>

#include "api/ollama/message_reader.h"
#include "api/ollama/object_reader.h"
#include "api/ollama/translate.h"

namespace sluice::api::ollama {
namespace {

constexpr UsualValue usual_values[] = {
    {"raw", "false"},           {"truncate", "true"},         {"shift", "true"},      {"options.mirostat", "0"},
    {"options.typical_p", "1"}, {"options.typical_p", "1.0"}, {"options.tfs_z", "1"}, {"options.tfs_z", "1.0"}};

constexpr std::array<std::string_view, 11> members_of_both = {
    "model", "name", "stream", "format", "think", "options", "logprobs", "top_logprobs", "messages", "tools", "prompt"};
constexpr std::array<std::string_view, 5> members_of_generate = {"system", "images", "suffix", "raw", "context"};
constexpr std::array<std::string_view, 10> known_options = {
    "num_predict",      "temperature",       "top_p", "top_k", "min_p", "repeat_penalty",
    "presence_penalty", "frequency_penalty", "seed",  "stop"};

class OllamaRequestReader {
 public:
  explicit OllamaRequestReader(Request& request) : request_(request) {}
  Result<void> read(JsonValue root, bool is_generate);

 private:
  Result<void> read_model(JsonValue root);
  Result<void> read_prompt(JsonValue root);
  Result<void> read_tools(JsonValue tools);
  Result<void> read_tool(JsonValue tool, const std::string& path);
  Result<void> read_options(JsonValue options);
  Result<void> read_stop(JsonValue stop);
  Result<void> read_format(JsonValue format);
  Result<void> read_thinking(JsonValue think);
  Result<void> read_probabilities(JsonValue root);
  void demand(std::string_view path, std::string_view why) {
    request_.demands.push_back({std::string(path), std::string(why)});
  }

  Request& request_;
};

Result<void> OllamaRequestReader::read(JsonValue root, bool is_generate) {
  if (!root.is_object()) return fail(ErrorCode::bad_request, "the body must be an object");
  std::vector<std::string_view> known(members_of_both.begin(), members_of_both.end());
  if (is_generate) known.insert(known.end(), members_of_generate.begin(), members_of_generate.end());
  if (auto done = sort_members(root, known, "", request_.bag); !done) return done;
  if (auto done = read_model(root); !done) return done;
  const JsonValue stream = root["stream"];
  if (stream.has_value() && !stream.is(JsonType::boolean)) return must_be("stream", "a boolean");
  request_.stream = stream.boolean().value_or(true);
  request_.usage_wanted = true;
  if (auto done = is_generate ? read_prompt(root) : MessageReader(request_).read_all(root["messages"]); !done) {
    return done;
  }
  if (request_.messages.empty()) {
    demand(is_generate ? "prompt" : "messages", "is empty, which loads the model: other providers have no such thing");
  }
  if (root["_debug_render_only"].boolean() == true) {
    demand("_debug_render_only", "is not known to other providers");
  }
  if (auto done = read_tools(root["tools"]); !done) return done;
  if (auto done = read_options(root["options"]); !done) return done;
  if (auto done = read_format(root["format"]); !done) return done;
  if (auto done = read_thinking(root["think"]); !done) return done;
  return read_probabilities(root);
}

// Very old callers send `name` instead.
Result<void> OllamaRequestReader::read_model(JsonValue root) {
  const std::string_view name = root["model"].has_value() ? "model" : "name";
  const auto model = text_of(root[name], name);
  if (!model) return tl::unexpected(model.error());
  if (model->empty()) return fail(ErrorCode::bad_request, "model: is missing");
  request_.model = *model;
  return {};
}

Result<void> OllamaRequestReader::read_prompt(JsonValue root) {
  const auto prompt = text_of(root["prompt"], "prompt"), system = text_of(root["system"], "system"),
             suffix = text_of(root["suffix"], "suffix");
  for (const auto* const text : {&prompt, &system, &suffix}) {
    if (!*text) return tl::unexpected(text->error());
  }
  const JsonValue raw = root["raw"], context = root["context"];
  if (raw.has_value() && !raw.is(JsonType::boolean)) return must_be("raw", "a boolean");
  if (context.has_value() && !context.is_array()) return must_be("context", "a list of numbers");
  if (!suffix->empty()) demand("suffix", "asks to complete the text before it, which other providers cannot do");
  if (raw.boolean() == true) demand("raw", "asks the model without its template: other providers have no such thing");
  if (!context.empty()) demand("context", "is a conversation in the tokens of one model");
  if (!system->empty()) {
    Part part;
    part.text = *system;
    request_.system.push_back(std::move(part));
    request_.system_was_string = true;
  }
  Message message;
  message.role = Role::user;
  message.was_string = true;
  if (auto done = read_images(root["images"], "images", request_.arena, message.parts); !done) return done;
  if (!prompt->empty()) message.parts.emplace_back().text = *prompt;
  if (!message.parts.empty()) request_.messages.push_back(std::move(message));
  return {};
}

// --- tools ---

Result<void> OllamaRequestReader::read_tools(JsonValue tools) {
  if (tools.has_value() && !tools.is_array()) return must_be("tools", "a list");
  size_t index = 0;
  for (const JsonValue tool : tools) {
    const std::string path = path_of("tools", index++);
    if (!tool.is_object()) return must_be(path, "an object");
    if (auto done = read_tool(tool, path); !done) return done;
  }
  return {};
}

Result<void> OllamaRequestReader::read_tool(JsonValue tool, const std::string& path) {
  constexpr std::array<std::string_view, 2> members = {"type", "function"};
  constexpr std::array<std::string_view, 4> members_of_function = {"name", "description", "parameters", "strict"};
  Tool& made = request_.tools.emplace_back();
  made.raw = tool.raw();
  const auto type = text_of(tool["type"], path + ".type");
  if (!type) return tl::unexpected(type.error());
  if (!type->empty() && type->escaped != "function") {
    made.kind = ToolKind::other;
    made.other_type = type->escaped;
    return {};
  }
  const JsonValue function = tool["function"];
  if (!function.is_object()) return must_be(path + ".function", "an object");
  if (auto done = sort_members(tool, members, path, made.bag); !done) return done;
  if (auto done = sort_members(function, members_of_function, path + ".function", made.bag); !done) return done;
  const auto name = text_of(function["name"], path + ".function.name");
  const auto description = text_of(function["description"], path + ".function.description");
  if (!name || !description) return tl::unexpected(!name ? name.error() : description.error());
  if (name->empty()) return fail(ErrorCode::bad_request, path + ".function.name: is missing");
  made.name = *name;
  made.description = *description;
  made.strict = function["strict"].boolean();
  const JsonValue parameters = function["parameters"];
  if (parameters.has_value() && !parameters.is_object()) return must_be(path + ".function.parameters", "an object");
  if (parameters.has_value()) made.schema = parameters.raw();
  return {};
}

// --- settings ---

Result<void> OllamaRequestReader::read_options(JsonValue options) {
  if (!options.has_value()) return {};
  if (!options.is_object()) return must_be("options", "an object");
  Bag others;
  if (auto done = sort_members(options, known_options, "options", others); !done) return done;
  for (const CarriedMember& other : others) {
    request_.bag.push_back({JsonText{request_.arena.keep("options." + std::string(other.key.escaped))}, other.value});
  }
  Sampling& sampling = request_.sampling;
  const std::pair<std::string_view, std::string_view*> numbers[] = {{"temperature", &sampling.temperature},
                                                                    {"top_p", &sampling.top_p},
                                                                    {"top_k", &sampling.top_k},
                                                                    {"min_p", &sampling.min_p},
                                                                    {"repeat_penalty", &sampling.repeat_penalty},
                                                                    {"presence_penalty", &sampling.presence_penalty},
                                                                    {"frequency_penalty", &sampling.frequency_penalty},
                                                                    {"seed", &sampling.seed}};
  for (const auto& [name, field] : numbers) {
    const JsonValue value = options[name];
    if (!value.has_value()) continue;
    if (!value.number()) return must_be("options." + std::string(name), "a number");
    *field = value.raw();
  }
  // A negative value means: until the model stops or its context is full.
  const JsonValue length = options["num_predict"];
  if (length.has_value() && (!length.number() || (*length.number() >= 0 && !length.count()))) {
    return must_be("options.num_predict", "a whole number");
  }
  request_.max_output_tokens = length.count();
  return read_stop(options["stop"]);
}

Result<void> OllamaRequestReader::read_stop(JsonValue stop) {
  if (stop.has_value() && !stop.is_array()) return must_be("options.stop", "a list of strings");
  for (const JsonValue text : stop) {
    if (!text.is_string()) return must_be("options.stop", "a list of strings");
    request_.stop.push_back(text.text());
  }
  return {};
}

Result<void> OllamaRequestReader::read_format(JsonValue format) {
  ResponseFormat& made = request_.response_format;
  if (!format.has_value()) return {};
  if (format.is_object()) {
    made.kind = ResponseFormat::Kind::json_schema;
    made.schema = format.raw();
  } else if (format.word() == "json") {
    made.kind = ResponseFormat::Kind::json_object;
  } else if (!format.is_string() || !format.text().empty()) {
    return must_be("format", "\"json\" or a JSON schema");
  }
  return {};
}

Result<void> OllamaRequestReader::read_thinking(JsonValue think) {
  if (!think.has_value()) return {};
  Reasoning& made = request_.reasoning;
  if (const std::optional<bool> on = think.boolean()) {
    made.mode = *on ? Reasoning::Mode::on : Reasoning::Mode::off;
    return {};
  }
  if (think.word().empty()) return must_be("think", "a boolean, \"low\", \"medium\" or \"high\"");
  made.mode = Reasoning::Mode::on;
  made.effort = think.word();
  return {};
}

Result<void> OllamaRequestReader::read_probabilities(JsonValue root) {
  const JsonValue wanted = root["logprobs"], top = root["top_logprobs"];
  if (wanted.has_value() && !wanted.is(JsonType::boolean)) return must_be("logprobs", "a boolean");
  if (top.has_value() && !top.count()) return must_be("top_logprobs", "a whole number");
  request_.sampling.logprobs = wanted.boolean();
  request_.sampling.top_logprobs = top.count();
  return {};
}

}  // namespace

Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context) {
  auto request = std::make_unique<Request>();
  request->usual = usual_values;
  request->from = own;
  if (auto parsed = request->document->parse(body); !parsed) return tl::unexpected(parsed.error());
  const bool is_generate = context.endpoint.ends_with("generate");
  if (auto read = OllamaRequestReader(*request).read(request->document->root(), is_generate); !read) {
    return tl::unexpected(read.error());
  }
  return request;
}

}  // namespace sluice::api::ollama
