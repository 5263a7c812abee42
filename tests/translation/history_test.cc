// How a conversation's history changes between two dialects, from the caller's body to the target's.
#include "api/history.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/dialect.h"

using namespace sluice;
using namespace sluice::api;
using nlohmann::json;

namespace {

struct Crossed {
  json told{};  // the conversation
  std::string dropped{};
};

std::string_view model_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::openai:
    case Dialect::responses:
      return "gpt-4o";
    case Dialect::anthropic:
      return "claude-sonnet-4-5";
    case Dialect::gemini:
      return "gemini-2.5-flash";
    default:
      return "qwen3";
  }
}

// `conversation`: the list of messages in a request of dialect `from`.
Crossed cross(Dialect from, std::string_view conversation, Dialect to) {
  const bool is_gemini = from == Dialect::gemini;
  const auto name_for = [](Dialect dialect) {
    return dialect == Dialect::gemini ? "contents" : dialect == Dialect::responses ? "input" : "messages";
  };
  const std::string body = std::string(R"({"model":"m",)") + (from == Dialect::anthropic ? R"("max_tokens":99,)" : "") +
                           '"' + name_for(from) + "\":" + std::string(conversation) + "}";
  const ReadContext context{is_gemini ? "generateContent" : room_of(from).translated.front(), is_gemini ? "m" : "",
                            false};
  auto request = room_of(from).translation.read_request(body, context);
  REQUIRE(request);
  const TargetFacts facts = facts_for(model_of(to), {to, "77"}, true);
  Dropped dropped;
  WrittenRequest written;
  Result<void> done = fit_to(facts, **request, dropped);
  if (done) done = room_of(to).translation.write_request(**request, facts, dropped, written);
  if (!done) return {done.error().message, {}};
  return {json::parse(written.body)[name_for(to)], dropped.text()};
}

constexpr Dialect openai = Dialect::openai, responses = Dialect::responses, anthropic = Dialect::anthropic,
                  gemini = Dialect::gemini, ollama = Dialect::ollama;

struct Row {
  Dialect from;
  std::string_view conversation;
  Dialect to;
  std::string_view told, dropped;
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    INFO(name_of(row.from) << " to " << name_of(row.to) << ": " << row.conversation);
    const Crossed crossed = cross(row.from, row.conversation, row.to);
    CHECK(crossed.told == json::parse(row.told));
    CHECK(crossed.dropped.find(row.dropped) != std::string::npos);
    if (row.dropped.empty()) CHECK(crossed.dropped == "");
  }
}

}  // namespace

TEST_CASE("history: a document of texts and pictures stands as those, in its place") {
  constexpr std::string_view asked =
      R"([{"role":"user","content":[{"type":"text","text":"Read:"},
           {"type":"document","title":"T","context":"C","citations":{"enabled":true},"source":{"type":"content","content":[
             {"type":"text","text":"a"},
             {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},
             {"type":"text","text":"b"}]}},
           {"type":"text","text":"What?"}]}])";
  constexpr std::string_view lost = "messages[0].content[1].citations=unsupported";
  check({
      {anthropic, asked, openai,
       R"([{"role":"user","content":[{"type":"text","text":"Read:"},{"type":"text","text":"T\nC"},{"type":"text","text":"a"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}},{"type":"text","text":"b"},
            {"type":"text","text":"What?"}]}])",
       lost},
      {anthropic, asked, responses,
       R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"Read:"},{"type":"input_text","text":"T\nC"},
            {"type":"input_text","text":"a"},
            {"type":"input_image","detail":"auto","image_url":"data:image/png;base64,iVBORw0KGgo="},
            {"type":"input_text","text":"b"},{"type":"input_text","text":"What?"}]}])",
       lost},
      {anthropic, asked, gemini,
       R"([{"role":"user","parts":[{"text":"Read:"},{"text":"T\nC"},{"text":"a"},
            {"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}},{"text":"b"},{"text":"What?"}]}])",
       lost},
      {anthropic, asked, ollama,
       R"([{"role":"user","content":"Read:\n\nT\nC\n\na\n\nb\n\nWhat?","images":["iVBORw0KGgo="]}])",
       "messages[0].content[1].citations=unsupported, messages[0].content=changed"},
      // Text only: becomes a single text.
      {anthropic,
       R"([{"role":"user","content":[{"type":"document","title":"T","source":{"type":"content","content":[
             {"type":"text","text":"a"},{"type":"text","text":"b"}]}}]}])",
       openai, R"([{"role":"user","content":"T\n\na\nb"}])", ""},
      // Within a tool's result.
      {anthropic,
       R"([{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},
           {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[
             {"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"},
               {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}}]}]}])",
       responses,
       R"([{"type":"message","role":"user","content":"go"},
           {"type":"function_call","call_id":"t","name":"f","arguments":"{}"},
           {"type":"function_call_output","call_id":"t","output":[{"type":"input_text","text":"a"},
             {"type":"input_image","detail":"auto","image_url":"data:image/png;base64,iVBORw0KGgo="}]}])",
       ""},
  });
}

