// Requests of other dialects' callers, written for an Anthropic target. They are read as Anthropic requests and then
// relabelled as another dialect's: what is tested is writing from the neutral form.
#include <set>

#include "translation/anthropic_requests.h"

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::messages;

TEST_CASE("anthropic: settings of others as the API takes them") {
  struct Row {
    const char* name;
    std::string more;  // further members of the request
    Change change;
    const char* model;
    const char* expected;  // without model and messages
    const char* dropped;
  };
  const Row rows[] = {
      {"a temperature above 1 is clamped",
       R"(,"temperature":1.7)",
       {},
       "claude-sonnet-4-5",
       R"({"max_tokens":5000,"temperature":1})",
       "temperature=clamped"},
      {"a temperature keeps its spelling",
       R"(,"temperature":0.70)",
       {},
       "claude-sonnet-4-5",
       R"({"max_tokens":5000,"temperature":0.70})",
       ""},
      {"temperature and top_p exclude each other",
       R"(,"temperature":0.5,"top_p":0.9)",
       {},
       "claude-sonnet-4-5",
       R"({"max_tokens":5000,"temperature":0.5})",
       "top_p=unsupported"},
      {"a temperature of 1 says nothing beside top_p",
       R"(,"temperature":1,"top_p":0.9)",
       {},
       "claude-sonnet-4-5",
       R"({"max_tokens":5000,"top_p":0.9})",
       ""},
      {"newer models take no sampling",
       R"(,"temperature":0.5,"top_k":3)",
       {},
       "claude-opus-4-7",
       R"({"max_tokens":5000})",
       "temperature=unsupported, top_k=unsupported"},
      {"top_k is a whole number", "", [](api::Request& r) { r.sampling.top_k = "40.0"; }, "claude-sonnet-4-5",
       R"({"max_tokens":5000,"top_k":40})", ""},
      {"what has no place is named", "",
       [](api::Request& r) {
         r.sampling.seed = "7";
         r.sampling.frequency_penalty = "0.0";
         r.sampling.presence_penalty = "0.5";
         r.sampling.logprobs = true;
         r.verbosity = "low";
         r.store = true;
         r.prompt_cache_key = {"k"};
         r.metadata = R"({"a":"b"})";
       },
       "claude-sonnet-4-5", R"({"max_tokens":5000})",
       "presence_penalty=unsupported, seed=unsupported, logprobs=unsupported, verbosity=unsupported, "
       "metadata=unsupported, prompt_cache_key=unsupported, store=unsupported"},
      {"no white space stops",
       R"(,"stop_sequences":["\n"," \t","\u0020\u000a","END"])",
       {},
       "claude-sonnet-4-5",
       R"({"max_tokens":5000,"stop_sequences":["END"]})",
       "stop=unsupported"},
      {"user",
       R"(,"metadata":{"user_id":"u\u0031"})",
       {},
       "claude-sonnet-4-5",
       R"({"max_tokens":5000,"metadata":{"user_id":"u1"}})",
       ""},
      {"tier", "", [](api::Request& r) { r.service_tier = "default"; }, "claude-sonnet-4-5",
       R"({"max_tokens":5000,"service_tier":"standard_only"})", ""},
      {"another's tier", "", [](api::Request& r) { r.service_tier = "flex"; }, "claude-sonnet-4-5",
       R"({"max_tokens":5000})", "service_tier=unsupported"},
      {"stream", R"(,"stream":true)", {}, "claude-sonnet-4-5", R"({"max_tokens":5000,"stream":true})", ""},
      {"no bound on the output: the model's", "", [](api::Request& r) { r.max_output_tokens.reset(); },
       "claude-sonnet-4-5", R"({"max_tokens":64000})", "max_tokens=invented"},
      {"no bound, and an unknown model", "", [](api::Request& r) { r.max_output_tokens.reset(); }, "some-model",
       R"({"max_tokens":4096})", "max_tokens=invented"},
      {"more than the model can", "", [](api::Request& r) { r.max_output_tokens = 100000; }, "claude-sonnet-4-5",
       R"({"max_tokens":64000})", "max_tokens=clamped"},
      {"an unknown model's bound is its own", "", [](api::Request& r) { r.max_output_tokens = 100000; }, "some-model",
       R"({"max_tokens":100000})", ""},
      {"0 is no missing value", "", [](api::Request& r) { r.max_output_tokens = 0; }, "claude-sonnet-4-5",
       R"({"max_tokens":0})", ""},
      {"system blocks stay apart",
       R"(,"system":[{"type":"text","text":"a"},{"type":"text","text":" "},{"type":"text","text":"b"}])",
       {},
       "claude-sonnet-4-5",
       R"({"max_tokens":5000,"system":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})",
       ""},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Written written = write_as_other(with_messages(hi, row.more), anthropic_facts(row.model), row.change);
    CHECK(written.error == "");
    CHECK(written.body["model"] == row.model);
    written.body.erase("model");
    written.body.erase("messages");
    CHECK(written.body == json::parse(row.expected));
    CHECK(written.dropped == row.dropped);
  }
}

