// What one member of a caller's request becomes for a target of another dialect: one mapping per row.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "api/dialect.h"
#include "api/translation.h"

using namespace sluice;
using namespace sluice::api;

namespace {

struct Mapping {
  const char* name;
  Dialect from;
  std::string body;
  Dialect to;
  const char* model;
  bool is_makers_own;
  const char* at;        // JSON pointer into the written request
  const char* expected;  // JSON; "": absent
  const char* dropped;   // reported under the caller's names
};

std::string endpoint_of(Dialect dialect) { return std::string(room_of(dialect).translated.front()); }

void check(const Mapping& row) {
  INFO(row.name << ": " << name_of(row.from) << " to " << name_of(row.to));
  const TranslationRoom &from = room_of(row.from).translation, &to = room_of(row.to).translation;
  const std::string endpoint = endpoint_of(row.from);
  const auto request = from.read_request(row.body, {endpoint, "m", false});
  REQUIRE(request);
  Dropped dropped;
  REQUIRE(leave_behind(**request, dropped));
  WrittenRequest written;
  TargetFacts facts = facts_for(row.model, {row.to, "00ff"}, row.is_makers_own);
  const Result<void> done = to.write_request(**request, facts, dropped, written);
  INFO((done ? written.body : done.error().message));
  REQUIRE(done);
  const auto body = nlohmann::json::parse(written.body);
  const nlohmann::json::json_pointer place(row.at);
  CHECK((body.contains(place) ? body.at(place).dump() : "") ==
        (*row.expected == '\0' ? "" : nlohmann::json::parse(row.expected).dump()));
  dropped.put_into(from.words);
  CHECK(dropped.text() == row.dropped);
}

std::string chat(const std::string& more) {
  return R"({"model":"m","messages":[{"role":"user","content":"q"}])" + more + "}";
}
std::string messages(const std::string& more, const std::string& content = R"("q")", int max_tokens = 9000) {
  return R"({"model":"m","max_tokens":)" + std::to_string(max_tokens) + R"(,"messages":[{"role":"user","content":)" +
         content + "}]" + more + "}";
}
std::string contents(const std::string& part) { return R"({"contents":[{"parts":[)" + part + "]}]}"; }

}  // namespace

TEST_CASE("mappings: how long, how random, for whom") {
  const Mapping rows[] = {
      {"no bound is the model's", Dialect::openai, chat(""), Dialect::anthropic, "claude-sonnet-4-5", true,
       "/max_tokens", "64000", "max_tokens=invented"},
      {"both ways to be random", Dialect::openai, chat(R"(,"temperature":0.5,"top_p":0.9)"), Dialect::anthropic,
       "claude-3-5-haiku-20241022", true, "/top_p", "0.9", "max_tokens=invented"},
      {"one of them at newer models", Dialect::openai, chat(R"(,"temperature":0.5,"top_p":0.9)"), Dialect::anthropic,
       "claude-sonnet-4-5", true, "/top_p", "", "max_tokens=invented, top_p=unsupported"},
      {"no longer than the model can", Dialect::anthropic, messages("", R"("q")", 128000), Dialect::openai, "gpt-4o",
       true, "/max_completion_tokens", "16384", "max_tokens=clamped"},
      {"no longer, responses", Dialect::anthropic, messages("", R"("q")", 128000), Dialect::responses, "gpt-4.1-mini",
       true, "/max_output_tokens", "32768", "max_tokens=clamped"},
      {"as long as an imitator likes", Dialect::anthropic, messages("", R"("q")", 128000), Dialect::openai, "gpt-4o",
       false, "/max_tokens", "128000", ""},
      {"a user has one name", Dialect::anthropic, messages(R"(,"metadata":{"user_id":"u"})"), Dialect::openai, "gpt-4o",
       true, "/user", R"("u")", ""},
      {"a user, responses", Dialect::anthropic, messages(R"(,"metadata":{"user_id":"u"})"), Dialect::responses,
       "gpt-4o", true, "/user", R"("u")", ""},
      {"dropped in the caller's words", Dialect::anthropic, messages(R"(,"metadata":{"user_id":"u"})"), Dialect::gemini,
       "gemini-2.0-flash", true, "/user", "", "metadata.user_id=unsupported"},
      {"dropped in gemini's words", Dialect::gemini,
       R"({"contents":[{"parts":[{"text":"q"}]}],"generationConfig":{"topK":3}})", Dialect::openai, "gpt-4o", true,
       "/top_k", "", "generationConfig.topK=unsupported"},
      {"dropped in ollama's words", Dialect::ollama,
       R"({"model":"m","messages":[{"role":"user","content":"q"}],"options":{"min_p":0.1}})", Dialect::openai, "gpt-4o",
       true, "/min_p", "", "options.min_p=unsupported"},
  };
  for (const Mapping& row : rows) check(row);
}