TEST_CASE("history: what a provider's own tools did is named, and told where it is plain text") {
  constexpr std::string_view of_anthropic =
      R"([{"role":"user","content":"a"},{"role":"assistant","content":[
           {"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"q"}},
           {"type":"web_search_tool_result","tool_use_id":"s","content":[]},
           {"type":"text","text":"b"}]},{"role":"user","content":"c"}])";
  constexpr std::string_view of_responses =
      R"([{"role":"user","content":"a"},
          {"type":"web_search_call","id":"ws","status":"completed","action":{"type":"search","query":"q"}},
          {"type":"file_search_call","id":"fs","status":"completed","queries":["q"],"results":null},
          {"type":"code_interpreter_call","id":"ci","status":"completed","code":"1","container_id":"c","outputs":null},
          {"type":"mcp_call","id":"mc","name":"f","server_label":"s","arguments":"{}","output":"o"},
          {"type":"message","role":"assistant","content":[{"type":"output_text","text":"b"}]},
          {"role":"user","content":"c"}])";
  constexpr std::string_view of_gemini =
      R"([{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[
           {"executableCode":{"language":"PYTHON","code":"1"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}},
           {"text":"b"}]},{"role":"user","parts":[{"text":"c"}]}])";
  constexpr std::string_view chat =
      R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}])";
  constexpr std::string_view items =
      R"([{"type":"message","role":"user","content":"a"},{"type":"message","role":"assistant","content":"b"},
          {"type":"message","role":"user","content":"c"}])";
  constexpr std::string_view contents =
      R"([{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]},{"role":"user","parts":[{"text":"c"}]}])";
  constexpr std::string_view lost_of_anthropic =
      "messages[1].content[0].server_tool_use=unsupported, messages[1].content[1].web_search_tool_result=unsupported";
  constexpr std::string_view lost_of_responses =
      "messages[1].web_search_call=unsupported, messages[2].file_search_call=unsupported, "
      "messages[3].code_interpreter_call=changed, messages[4].mcp_call=changed";
  constexpr std::string_view lost_of_gemini =
      "messages[1].content[0].executableCode=changed, messages[1].content[1].codeExecutionResult=changed";
  check({
      {anthropic, of_anthropic, openai, chat, lost_of_anthropic},
      {anthropic, of_anthropic, responses, items, lost_of_anthropic},
      {anthropic, of_anthropic, gemini, contents, lost_of_anthropic},
      {anthropic, of_anthropic, ollama, chat, lost_of_anthropic},
      {responses, of_responses, openai,
       R"([{"role":"user","content":"a"},{"role":"assistant","content":[
            {"type":"text","text":"[code_interpreter_call]\n1\n"},{"type":"text","text":"[mcp_call]\nf\n{}\n[output]\no\n"},
            {"type":"text","text":"b"}]},{"role":"user","content":"c"}])",
       lost_of_responses},
      {responses, of_responses, anthropic,
       R"([{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[
            {"type":"text","text":"[code_interpreter_call]\n1\n"},{"type":"text","text":"[mcp_call]\nf\n{}\n[output]\no\n"},
            {"type":"text","text":"b"}]},{"role":"user","content":[{"type":"text","text":"c"}]}])",
       lost_of_responses},
      {gemini, of_gemini, responses,
       R"([{"type":"message","role":"user","content":"a"},
           {"type":"message","role":"assistant","content":"[executableCode]\n1\n"},
           {"type":"message","role":"assistant","content":"[codeExecutionResult]\n1\n"},
           {"type":"message","role":"assistant","content":"b"},{"type":"message","role":"user","content":"c"}])",
       lost_of_gemini},
      {gemini, of_gemini, ollama,
       R"([{"role":"user","content":"a"},
           {"role":"assistant","content":"[executableCode]\n1\n[codeExecutionResult]\n1\nb"},
           {"role":"user","content":"c"}])",
       lost_of_gemini},
      // What the model saw of code and files.
      {anthropic,
       R"([{"role":"user","content":"a"},{"role":"assistant","content":[
            {"type":"text","text":"run:"},
            {"type":"server_tool_use","id":"s","name":"bash_code_execution","input":{"command":"ls"}},
            {"type":"bash_code_execution_tool_result","tool_use_id":"s","content":{
              "type":"bash_code_execution_result","stdout":"f\n","stderr":"e","return_code":0,"content":[]}},
            {"type":"text_editor_code_execution_tool_result","tool_use_id":"s","content":{
              "type":"text_editor_code_execution_str_replace_result","lines":["-a","+b"]}},
            {"type":"code_execution_tool_result","tool_use_id":"s","content":{
              "type":"code_execution_tool_result_error","error_code":"unavailable"}},
            {"type":"mcp_tool_result","tool_use_id":"s","is_error":false,"content":[{"type":"text","text":"m"}]}]},
           {"role":"user","content":"c"}])",
       ollama,
       R"([{"role":"user","content":"a"},{"role":"assistant","content":"run:\n[server_tool_use]\nbash_code_execution\n{\"command\":\"ls\"}\n[bash_code_execution_tool_result]\nf\ne\n[text_editor_code_execution_tool_result]\n-a\n+b\n[code_execution_tool_result]\nunavailable\n[mcp_tool_result]\nm"},
           {"role":"user","content":"c"}])",
       "messages[1].content[1].server_tool_use=changed, "
       "messages[1].content[2].bash_code_execution_tool_result=changed"},
      // A turn in which nothing else was said is omitted.
      {anthropic,
       R"([{"role":"user","content":"a"},{"role":"assistant","content":[
            {"type":"server_tool_use","id":"s","name":"web_search","input":{}}]},{"role":"user","content":"c"}])",
       openai, R"([{"role":"user","content":"a"},{"role":"user","content":"c"}])",
       "messages[1].content[0].server_tool_use=unsupported"},
  });
}

