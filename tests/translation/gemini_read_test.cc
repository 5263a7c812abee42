// Requests of Gemini callers in the neutral form.
#include "api/gemini/signature.h"
#include "base/base64.h"
#include "gemini_support.h"

using namespace sluice;
using namespace sluice::api;
using namespace sluice::test;

namespace {

std::string told_part(const Part& part) {
  std::string told;
  switch (part.kind) {
    case PartKind::tool_call:
      told =
          "call " + std::string(part.id.escaped) + " " + std::string(part.name.escaped) + std::string(part.arguments);
      break;
    case PartKind::tool_result:
      told = "result " + std::string(part.id.escaped) + " " + std::string(part.name.escaped);
      if (part.is_error == true) told += " error";
      for (const Part& inner : part.parts) told += " (" + told_part(inner) + ")";
      break;
    case PartKind::other:
      told = "other " + std::string(part.other_type);
      break;
    default:
      told = kind_word(part.kind) + " " + std::string(part.text.escaped);
  }
  constexpr std::string_view kinds[] = {"", "base64", "url", "text", "file_id"};
  if (part.source.kind != Source::Kind::none) {
    constexpr std::string_view media[] = {"image", "document", "audio", "video"};
    told = std::string(media[static_cast<size_t>(part.kind) - static_cast<size_t>(PartKind::image)]) + " " +
           std::string(kinds[static_cast<size_t>(part.source.kind)]) + " " + std::string(part.source.media_type) + " " +
           std::string(part.source.data.escaped);
  }
  if (!part.opaque.empty())
    told += " sig:" + std::string(name_of(part.opaque.origin.dialect)) + ":" + std::string(part.opaque.data.escaped);
  return told;
}

// "user: text a | text b; assistant: ..."
std::string told_messages(const Request& request) {
  constexpr std::string_view roles[] = {"system", "user", "assistant", "tool"};
  std::string told;
  for (const Message& message : request.messages) {
    told += (told.empty() ? "" : "; ") + std::string(roles[static_cast<size_t>(message.role)]);
    told += message.joined ? "+:" : ":";
    for (const Part& part : message.parts) told += (told.ends_with(':') ? " " : " | ") + told_part(part);
  }
  return told;
}

struct ContentsCase {
  const char *contents, *told;
};

std::string wrapped(const char* data, Dialect dialect, bool is_redacted = false) {
  return gemini::signature_of({JsonText{data}, {dialect, "1f"}, {}}, is_redacted);
}

std::string error_of(const std::string& body) {
  const auto request = gemini_room().read_request(body, {"generateContent", "m", false});
  if (request) return "";
  CHECK(request.error().code == ErrorCode::bad_request);
  return request.error().message;
}

}  // namespace

