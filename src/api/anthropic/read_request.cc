#include <array>
#include <optional>
#include <utility>

#include "api/anthropic/reading.h"
#include "api/anthropic/translate.h"
#include "api/json_unescape.h"

namespace sluice::api::anthropic {

tl::unexpected<Error> wrong_at(std::string_view path, std::string_view what) {
  return fail(ErrorCode::bad_request, (path.empty() ? "" : std::string(path) + ": ") + std::string(what));
}

Result<void> check_kind(JsonValue value, JsonType wanted, std::string_view path, std::string_view name) {
  constexpr std::string_view kinds[] = {"absent", "null", "a boolean", "a number", "a string", "a list", "an object"};
  if (!value.exists() || value.is(wanted)) return {};
  return wrong_at(path, "'" + std::string(name) + "' must be " + std::string(kinds[static_cast<size_t>(wanted)]));
}

void carry_within(Request& request, std::string_view name, const Bag& members) {
  for (const CarriedMember& member : members) {
    std::string key(name);
    key += '.';
    key += member.key.escaped;
    request.bag.push_back({JsonText{request.arena.keep(std::move(key))}, member.value});
  }
}

bool is_attribution(JsonText text) { return text.escaped.starts_with("x-anthropic-billing-header:"); }

namespace {

constexpr UsualValue usual_values[] = {{"speed", R"("standard")"},
                                       {"citations", R"({"enabled":false})"},
                                       {"defer_loading", "false"},
                                       {"eager_input_streaming", "false"},
                                       {"allowed_callers", R"(["direct"])"}};

Result<void> read_system(Request& request, JsonValue system) {
  if (system.is_string()) {
    request.system_was_string = true;
    request.system.emplace_back().text = system.text();
    return {};
  }
  if (system.exists() && !system.is_array()) return wrong_at("system", "a string or a list is needed");
  size_t i = 0;
  for (const JsonValue block : system) {
    const std::string path = path_of("system", i);
    Result<Part> part = read_part(request, block, path);
    if (!part) return tl::unexpected(part.error());
    part->place.part = static_cast<uint32_t>(i++);
    if (part->kind == PartKind::text && is_attribution(part->text)) {
      request.bag.push_back({JsonText{request.arena.keep(path)}, block.raw()});
    } else {
      request.system.push_back(std::move(*part));
    }
  }
  return {};
}

// --- tools ---

Result<void> read_tool(Request& request, JsonValue sent, const std::string& path) {
  if (!sent.is_object()) return wrong_at(path, "an object is needed");
  constexpr std::array<std::string_view, 6> names = {"type",         "name",   "description",
                                                     "input_schema", "strict", "cache_control"};
  Tool tool;
  const auto members = take_members(sent, names, tool.bag, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [type, name, description, schema, strict, mark] = *members;
  tool.raw = sent.raw();
  if (const auto done = check_kind(type, JsonType::string, path, "type"); !done) return done;
  tool.name = name.text();
  tool.description = description.text();
  if (type.exists() && type.word() != "custom") {
    tool.kind = ToolKind::other;
    tool.other_type = type.word();
    tool.bag.clear();
    request.tools.push_back(std::move(tool));
    return {};
  }
  if (!name.is_string()) return wrong_at(path, "'name' must be a string");
  if (const auto done = check_kind(description, JsonType::string, path, "description"); !done) return done;
  if (const auto done = check_kind(schema, JsonType::object, path, "input_schema"); !done) return done;
  if (const auto done = check_kind(strict, JsonType::boolean, path, "strict"); !done) return done;
  tool.schema = schema.raw();
  tool.strict = strict.boolean();
  tool.cache_mark = mark.raw();
  request.tools.push_back(std::move(tool));
  return {};
}

Result<void> read_tools(Request& request, JsonValue tools) {
  if (const auto done = check_kind(tools, JsonType::array, "", "tools"); !done) return done;
  size_t i = 0;
  for (const JsonValue tool : tools) {
    if (const auto done = read_tool(request, tool, path_of("tools", i++)); !done) return done;
  }
  return {};
}

Result<void> read_tool_choice(Request& request, JsonValue sent) {
  if (const auto done = check_kind(sent, JsonType::object, "", "tool_choice"); !done) return done;
  if (!sent.exists()) return {};
  constexpr std::array<std::string_view, 3> names = {"type", "name", "disable_parallel_tool_use"};
  Bag rest;
  const auto members = take_members(sent, names, rest, "tool_choice");
  if (!members) return tl::unexpected(members.error());
  const auto& [type, name, one_at_a_time] = *members;
  ToolChoice& choice = request.tool_choice;
  using enum ToolChoice::Mode;
  if (type.word() == "auto") {
    choice.mode = automatic;
  } else if (type.word() == "any") {
    choice.mode = required;
  } else if (type.word() == "none") {
    choice.mode = none;
  } else if (type.word() == "tool") {
    if (!name.is_string()) return wrong_at("tool_choice", "'name' must be a string");
    choice.mode = required;
    choice.allowed.push_back(name.text());
  } else if (!type.is_string()) {
    return wrong_at("tool_choice", "'type' must be a string");
  } else {
    carry(rest, type);
  }
  if (const auto done = check_kind(one_at_a_time, JsonType::boolean, "tool_choice", names[2]); !done) return done;
  if (one_at_a_time.exists()) choice.parallel = !*one_at_a_time.boolean();
  carry_within(request, "tool_choice", rest);
  return {};
}

// --- thinking and the form of the answer ---

Result<void> read_thinking_setting(Request& request, JsonValue sent) {
  if (const auto done = check_kind(sent, JsonType::object, "", "thinking"); !done) return done;
  if (!sent.exists()) return {};
  constexpr std::array<std::string_view, 3> names = {"type", "budget_tokens", "display"};
  Bag rest;
  const auto members = take_members(sent, names, rest, "thinking");
  if (!members) return tl::unexpected(members.error());
  const auto& [type, budget, display] = *members;
  Reasoning& reasoning = request.reasoning;
  using enum Reasoning::Mode;
  const std::string_view word = type.word();
  if (!type.is_string()) return wrong_at("thinking", "'type' must be a string");
  reasoning.mode = word == "disabled" ? off : word == "enabled" ? on : adaptive;
  if (reasoning.mode == adaptive && word != "adaptive") carry(rest, type);
  reasoning.budget_tokens = budget.count();
  if (budget.exists() && !reasoning.budget_tokens) return wrong_at("thinking", "'budget_tokens' must be a number");
  if (display.exists()) reasoning.summary = display.word() == "omitted" ? "none" : "auto";
  carry_within(request, "thinking", rest);
  return {};
}

Result<void> read_format(Request& request, JsonValue sent, std::string_view path) {
  if (const auto done = check_kind(sent, JsonType::object, "", path); !done) return done;
  if (!sent.exists()) return {};
  constexpr std::array<std::string_view, 2> names = {"type", "schema"};
  Bag rest;
  const auto members = take_members(sent, names, rest, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [type, schema] = *members;
  if (type.word() == "json_schema") {
    if (!schema.is_object()) return wrong_at(path, "'schema' must be an object");
    request.response_format.kind = ResponseFormat::Kind::json_schema;
    request.response_format.schema = schema.raw();
    request.response_format.strict = true;  // this API has no other kind
  } else {
    carry(rest, type);
  }
  carry_within(request, path, rest);
  return {};
}

Result<void> read_output_config(Request& request, JsonValue sent) {
  if (const auto done = check_kind(sent, JsonType::object, "", "output_config"); !done) return done;
  if (!sent.exists()) return {};
  constexpr std::array<std::string_view, 2> names = {"effort", "format"};
  Bag rest;
  const auto members = take_members(sent, names, rest, "output_config");
  if (!members) return tl::unexpected(members.error());
  const auto& [effort, format] = *members;
  if (const auto done = check_kind(effort, JsonType::string, "output_config", "effort"); !done) return done;
  if (effort.exists()) {
    request.reasoning.effort = effort.word();
    if (request.reasoning.mode == Reasoning::Mode::absent) {
      request.reasoning.mode = effort.word() == no_effort ? Reasoning::Mode::off : Reasoning::Mode::on;
    }
  }
  carry_within(request, "output_config", rest);
  return read_format(request, format, "output_config.format");
}

// --- the rest ---

Result<void> read_metadata(Request& request, JsonValue sent) {
  if (const auto done = check_kind(sent, JsonType::object, "", "metadata"); !done) return done;
  constexpr std::array<std::string_view, 1> names = {"user_id"};
  Bag rest;
  const auto members = take_members(sent, names, rest, "metadata");
  if (!members) return tl::unexpected(members.error());
  if (const auto done = check_kind((*members)[0], JsonType::string, "metadata", names[0]); !done) return done;
  request.user = (*members)[0].text();
  carry_within(request, "metadata", rest);
  return {};
}

Result<void> read_stop(Request& request, JsonValue sent) {
  if (const auto done = check_kind(sent, JsonType::array, "", "stop_sequences"); !done) return done;
  for (const JsonValue stop : sent) {
    if (!stop.is_string()) return wrong_at("stop_sequences", "they must be strings");
    request.stop.push_back(stop.text());
  }
  return {};
}

enum Known : size_t {
  model,
  messages,
  system_prompt,
  max_tokens,
  stream,
  stop_sequences,
  temperature,
  top_p,
  top_k,
  tools,
  tool_choice,
  thinking,
  output_config,
  output_format,
  metadata,
  service_tier,
  thread,
  compaction,
  known_members
};
constexpr std::array<std::string_view, known_members> known_names = {
    "model",         "messages",      "system",   "max_tokens",   "stream",      "stop_sequences",
    "temperature",   "top_p",         "top_k",    "tools",        "tool_choice", "thinking",
    "output_config", "output_format", "metadata", "service_tier", "thread",      "compaction"};
using RootMembers = std::array<JsonValue, known_members>;

Result<void> read_numbers(Request& request, const RootMembers& members) {
  for (const Known known : {max_tokens, temperature, top_p, top_k}) {
    if (const auto done = check_kind(members[known], JsonType::number, "", known_names[known]); !done) return done;
  }
  request.max_output_tokens = members[max_tokens].count();
  if (members[max_tokens].exists() && !request.max_output_tokens) {
    return wrong_at("", "'max_tokens' must be a whole number, and not negative");
  }
  request.sampling.temperature = members[temperature].raw();
  request.sampling.top_p = members[top_p].raw();
  request.sampling.top_k = members[top_k].raw();
  return {};
}

void read_demands(Request& request, const RootMembers& members) {
  if (members[thread].exists())
    request.demands.push_back({"thread", "is a conversation that other providers do not know"});
  if (members[compaction].exists()) {
    request.demands.push_back({"compaction", "asks for a summary in a form that other providers cannot give"});
  }
}

Result<void> read_root(Request& request, const RootMembers& members) {
  if (!members[model].is_string()) return wrong_at("", "'model' must be a string");
  request.model = members[model].text();
  for (const Known known : {stream, service_tier}) {
    const JsonType wanted = known == stream ? JsonType::boolean : JsonType::string;
    if (const auto done = check_kind(members[known], wanted, "", known_names[known]); !done) return done;
  }
  request.stream = members[stream].boolean().value_or(false);
  request.usage_wanted = true;  // this API always reports it
  request.reasoning.off_unless_asked = true;
  request.service_tier = members[service_tier].word();
  read_demands(request, members);
  if (auto done = read_numbers(request, members); !done) return done;
  if (auto done = read_stop(request, members[stop_sequences]); !done) return done;
  if (auto done = read_system(request, members[system_prompt]); !done) return done;
  if (auto done = read_tools(request, members[tools]); !done) return done;
  if (auto done = read_tool_choice(request, members[tool_choice]); !done) return done;
  if (auto done = read_thinking_setting(request, members[thinking]); !done) return done;
  if (auto done = read_format(request, members[output_format], "output_format"); !done) return done;
  if (auto done = read_output_config(request, members[output_config]); !done) return done;
  if (auto done = read_metadata(request, members[metadata]); !done) return done;
  return read_messages(request, members[messages]);
}

}  // namespace

Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext&) {
  auto request = std::make_unique<Request>();
  request->usual = usual_values;
  request->from = own;
  if (const Result<void> done = request->document->parse(body); !done) return tl::unexpected(done.error());
  const JsonValue root = request->document->root();
  if (!root.is_object()) return fail(ErrorCode::bad_request, "the body must be a JSON object");
  const auto members = take_members(root, known_names, request->bag, "");
  if (!members) return tl::unexpected(members.error());
  if (const Result<void> done = read_root(*request, *members); !done) return tl::unexpected(done.error());
  return request;
}

}  // namespace sluice::api::anthropic