TEST_CASE("mappings: tools one at a time, and without arguments") {
  const std::string tool = R"(,"tools":[{"name":"f","input_schema":{"type":"object"}}])";
  const std::string one = tool + R"(,"tool_choice":{"type":"auto","disable_parallel_tool_use":true})";
  const Mapping rows[] = {
      {"chat", Dialect::anthropic, messages(one), Dialect::openai, "gpt-4o", true, "/parallel_tool_calls", "false", ""},
      {"the first that reason take no such thing", Dialect::anthropic, messages(one), Dialect::openai, "o3", true,
       "/parallel_tool_calls", "", "tool_choice.disable_parallel_tool_use=unsupported"},
      {"properties, chat", Dialect::anthropic, messages(tool), Dialect::openai, "gpt-4o", true,
       "/tools/0/function/parameters", R"({"type":"object","properties":{}})", ""},
      {"properties, responses", Dialect::anthropic, messages(tool), Dialect::responses, "gpt-4o", true,
       "/tools/0/parameters", R"({"type":"object","properties":{}})", ""},
  };
  for (const Mapping& row : rows) check(row);
}

TEST_CASE("mappings: what is forced, and what cannot be") {
  const auto format = [](const std::string& required) {
    return R"(,"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}},)" +
           required + R"("additionalProperties":false}}})";
  };
  const std::string closed = format(R"("required":["a"],)"), open = format("");
  const std::string tool = R"(,"tools":[{"name":"f","strict":true,"input_schema":{"type":"object",)"
                           R"("properties":{"a":{"type":"string"}},"additionalProperties":false}}])";
  const Mapping rows[] = {
      {"all is required", Dialect::anthropic, messages(closed), Dialect::openai, "gpt-4o", true,
       "/response_format/json_schema/strict", "true", ""},
      {"not all is", Dialect::anthropic, messages(open), Dialect::openai, "gpt-4o", true,
       "/response_format/json_schema/strict", "false", "output_config.format=changed"},
      {"an imitator judges itself", Dialect::anthropic, messages(open), Dialect::openai, "qwen3", false,
       "/response_format/json_schema/strict", "true", ""},
      {"all is required, responses", Dialect::anthropic, messages(closed), Dialect::responses, "gpt-4o", true,
       "/text/format/strict", "true", ""},
      {"not all is, responses", Dialect::anthropic, messages(open), Dialect::responses, "gpt-4o", true,
       "/text/format/strict", "false", "output_config.format=changed"},
      {"a tool", Dialect::anthropic, messages(tool), Dialect::openai, "gpt-4o", true, "/tools/0/function/strict", "",
       "tools[0].strict=unsupported"},
      {"a tool, responses", Dialect::anthropic, messages(tool), Dialect::responses, "gpt-4o", true, "/tools/0/strict",
       "false", "tools[0].strict=unsupported"},
      {"the likeliest tokens come with the others", Dialect::responses, R"({"model":"m","input":"q","top_logprobs":2})",
       Dialect::openai, "gpt-4o", true, "/logprobs", "true", ""},
  };
  for (const Mapping& row : rows) check(row);
}