TEST_CASE("gemini callers: contents become messages") {
  const ContentsCase cases[] = {
      {R"([{"parts":[{"text":"hi"}]}])", "user: text hi"},
      {R"({"role":"user","parts":{"text":"hi"}})", "user: text hi"},
      {R"([{"role":"model","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]}])", "assistant: text ab"},
      // Calls without ids are linked by name, then by order.
      {R"([{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a": 1}}},{"functionCall":{"name":"g"}},)"
       R"({"functionCall":{"name":"f","args":{"a": 2}}}]},)"
       R"({"role":"function","parts":[{"functionResponse":{"name":"g","response":{"result":"G"}}},)"
       R"({"functionResponse":{"name":"f","response":{"output":"F1"}}},)"
       R"({"functionResponse":{"name":"f","response":{"x":1,"y":[2]}}}]}])",
       R"(assistant: call call_1 f{"a": 1} | call call_2 g | call call_3 f{"a": 2}; )"
       R"(tool: result call_2 g (text G) | result call_1 f (text F1) | result call_3 f (text {\"x\":1,\"y\":[2]}))"},
      // Ids from the caller are kept; a result with an unknown id belongs to the call of the same name.
      {R"([{"role":"model","parts":[{"function_call":{"id":"x1","name":"f"}},{"function_call":{"name":"g"}}]},)"
       R"({"role":"user","parts":[{"function_response":{"id":"x1","name":"f","response":{"error":"no"}}},)"
       R"({"function_response":{"id":"x2","name":"g","response":{}}},{"text":"and"}]}])",
       "assistant: call x1 f | call call_2 g; tool: result x1 f error (text no) | result call_2 g (text {}); "
       "user+: text and"},
      // Results in several contents belong to one turn.
      {R"([{"role":"model","parts":[{"functionCall":{"name":"f"}},{"functionCall":{"name":"g"}}]},)"
       R"({"parts":[{"functionResponse":{"name":"f"}}]},{"parts":[{"functionResponse":{"name":"g"}}]}])",
       "assistant: call call_1 f | call call_2 g; tool: result call_1 f | result call_2 g"},
      {R"([{"role":"model","parts":[{"text":"hm","thought":true},{"text":"so","thoughtSignature":"QQ=="},)"
       R"({"text":"","thought_signature":"Qg=="},{"functionCall":{"id":"c","name":"f"},"thoughtSignature":"Qw=="}]}])",
       "assistant: thinking hm | text so sig:gemini:QQ== | redacted  sig:gemini:Qg== | call c f sig:gemini:Qw=="},
      {R"([{"parts":[{"inlineData":{"mimeType":"image/png","data":"a-_b"}},)"
       R"({"inline_data":{"mime_type":"application/pdf","data":"JVBE"}},)"
       R"({"fileData":{"fileUri":"https://example.com/a.mp3"}},{"fileData":{"mimeType":"video/mp4","fileUri":"gs://b/c"}},)"
       R"({"fileData":{"fileUri":"https://www.youtube.com/watch?v=1"}}]}])",
       "user: image base64 image/png a+/b | document base64 application/pdf JVBE | audio url audio/mpeg "
       "https://example.com/a.mp3 | video file_id video/mp4 gs://b/c | video url video/mp4 "
       "https://www.youtube.com/watch?v=1"},
      {R"([{"role":"model","parts":[{"executableCode":{"code":"1"}},{"later":{}},{}]}])",
       "assistant: other executableCode | other later | other part"},
      {R"([{"parts":[{"functionResponse":{"name":"f","response":{"output":""},)"
       R"("parts":[{"inlineData":{"mimeType":"image/png","data":"AA=="}}]}}]}])",
       "tool: result call_1 f (image base64 image/png AA==)"}};
  for (const ContentsCase& one : cases) {
    INFO(one.contents);
    const std::string body = std::string(R"({"contents":)") + one.contents + "}";
    const auto request = read_gemini(body);
    CHECK(told_messages(*request) == one.told);
    CHECK(write_gemini(*request).body["contents"].dump().size() > 10);
  }
}

TEST_CASE("gemini callers: what belongs to another provider comes back with the thinking that it is of") {
  const std::string own = wrapped("U0lH", Dialect::anthropic);
  const std::string hidden = wrapped("SElE", Dialect::anthropic, true);
  std::string url_safe = own;
  std::replace(url_safe.begin(), url_safe.end(), '/', '_');
  std::replace(url_safe.begin(), url_safe.end(), '+', '-');
  const std::string call = R"({"functionCall":{"id":"c","name":"f"},"thoughtSignature":")" + own + R"("})";
  const std::pair<std::string, std::string> cases[] = {
      {R"({"text":"hm","thought":true},)" + call, "thinking hm sig:anthropic:U0lH | call c f"},
      {R"({"text":"hm","thought":true},{"text":"so","thoughtSignature":")" + url_safe + R"("})",
       "thinking hm sig:anthropic:U0lH | text so"},
      {call, "thinking  sig:anthropic:U0lH | call c f"},  // the caller dropped the thoughts
      {R"({"text":"so"},{"text":"","thoughtSignature":")" + hidden + R"("})", "redacted  sig:anthropic:SElE | text so"},
      {R"({"text":"1","thought":true},{"text":"so"},{"text":"","thoughtSignature":")" + own +
           R"("},{"text":"2","thought":true},)" + call,
       "thinking 1 sig:anthropic:U0lH | text so | thinking 2 sig:anthropic:U0lH | call c f"},
      // pieces of a stream, as Google's SDK sends them back
      {R"({"text":"h","thought":true},{"text":" m","thought":true},{"text":"it"},{"text":" "},{"text":"is"},)" + call,
       "thinking h m sig:anthropic:U0lH | text it is | call c f"},
      {R"({"text":"1","thought":true}]},{"role":"model","parts":[{"text":"2","thought":true}]},)"
       R"({"role":"model","parts":[)" +
           call,
       "thinking 12 sig:anthropic:U0lH | call c f"}};
  for (const auto& [parts, told] : cases) {
    INFO(parts);
    const std::string body = R"({"contents":[{"role":"model","parts":[)" + parts + "]}]}";
    const auto request = read_gemini(body);
    CHECK(told_messages(*request) == "assistant: " + told);
    // A Gemini target does not get the foreign signature; a call carries the word for a missing one instead.
    const std::string written = write_gemini(*request).text;
    CHECK(written.find("c2x1aWNl") == std::string::npos);
    CHECK((written.find("functionCall") == std::string::npos) ==
          (written.find(gemini::no_signature) == std::string::npos));
  }
}