TEST_CASE("anthropic: the default of the configuration bounds the output") {
  api::TargetFacts facts = sonnet();
  facts.default_max_tokens = 777;
  const Written written =
      write_as_other(with_messages(hi), facts, [](api::Request& r) { r.max_output_tokens.reset(); });
  CHECK(written.body["max_tokens"] == 777);
  CHECK(written.dropped == "");
}

TEST_CASE("anthropic: thinking by budget, by effort, or as the model likes") {
  using Mode = api::Reasoning::Mode;
  const auto reasoning = [](Mode mode, std::string_view effort, std::optional<uint64_t> budget, uint64_t max_tokens) {
    return [=](api::Request& r) {
      r.reasoning = {mode, effort, budget, ""};
      r.max_output_tokens = max_tokens;
    };
  };
  struct Row {
    const char* name;
    Change change;
    const char* model;
    const char* thinking;
    const char* output_config;
    const char* dropped;
  };
  const Row rows[] = {
      {"low", reasoning(Mode::on, "low", {}, 9000), "claude-sonnet-4-5", R"({"type":"enabled","budget_tokens":1024})",
       "null", ""},
      {"high", reasoning(Mode::on, "high", {}, 9000), "claude-sonnet-4-5", R"({"type":"enabled","budget_tokens":4096})",
       "null", ""},
      {"as it likes", reasoning(Mode::adaptive, "", {}, 9000), "claude-sonnet-4-5",
       R"({"type":"enabled","budget_tokens":2048})", "null", ""},
      {"a budget", reasoning(Mode::on, "", 3000, 9000), "claude-sonnet-4-5",
       R"({"type":"enabled","budget_tokens":3000})", "null", ""},
      {"too small a budget", reasoning(Mode::on, "", 100, 9000), "claude-sonnet-4-5",
       R"({"type":"enabled","budget_tokens":1024})", "null", "reasoning=clamped"},
      {"a budget above max_tokens", reasoning(Mode::on, "", 9000, 4000), "claude-sonnet-4-5",
       R"({"type":"enabled","budget_tokens":3000})", "null", "reasoning=clamped"},
      {"no room for 1024", reasoning(Mode::on, "high", {}, 1024), "claude-sonnet-4-5", "null", "null",
       "reasoning=unsupported"},
      {"off", reasoning(Mode::off, "", {}, 9000), "claude-sonnet-4-5", "null", "null", ""},
      {"a model that does not think", reasoning(Mode::on, "high", {}, 4096), "claude-3-5-haiku-20241022", "null",
       "null", "reasoning=unsupported"},
      {"effort where it is taken", reasoning(Mode::on, "xhigh", {}, 9000), "claude-opus-4-7", R"({"type":"adaptive"})",
       R"({"effort":"xhigh"})", ""},
      {"minimal is low", reasoning(Mode::on, "minimal", {}, 9000), "claude-opus-4-7", R"({"type":"adaptive"})",
       R"({"effort":"low"})", ""},
      {"a budget is an effort there", reasoning(Mode::on, "", 4000, 9000), "claude-opus-4-7", R"({"type":"adaptive"})",
       R"({"effort":"high"})", ""},
      {"adaptive", reasoning(Mode::adaptive, "", {}, 9000), "claude-opus-4-7", R"({"type":"adaptive"})", "null", ""},
      {"both", reasoning(Mode::on, "medium", {}, 9000), "claude-opus-4-5", R"({"type":"enabled","budget_tokens":2048})",
       R"({"effort":"medium"})", ""},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const Written written = write_as_other(with_messages(hi), anthropic_facts(row.model), row.change);
    CHECK(written.body.value("thinking", json()) == json::parse(row.thinking));
    CHECK(written.body.value("output_config", json()) == json::parse(row.output_config));
    CHECK(written.dropped == row.dropped);
  }

  SECTION("with thinking there is no temperature, top_k or tool that must be called") {
    const Written written = write_as_other(
        with_messages(
            hi, R"(,"temperature":0.3,"top_k":4,"tools":[{"name":"f"}],"tool_choice":{"type":"tool","name":"f"})"),
        sonnet(), reasoning(Mode::on, "low", {}, 9000));
    CHECK_FALSE(written.body.contains("temperature"));
    CHECK_FALSE(written.body.contains("top_k"));
    CHECK(written.body["tool_choice"]["type"] == "auto");
    CHECK(written.dropped == "tool_choice=changed, temperature=unsupported, top_k=unsupported");
  }
  SECTION("whether its text is wanted") {
    const Written written = write_as_other(with_messages(hi), anthropic_facts("claude-opus-4-8"), [](api::Request& r) {
      r.reasoning = {Mode::on, "low", {}, "detailed"};
    });
    CHECK(written.body["thinking"]["display"] == "summarized");
  }
  SECTION("a model's default leaves room beside the budget") {
    const Written written = write_as_other(with_messages(hi), anthropic_facts("some-model"), [](api::Request& r) {
      r.reasoning = {Mode::on, "max", {}, ""};
      r.max_output_tokens.reset();
    });
    CHECK(written.body["max_tokens"] == 20480);
    CHECK(written.body["thinking"]["budget_tokens"] == 16384);
  }
  SECTION("a loop that began without thinking goes on without") {
    const std::string loop = with_messages(R"([{"role":"user","content":"a"},
      {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"x"}]}])",
                                           R"(,"tools":[{"name":"f"}])");
    const auto high = reasoning(Mode::on, "high", {}, 9000);
    CHECK_FALSE(write_as_other(loop, sonnet(), high).body.contains("thinking"));
    CHECK(write_as_other(loop, sonnet(), high).dropped == "reasoning=unsupported");
    CHECK(write_as_other(loop, anthropic_facts("claude-opus-4-7"), high).body.contains("thinking"));
  }
}

