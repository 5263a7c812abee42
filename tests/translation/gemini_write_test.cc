// Requests of other dialects, in the neutral form, written for Gemini targets.
#include "api/gemini/signature.h"
#include "gemini_support.h"

using namespace sluice;
using namespace sluice::api;
using namespace sluice::test;
using nlohmann::json;

namespace {

// A handmade request of another dialect.
struct Asked : Request {
  Asked() { from = Dialect::openai; }
  Part& add(Role role, PartKind kind = PartKind::text, std::string_view words = {}) {
    Part& part = message(role).parts.emplace_back();
    part.kind = kind;
    part.text = JsonText{words};
    return part;
  }
  Message& message(Role role) {
    Message& made = messages.emplace_back();
    made.role = role;
    return made;
  }
  static Part text(std::string_view words) {
    Part part;
    part.text = JsonText{words};
    return part;
  }
  static Part call(std::string_view id, std::string_view name, std::string_view arguments = "{}") {
    Part part;
    part.kind = PartKind::tool_call;
    part.id = JsonText{id};
    part.name = JsonText{name};
    part.arguments = arguments;
    return part;
  }
  static Part result(std::string_view id, std::string_view words) {
    Part part;
    part.kind = PartKind::tool_result;
    part.id = JsonText{id};
    part.parts.push_back(text(words));
    return part;
  }
  static Part media(PartKind kind, Source source) {
    Part part;
    part.kind = kind;
    part.source = source;
    return part;
  }
  void add_tool(std::string_view name, std::string_view schema = {}) {
    Tool& tool = tools.emplace_back();
    tool.name = JsonText{name};
    tool.schema = schema;
  }
};

const Source picture{Source::Kind::base64, "image/png", JsonText{"iVBORw0KGgo="}};

std::string refusal_of(const Request& request, const TargetFacts& facts = gemini_facts()) {
  Dropped dropped;
  WrittenRequest written;
  const auto done = gemini_room().write_request(request, facts, dropped, written);
  if (done) return "";
  CHECK(done.error().code == ErrorCode::untranslatable);
  return done.error().message;
}

}  // namespace

TEST_CASE("gemini: paths name the model and how it answers") {
  CHECK(gemini_room().path("gemini-2.5-flash", false) == "/v1beta/models/gemini-2.5-flash:generateContent");
  CHECK(gemini_room().path("models/a b", true) == "/v1beta/models/a%20b:streamGenerateContent?alt=sse");
}

TEST_CASE("gemini: system, turns and their merging") {
  Asked asked;
  asked.system = {Asked::text("be \\\"kind\\\""), Asked::text(""), Asked::text("be short")};
  asked.add(Role::user, PartKind::text, "a");
  asked.add(Role::user, PartKind::text, "b");
  asked.add(Role::assistant, PartKind::text, "");
  asked.add(Role::assistant, PartKind::refusal, "no");
  asked.add(Role::system, PartKind::text, "now in French");
  asked.add(Role::user, PartKind::text, "c");
  const auto written = write_gemini(asked);
  CHECK(written.body["systemInstruction"] == json::parse(R"({"parts":[{"text":"be \"kind\""},{"text":"be short"}]})"));
  CHECK(written.body["contents"] == json::parse(R"([{"role":"user","parts":[{"text":"a"},{"text":"b"}]},
    {"role":"model","parts":[{"text":"no"}]},
    {"role":"user","parts":[{"text":"[system message]\nnow in French"},{"text":"c"}]}])"));
  CHECK(written.dropped == "messages[4]=changed");
  CHECK_FALSE(written.body.contains("generationConfig"));
}

TEST_CASE("gemini: a system prompt alone is asked as a user's turn") {
  Asked asked;
  asked.system = {Asked::text("say hi")};
  const auto written = write_gemini(asked);
  CHECK(written.body == json::parse(R"({"contents":[{"role":"user","parts":[{"text":"say hi"}]}]})"));
  CHECK(written.dropped == "system=changed");
}