TEST_CASE("gemini callers: what looks like a wrapped signature and is none stays as it is") {
  for (const std::string& text : {std::string("c2x1aWNlL"), base64_of("sluice.klingon.1.2.x"),
                                  base64_of("sluice.anthropic.1.2.a\"b"), base64_of("sluice."), std::string("!")}) {
    TextArena arena;
    const gemini::Signature read = gemini::read_signature(JsonText{text}, arena);
    CHECK_FALSE(read.is_foreign);
    CHECK(read.opaque.data.escaped == text);
    CHECK(read.opaque.origin == Origin{Dialect::gemini, ""});
  }
}

TEST_CASE("gemini callers: tools, choice and configuration") {
  const std::string body =
      R"({"contents":[],"system_instruction":{"role":"user","parts":[{"text":"be"},{"text":"kind"}]},
    "tools":[{"googleSearch":{}},{"function_declarations":{"name":"f","description":"d",
      "parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true}}}}},
      {"functionDeclarations":[{"name":"g","parametersJsonSchema":{"$schema":"x","type":"object"},"behavior":"B"}]}],
    "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]},"retrievalConfig":{}},
    "generationConfig":{"temperature":0.50,"topP":1,"top_k":"40","seed":7,"presencePenalty":1,"frequencyPenalty":2,
      "maxOutputTokens":"100","stopSequences":["x"],"responseLogprobs":true,"logprobs":3,
      "responseMimeType":"application/json","responseSchema":{"type":"ARRAY","items":{"type":"STRING"}},
      "responseModalities":["TEXT"],"thinkingConfig":{"thinkingBudget":1024,"includeThoughts":true},"speechConfig":{}},
    "safetySettings":[],"labels":{"a":"b"},"serviceTier":"FLEX"})";
  const auto request = read_gemini(body, true);
  CHECK(request->model.escaped == "gemini-2.5-flash");
  CHECK(request->stream);
  CHECK(request->usage_wanted);
  REQUIRE(request->system.size() == 2);
  CHECK(request->system[1].text.escaped == "kind");
  REQUIRE(request->tools.size() == 3);
  CHECK(request->tools[0].kind == ToolKind::other);
  CHECK(request->tools[0].other_type == "googleSearch");
  CHECK(request->tools[1].description.escaped == "d");
  CHECK(request->tools[1].schema == R"({"type":"object","properties":{"a":{"type":["string","null"]}}})");
  CHECK(request->tools[2].schema == R"({"$schema":"x","type":"object"})");
  CHECK(request->tool_choice.mode == ToolChoice::Mode::required);
  CHECK(request->tool_choice.allowed == std::vector<JsonText>{JsonText{"g"}});
  const Sampling& sampling = request->sampling;
  CHECK(sampling.temperature == "0.50");
  CHECK(sampling.top_k == "40");
  CHECK(sampling.seed == "7");
  CHECK(sampling.logprobs == true);
  CHECK(sampling.top_logprobs == 3);
  CHECK(request->max_output_tokens == 100);
  CHECK(request->stop == std::vector<JsonText>{JsonText{"x"}});
  CHECK(request->response_format.kind == ResponseFormat::Kind::json_schema);
  CHECK(request->response_format.schema == R"({"type":"array","items":{"type":"string"}})");
  CHECK(request->reasoning.mode == Reasoning::Mode::on);
  CHECK(request->reasoning.budget_tokens == 1024);
  CHECK(request->reasoning.summary == "auto");
  CHECK(request->service_tier == "flex");
  Dropped dropped;
  REQUIRE(leave_behind(*request, dropped));
  CHECK(dropped.text() ==
        "labels=unsupported, toolConfig.retrievalConfig=unsupported, generationConfig.speechConfig=unsupported, "
        "tools[2].functionDeclarations[0].behavior=unsupported");
}