TEST_CASE("anthropic: messages of others as turns that the API takes") {
  struct Row {
    const char* name;
    const char* messages;
    const char* model;
    const char* expected;
    const char* dropped;
  };
  const Row rows[] = {
      {"neighbours of one role are one turn, and empty texts are left out",
       R"([{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"},{"type":"text","text":" \n"}]},
           {"role":"assistant","content":""},{"role":"user","content":"c"}])",
       "claude-sonnet-4-5",
       R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"text","text":"c"}]}])",
       ""},
      {"results of one turn and the text behind them are one turn, results first",
       R"([{"role":"user","content":"a"},
           {"role":"assistant","content":[{"type":"text","text":""},{"type":"tool_use","id":"t1","name":"f","input":{"x": 1.0}},
                                          {"type":"tool_use","id":"t2","name":"f","input":{}}]},
           {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"1"}]},
           {"role":"user","content":[{"type":"text","text":"and"},{"type":"tool_result","tool_use_id":"t2","is_error":true}]}])",
       "claude-sonnet-4-5",
       R"([{"role":"user","content":[{"type":"text","text":"a"}]},
           {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{"x":1.0}},
                                          {"type":"tool_use","id":"t2","name":"f","input":{}}]},
           {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"1"}]},
                                     {"type":"tool_result","tool_use_id":"t2","is_error":true},{"type":"text","text":"and"}]}])",
       "tools=invented"},
      {"the user is first", R"([{"role":"assistant","content":"a"},{"role":"user","content":"b"}])",
       "claude-sonnet-4-5",
       R"([{"role":"user","content":"Begin."},{"role":"assistant","content":[{"type":"text","text":"a"}]},
           {"role":"user","content":[{"type":"text","text":"b"}]}])",
       "messages=invented"},
      {"there is a turn at all", "[]", "claude-sonnet-4-5", R"([{"role":"user","content":"Begin."}])",
       "messages=invented"},
      {"a model goes on from the assistant's words, which end with no blank",
       R"([{"role":"user","content":"a"},{"role":"assistant","content":"b \n"}])", "claude-sonnet-4-5",
       R"([{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"text","text":"b"}]}])",
       "messages[1]=changed"},
      {"a newer model does not", R"([{"role":"user","content":"a"},{"role":"assistant","content":"b "}])",
       "claude-opus-4-7",
       R"([{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"text","text":"b "}]},
           {"role":"user","content":"Continue."}])",
       "messages=invented"},
      {"a late system message is the user's, marked",
       R"([{"role":"user","content":"a"},{"role":"system","content":"b"},{"role":"assistant","content":"c"},{"role":"user","content":"d"}])",
       "claude-sonnet-4-5",
       R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"[system message]\nb"}]},
           {"role":"assistant","content":[{"type":"text","text":"c"}]},{"role":"user","content":[{"type":"text","text":"d"}]}])",
       "messages[1]=changed"},
      {"it stays where the newest take it",
       R"([{"role":"user","content":"a"},{"role":"system","content":"b"},{"role":"assistant","content":"c"},{"role":"system","content":"d"},
           {"role":"user","content":"e"}])",
       "claude-opus-4-8",
       R"([{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"system","content":[{"type":"text","text":"b"}]},
           {"role":"assistant","content":[{"type":"text","text":"c"}]},
           {"role":"user","content":[{"type":"text","text":"[system message]\nd"},{"type":"text","text":"e"}]}])",
       "messages[3]=changed"},
      {"pictures and documents, in results too",
       R"([{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/jpg","data":"/9j/"}},
             {"type":"image","source":{"type":"url","url":"https://a/b.png"}},
             {"type":"image","source":{"type":"url","url":"data:image/gif;base64,R0lGOD"}},
             {"type":"document","title":"t","context":"c","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0"}},
             {"type":"document","source":{"type":"base64","media_type":"text/plain","data":"aGkiCg=="}},
             {"type":"document","source":{"type":"url","url":"https://a/b.pdf"}},
             {"type":"document","source":{"type":"text","media_type":"text/plain","data":"x\ny"}}]},
           {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},
           {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":""},
             {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo"}}]}]}])",
       "claude-sonnet-4-5",
       R"([{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j/"}},
             {"type":"image","source":{"type":"url","url":"https://a/b.png"}},
             {"type":"image","source":{"type":"base64","media_type":"image/gif","data":"R0lGOD"}},
             {"type":"document","title":"t","context":"c","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0"}},
             {"type":"document","source":{"type":"text","media_type":"text/plain","data":"hi\"\n"}},
             {"type":"document","source":{"type":"url","url":"https://a/b.pdf"}},
             {"type":"document","source":{"type":"text","media_type":"text/plain","data":"x\ny"}}]},
           {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},
           {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[
             {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo"}}]}]}])",
       "tools=invented"},
      {"thinking comes back with its signature, to its origin only",
       R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"own"},
             {"type":"thinking","thinking":"u","signature":"sluice.anthropic.00aa..same"},
             {"type":"thinking","thinking":"v","signature":"sluice.anthropic.00ff..else"},
             {"type":"thinking","thinking":"w","signature":""},
             {"type":"redacted_thinking","data":"sluice.responses.00bb.rs_1.enc"},
             {"type":"redacted_thinking","data":"mine"},{"type":"text","text":"b"}]},{"role":"user","content":"c"}])",
       "claude-sonnet-4-5",
       R"([{"role":"user","content":[{"type":"text","text":"a"}]},
           {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"own"},
             {"type":"thinking","thinking":"u","signature":"same"},{"type":"redacted_thinking","data":"mine"},
             {"type":"text","text":"b"}]},{"role":"user","content":[{"type":"text","text":"c"}]}])",
       "messages[1].content[2]=bound, messages[1].content[3]=unsupported, messages[1].content[4]=bound"},
      {"a compacted conversation is told by its text",
       R"([{"role":"assistant","content":[{"type":"compaction","content":"so far"}]},{"role":"user","content":"c"}])",
       "claude-sonnet-4-5",
       R"([{"role":"user","content":"Begin."},{"role":"assistant","content":[{"type":"text","text":"so far"}]},
           {"role":"user","content":[{"type":"text","text":"c"}]}])",
       "messages[0].content[0]=changed, messages=invented"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const Written written = write_as_other(with_messages(row.messages), anthropic_facts(row.model));
    CHECK(written.error == "");
    CHECK(written.body["messages"] == json::parse(row.expected));
    CHECK(written.dropped == row.dropped);
  }
}

