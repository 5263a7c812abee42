// Shared by the dialects' readers and writers: JSON kept as spelled, what was dropped, where opaque data belongs.
#include <catch2/catch.hpp>
#include <string>

#include "api/answer.h"
#include "api/event_filter.h"
#include "api/json_value.h"
#include "api/provenance.h"
#include "api/target_facts.h"
#include "api/tool_names.h"
#include "api/translation.h"
#include "translation/event_words.h"

using namespace sluice;
using namespace sluice::api;
using sluice::test::EventWords;

TEST_CASE("JSON is taken apart as it was spelled") {
  const std::string text =
      R"( {"a" : [1.0, -2e3 ,true,null,"x\n\u00e9"], "\u0062":{"c":{}} ,"a2":18446744073709551616} )";
  JsonDocument document;
  REQUIRE(document.parse(text));
  const JsonValue root = document.root();
  CHECK(root.size() == 3);
  CHECK(root["a"].raw() == R"([1.0, -2e3 ,true,null,"x\n\u00e9"])");
  auto element = root["a"].begin();
  CHECK((*element).count() == 1);
  CHECK((*++element).number() == -2000.0);
  CHECK_FALSE((*element).count());
  CHECK((*++element).boolean() == true);
  CHECK_FALSE((*++element).has_value());
  CHECK((*++element).text().escaped == R"(x\n\u00e9)");
  CHECK((*element).word().empty());
  CHECK(++element == root["a"].end());
  CHECK(root["b"]["c"].is_object());
  CHECK(root["b"]["c"].empty());
  CHECK_FALSE(root["a2"].count());
  CHECK_FALSE(root["none"]["of"]["it"].exists());
}

TEST_CASE("broken JSON is refused with its place") {
  const std::string deep(JsonDocument::max_depth + 1, '[');
  const std::string texts[] = {"",          "{",        "[1,]",  "{\"a\":1,}", "{\"a\" 1}", "[1 2]", "tru",
                               "01",        "1.",       "-",     "[1]x",       "\"\x01\"",  "\"a",   "\"\\x\"",
                               "\"\\u12\"", "\"\xff\"", "{a:1}", "[}",         "{\"a\":}",  deep,    "+1"};
  for (const std::string& text : texts) {
    INFO(text);
    JsonDocument document;
    const Result<void> done = document.parse(text);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::bad_request);
    CHECK(done.error().message.find("byte ") != std::string::npos);
    CHECK_FALSE(document.root().exists());
  }
  const std::string just = std::string(JsonDocument::max_depth, '[') + std::string(JsonDocument::max_depth, ']');
  JsonDocument document;
  CHECK(document.parse(just));
}

TEST_CASE("what is opaque carries its origin, and goes back there only") {
  const Opaque opaque{JsonText{"EqQB+/="}, {Dialect::anthropic, "1f3a"}, JsonText{"rs_1"}};
  const std::string wrapped = wrap(opaque);
  CHECK(wrapped == "sluice.anthropic.1f3a.rs_1.EqQB+/=");
  const Opaque back = unwrap(JsonText{wrapped}, Dialect::openai);
  CHECK(back.data == opaque.data);
  CHECK(back.origin == opaque.origin);
  CHECK(back.id == opaque.id);
  CHECK(may_return(back, {Dialect::anthropic, "1f3a"}));
  CHECK_FALSE(may_return(back, {Dialect::anthropic, "1f3b"}));
  CHECK_FALSE(may_return(back, {Dialect::gemini, "1f3a"}));
  const std::string_view strangers[] = {"EqQB", "sluice.", "sluice.klingon.a.b.c", "sluice.anthropic.1f3a",
                                        "sluice.openai.<>..x"};
  for (const std::string_view text : strangers) {
    const Opaque own = unwrap(JsonText{text}, Dialect::gemini);
    CHECK(own.data.escaped == text);
    CHECK(own.origin == Origin{Dialect::gemini, ""});
    CHECK(may_return(own, {Dialect::gemini, "77"}));
  }
}

TEST_CASE("a mark is found wherever it stands") {
  for (const std::string_view mark : {wrap_mark, std::string_view("c2x1aWNlL")}) {
    for (size_t bytes = 0; bytes < 300; ++bytes) {
      std::string body(bytes, mark.front());
      CHECK_FALSE(holds_mark(body, mark));
      for (size_t at = 0; at + mark.size() <= bytes; ++at) {
        std::string with = body;
        with.replace(at, mark.size(), mark);
        if (!holds_mark(with, mark)) FAIL(bytes << " bytes, at " << at);
        with[at + mark.size() - 1] = '#';
        if (holds_mark(with, mark)) FAIL("cut, " << bytes << " bytes, at " << at);
      }
    }
  }
}

TEST_CASE("names of tools are shortened alike each time, and restored") {
  ToolNames names;
  const std::string long_name(80, 'a');
  CHECK(names.shorten(JsonText{"get_weather"}, {}).escaped == "get_weather");
  const std::string sent(names.shorten(JsonText{long_name}, {}).escaped);
  CHECK(sent.size() == 64);
  CHECK(names.shorten(JsonText{long_name}, {}).escaped == sent);
  CHECK(ToolNames().shorten(JsonText{long_name}, {}).escaped == sent);
  CHECK(names.restore(JsonText{sent}).escaped == long_name);
  const std::string dotted(names.shorten(JsonText{"mcp.files/read"}, {}).escaped);
  CHECK(dotted.find_first_of("./") == std::string::npos);
  CHECK(names.restore(JsonText{dotted}).escaped == "mcp.files/read");
  CHECK(names.shorten(JsonText{"mcp.files"}, {64, true, true}).escaped == "mcp.files");
  CHECK(names.shorten(JsonText{"1st"}, {64, false, true}).escaped.starts_with("_1st_"));
}