TEST_CASE("mappings: how much is thought") {
  const std::string budget = R"(,"thinking":{"type":"enabled","budget_tokens":31999})";
  const Mapping rows[] = {
      {"not asked for is off", Dialect::anthropic, messages(""), Dialect::gemini, "gemini-2.5-flash", true,
       "/generationConfig/thinkingConfig", R"({"thinkingBudget":0})", ""},
      {"what cannot be off", Dialect::anthropic, messages(""), Dialect::gemini, "gemini-2.5-pro", true,
       "/generationConfig/thinkingConfig", "", ""},
      {"as the model likes", Dialect::openai, chat(""), Dialect::gemini, "gemini-2.5-flash", true, "/generationConfig",
       "", ""},
      {"effort of none", Dialect::anthropic, messages(R"(,"output_config":{"effort":"none"})"), Dialect::gemini,
       "gemini-2.5-flash", true, "/generationConfig/thinkingConfig", R"({"thinkingBudget":0})", ""},
      {"a budget that does not fit", Dialect::openai, chat(R"(,"reasoning_effort":"low","max_tokens":500)"),
       Dialect::gemini, "gemini-2.5-flash", true, "/generationConfig/thinkingConfig", R"({"thinkingBudget":0})",
       "reasoning_effort=unsupported"},
      {"the most that gpt-5 can", Dialect::anthropic, messages(budget, R"("q")", 64000), Dialect::openai, "gpt-5", true,
       "/reasoning_effort", R"("high")", "output_config.effort=clamped"},
      {"the most that gpt-5.2 can", Dialect::anthropic, messages(budget, R"("q")", 64000), Dialect::responses,
       "gpt-5.2", true, "/reasoning/effort", R"("xhigh")", "output_config.effort=clamped"},
      {"the most there is", Dialect::anthropic, messages(budget, R"("q")", 64000), Dialect::openai, "gpt-5.6", true,
       "/reasoning_effort", R"("max")", ""},
      {"o3 knows no minimal", Dialect::openai, chat(R"(,"reasoning_effort":"minimal")"), Dialect::responses, "o3", true,
       "/reasoning/effort", R"("low")", "reasoning_effort=clamped"},
      {"none is a word of both", Dialect::responses, R"({"model":"m","input":"q","reasoning":{"effort":"none"}})",
       Dialect::openai, "gpt-5.1", true, "/reasoning_effort", R"("none")", ""},
      {"none, where there is no such word", Dialect::responses,
       R"({"model":"m","input":"q","reasoning":{"effort":"none"}})", Dialect::openai, "gpt-5", true,
       "/reasoning_effort", R"("minimal")", "reasoning=changed"},
      {"off, where it cannot be", Dialect::anthropic, messages(R"(,"thinking":{"type":"disabled"})"), Dialect::openai,
       "o3", true, "/reasoning_effort", R"("low")", "thinking=changed"},
      {"off, where it is", Dialect::anthropic, messages(R"(,"thinking":{"type":"disabled"})"), Dialect::openai,
       "gpt-4o", true, "/reasoning_effort", "", ""},
      {"adaptive, but not much", Dialect::anthropic,
       messages(R"(,"thinking":{"type":"adaptive"},"output_config":{"effort":"low"})"), Dialect::gemini,
       "gemini-3-flash", true, "/generationConfig/thinkingConfig/thinkingLevel", R"("LOW")", ""},
  };
  for (const Mapping& row : rows) check(row);
}

TEST_CASE("mappings: documents of text become text") {
  const std::string inline_text = contents(R"({"inlineData":{"mimeType":"text/csv; charset=utf-8","data":"YSwi"}})");
  const std::string block = R"([{"type":"document","title":"T","source":{"type":"text","media_type":"text/plain",)"
                            R"("data":"abc"}}])";
  const Mapping rows[] = {
      {"chat", Dialect::gemini, inline_text, Dialect::openai, "gpt-4o", true, "/messages/0/content", R"("a,\"")", ""},
      {"responses", Dialect::gemini, inline_text, Dialect::responses, "gpt-4o", true, "/input/0/content/0/text",
       R"("a,\"")", ""},
      {"anthropic", Dialect::gemini, inline_text, Dialect::anthropic, "claude-sonnet-4-5", true,
       "/messages/0/content/0/source/data", R"("a,\"")", "generationConfig.maxOutputTokens=invented"},
      {"ollama", Dialect::gemini, inline_text, Dialect::ollama, "qwen3", true, "/messages/0/content", R"("a,\"")", ""},
      {"with a title", Dialect::anthropic, messages("", block), Dialect::responses, "gpt-4o", true,
       "/input/0/content/0/text", R"("T\n\nabc")", ""},
  };
  for (const Mapping& row : rows) check(row);
}

