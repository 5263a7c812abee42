#include "api/model_list.h"

#include <ctime>

#include "base/json_writer.h"

namespace sluice::api {
namespace {

// RFC 3339, as Anthropic and Ollama write times.
std::string timestamp(int64_t unix_s) {
  const auto time = static_cast<std::time_t>(unix_s);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  const size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return std::string(text, size);
}

void append_openai(std::string& out, const ListedModel& model, int64_t created_s) {
  out += "{\"id\":";
  append_json_string(out, model.id);
  out += ",\"object\":\"model\",\"created\":";
  out += std::to_string(created_s);
  out += ",\"owned_by\":";
  append_json_string(out, model.owner);
  out += '}';
}

void append_anthropic(std::string& out, const ListedModel& model, int64_t created_s) {
  out += "{\"type\":\"model\",\"id\":";
  append_json_string(out, model.id);
  out += ",\"display_name\":";
  append_json_string(out, model.id);
  out += ",\"created_at\":\"" + timestamp(created_s) + "\"}";
}

void append_gemini(std::string& out, const ListedModel& model) {
  out += "{\"name\":\"models/";
  append_json_escaped(out, model.id);
  out += "\",\"version\":\"001\",\"displayName\":";
  append_json_string(out, model.id);
  out += R"(,"supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens","embedContent"]})";
}

constexpr std::string_view ollama_details = R"("details":{"parent_model":"","format":"","family":"","families":null,)"
                                            R"("parameter_size":"","quantization_level":""})";

void append_ollama(std::string& out, const ListedModel& model, int64_t created_s) {
  out += "{\"name\":";
  append_json_string(out, model.id);
  out += ",\"model\":";
  append_json_string(out, model.id);
  out += ",\"modified_at\":\"" + timestamp(created_s) + "\",\"size\":0,\"digest\":\"\",";
  out += ollama_details;
  out += '}';
}

void append_model(std::string& out, Dialect dialect, const ListedModel& model, int64_t created_s) {
  switch (dialect) {
    case Dialect::openai:
    case Dialect::responses:
      return append_openai(out, model, created_s);
    case Dialect::anthropic:
      return append_anthropic(out, model, created_s);
    case Dialect::gemini:
      return append_gemini(out, model);
    case Dialect::ollama:
      return append_ollama(out, model, created_s);
  }
}

std::string_view list_opening(Dialect dialect) {
  switch (dialect) {
    case Dialect::openai:
    case Dialect::responses:
      return "{\"object\":\"list\",\"data\":[";
    case Dialect::anthropic:
      return "{\"data\":[";
    case Dialect::gemini:
    case Dialect::ollama:
      break;
  }
  return "{\"models\":[";
}

}  // namespace

std::string model_list_body(Dialect dialect, std::span<const ListedModel> models, int64_t created_s) {
  std::string out(list_opening(dialect));
  for (const ListedModel& model : models) {
    if (&model != models.data()) out += ',';
    append_model(out, dialect, model, created_s);
  }
  out += ']';
  if (dialect == Dialect::anthropic) {
    out += ",\"has_more\":false,\"first_id\":";
    models.empty() ? void(out += "null") : append_json_string(out, models.front().id);
    out += ",\"last_id\":";
    models.empty() ? void(out += "null") : append_json_string(out, models.back().id);
  }
  out += '}';
  return out;
}

std::string model_body(Dialect dialect, const ListedModel& model, int64_t created_s) {
  std::string out;
  if (dialect == Dialect::ollama) {  // the answer of /api/show
    out += "{\"modelfile\":\"\",\"parameters\":\"\",\"template\":\"\",";
    out += ollama_details;
    out += R"(,"model_info":{},"capabilities":["completion","tools"],"modified_at":")" + timestamp(created_s) + "\"}";
    return out;
  }
  append_model(out, dialect, model, created_s);
  return out;
}

}  // namespace sluice::api