TEST_CASE("gemini: results stand in one turn, in the order of their calls, with ids and names") {
  Asked asked;
  asked.add(Role::user, PartKind::text, "do");
  asked.message(Role::assistant).parts = {Asked::text("ok"), Asked::call("c1", "f", R"({"a":1.0})"),
                                          Asked::call("c2", "g", ""), Asked::call("c3", "f", "not json")};
  Part failed = Asked::result("c1", "bad");
  failed.is_error = true;
  asked.message(Role::tool).parts = {Asked::result("c3", "three")};
  asked.message(Role::tool).parts = {Asked::result("c2", "two"), failed};
  asked.add(Role::user, PartKind::text, "go on");
  const auto written = write_gemini(asked);
  CHECK(written.body["contents"][1] == json::parse(R"({"role":"model","parts":[{"text":"ok"},
    {"functionCall":{"id":"c1","name":"f","args":{"a":1.0}}},{"functionCall":{"id":"c2","name":"g","args":{}}},
    {"functionCall":{"id":"c3","name":"f","args":{"input":"not json"}}}]})"));
  CHECK(written.body["contents"][2] == json::parse(R"({"role":"user","parts":[
    {"functionResponse":{"id":"c1","name":"f","response":{"error":"bad"}}},
    {"functionResponse":{"id":"c2","name":"g","response":{"output":"two"}}},
    {"functionResponse":{"id":"c3","name":"f","response":{"output":"three"}}}]})"));
  CHECK(written.body["contents"][3] == json::parse(R"({"role":"user","parts":[{"text":"go on"}]})"));
  CHECK(written.text.find(R"("args":{"a":1.0})") != std::string::npos);
  CHECK(written.dropped == "messages[1].content[3].arguments=changed");
}

TEST_CASE("gemini: pictures in results go where the model takes them") {
  Asked asked;
  asked.message(Role::assistant).parts = {Asked::call("c1", "shot")};
  Part result = Asked::result("c1", "see");
  result.parts.push_back(Asked::media(PartKind::image, picture));
  asked.message(Role::tool).parts = {result};
  const json image = json::parse(R"([{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}])");
  const auto third = write_gemini(asked, gemini_facts("gemini-3-pro-preview"));
  CHECK(third.body["contents"][1]["parts"][0]["functionResponse"]["parts"] == image);
  const auto second = write_gemini(asked);
  CHECK_FALSE(second.body["contents"][1]["parts"][0]["functionResponse"].contains("parts"));
  CHECK(second.body["contents"][2]["parts"][0]["text"] == "Returned by the tool call c1:");
  CHECK(second.body["contents"][2]["parts"][1] == image[0]);
}

TEST_CASE("gemini: signatures go back to where they came from, elsewhere a word stands for them") {
  Asked asked;
  asked.add(Role::user, PartKind::text, "do");
  Part own = Asked::call("c1", "f");
  own.opaque = {JsonText{"U0lH"}, {Dialect::gemini, "77"}, {}};
  Part of_another = own;
  of_another.opaque.origin.maker = "78";
  Part thinking;
  thinking.kind = PartKind::thinking;
  thinking.text = JsonText{"hm"};
  thinking.opaque = {JsonText{"RXFR"}, {Dialect::anthropic, "1"}, {}};
  Part text_signature;
  text_signature.kind = PartKind::redacted;
  text_signature.opaque = {JsonText{"VEVYVA=="}, {Dialect::gemini, "77"}, {}};
  asked.message(Role::assistant).parts = {thinking, own, Asked::call("c2", "f")};
  asked.message(Role::tool).parts = {Asked::result("c1", "1"), Asked::result("c2", "2")};
  asked.message(Role::assistant).parts = {Asked::text("so"), text_signature, of_another};
  const auto third = write_gemini(asked, gemini_facts("gemini-3-pro-preview"));
  const json& first_turn = third.body["contents"][1]["parts"];
  CHECK(first_turn.size() == 2);
  CHECK(first_turn[0]["thoughtSignature"] == "U0lH");
  CHECK_FALSE(first_turn[1].contains("thoughtSignature"));
  const json& next_turn = third.body["contents"][3]["parts"];
  CHECK(next_turn[1] == json::parse(R"({"text":"","thoughtSignature":"VEVYVA=="})"));
  CHECK(next_turn[2]["thoughtSignature"] == std::string(gemini::no_signature));
  CHECK(third.dropped == "messages[1].content[0]=bound, messages[3].content[2].signature=bound");
  const auto second = write_gemini(asked);
  CHECK_FALSE(second.body["contents"][3]["parts"][2].contains("thoughtSignature"));
}