TEST_CASE("mappings: marks of what may be cached") {
  const std::string marked = R"([{"type":"text","text":"q","cache_control":{"type":"ephemeral"}}])";
  const std::string chat_part = R"([{"text":"q","type":"text","prompt_cache_breakpoint":{"mode":"explicit"}}])";
  const std::string input_part = R"([{"text":"q","type":"input_text","prompt_cache_breakpoint":{"mode":"explicit"}}])";
  const Mapping rows[] = {
      {"chat", Dialect::anthropic, messages("", marked), Dialect::openai, "gpt-5.6", true, "/messages/0/content",
       chat_part.c_str(), ""},
      {"responses", Dialect::anthropic, messages("", marked), Dialect::responses, "gpt-5.6", true, "/input/0/content",
       input_part.c_str(), ""},
      {"models that know none", Dialect::anthropic, messages("", marked), Dialect::openai, "gpt-4o", true,
       "/messages/0/content", R"("q")", "messages[0].content[0].cache_control=unsupported"},
      {"back", Dialect::openai,
       R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":)" + chat_part + "}]}", Dialect::anthropic,
       "claude-sonnet-4-5", true, "/messages/0/content/0/cache_control", R"({"type":"ephemeral"})", ""},
  };
  for (const Mapping& row : rows) check(row);
  // A request may have four cache breakpoints.
  std::string blocks = "[";
  for (int i = 0; i < 5; ++i) {
    blocks += std::string(i == 0 ? "" : ",") + R"({"type":"text","text":"q","cache_control":{"type":"ephemeral"}})";
  }
  const Mapping fifth = {"a fifth",
                         Dialect::anthropic,
                         messages("", blocks + "]"),
                         Dialect::openai,
                         "gpt-5.6",
                         true,
                         "/messages/0/content/4/prompt_cache_breakpoint",
                         "",
                         "messages[0].content[4].cache_control=unsupported"};
  check(fifth);
}

TEST_CASE("mappings: strict tools are named only where they are asked for") {
  const auto tools = [](const char* strict) {
    return chat(std::string(R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object",)") +
                R"("properties":{},"additionalProperties":false})" + strict + "}}]");
  };
  const Mapping rows[] = {
      {"carried", Dialect::openai, tools(R"(,"strict":true)"), Dialect::anthropic, "claude-sonnet-4-5", true,
       "/tools/0/strict", "true", "max_tokens=invented"},
      {"no equal", Dialect::openai, tools(R"(,"strict":true)"), Dialect::gemini, "gemini-2.0-flash", true, "/x", "",
       "tools[0].strict=unsupported"},
      {"not asked for", Dialect::openai, tools(R"(,"strict":false)"), Dialect::gemini, "gemini-2.0-flash", true, "/x",
       "", ""},
      {"not told", Dialect::openai, tools(""), Dialect::ollama, "qwen3", true, "/x", "", ""},
  };
  for (const Mapping& row : rows) check(row);
}

TEST_CASE("mappings: the version of Anthropic's API") {
  const TranslationRoom &from = room_of(Dialect::openai).translation, &to = room_of(Dialect::anthropic).translation;
  const std::string body = chat(R"(,"max_tokens":9,"temperature":0.5,"top_k":3)");
  const auto request = from.read_request(body, {"chat/completions", "", false});
  REQUIRE(request);
  TargetFacts facts = facts_for("claude-sonnet-4-5", {Dialect::anthropic, ""}, true);
  for (const char* const version : {"", "2023-06-01", "2026-10-21"}) {
    INFO(version);
    facts.api_version = version;
    Dropped dropped;
    WrittenRequest written;
    REQUIRE(to.write_request(**request, facts, dropped, written));
    const bool is_new = std::string(version) == "2026-10-21";
    CHECK(written.head_lines == "anthropic-version: 2023-06-01\r\n");
    CHECK(nlohmann::json::parse(written.body).contains("temperature") == !is_new);
    CHECK(dropped.text() == (is_new ? "temperature=unsupported, top_k=unsupported" : ""));
  }
}
