// Writes requests for Gemini targets: a request of the same dialect is copied member by member, any other is written
// from the neutral form.
#include <algorithm>
#include <optional>
#include <vector>

#include "api/gemini/config_writer.h"
#include "api/gemini/fields.h"
#include "api/gemini/model_places.h"
#include "api/gemini/schema.h"
#include "api/gemini/translate.h"
#include "api/gemini/write_contents.h"
#include "api/percent.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace sluice::api::gemini {
namespace {

class GenerateRequestWriter {
 public:
  GenerateRequestWriter(const Request& request, const TargetFacts& facts, Dropped& dropped, WrittenRequest& written)
      : request_(request),
        facts_(facts),
        dropped_(dropped),
        names_(written.names),
        json_(written.body),
        out_(written.body) {}

  Result<void> write();
  Result<void> write_own();

 private:
  Result<void> write_contents(bool system_first);
  void write_system();
  void write_tools();
  void write_function(const Tool& tool, const std::string& path);
  void write_parameters(const Tool& tool, const std::string& path);
  void write_choice();
  void write_own_config(JsonValue config);
  void note_unsaid();

  const Request& request_;
  const TargetFacts& facts_;
  Dropped& dropped_;
  ToolNames& names_;
  JsonWriter json_;
  std::string& out_;
  bool has_functions_ = false;
};

Result<void> GenerateRequestWriter::write() {
  const bool is_alone = request_.messages.empty();
  json_.object();
  write_system();
  if (const Result<void> done = write_contents(is_alone); !done) return done;
  write_tools();
  if (has_functions_) {
    write_choice();
  } else if (request_.tool_choice.mode == ToolChoice::Mode::required) {
    dropped_.add("tool_choice", DropReason::unsupported);
  }
  json_.key("generationConfig");
  const size_t begin = out_.size();
  GenerationConfigWriter(request_, facts_, has_functions_, dropped_, out_).write();
  if (out_.size() == begin + 2) {
    constexpr std::string_view nothing = R"(,"generationConfig":{})";
    out_.resize(out_.size() - nothing.size());
  }
  note_unsaid();
  json_.end_object();
  return {};
}

Result<void> GenerateRequestWriter::write_contents(bool system_first) {
  json_.key("contents");
  return ContentsWriter(request_, facts_, dropped_, names_, out_).write(system_first);
}

void GenerateRequestWriter::write_system() {
  const bool is_alone = request_.messages.empty();
  if (is_alone && !request_.system.empty()) dropped_.add("system", DropReason::changed);  // it becomes a user's turn
  bool begun = false;
  for (size_t i = 0; i < request_.system.size(); ++i) {
    const Part& part = request_.system[i];
    const std::string path = path_of("system", i);
    if (!part.cache_mark.empty()) dropped_.add(path + ".cache_control", DropReason::unsupported);
    if (part.kind != PartKind::text) dropped_.add(path, DropReason::unsupported);
    if (part.kind != PartKind::text || part.text.empty() || is_alone) continue;
    if (!begun) json_.key("systemInstruction").object().key("parts").array();
    begun = true;
    json_.object().key("text");
    ((out_ += '"') += part.text.escaped) += '"';
    json_.end_object();
  }
  if (begun) json_.end_array().end_object();
}

// --- tools ---

void GenerateRequestWriter::write_tools() {
  for (size_t i = 0; i < request_.tools.size(); ++i) {
    const Tool& tool = request_.tools[i];
    const std::string path = path_of("tools", i);
    if (!tool.cache_mark.empty()) dropped_.add(path + ".cache_control", DropReason::unsupported);
    if (tool.strict == true) dropped_.add(path + ".strict", DropReason::unsupported);
    if (tool.kind == ToolKind::other) {
      dropped_.add(path, DropReason::unsupported);
      continue;
    }
    if (!has_functions_) json_.key("tools").array().object().key("functionDeclarations").array();
    has_functions_ = true;
    write_function(tool, path);
  }
  if (has_functions_) json_.end_array().end_object().end_array();
}

void GenerateRequestWriter::write_function(const Tool& tool, const std::string& path) {
  const auto quoted = [this](JsonText text) { ((out_ += '"') += text.escaped) += '"'; };
  json_.object().key("name");
  quoted(names_.shorten(tool.name, name_rules(facts_)));
  if (!tool.description.empty()) {
    json_.key("description");
    quoted(tool.description);
  }
  if (tool.kind == ToolKind::function) {
    write_parameters(tool, path);
  } else {
    names_.add_custom(tool.name);
    std::string about = "The input, as it is.";
    if (!tool.format.empty()) {
      dropped_.add(path + ".format", DropReason::changed);
      about.append(" Its form: ").append(tool.format);
    }
    json_.key(facts_.takes_json_schema ? "parametersJsonSchema" : "parameters").object().member("type", "object");
    json_.key("properties").object().key("input").object().member("type", "string").member("description", about);
    json_.end_object().end_object().key("required").raw(R"(["input"])").end_object();
  }
  json_.end_object();
}

void GenerateRequestWriter::write_parameters(const Tool& tool, const std::string& path) {
  const bool is_empty = trim(tool.schema.substr(std::min<size_t>(tool.schema.size(), 1)), white_space) == "}";
  if (tool.schema.empty() || tool.schema.front() != '{' || is_empty) return;
  if (facts_.takes_json_schema) {
    json_.key("parametersJsonSchema").raw(tool.schema);
    return;
  }
  JsonDocument document;
  if (!document.parse(tool.schema)) return;
  std::string cleaned;
  const OpenApiSchema written = append_openapi_schema(cleaned, document.root());
  if (written.is_less) dropped_.add(path + ".parameters", DropReason::changed);
  if (!written.is_empty_object) json_.key("parameters").raw(cleaned);
}

void GenerateRequestWriter::write_choice() {
  const ToolChoice& choice = request_.tool_choice;
  if (choice.parallel == false) dropped_.add("parallel_tool_calls", DropReason::unsupported);
  if (choice.mode == ToolChoice::Mode::absent && choice.allowed.empty()) return;
  std::string_view mode = "AUTO";
  if (choice.mode == ToolChoice::Mode::none) {
    mode = "NONE";
  } else if (choice.mode == ToolChoice::Mode::required) {
    mode = "ANY";
  } else if (!choice.allowed.empty()) {
    mode = "VALIDATED";  // the only mode that takes names but forces no call
  }
  json_.key("toolConfig").object().key("functionCallingConfig").object().member("mode", mode);
  if (mode != "NONE" && !choice.allowed.empty()) {
    json_.key("allowedFunctionNames").array();
    for (const JsonText name : choice.allowed) {
      const std::string_view sent = names_.shorten(name, name_rules(facts_)).escaped;
      json_.raw(std::string("\"").append(sent).append("\""));
    }
    json_.end_array();
  }
  json_.end_object().end_object();
}

// Reports what a Gemini request cannot express.
void GenerateRequestWriter::note_unsaid() {
  if (!request_.service_tier.empty()) {
    const std::string_view tier = request_.service_tier == "standard_only" ? "standard" : request_.service_tier;
    const bool is_known = tier == "flex" || tier == "priority" || tier == "standard";
    if (is_known && facts_.is_makers_own) {
      json_.member("serviceTier", tier);
    } else if (tier != "auto" && tier != "default") {
      dropped_.add("service_tier", DropReason::unsupported);
    }
  }
  const std::pair<bool, std::string_view> unsaid[] = {{!request_.verbosity.empty(), "verbosity"},
                                                      {!request_.user.empty(), "user"},
                                                      {!request_.metadata.empty(), "metadata"},
                                                      {!request_.prompt_cache_key.empty(), "prompt_cache_key"},
                                                      {request_.store == true, "store"}};
  for (const auto& [is_there, name] : unsaid) {
    if (is_there) dropped_.add(name, DropReason::unsupported);
  }
}

// --- of the same dialect ---

// Copies the caller's members unchanged except the model, the conversation, which may have grown, and the output limit,
// which may have been lowered.
Result<void> GenerateRequestWriter::write_own() {
  const JsonValue body = request_.document->root();
  const JsonValue inner = field(body, "generateContentRequest");
  json_.object();
  for (const JsonValue member : inner.is_object() ? inner : body) {
    const FieldName name(member);
    if (name.text() == "contents") {
      json_.raw(std::string("\"").append(member.key().escaped).append("\":"));
      if (const Result<void> done = ContentsWriter(request_, facts_, dropped_, names_, out_).write(false); !done) {
        return done;
      }
      continue;
    }
    json_.raw(std::string("\"").append(member.key().escaped).append("\":"));
    if (name.text() == "model" && member.is_string()) {
      append_json_string(out_, std::string(model_prefix).append(facts_.model));
    } else if (name.text() == "generationConfig" && member.is_object()) {
      write_own_config(member);
    } else {
      out_ += member.raw();
    }
  }
  json_.end_object();
  return {};
}

void GenerateRequestWriter::write_own_config(JsonValue config) {
  const JsonValue most = field(config, "maxOutputTokens");
  if (!request_.max_output_tokens || count_of(most) == request_.max_output_tokens) {
    out_ += config.raw();
    return;
  }
  json_.object();
  for (const JsonValue member : config) {
    if (FieldName(member).text() == "maxOutputTokens") continue;
    json_.raw(std::string("\"").append(member.key().escaped).append("\":"));
    out_ += member.raw();
  }
  json_.member("maxOutputTokens", *request_.max_output_tokens).end_object();
}

}  // namespace

Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped,
                           WrittenRequest& written) {
  GenerateRequestWriter writer(request, facts, dropped, written);
  return request.from == Dialect::gemini ? writer.write_own() : writer.write();
}

std::string target_path(std::string_view model, bool stream) {
  if (model.starts_with(model_prefix)) model.remove_prefix(model_prefix.size());
  std::string path = "/v1beta/models/";
  append_path_encoded(path, model);
  return path.append(stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
}

}  // namespace sluice::api::gemini
