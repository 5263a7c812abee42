// docs/translation.md has a table for each pair of dialects that shows what becomes of each member of a request. The
// tables are generated here, by writing requests with one more member, and must match the page
// (scripts/translation_tables.sh rewrites them).
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "api/dialect.h"
#include "api/history.h"
#include "translation/pairs_dropped.h"

using namespace sluice;
using namespace sluice::api;
using nlohmann::json;

namespace {

// A member, or a piece of the conversation, and the JSON merge patch (RFC 7396) that adds it to a request.
struct Probe {
  std::string_view name, patch;
};
struct Asker {
  Dialect dialect;
  std::string_view model;  // as a target, and whether it is the maker's own
  std::string_view plain;  // a request
  std::vector<Probe> probes;
};

const std::vector<Asker>& askers() {
  static const std::vector<Asker> all = {
      {Dialect::openai,
       "gpt-4o",
       R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})",
       {{"system message", R"({"messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Hi"}]})"},
        {"image_url",
         R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}]})"},
        {"max_completion_tokens", R"({"max_completion_tokens":50})"},
        {"temperature", R"({"temperature":1.5})"},
        {"top_p", R"({"top_p":0.5})"},
        {"stop", R"({"stop":["x"]})"},
        {"seed", R"({"seed":7})"},
        {"presence_penalty", R"({"presence_penalty":0.5})"},
        {"logit_bias", R"({"logit_bias":{"5":1}})"},
        {"logprobs", R"({"logprobs":true})"},
        {"n", R"({"n":2})"},
        {"user", R"({"user":"u"})"},
        {"metadata", R"({"metadata":{"k":"v"}})"},
        {"reasoning_effort", R"({"reasoning_effort":"high"})"},
        {"response_format",
         R"({"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}})"},
        {"tools", R"({"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]})"},
        {"tool_choice", R"({"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required"})"},
        {"parallel_tool_calls",
         R"({"tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false})"},
        {"prompt_cache_key", R"({"prompt_cache_key":"k"})"},
        {"service_tier", R"({"service_tier":"flex"})"},
        {"verbosity", R"({"verbosity":"low"})"}}},
      {Dialect::responses,
       "gpt-4o",
       R"({"model":"m","input":"Hi"})",
       {{"instructions", R"({"instructions":"Be brief"})"},
        {"input_image",
         R"({"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}]}]})"},
        {"max_output_tokens", R"({"max_output_tokens":50})"},
        {"temperature", R"({"temperature":1.5})"},
        {"top_p", R"({"top_p":0.5})"},
        {"top_logprobs", R"({"top_logprobs":2})"},
        {"user", R"({"user":"u"})"},
        {"metadata", R"({"metadata":{"k":"v"}})"},
        {"reasoning", R"({"reasoning":{"effort":"high","summary":"auto"}})"},
        {"text.format", R"({"text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"}}}})"},
        {"tools: function", R"({"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}]})"},
        {"tools: custom", R"({"tools":[{"type":"custom","name":"f"}]})"},
        {"tools: web_search", R"({"tools":[{"type":"web_search"}]})"},
        {"tool_choice", R"({"tools":[{"type":"function","name":"f"}],"tool_choice":"required"})"},
        {"prompt_cache_key", R"({"prompt_cache_key":"k"})"},
        {"service_tier", R"({"service_tier":"flex"})"},
        {"background", R"({"background":true})"},
        {"truncation", R"({"truncation":"auto"})"}}},
      {Dialect::anthropic,
       "claude-sonnet-4-5",
       R"({"model":"m","max_tokens":20000,"messages":[{"role":"user","content":"Hi"}]})",
       {{"system", R"({"system":"Be brief"})"},
        {"image",
         R"({"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}]})"},
        {"document",
         R"({"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}]}]})"},
        {"cache_control",
         R"({"messages":[{"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral"}}]}]})"},
        {"temperature", R"({"temperature":0.5})"},
        {"top_p", R"({"top_p":0.5})"},
        {"top_k", R"({"top_k":5})"},
        {"stop_sequences", R"({"stop_sequences":["x"]})"},
        {"metadata.user_id", R"({"metadata":{"user_id":"u"}})"},
        {"thinking", R"({"thinking":{"type":"enabled","budget_tokens":4096}})"},
        {"output_config.format", R"({"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}})"},
        {"tools", R"({"tools":[{"name":"f","input_schema":{"type":"object"}}]})"},
        {"tools: web_search", R"({"tools":[{"type":"web_search_20250305","name":"web_search"}]})"},
        {"tool_choice",
         R"({"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true}})"},
        {"service_tier", R"({"service_tier":"standard_only"})"}}},
      {Dialect::gemini,
       "gemini-2.5-flash",
       R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]}]})",
       {{"systemInstruction", R"({"systemInstruction":{"parts":[{"text":"Be brief"}]}})"},
        {"inlineData",
         R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]}]})"},
        {"maxOutputTokens", R"({"generationConfig":{"maxOutputTokens":50}})"},
        {"temperature", R"({"generationConfig":{"temperature":1.5}})"},
        {"topP", R"({"generationConfig":{"topP":0.5}})"},
        {"topK", R"({"generationConfig":{"topK":5}})"},
        {"stopSequences", R"({"generationConfig":{"stopSequences":["x"]}})"},
        {"seed", R"({"generationConfig":{"seed":7}})"},
        {"thinkingConfig", R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":4096,"includeThoughts":true}}})"},
        {"responseJsonSchema",
         R"({"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}}})"},
        {"functionDeclarations",
         R"({"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]}]})"},
        {"googleSearch", R"({"tools":[{"googleSearch":{}}]})"},
        {"functionCallingConfig",
         R"({"tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}})"},
        {"safetySettings", R"({"safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}]})"},
        {"cachedContent", R"({"cachedContent":"cachedContents/x"})"}}},
      {Dialect::ollama,
       "qwen3",
       R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})",
       {{"system message", R"({"messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Hi"}]})"},
        {"images", R"({"messages":[{"role":"user","content":"Hi","images":["iVBORw0KGgo="]}]})"},
        {"options.num_predict", R"({"options":{"num_predict":50}})"},
        {"options.temperature", R"({"options":{"temperature":1.5}})"},
        {"options.top_k", R"({"options":{"top_k":5}})"},
        {"options.stop", R"({"options":{"stop":["x"]}})"},
        {"options.num_ctx", R"({"options":{"num_ctx":8192}})"},
        {"think", R"({"think":true})"},
        {"format", R"({"format":{"type":"object"}})"},
        {"tools", R"({"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]})"},
        {"keep_alive", R"({"keep_alive":"5m"})"}}},
  };
  return all;
}

