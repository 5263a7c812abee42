// Other dialects' tools and response formats, written for an Anthropic target.
#include "translation/anthropic_requests.h"

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::messages;

TEST_CASE("anthropic: tools of others") {
  const auto tools_of = [](const std::string& tools, const Change& change = {}) {
    return write_as_other(with_messages(hi, R"(,"tools":)" + tools), sonnet(), change);
  };
  SECTION("schemas are objects always, and are kept as they were spelled where they are") {
    const std::pair<const char*, const char*> rows[] = {
        {"", R"({"type":"object","properties":{}})"},
        {"{}", R"({"type":"object","properties":{}})"},
        {R"({"properties":{"a":{"type":"string"}}})", R"({"type":"object","properties":{"a":{"type":"string"}}})"},
        {R"({"type":["object","null"],"required":["a"]})", R"({"type":"object","required":["a"]})"},
        {R"({"$schema":"x","type":"object","properties":{"a":{"oneOf":[{"type":"string"}]}}})",
         R"({"$schema":"x","type":"object","properties":{"a":{"oneOf":[{"type":"string"}]}}})"},
        {R"({"anyOf":[{"properties":{"a":{}},"required":["a"]},{"properties":{"b":{},"a":{"type":"null"}}}],"$defs":{"x":{}}})",
         R"({"type":"object","$defs":{"x":{}},"properties":{"a":{},"b":{}},"required":[]})"},
        {R"({"type":"object","properties":{"c":{}},"required":["c"],"allOf":[{"required":["d"],"properties":{"d":{}}}]})",
         R"({"type":"object","properties":{"c":{},"d":{}},"required":["c","d"]})"},
    };
    for (const auto& [schema, expected] : rows) {
      INFO(schema);
      const Written written =
          tools_of(R"([{"name":"f"}])", [schema = schema](api::Request& r) { r.tools[0].schema = schema; });
      CHECK(written.body["tools"][0]["input_schema"] == json::parse(expected));
    }
  }
  SECTION("names are shortened and restored") {
    const std::string name = "mcp.files/" + std::string(150, 'x');
    const Written written = tools_of(R"([{"name":")" + name + R"(","description":"d"}])");
    const std::string sent = written.body["tools"][0]["name"];
    CHECK(sent.size() == 128);
    CHECK(written.names.restore({sent}).escaped == name);
    CHECK(written.body["tools"][0]["description"] == "d");
  }
  SECTION("free text is a function with one string") {
    const Written written = tools_of(R"([{"name":"patch","description":"d"}])", [](api::Request& r) {
      r.tools[0].kind = api::ToolKind::custom;
      r.tools[0].format = R"({"type":"grammar","syntax":"lark","definition":"start: \"a\""})";
    });
    CHECK(written.body["tools"][0]["input_schema"]["required"] == json::parse(R"(["input"])"));
    CHECK(written.body["tools"][0]["description"] == "d\n\nThe input must keep to this grammar (lark):\nstart: \"a\"");
    CHECK(written.names.is_custom({"patch"}));
    CHECK(written.dropped == "tools[0].format=changed");
  }
  SECTION("tools of other providers are dropped, and a choice without tools") {
    const Written written =
        tools_of(R"([{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"any"})");
    CHECK_FALSE(written.body.contains("tools"));
    CHECK_FALSE(written.body.contains("tool_choice"));
    CHECK(written.dropped == "tools[0]=unsupported, tool_choice=unsupported");
  }
  SECTION("strictness goes on where the schema can be kept to") {
    const std::string closed =
        R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false})";
    CHECK(tools_of(R"([{"name":"f","strict":true,"input_schema":)" + closed + "}]").body["tools"][0]["strict"] == true);
    const Written open = tools_of(R"([{"name":"f","strict":true,"input_schema":{"type":"object"}}])");
    CHECK_FALSE(open.body["tools"][0].contains("strict"));
    CHECK(open.dropped == "tools[0].strict=unsupported");
  }
  SECTION("marks of what may be cached: four") {
    std::string tools;
    for (int i = 0; i < 5; ++i) {
      tools += (i == 0 ? "[" : ",") + std::string(R"({"name":"f)") + std::to_string(i) +
               R"(","cache_control":{"type":"ephemeral"}})";
    }
    const Written written = tools_of(tools + "]");
    CHECK(written.body["tools"][3]["cache_control"]["type"] == "ephemeral");
    CHECK_FALSE(written.body["tools"][4].contains("cache_control"));
    CHECK(written.dropped == "tools[4].cache_control=unsupported");
  }
}