TEST_CASE("anthropic: content that the API has nothing for is refused") {
  const std::pair<const char*, const char*> rows[] = {
      {R"([{"role":"user","content":[{"type":"container_upload","file_id":"f"}]}])",
       "messages[0].content[0]: the target does not take content of type 'container_upload'"},
      {R"([{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}])",
       "messages[0].content[0]: the target does not take pictures that are files of another provider"},
      {R"([{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/tiff","data":"AAAA"}}]}])",
       "messages[0].content[0]: the target does not take pictures of type 'image/tiff'"},
      {R"([{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/zip","data":"AAAA"}}]}])",
       "messages[0].content[0]: the target does not take documents of type 'application/zip'"},
      {R"([{"role":"assistant","content":[{"type":"compaction","content":null,"encrypted_content":"e"}]}])",
       "messages[0].content[0]: the target does not take a conversation that another provider has compacted"},
  };
  for (const auto& [messages, error] : rows) {
    CHECK(write_as_other(with_messages(messages), sonnet()).error == error);
  }
  const auto becomes = [](api::PartKind kind) {
    return [kind](api::Request& r) { r.messages[0].parts[0].kind = kind; };
  };
  CHECK(write_as_other(with_messages(hi), sonnet(), becomes(api::PartKind::audio)).error ==
        "messages[0].content[0]: the target does not take sound");
  CHECK(write_as_other(with_messages(hi), sonnet(), [](api::Request& r) { r.choices = 2; }).error ==
        "the target gives one answer, not several");
}