TEST_CASE("gemini callers: how much is thought") {
  using Mode = Reasoning::Mode;
  struct Case {
    const char* config;
    Mode mode;
    const char *effort, *summary;
  };
  const Case cases[] = {{R"({"thinkingBudget":0})", Mode::off, "", ""},
                        {R"({"thinking_budget":-1})", Mode::adaptive, "", ""},
                        {R"({"thinkingLevel":"HIGH"})", Mode::on, "high", ""},
                        {R"({"thinkingLevel":"THINKING_LEVEL_UNSPECIFIED"})", Mode::absent, "", ""},
                        {R"({"includeThoughts":true})", Mode::adaptive, "", "auto"},
                        {R"({"include_thoughts":false})", Mode::absent, "", "none"}};
  for (const Case& one : cases) {
    INFO(one.config);
    const std::string body = std::string(R"({"contents":[],"generationConfig":{"thinkingConfig":)") + one.config + "}}";
    const auto request = read_gemini(body);
    CHECK(request->reasoning.mode == one.mode);
    CHECK(request->reasoning.effort == one.effort);
    CHECK(request->reasoning.summary == one.summary);
  }
}

TEST_CASE("gemini callers: what elsewhere is another question is demanded") {
  for (const char* member :
       {R"("cachedContent":"cachedContents/1")", R"("continuationToken":"x")",
        R"("generationConfig":{"candidateCount":2})", R"("generationConfig":{"responseModalities":["IMAGE"]})"}) {
    INFO(member);
    const std::string body = std::string(R"({"contents":[],)") + member + "}";
    const auto request = read_gemini(body);
    Dropped dropped;
    CHECK_FALSE(leave_behind(*request, dropped));
    CHECK(write_gemini(*request).body == nlohmann::json::parse(body));
  }
}

TEST_CASE("gemini callers: countTokens is read like what it counts") {
  const std::string body = R"({"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"hi"}]}],
    "systemInstruction":{"parts":{"text":"be"}}}})";
  const auto request = read_gemini(body);
  CHECK(told_messages(*request) == "user: text hi");
  CHECK(request->system.size() == 1);
}