TEST_CASE("anthropic: which tool is called") {
  using Mode = api::ToolChoice::Mode;
  struct Row {
    Mode mode;
    std::vector<api::JsonText> allowed;
    std::optional<bool> parallel;
    const char* choice;
    size_t tools;
  };
  const Row rows[] = {
      {Mode::absent, {}, {}, "null", 2},
      {Mode::absent, {}, true, "null", 2},
      {Mode::absent, {}, false, R"({"type":"auto","disable_parallel_tool_use":true})", 2},
      {Mode::automatic, {}, {}, R"({"type":"auto"})", 2},
      {Mode::required, {}, false, R"({"type":"any","disable_parallel_tool_use":true})", 2},
      {Mode::none, {}, false, R"({"type":"none"})", 2},
      {Mode::required, {{"g"}}, {}, R"({"type":"tool","name":"g"})", 1},
      {Mode::required, {{"f"}, {"g"}}, {}, R"({"type":"any"})", 2},
      {Mode::automatic, {{"f"}}, {}, R"({"type":"auto"})", 1},
  };
  for (const Row& row : rows) {
    const Written written =
        write_as_other(with_messages(hi, R"(,"tools":[{"name":"f"},{"name":"g"}])"), sonnet(), [&row](api::Request& r) {
          r.tool_choice = {row.mode, row.allowed, row.parallel};
        });
    CHECK(written.body.value("tool_choice", json()) == json::parse(row.choice));
    CHECK(written.body["tools"].size() == row.tools);
    CHECK(written.dropped == "");
  }
}

TEST_CASE("anthropic: the form of the answer is forced where it can be, else asked for in words") {
  const auto wants = [](api::ResponseFormat::Kind kind, std::string_view schema) {
    return [=](api::Request& r) {
      r.response_format.kind = kind;
      r.response_format.schema = schema;
    };
  };
  using Kind = api::ResponseFormat::Kind;
  constexpr std::string_view schema =
      R"({"$schema":"s","type":"object","properties":{"a":{"type":"integer","minimum":1},"b":{"oneOf":[{"type":"string","format":"date"},{"type":"object"}]}},"required":["a"]})";
  const Written forced = write_as_other(with_messages(hi), sonnet(), wants(Kind::json_schema, schema));
  CHECK(forced.body["output_config"] == json::parse(R"({"format":{"type":"json_schema","schema":{"type":"object",
    "properties":{"a":{"type":"integer"},"b":{"anyOf":[{"type":"string","format":"date"},{"type":"object","additionalProperties":false}]}},
    "required":["a"],"additionalProperties":false}}})"));
  CHECK(forced.dropped == "response_format=changed");

  constexpr std::string_view closed = R"({"type":"object","properties":{},"additionalProperties":false})";
  CHECK(write_as_other(with_messages(hi), sonnet(), wants(Kind::json_schema, closed)).dropped == "");

  const Written imitator =
      write_as_other(with_messages(hi), anthropic_facts("some-model", false), wants(Kind::json_schema, closed));
  CHECK_FALSE(imitator.body.contains("output_config"));
  CHECK(imitator.body["system"][0]["text"].get<std::string>().ends_with(closed));
  CHECK(imitator.dropped == "response_format=changed");

  const Written any = write_as_other(with_messages(hi), sonnet(), wants(Kind::json_object, ""));
  CHECK(any.body["system"].size() == 1);
  CHECK(any.dropped == "response_format=changed");
}