TEST_CASE("anthropic: calls have ids in the API's letters, each its own, and results find them") {
  const Written written = write_as_other(with_messages(R"([{"role":"user","content":"a"},
        {"role":"assistant","content":[{"type":"tool_use","id":"call:1","name":"f","input":{}},{"type":"tool_use","id":"","name":"f","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"call:1"},{"type":"tool_result","tool_use_id":""}]},
        {"role":"assistant","content":[{"type":"tool_use","id":"call:1","name":"f","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"call:1"}]}])"),
                                         sonnet());
  const json& messages = written.body["messages"];
  const std::string first = messages[1]["content"][0]["id"], nameless = messages[1]["content"][1]["id"],
                    again = messages[3]["content"][0]["id"];
  CHECK(first.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
        std::string::npos);
  CHECK(std::set<std::string>{first, nameless, again}.size() == 3);
  CHECK(messages[2]["content"][0]["tool_use_id"] == first);
  CHECK(messages[2]["content"][1]["tool_use_id"] == nameless);
  CHECK(messages[4]["content"][0]["tool_use_id"] == again);
}

TEST_CASE("anthropic: arguments that are no object become one") {
  const Written written = write_as_other(with_messages(R"([{"role":"user","content":"a"},
        {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}},{"type":"tool_use","id":"t2","name":"f","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1"},{"type":"tool_result","tool_use_id":"t2"}]}])"),
                                         sonnet(), [](api::Request& r) {
                                           r.messages[1].parts[0].arguments = R"({"a": broken)";
                                           r.messages[1].parts[1].arguments = "";
                                         });
  CHECK(written.body["messages"][1]["content"][0]["input"] == json::parse(R"({"input":"{\"a\": broken"})"));
  CHECK(written.body["messages"][1]["content"][1]["input"] == json::object());
  CHECK(written.dropped == "tools=invented, messages[1].content[0].arguments=changed");
}