struct Outcome {
  json body{};
  std::string dropped{}, refused{};
};

Outcome write(const Asker& from, const Asker& to, const json& asked) {
  const std::string body = asked.dump();
  const bool names_in_path = from.dialect == Dialect::gemini;
  const ReadContext context{names_in_path ? "generateContent" : room_of(from.dialect).translated.front(),
                            names_in_path ? "m" : "", false};
  auto request = room_of(from.dialect).translation.read_request(body, context);
  if (!request) return {{}, {}, request.error().message};
  Dropped dropped;
  WrittenRequest written;
  const TargetFacts facts = facts_for(to.model, {to.dialect, "0123456789abcdef"}, true);
  Result<void> done = fit_to(facts, **request, dropped);
  if (done) done = room_of(to.dialect).translation.write_request(**request, facts, dropped, written);
  if (!done) return {{}, {}, done.error().message};
  return {json::parse(written.body), dropped.text(4096), {}};
}

// What `newer` has in addition to `older`: "`options.top_k` 5".
void append_difference(const json& older, const json& newer, const std::string& path, std::string& out) {
  if (older == newer) return;
  if (older.is_object() && newer.is_object()) {
    for (const auto& [key, value] : newer.items()) {
      append_difference(older.contains(key) ? older[key] : json(), value, path.empty() ? key : path + "." + key, out);
    }
    return;
  }
  constexpr size_t max_value_bytes = 140;
  std::string value = newer.dump();
  if (value.size() > max_value_bytes) value = value.substr(0, max_value_bytes) + "...";
  out += (out.empty() ? "`" : ", `") + path + ": " + value + "`";
}

std::string row_of(const Asker& from, const Asker& to, const Probe& probe) {
  const json plain = json::parse(from.plain);
  json asked = plain;
  asked.merge_patch(json::parse(probe.patch));
  const Outcome before = write(from, to, plain), after = write(from, to, asked);
  std::string told;
  if (!after.refused.empty()) {
    told = "400: " + after.refused;
  } else {
    append_difference(before.body, after.body, {}, told);
    if (after.dropped != before.dropped) told += (told.empty() ? "" : "; ") + after.dropped;
    if (told.empty()) told = "nothing: it is what the target does anyway";
  }
  std::replace(told.begin(), told.end(), '|', '/');
  return "| `" + std::string(probe.name) + "` | " + told + " |\n";
}

// What was dropped from recorded requests of that pair, or rejected, one item per line.
std::string recorded(const std::string& pair) {
  std::string out;
  for (const std::string_view row : test::may_be_dropped) {
    if (!row.starts_with(pair + ": ")) continue;
    out += "- " + std::string(row.substr(pair.size() + 2)) + "\n";
  }
  return out;
}

std::string tables() {
  std::string out;
  for (const Asker& from : askers()) {
    for (const Asker& to : askers()) {
      if (from.dialect == to.dialect) continue;
      const std::string from_name(name_of(from.dialect)), to_name(name_of(to.dialect));
      out += "\n### " + from_name + " to " + to_name + "\n\n| " + from_name + " | " + to_name + " (" +
             std::string(to.model) + ") |\n|---|---|\n";
      for (const Probe& probe : from.probes) out += row_of(from, to, probe);
      const std::string seen = recorded(from_name + " > " + to_name);
      if (!seen.empty()) out += "\nOf recorded requests:\n\n" + seen;
    }
  }
  return out;
}

constexpr std::string_view marker = "<!-- From here on: scripts/translation_tables.sh -->\n";

}  // namespace

TEST_CASE("docs/translation.md says what the code does") {
  const std::string path =
      (std::filesystem::path(__FILE__).parent_path() / "../../docs/translation.md").lexically_normal().string();
  std::ifstream file(path);
  std::stringstream read;
  read << file.rdbuf();
  const std::string text = read.str();
  const size_t at = text.find(marker);
  REQUIRE(at != text.npos);
  const std::string made = tables();
  if (std::getenv("SLUICE_WRITE_TABLES") != nullptr) {
    std::ofstream(path) << text.substr(0, at + marker.size()) << made;
    return;
  }
  INFO("scripts/translation_tables.sh writes it anew");
  CHECK((text.substr(at + marker.size()) == made));
}