TEST_CASE("gemini: media") {
  const auto part_of = [](Part part, TargetFacts facts = gemini_facts()) {
    Asked asked;
    asked.message(Role::user).parts = {std::move(part)};
    return write_gemini(asked, facts).body["contents"][0]["parts"][0];
  };
  const Source url{Source::Kind::url, "", JsonText{"https://example.com/a.PNG?x=1"}};
  TargetFacts takes_urls = gemini_facts();
  takes_urls.takes_image_urls = true;
  CHECK(part_of(Asked::media(PartKind::image, {Source::Kind::base64, "", JsonText{"/9j/4AAQ"}})) ==
        json::parse(R"({"inlineData":{"mimeType":"image/jpeg","data":"/9j/4AAQ"}})"));
  CHECK(part_of(Asked::media(PartKind::image, url), takes_urls) ==
        json::parse(R"({"fileData":{"mimeType":"image/png","fileUri":"https://example.com/a.PNG?x=1"}})"));
  CHECK(part_of(Asked::media(PartKind::video, {Source::Kind::url, "", JsonText{"https://youtu.be/abc"}})) ==
        json::parse(R"({"fileData":{"mimeType":"video/mp4","fileUri":"https://youtu.be/abc"}})"));
  CHECK(part_of(Asked::media(PartKind::document, {Source::Kind::text, "text/plain", JsonText{"words"}})) ==
        json::parse(R"({"text":"words"})"));
  for (const Source& source : {url, Source{Source::Kind::file_id, "", JsonText{"file-1"}},
                               Source{Source::Kind::base64, "", JsonText{"AAAA"}}, Source{}}) {
    Asked asked;
    asked.message(Role::user).parts = {Asked::media(PartKind::image, source)};
    CHECK(refusal_of(asked).find("messages[0].content[0]: ") == 0);
  }
  Asked asked;
  asked.add(Role::assistant, PartKind::other).other_type = "server_tool_use";
  CHECK(refusal_of(asked) == "messages[0].content[0]: 'server_tool_use' has no equivalent in the target's API");
}

TEST_CASE("gemini: tools and their choice") {
  Asked asked;
  asked.add(Role::user, PartKind::text, "do");
  const std::string schema = R"({ "type":"object","$schema":"x","properties":{"a":{"oneOf":[{"type":"string"}]}}})";
  const std::string long_name(80, 'n');
  asked.add_tool("plain");
  asked.add_tool(long_name, schema);
  Tool& custom = asked.tools.emplace_back();
  custom.kind = ToolKind::custom;
  custom.name = JsonText{"patch"};
  Tool& other = asked.tools.emplace_back();
  other.kind = ToolKind::other;
  other.other_type = "web_search";
  asked.tool_choice.mode = ToolChoice::Mode::required;
  asked.tool_choice.allowed = {JsonText{long_name}};
  asked.tool_choice.parallel = false;
  const auto written = write_gemini(asked);
  const json& functions = written.body["tools"][0]["functionDeclarations"];
  REQUIRE(functions.size() == 3);
  CHECK(functions[0] == json::parse(R"({"name":"plain"})"));
  const std::string sent = functions[1]["name"];
  CHECK(sent.size() == 64);
  CHECK(written.names.restore(JsonText{sent}).escaped == long_name);
  CHECK(written.text.find(R"("parametersJsonSchema":)" + schema) != std::string::npos);
  CHECK(functions[2]["parametersJsonSchema"]["required"] == json::parse(R"(["input"])"));
  CHECK(written.names.is_custom(JsonText{"patch"}));
  const json& config = written.body["toolConfig"]["functionCallingConfig"];
  CHECK(config == json{{"mode", "ANY"}, {"allowedFunctionNames", {sent}}});
  CHECK(written.dropped == "tools[3]=unsupported, parallel_tool_calls=unsupported");
  const auto older = write_gemini(asked, gemini_facts("gemini-1.5-pro"));
  CHECK(older.body["tools"][0]["functionDeclarations"][1]["parameters"] ==
        json::parse(R"({"type":"OBJECT","properties":{"a":{"type":"STRING"}}})"));

  const std::pair<ToolChoice::Mode, const char*> modes[] = {{ToolChoice::Mode::automatic, "AUTO"},
                                                            {ToolChoice::Mode::none, "NONE"}};
  for (const auto& [mode, word] : modes) {
    asked.tool_choice = {mode, {}, {}};
    CHECK(write_gemini(asked).body["toolConfig"]["functionCallingConfig"] == json{{"mode", word}});
  }
  asked.tool_choice = {ToolChoice::Mode::automatic, {JsonText{"plain"}}, {}};
  CHECK(write_gemini(asked).body["toolConfig"]["functionCallingConfig"]["mode"] == "VALIDATED");
  asked.tools.clear();
  CHECK_FALSE(write_gemini(asked).body.contains("toolConfig"));
}

TEST_CASE("gemini: sampling and limits") {
  Asked asked;
  asked.add(Role::user, PartKind::text, "do");
  asked.sampling = {"2.5", "0.90", "40", "0.1", "1", "-1", "1.1", "9007199254740991", R"({"1":2})", true, 30};
  for (const char* stop : {"a", "", "b", "c", "d", "e", "f"}) asked.stop.push_back(JsonText{stop});
  asked.max_output_tokens = 1'000'000;
  asked.user = JsonText{"me"};
  const auto written = write_gemini(asked);
  CHECK(written.body["generationConfig"] ==
        json::parse(R"({"maxOutputTokens":65536,"stopSequences":["a","b","c","d","e"],"temperature":2,"topP":0.90,
    "topK":40,"frequencyPenalty":1,"presencePenalty":-1,"seed":4194303,"responseLogprobs":true,"logprobs":20})"));
  CHECK(written.text.find(R"("topP":0.90)") != std::string::npos);
  for (const char* path :
       {"max_tokens=clamped", "stop=clamped", "temperature=clamped", "min_p=unsupported", "repeat_penalty=unsupported",
        "logit_bias=unsupported", "seed=changed", "top_logprobs=clamped", "user=unsupported"}) {
    CHECK(written.dropped.find(path) != std::string::npos);
  }
}

TEST_CASE("gemini: what a model that takes no sampling is not told") {
  Asked asked;
  asked.add(Role::user, PartKind::text, "do");
  asked.sampling.temperature = "0.5";
  asked.sampling.top_k = "4";
  TargetFacts facts = gemini_facts();
  facts.takes_sampling = false;
  const auto written = write_gemini(asked, facts);
  CHECK_FALSE(written.body.contains("generationConfig"));
  CHECK(written.dropped == "temperature=unsupported, top_k=unsupported");
}

TEST_CASE("gemini: the form of the answer") {
  Asked asked;
  asked.add(Role::user, PartKind::text, "do");
  asked.response_format.kind = ResponseFormat::Kind::json_schema;
  asked.response_format.schema = R"({"type":"object","properties":{"a":{"type":["string","null"]}}})";
  CHECK(write_gemini(asked).body["generationConfig"]["responseJsonSchema"]["properties"]["a"]["type"][1] == "null");
  CHECK(write_gemini(asked, gemini_facts("gemini-1.5-pro")).body["generationConfig"] ==
        json::parse(R"({"responseMimeType":"application/json","responseSchema":
    {"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true}}}})"));
  asked.add_tool("f");
  CHECK(write_gemini(asked).dropped == "response_format=unsupported");
  CHECK(write_gemini(asked, gemini_facts("gemini-3-flash")).body["generationConfig"].contains("responseJsonSchema"));
  asked.tools.clear();
  asked.response_format = {};
  asked.response_format.kind = ResponseFormat::Kind::json_object;
  CHECK(write_gemini(asked).body["generationConfig"] == json::parse(R"({"responseMimeType":"application/json"})"));
}

TEST_CASE("gemini: how much is thought") {
  using Mode = Reasoning::Mode;
  struct Case {
    const char* model;
    Mode mode;
    const char* effort;
    std::optional<uint64_t> budget;
    std::optional<uint64_t> max_tokens;
    const char *config, *dropped;
  };
  const Case cases[] = {
      {"gemini-2.5-flash", Mode::absent, "", {}, {}, "null", ""},
      {"gemini-2.5-flash", Mode::off, "", {}, {}, R"({"thinkingBudget":0})", ""},
      {"gemini-2.5-pro", Mode::off, "", {}, {}, R"({"thinkingBudget":128})", "reasoning=clamped"},
      {"gemini-2.5-flash", Mode::adaptive, "", {}, {}, R"({"thinkingBudget":-1,"includeThoughts":true})", ""},
      {"gemini-2.5-flash", Mode::on, "medium", {}, {}, R"({"thinkingBudget":2048,"includeThoughts":true})", ""},
      {"gemini-2.5-flash",
       Mode::on,
       "",
       50000,
       {},
       R"({"thinkingBudget":24576,"includeThoughts":true})",
       "reasoning=clamped"},
      {"gemini-2.5-flash", Mode::on, "", 4000, 3000, R"({"thinkingBudget":2250,"includeThoughts":true})",
       "reasoning=clamped"},
      {"gemini-2.5-flash", Mode::on, "high", {}, 800, R"({"thinkingBudget":0})", "reasoning=unsupported"},
      {"gemini-2.5-flash", Mode::on, "", {}, {}, R"({"includeThoughts":true})", ""},
      {"gemini-3-pro-preview", Mode::off, "", {}, {}, R"({"thinkingLevel":"LOW"})", "reasoning=clamped"},
      {"gemini-3-pro-preview",
       Mode::on,
       "medium",
       {},
       {},
       R"({"thinkingLevel":"HIGH","includeThoughts":true})",
       "reasoning=clamped"},
      {"gemini-3-pro-preview",
       Mode::adaptive,
       "medium",
       {},
       {},
       R"({"thinkingLevel":"HIGH","includeThoughts":true})",
       ""},
      {"gemini-3-flash", Mode::adaptive, "low", {}, {}, R"({"thinkingLevel":"LOW","includeThoughts":true})", ""},
      {"gemini-3-flash", Mode::on, "", 1024, {}, R"({"thinkingLevel":"LOW","includeThoughts":true})", ""},
      {"gemini-3-flash",
       Mode::on,
       "xhigh",
       {},
       {},
       R"({"thinkingLevel":"HIGH","includeThoughts":true})",
       "reasoning=clamped"},
      {"gemini-3-flash", Mode::adaptive, "", {}, {}, R"({"includeThoughts":true})", ""},
      {"gemini-2.0-flash", Mode::off, "", {}, {}, "null", ""},
      {"gemini-2.0-flash", Mode::on, "high", {}, {}, "null", "reasoning=unsupported"},
  };
  for (const Case& one : cases) {
    INFO(one.model << " " << static_cast<int>(one.mode) << " " << one.effort);
    Asked asked;
    asked.add(Role::user, PartKind::text, "do");
    asked.reasoning.mode = one.mode;
    asked.reasoning.effort = one.effort;
    asked.reasoning.budget_tokens = one.budget;
    asked.max_output_tokens = one.max_tokens;
    auto written = write_gemini(asked, gemini_facts(one.model));
    CHECK(written.body["generationConfig"]["thinkingConfig"] == json::parse(one.config));
    CHECK(written.dropped == one.dropped);
  }
}

TEST_CASE("gemini: a request of the same dialect that has grown keeps what it was") {
  const std::string body =
      R"({"contents":[{"parts":[{"text":"a"}]}],"generation_config":{"max_output_tokens":10,"top_k":1},"x":[]})";
  const auto request = read_gemini(body);
  Message& more = request->messages.emplace_back();
  more.role = Role::assistant;
  more.parts.push_back(Asked::text("so far"));
  request->max_output_tokens = 7;
  CHECK(write_gemini(*request).body ==
        json::parse(R"({"contents":[{"parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"so far"}]}],
    "generation_config":{"top_k":1,"maxOutputTokens":7},"x":[]})"));
}