TEST_CASE("history: a picture of the assistant's stays its own where the target has that, else the user shows it") {
  constexpr std::string_view of_responses =
      R"([{"role":"user","content":"draw"},
          {"type":"image_generation_call","id":"ig","status":"completed","result":"iVBORw0KGgo="},
          {"role":"user","content":"bigger"}])";
  constexpr std::string_view of_gemini =
      R"([{"role":"user","parts":[{"text":"draw"}]},
          {"role":"model","parts":[{"text":"b"},{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]},
          {"role":"user","parts":[{"text":"bigger"}]}])";
  check({
      {responses, of_responses, gemini,
       R"([{"role":"user","parts":[{"text":"draw"}]},
           {"role":"model","parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]},
           {"role":"user","parts":[{"text":"bigger"}]}])",
       ""},
      {responses, of_responses, ollama,
       R"([{"role":"user","content":"draw"},{"role":"assistant","content":"","images":["iVBORw0KGgo="]},
           {"role":"user","content":"bigger"}])",
       ""},
      {responses, of_responses, openai,
       R"([{"role":"user","content":"draw"},
           {"role":"user","content":[{"type":"text","text":"From the assistant's answer:"},
             {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]},
           {"role":"user","content":"bigger"}])",
       "messages[1]=changed"},
      {responses, of_responses, anthropic,
       R"([{"role":"user","content":[{"type":"text","text":"draw"},{"type":"text","text":"From the assistant's answer:"},
             {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},
             {"type":"text","text":"bigger"}]}])",
       "messages[1]=changed"},
      {gemini, of_gemini, responses,
       R"([{"type":"message","role":"user","content":"draw"},{"type":"message","role":"assistant","content":"b"},
           {"type":"message","role":"user","content":[{"type":"input_text","text":"From the assistant's answer:"},
             {"type":"input_image","detail":"auto","image_url":"data:image/png;base64,iVBORw0KGgo="}]},
           {"type":"message","role":"user","content":"bigger"}])",
       "messages[1].content[1]=changed"},
      // Without a result it counts as work that the provider does itself.
      {responses,
       R"([{"role":"user","content":"draw"},{"type":"image_generation_call","id":"ig","status":"failed","result":null}])",
       openai, R"([{"role":"user","content":"draw"}])", "messages[1].image_generation_call=unsupported"},
      // The picture goes after the results of the same turn.
      {gemini,
       R"([{"role":"user","parts":[{"text":"draw"}]},
           {"role":"model","parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}},
             {"functionCall":{"id":"c","name":"f","args":{}}}]},
           {"role":"user","parts":[{"functionResponse":{"id":"c","name":"f","response":{"output":"o"}}}]}])",
       openai,
       R"([{"role":"user","content":"draw"},
           {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
           {"role":"tool","tool_call_id":"c","content":"o"},
           {"role":"user","content":[{"type":"text","text":"From the assistant's answer:"},
             {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}])",
       "messages[1].content[0]=changed"},
  });
}

