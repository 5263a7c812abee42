// Reads generateContent requests, and what countTokens counts of one, into the neutral form.
#include <array>
#include <optional>
#include <utility>

#include "api/gemini/fields.h"
#include "api/gemini/model_places.h"
#include "api/gemini/read_config.h"
#include "api/gemini/read_contents.h"
#include "api/gemini/schema.h"
#include "api/gemini/translate.h"
#include "base/text.h"

namespace sluice::api::gemini {
namespace {

constexpr UsualValue usual_values[] = {{"generationConfig.enableEnhancedCivicAnswers", "false"},
                                       {"generationConfig.audioTimestamp", "false"},
                                       {"generationConfig.mediaResolution", R"("MEDIA_RESOLUTION_UNSPECIFIED")"}};

constexpr std::string_view top_names[] = {"contents",         "systemInstruction", "tools", "toolConfig",
                                          "generationConfig", "serviceTier",       "store", "model",
                                          "cachedContent",    "continuationToken"};
struct TopField {
  enum Place : unsigned char {
    contents,
    system_instruction,
    tools,
    tool_config,
    generation_config,
    service_tier,
    store,
    model,
    cached_content,
    continuation_token
  };
};

Result<void> read_declaration(JsonValue declaration, const std::string& path, Request& request) {
  constexpr std::string_view names[] = {"name", "description", "parametersJsonSchema", "parameters"};
  const Result<NamedMembers> fields = NamedMembers::of(declaration, names, path);
  if (!fields) return tl::unexpected<Error>(fields.error());
  if ((*fields)[0].text().empty()) return wrong_field(path + ".name", "must be a string that is not empty");
  for (const size_t i : {2u, 3u}) {
    const JsonValue schema = (*fields)[i];
    const bool is_schema = schema.is_object() || (i == 2 && schema.is(JsonType::boolean));
    if (schema.exists() && !is_schema) return wrong_field(below(path, names[i]), "must be a schema");
  }
  Tool& tool = request.tools.emplace_back();
  tool.name = (*fields)[0].text();
  tool.description = (*fields)[1].text();
  tool.raw = declaration.raw();
  tool.path = request.arena.keep(path);
  const JsonValue schema = (*fields)[2].exists() ? (*fields)[2] : (*fields)[3];
  if (schema.exists()) tool.schema = json_schema_of(schema, request.arena);
  carry_all(tool.bag, fields->rest(), "", request.arena);
  return {};
}

Result<void> read_tools(JsonValue list, Request& request) {
  size_t index = 0;
  for (const JsonValue value : elements_of(list)) {
    const std::string path = path_of("tools", index++);
    if (!value.is_object()) return wrong_field(path, "must be an object");
    for (const JsonValue member : value) {
      if (FieldName(member).text() != "functionDeclarations") {
        Tool& tool = request.tools.emplace_back();
        tool.kind = ToolKind::other;
        tool.other_type = member.key().escaped;
        tool.path = request.arena.keep(value.size() == 1 ? path : path + '.' + std::string(tool.other_type));
        tool.raw = request.arena.keep("{\"" + std::string(tool.other_type) + "\":" + std::string(member.raw()) + "}");
        continue;
      }
      size_t function = 0;
      for (const JsonValue declaration : elements_of(member)) {
        const std::string here = path_of(path + ".functionDeclarations", function++);
        if (Result<void> done = read_declaration(declaration, here, request); !done) return done;
      }
    }
  }
  return {};
}

Result<void> read_choice(JsonValue config, Request& request) {
  constexpr std::string_view outer_names[] = {"functionCallingConfig"};
  constexpr std::string_view names[] = {"mode", "allowedFunctionNames"};
  if (!config.exists()) return {};
  const Result<NamedMembers> outer = NamedMembers::of(config, outer_names, "toolConfig");
  if (!outer) return tl::unexpected<Error>(outer.error());
  carry_all(request.bag, outer->rest(), "toolConfig.", request.arena);
  if (!(*outer)[0].exists()) return {};
  const std::string path = "toolConfig.functionCallingConfig";
  const Result<NamedMembers> fields = NamedMembers::of((*outer)[0], names, path);
  if (!fields) return tl::unexpected<Error>(fields.error());
  carry_all(request.bag, fields->rest(), path + ".", request.arena);
  const std::string mode = to_lower((*fields)[0].word());
  ToolChoice& choice = request.tool_choice;
  if (mode == "any") {
    choice.mode = ToolChoice::Mode::required;
  } else if (mode == "none") {
    choice.mode = ToolChoice::Mode::none;
  } else if (mode == "auto" || mode == "validated") {
    choice.mode = ToolChoice::Mode::automatic;
    if (mode == "validated")
      request.bag.push_back({JsonText{"toolConfig.functionCallingConfig.mode"}, (*fields)[0].raw()});
  } else if ((*fields)[0].exists() && mode != "mode_unspecified") {
    return wrong_field(path + ".mode", "must be AUTO, ANY, NONE or VALIDATED");
  }
  for (const JsonValue name : elements_of((*fields)[1])) {
    if (!name.is_string()) return wrong_field(path + ".allowedFunctionNames", "must be an array of strings");
    choice.allowed.push_back(name.text());
  }
  return {};
}

void demand(Request& request, std::string_view path, std::string_view why) {
  request.demands.push_back({std::string(path), std::string(why)});
}

// Top-level members other than the content.
Result<void> read_top(const NamedMembers& fields, Request& request) {
  if (const JsonValue tier = fields[TopField::service_tier]; tier.exists()) {
    if (!tier.is_string()) return wrong_field("serviceTier", "must be a string");
    request.service_tier = request.arena.keep(to_lower(tier.word()));
  }
  request.store = fields[TopField::store].boolean();
  if (fields[TopField::cached_content].exists())
    demand(request, top_names[TopField::cached_content], "names what is kept at another provider");
  if (fields[TopField::continuation_token].exists())
    demand(request, top_names[TopField::continuation_token], "continues an answer of another provider");
  carry_all(request.bag, fields.rest(), "", request.arena);
  return {};
}

Result<void> read_body(JsonValue body, Request& request) {
  const Result<NamedMembers> fields = NamedMembers::of(body, top_names, "");
  if (!fields) return tl::unexpected<Error>(fields.error());
  if (!(*fields)[TopField::contents].exists()) return wrong_field("contents", "is missing");
  if (Result<void> done = read_top(*fields, request); !done) return done;
  ContentsReader reader(request);
  if (Result<void> done = reader.read_system((*fields)[TopField::system_instruction]); !done) return done;
  if (Result<void> done = reader.read((*fields)[TopField::contents]); !done) return done;
  if (Result<void> done = read_tools((*fields)[TopField::tools], request); !done) return done;
  if (Result<void> done = read_choice((*fields)[TopField::tool_config], request); !done) return done;
  return read_config((*fields)[TopField::generation_config], request);
}

}  // namespace

Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context) {
  auto request = std::make_unique<Request>();
  request->usual = usual_values;
  if (const Result<void> parsed = request->document->parse(body); !parsed) return tl::unexpected<Error>(parsed.error());
  request->from = Dialect::gemini;
  std::string_view name = context.url_model;
  if (name.starts_with(model_prefix)) name.remove_prefix(model_prefix.size());
  request->model = request->arena.escape(request->arena.keep(std::string(name)));
  request->stream = context.stream;
  request->usage_wanted = true;
  const JsonValue root = request->document->root();
  const JsonValue inner = field(root, "generateContentRequest");  // of countTokens
  if (const Result<void> done = read_body(inner.is_object() ? inner : root, *request); !done)
    return tl::unexpected<Error>(done.error());
  return request;
}

}  // namespace sluice::api::gemini