TEST_CASE("gemini callers: what is wrong is told with its place") {
  const std::pair<const char*, const char*> cases[] = {
      {R"([])", "the body must be an object"},
      {R"({})", "contents: is missing"},
      {R"({"contents":"x"})", "contents: must be an array"},
      {R"({"contents":[1]})", "contents[0]: must be an object"},
      {R"({"contents":[{"role":"king"}]})", "contents[0].role: must be 'user' or 'model'"},
      {R"({"contents":[{"role":1}]})", "contents[0].role: must be a string"},
      {R"({"contents":[{"parts":3}]})", "contents[0].parts: must be an array"},
      {R"({"contents":[{"parts":[{"text":1}]}]})", "contents[0].parts[0].text: must be a string"},
      {R"({"contents":[{"parts":[{"text":"a","inlineData":{}}]}]})",
       "contents[0].parts[0]: holds content of two kinds"},
      {R"({"contents":[{"parts":[{"inlineData":{"data":1}}]}]})",
       "contents[0].parts[0].inlineData.data: must be a string"},
      {R"({"contents":[{"parts":[{"functionCall":{"args":{}}}]}]})",
       "contents[0].parts[0].functionCall.name: is missing"},
      {R"({"contents":[{"parts":[{"functionCall":{"name":"f","args":[]}}]}]})",
       "contents[0].parts[0].functionCall.args: must be an object"},
      {R"({"contents":[{"parts":[{"functionResponse":{"name":"f","response":"x"}}]}]})",
       "contents[0].parts[0].functionResponse.response: must be an object"},
      {R"({"contents":[],"contents":[]})", "contents: occurs twice"},
      {R"({"contents":[],"systemInstruction":{},"system_instruction":{}})", "systemInstruction: occurs twice"},
      {R"({"contents":[],"tools":[[]]})", "tools[0]: must be an object"},
      {R"({"contents":[],"tools":[{"functionDeclarations":[{"description":"x"}]}]})",
       "tools[0].functionDeclarations[0].name: must be a string that is not empty"},
      {R"({"contents":[],"toolConfig":{"functionCallingConfig":{"mode":"SOME"}}})",
       "toolConfig.functionCallingConfig.mode: must be AUTO, ANY, NONE or VALIDATED"},
      {R"({"contents":[],"generationConfig":{"temperature":"hot"}})", "generationConfig.temperature: must be a number"},
      {R"({"contents":[],"generationConfig":{"maxOutputTokens":-1}})",
       "generationConfig.maxOutputTokens: must be a whole number"},
      {R"({"contents":[],"generationConfig":{"thinkingConfig":{"thinkingBudget":1e400}}})",
       "generationConfig.thinkingConfig.thinkingBudget: must be a whole number or -1"}};
  for (const auto& [body, told] : cases) {
    INFO(body);
    CHECK(error_of(body) == told);
  }
  CHECK(error_of("{").find("byte 1") != std::string::npos);
}

TEST_CASE("gemini callers: any value anywhere is read, or refused with its place") {
  const std::string body =
      R"({"contents":[{"role":"model","parts":[{"text":"t","thought":true,"thoughtSignature":"QQ=="},
    {"functionCall":{"id":"c","name":"f","args":{}}},{"inlineData":{"mimeType":"image/png","data":"AA==","displayName":"x"}}]},
    {"parts":[{"functionResponse":{"id":"c","name":"f","response":{"output":"x"},"parts":[]}},
    {"fileData":{"mimeType":"a/b","fileUri":"u"}}]}],"systemInstruction":{"parts":[{"text":"s"}]},
    "tools":[{"functionDeclarations":[{"name":"f","description":"d","parameters":{"type":"OBJECT"}}]}],
    "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"serviceTier":"flex","store":true,
    "generationConfig":{"temperature":1,"stopSequences":["a"],"candidateCount":1,"responseMimeType":"text/plain",
    "responseSchema":{"type":"STRING"},"responseModalities":["TEXT"],"thinkingConfig":{"thinkingBudget":1,
    "thinkingLevel":"LOW","includeThoughts":true}}})";
  nlohmann::json whole = nlohmann::json::parse(body);
  size_t read = 0, refused = 0;
  const nlohmann::json flat = whole.flatten();
  std::vector<std::string> places;
  for (const auto& [place, value] : flat.items()) {
    for (std::string at = place; !at.empty(); at.resize(at.rfind('/'))) places.push_back(at);
  }
  for (const std::string& place : places) {
    for (const char* value :
         {"null", "true", "-1.5", "1e999", "\"\"", "\"\\ud800\"", "[]", "{}", "[[{}]]", R"({"a":{"b":[1]},"a":2})"}) {
      nlohmann::json changed = whole;
      changed[nlohmann::json::json_pointer(place)] = "PLACE";
      std::string text = changed.dump();
      text.replace(text.find("\"PLACE\""), 7, value);
      const auto request = gemini_room().read_request(text, {"generateContent", "m", false});
      if (!request) {
        ++refused;
        CHECK(request.error().code == ErrorCode::bad_request);
        continue;
      }
      ++read;
      Dropped dropped;
      WrittenRequest written;
      CHECK(gemini_room().write_request(**request, gemini_facts(), dropped, written));
      JsonDocument document;
      CHECK(document.parse(written.body));
    }
  }
  CHECK(read > 100);
  CHECK(refused > 100);
}