TEST_CASE("history: a call without a result gets one that says so, but for who takes it without") {
  constexpr std::string_view asked =
      R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}},
            {"type":"tool_use","id":"t2","name":"f","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"t2","content":"ok"},{"type":"text","text":"stop"}]}])";
  constexpr std::string_view of_chat =
      R"([{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[
            {"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"user","content":"stop"}])";
  check({
      {anthropic, asked, openai,
       R"([{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[
             {"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}},
             {"id":"t2","type":"function","function":{"name":"f","arguments":"{}"}}]},
           {"role":"tool","tool_call_id":"t2","content":"ok"},
           {"role":"tool","tool_call_id":"t1","content":"There is no result: the call was not carried out."},
           {"role":"user","content":"stop"}])",
       "messages[1]=invented"},
      {anthropic, asked, responses,
       R"([{"type":"message","role":"user","content":"a"},
           {"type":"function_call","call_id":"t1","name":"f","arguments":"{}"},
           {"type":"function_call","call_id":"t2","name":"f","arguments":"{}"},
           {"type":"function_call_output","call_id":"t2","output":"ok"},
           {"type":"function_call_output","call_id":"t1","output":"There is no result: the call was not carried out."},
           {"type":"message","role":"user","content":"stop"}])",
       "messages[1]=invented"},
      {anthropic, asked, gemini,
       R"([{"role":"user","parts":[{"text":"a"}]},
           {"role":"model","parts":[{"functionCall":{"id":"t1","name":"f","args":{}}},{"functionCall":{"id":"t2","name":"f","args":{}}}]},
           {"role":"user","parts":[
             {"functionResponse":{"id":"t1","name":"f","response":{"output":"There is no result: the call was not carried out."}}},
             {"functionResponse":{"id":"t2","name":"f","response":{"output":"ok"}}}]},
           {"role":"user","parts":[{"text":"stop"}]}])",
       "messages[1]=invented"},
      {anthropic, asked, ollama,
       R"([{"role":"user","content":"a"},{"role":"assistant","content":"","tool_calls":[
             {"id":"t1","function":{"index":0,"name":"f","arguments":{}}},{"id":"t2","function":{"index":1,"name":"f","arguments":{}}}]},
           {"role":"tool","content":"ok","tool_name":"f","tool_call_id":"t2"},{"role":"user","content":"stop"}])",
       ""},
      {openai, of_chat, anthropic,
       R"([{"role":"user","content":[{"type":"text","text":"a"}]},
           {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},
           {"role":"user","content":[
             {"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"There is no result: the call was not carried out."}]},
             {"type":"text","text":"stop"}]}])",
       "messages[1]=invented"},
      {openai, of_chat, responses,
       R"([{"type":"message","role":"user","content":"a"},{"type":"function_call","call_id":"t1","name":"f","arguments":"{}"},
           {"type":"function_call_output","call_id":"t1","output":"There is no result: the call was not carried out."},
           {"type":"message","role":"user","content":"stop"}])",
       "messages[1]=invented"},
  });
}