TEST_CASE("drops are named once, bounded, and printable") {
  Dropped dropped;
  dropped.add("top_k", DropReason::unsupported);
  dropped.add("top_k", DropReason::clamped);
  dropped.add("a,b\x01", DropReason::changed);
  CHECK(dropped.text() == "top_k=unsupported, a?b?=changed");
  for (int i = 0; i < 100; ++i) dropped.add(path_of("messages", static_cast<size_t>(i), "x"), DropReason::unsupported);
  CHECK(dropped.all().size() == Dropped::max_drops);
  CHECK(dropped.more() == 38);
  CHECK(dropped.text(60).size() <= 60);
  CHECK(dropped.text(60).ends_with("+100"));
}

TEST_CASE("parts that come mixed go on one after another") {
  EventWords teller;
  PartSequencer sequencer(teller);
  sequencer.on_text(0, JsonText{"hi"});
  sequencer.on_part_end(0);
  sequencer.on_call({1, JsonText{"c1"}, JsonText{"a"}, CallKind::function, {}});
  sequencer.on_call({2, JsonText{"c2"}, JsonText{"b"}, CallKind::function, {}});
  sequencer.on_arguments(2, JsonText{"{2"});
  sequencer.on_arguments(1, JsonText{"{1"});
  sequencer.on_arguments(2, JsonText{"}"});
  sequencer.on_part_end(2);
  sequencer.on_text(3, JsonText{"and"});
  sequencer.on_arguments(1, JsonText{"}"});
  sequencer.on_part_end(1);
  sequencer.on_text(3, JsonText{" on"});
  sequencer.on_part_end(3);
  sequencer.on_finish({});
  CHECK(teller.told == "0'hi' 0end 1call:a 1<{1> 1<}> 1end 2call:b 2<{2}> 2end 3'and' 3' on' 3end finish");
}

TEST_CASE("calls get their names and their free text back") {
  ToolNames names;
  const std::string sent(names.shorten(JsonText{"my.patch"}, {}).escaped);
  names.add_custom(JsonText{"my.patch"});
  EventWords teller;
  CallRestorer restorer(names, teller);
  restorer.on_call({0, {}, JsonText{sent}, CallKind::function, {}});
  restorer.on_arguments(0, JsonText{R"({\"input\":\"a\\)"});
  restorer.on_arguments(0, JsonText{R"(nb\"})"});
  restorer.on_part_end(0);
  CHECK(teller.told == R"(0custom:my.patch 0<a\nb> 0end )");
}

TEST_CASE("an answer that was gathered tells the same again") {
  AnswerCollector collector;
  collector.on_start({JsonText{"id"}, JsonText{"m"}});
  collector.on_thinking(0, JsonText{"hm"}, false);
  collector.on_signature(0, {JsonText{"s"}, {}, {}}, false);
  collector.on_part_end(0);
  collector.on_text(1, JsonText{"a"});
  collector.on_text(1, JsonText{"b"});
  collector.on_part_end(1);
  AnswerUsage usage;
  usage.counts.input_uncached = 7;
  collector.on_usage(usage);
  usage.counts.input_uncached = 0;
  usage.counts.output = 3;
  collector.on_usage(usage);
  collector.on_finish({});
  CHECK(collector.answer.usage.counts.input_uncached == 7);
  EventWords teller;
  replay(collector.answer, teller);
  CHECK(teller.told == "start 0(hm) 0sig 0end 1'ab' 1end usage finish");
}

TEST_CASE("facts of models by their family") {
  const auto facts = [](std::string_view model, Dialect dialect) { return facts_for(model, {dialect, ""}, true); };
  CHECK_FALSE(facts("gpt-5-mini", Dialect::openai).takes_sampling);
  CHECK(facts("gpt-4o", Dialect::openai).takes_sampling);
  CHECK(facts("o3", Dialect::openai).reasons);
  CHECK(facts("claude-3-5-haiku-20241022", Dialect::anthropic).max_output_tokens == 8192);
  CHECK(facts("claude-sonnet-4-5", Dialect::anthropic).max_output_tokens == 64000);
  CHECK(facts("claude-sonnet-4-20250514", Dialect::anthropic).takes_prefill);
  CHECK(facts("claude-opus-4-7", Dialect::anthropic).adaptive_only);
  CHECK_FALSE(facts("claude-opus-4-7", Dialect::anthropic).takes_late_system);
  CHECK(facts("claude-opus-4-8", Dialect::anthropic).takes_late_system);
  CHECK_FALSE(facts("some-model", Dialect::anthropic).max_output_tokens);
  CHECK(facts("claude-sonnet-4-5", Dialect::anthropic).takes_json_schema);
  CHECK_FALSE(facts("claude-sonnet-4-0", Dialect::anthropic).takes_json_schema);
  CHECK(facts("gemini-3-pro-preview", Dialect::gemini).wants_call_signatures);
  CHECK_FALSE(facts("gemini-2.5-flash", Dialect::gemini).wants_call_signatures);
}