TEST_CASE("history: a result whose call is not in it becomes the user's words, where the target would refuse it") {
  constexpr std::string_view chat =
      R"([{"role":"tool","tool_call_id":"t1","content":"42"},{"role":"user","content":"go"},
          {"role":"assistant","content":null,"tool_calls":[{"id":"t2","type":"function","function":{"name":"f","arguments":"{}"}}]},
          {"role":"tool","tool_call_id":"t3","content":"stray"},{"role":"tool","tool_call_id":"t2","content":"own"},
          {"role":"tool","tool_call_id":"t2","content":"twice"}])";
  constexpr std::string_view changed = "messages[0]=changed, messages[3]=changed, messages[5]=changed";
  check({
      {openai, chat, responses,
       R"([{"type":"message","role":"user","content":"[Result of tool call t1]\n42"},
           {"type":"message","role":"user","content":"go"},
           {"type":"function_call","call_id":"t2","name":"f","arguments":"{}"},
           {"type":"function_call_output","call_id":"t2","output":"own"},
           {"type":"message","role":"user","content":[{"type":"input_text","text":"[Result of tool call t3]\nstray"},
             {"type":"input_text","text":"[Result of tool call t2]\ntwice"}]}])",
       changed},
      {openai, chat, anthropic,
       R"([{"role":"user","content":[{"type":"text","text":"[Result of tool call t1]\n42"},{"type":"text","text":"go"}]},
           {"role":"assistant","content":[{"type":"tool_use","id":"t2","name":"f","input":{}}]},
           {"role":"user","content":[{"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"own"}]},
             {"type":"text","text":"[Result of tool call t3]\nstray"},{"type":"text","text":"[Result of tool call t2]\ntwice"}]}])",
       changed},
      // With a picture, and no text.
      {anthropic,
       R"([{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":[
             {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]},
             {"type":"text","text":"go"}]}])",
       openai,
       R"([{"role":"user","content":[{"type":"text","text":"[Error of tool call t1]\n"},
             {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]},
           {"role":"user","content":"go"}])",
       "messages[0].content[0]=changed"},
      {responses, R"([{"type":"function_call_output","call_id":"c","output":"o"},{"role":"user","content":"go"}])",
       gemini, R"([{"role":"user","parts":[{"text":"[Result of tool call c]\no"},{"text":"go"}]}])",
       "messages[0]=changed"},
  });
}

TEST_CASE("history: what is dropped is named by the caller's own places") {
  check({
      // A result is put in before, and the user's turn is divided.
      {anthropic,
       R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},
           {"role":"user","content":"b"},
           {"role":"assistant","content":[{"type":"tool_use","id":"u","name":"f","input":{}}]},
           {"role":"user","content":[{"type":"tool_result","tool_use_id":"u","content":"r"},
             {"type":"text","text":"c","cache_control":{"type":"ephemeral"}}]}])",
       ollama,
       R"([{"role":"user","content":"a"},{"role":"assistant","content":"","tool_calls":[{"id":"t","function":{"index":0,"name":"f","arguments":{}}}]},
           {"role":"user","content":"b"},{"role":"assistant","content":"","tool_calls":[{"id":"u","function":{"index":0,"name":"f","arguments":{}}}]},
           {"role":"tool","content":"r","tool_name":"f","tool_call_id":"u"},{"role":"user","content":"c"}])",
       "messages[4].content[1].cache_control=unsupported"},
      {responses,
       R"([{"role":"user","content":"a"},{"type":"reasoning","id":"rs","summary":[],"encrypted_content":"x"},
           {"type":"function_call","call_id":"t","name":"f","arguments":"{}","status":"completed","extra":1},
           {"role":"user","content":[{"type":"input_text","text":"b"},{"type":"input_text","text":"c","extra":1}]}])",
       gemini,
       R"([{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"functionCall":{"id":"t","name":"f","args":{}}}]},
           {"role":"user","parts":[{"functionResponse":{"id":"t","name":"f","response":{"output":"There is no result: the call was not carried out."}}}]},
           {"role":"user","parts":[{"text":"b"},{"text":"c"}]}])",
       "messages[2].extra=unsupported, messages[3].content[1].extra=unsupported"},
  });
}
