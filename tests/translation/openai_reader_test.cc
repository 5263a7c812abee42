// Answers of chat completions as events: OpenAI's, and those of compatible providers.
#include <catch2/catch.hpp>

#include "translation/openai_tools.h"

using namespace sluice;
using namespace sluice::api;
using namespace sluice::test;

namespace {

std::string told_of(const std::vector<std::string>& chunks) {
  const auto reader = chat().make_reader(chat_target);
  EventText events;
  for (const std::string& chunk : chunks) {
    if (const auto done = reader->read_frame("", chunk, events); !done) events.told += "bad ";
  }
  reader->end(events);
  return events.told;
}

std::string told_of_body(const std::string& message, const std::string& finish, const std::string& rest = "") {
  const auto reader = chat().make_reader(chat_target);
  EventText events;
  const std::string body = R"({"id":"c","model":"m","choices":[{"index":0,"message":)" + message +
                           R"(,"finish_reason":")" + finish + "\"}]" + rest + "}";
  if (const auto done = reader->read_body(body, events); !done) return "bad: " + done.error().message;
  reader->end(events);
  return events.told;
}

// One chunk of a stream with that delta.
std::string delta(const std::string& json, const std::string& finish = "") {
  return R"({"id":"c","model":"m","choices":[{"index":0,"delta":)" + json + R"(,"finish_reason":)" +
         (finish.empty() ? "null" : '"' + finish + '"') + "}]}";
}
std::string call_delta(const std::string& json) { return delta(R"({"tool_calls":[)" + json + "]}"); }

}  // namespace

TEST_CASE("chat: a stream of text, its usage in a chunk of its own") {
  CHECK(told_of({delta(R"({"role":"assistant","content":""})"), delta(R"({"content":"a\n"})"),
                 delta(R"({"content":"b"})"), delta("{}", "stop"),
                 R"({"id":"c","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,)"
                 R"("prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1}}})",
                 "[DONE]"}) == "start:m 0'a\\n' 0'b' 0end finish:0:stopusage:6/4/-/3/1 ");
}

TEST_CASE("chat: usage in the finish chunk comes before the finish; x_groq's and a choice's count too") {
  CHECK(told_of({R"({"model":"m","choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],)"
                 R"("usage":{"prompt_tokens":1,"completion_tokens":2}})"}) ==
        "start:m 0'a' usage:1/-/-/2/- 0end finish:0:stop");
  CHECK(
      told_of(
          {delta(R"({"content":"a"})"),
           R"({"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":1,"completion_tokens":2}}})"}) ==
      "start:m 0'a' usage:1/-/-/2/- 0end finish:0:stop");
  CHECK(
      told_of(
          {R"({"choices":[{"delta":{"content":"a"},"finish_reason":"stop","usage":{"prompt_tokens":1,"cached_tokens":1}}]})"}) ==
      "start: 0'a' usage:0/1/-/-/- 0end finish:0:stop");
}

TEST_CASE("chat: calls whose pieces come mixed, and a stop beside them") {
  CHECK(told_of({call_delta(R"({"index":0,"id":"x","type":"function","function":{"name":"f","arguments":""}})"),
                 call_delta(R"({"index":1,"id":"y","function":{"name":"g","arguments":"{\"a\":"}})"),
                 call_delta(R"({"index":0,"function":{"arguments":"{\"b\":1}"}})"),
                 call_delta(R"({"index":1,"function":{"arguments":"2}"}})"), delta("{}", "stop")}) ==
        "start:m 0call:x:f 1call:y:g 1<{\\\"a\\\":> 0<{\\\"b\\\":1}> 1<2}> 0end 1end finish:2:stop");
}

TEST_CASE("chat: a call ends where the next part begins, once its arguments are whole") {
  CHECK(told_of({delta(R"({"content":"t"})"),
                 call_delta(R"({"index":0,"id":"x","function":{"name":"f","arguments":"{\"a\":\"}\"}"}})"),
                 call_delta(R"({"index":1,"id":"y","function":{"name":"g","arguments":"{}"}})"),
                 delta(R"({"content":"u"})"), delta("{}", "tool_calls")}) ==
        "start:m 0't' 0end 1call:x:f 1<{\\\"a\\\":\\\"}\\\"}> 1end 2call:y:g 2<{}> 2end 3'u' 3end finish:2:tool_calls");
}

TEST_CASE("chat: calls that are numbered from 1, all alike, or not at all") {
  const std::string first = R"("id":"x","function":{"name":"f","arguments":"{}"}})";
  const std::string second = R"("id":"y","function":{"name":"f","arguments":"{}"}})";
  const std::string expected = "start:m 0call:x:f 0<{}> 0end 1call:y:f 1<{}> 1end finish:2:tool_calls";
  const std::pair<const char*, const char*> numbers[] = {
      {R"({"index":1,)", R"({"index":2,)"}, {R"({"index":0,)", R"({"index":0,)"}, {"{", "{"}};
  for (const auto& [one, other] : numbers) {
    CHECK(told_of({call_delta(one + first), call_delta(other + second), delta("{}", "tool_calls")}) == expected);
  }
  CHECK(told_of({call_delta(R"({"index":0,"function":{"name":"f","arguments":"{}"}})"),
                 call_delta(R"({"index":0,"function":{"name":"f","arguments":"{\"a\":1}"}})"), delta("{}", "stop")}) ==
        "start:m 0call::f 0<{}> 0end 1call::f 1<{\\\"a\\\":1}> 1end finish:2:stop");
}

TEST_CASE("chat: an id that is told with each piece, a name that comes late, arguments as an object") {
  CHECK(told_of({call_delta(R"({"index":0,"id":"x","function":{"name":"f","arguments":"{"}})"),
                 call_delta(R"({"index":0,"id":"x","function":{"name":null,"arguments":"}"}})"),
                 delta("{}", "tool_calls")}) == "start:m 0call:x:f 0<{> 0<}> 0end finish:2:tool_calls");
  CHECK(told_of({call_delta(R"({"index":0,"id":"x","function":{"name":"","arguments":"{"}})"),
                 call_delta(R"({"index":0,"function":{"name":"f","arguments":"}"}})"), delta("{}", "tool_calls")}) ==
        "start:m 0call:x:f 0<{> 0<}> 0end finish:2:tool_calls");
  CHECK(told_of_body(R"({"tool_calls":[{"id":"x","function":{"name":"f","arguments":{"a":1}}}]})", "tool_calls") ==
        "start:m 0call:x:f 0<{\\\"a\\\":1}> 0end finish:2:tool_calls");
}

TEST_CASE("chat: the older function_call, and calls of free text") {
  CHECK(told_of({delta(R"({"function_call":{"name":"f","arguments":""}})"),
                 delta(R"({"function_call":{"arguments":"{}"}})"), delta("{}", "function_call")}) ==
        "start:m 0call::f 0<{}> 0end finish:2:function_call");
  CHECK(told_of_body(R"({"tool_calls":[{"id":"x","type":"custom","custom":{"name":"p","input":"a\"b"}}]})",
                     "tool_calls") == "start:m 0custom:x:p 0<a\\\"b> 0end finish:2:tool_calls");
}

TEST_CASE("chat: reasoning by its three names, and as parts of the content") {
  const std::string expected = "start:m 0(hm) 0end 1'a' 1end finish:0:stop";
  for (const std::string name : {"reasoning_content", "reasoning", "reasoning_text"}) {
    CHECK(told_of_body(R"({"content":"a",")" + name + R"(":"hm"})", "stop") == expected);
    CHECK(told_of({delta(R"({")" + name + R"(":"hm"})"), delta(R"({"content":"a"})"), delta("{}", "stop")}) ==
          expected);
  }
  CHECK(told_of_body(
            R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"}]})",
            "stop") == expected);
  CHECK(told_of_body(R"({"content":"a","reasoning":"hm","reasoning_content":"hm"})", "stop") == expected);
}

TEST_CASE("chat: details of reasoning keep their signatures and whose they are") {
  CHECK(
      told_of_body(
          R"({"content":"a","reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm",)"
          R"("signature":"s","format":"f-v1","index":0,"id":"i"},{"type":"reasoning.encrypted","data":"d","index":1}]})",
          "stop") ==
      "start:m 0(hm) 0signature:s@openai.a1#f-v1__i__signed 0end 1redacted:d@openai.a1 1end 2'a' 2end finish:0:stop");
  CHECK(told_of_body(R"({"content":"a","reasoning_details":[{"type":"reasoning.summary","summary":"sum","index":0},)"
                     R"({"type":"reasoning.encrypted","data":"d","id":"rs_1","index":0}]})",
                     "stop") == "start:m 0summary(sum) 0signature:d@openai.a1#rs_1 0end 1'a' 1end finish:0:stop");
  CHECK(told_of_body(R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"sluice.anthropic.77.x.d"}]})",
                     "stop") == "start:m 0redacted:d@anthropic.77#x 0end finish:0:stop");
}

TEST_CASE("chat: a signature that is a call's goes with the call") {
  CHECK(told_of_body(R"({"tool_calls":[{"id":"x","function":{"name":"f","arguments":"{}"},)"
                     R"("extra_content":{"google":{"thought_signature":"s"}}}]})",
                     "tool_calls") == "start:m 0call:x:f+s@openai.a1 0<{}> 0end finish:2:tool_calls");
  CHECK(told_of_body(R"({"tool_calls":[{"id":"x","function":{"name":"f","arguments":"{}"}}],)"
                     R"("reasoning_details":[{"type":"reasoning.encrypted","data":"s","id":"x","format":"g-v1"}]})",
                     "tool_calls") == "start:m 0call:x:f+s@openai.a1#g-v1__x 0<{}> 0end finish:2:tool_calls");
}

TEST_CASE("chat: refusals, citations, tokens' chances, pictures, what is not known") {
  CHECK(told_of_body(R"({"content":null,"refusal":"no"})", "stop") == "start:m 0!no! 0end finish:0:stop");
  CHECK(told_of_body(R"({"content":null})", "content_filter") == "start:m finish:3:content_filter");
  CHECK(told_of({delta(R"({"content":"","annotations":[{"type":"url_citation","url_citation":{"url":"u"}}]})"),
                 delta(R"({"content":"a","executed_tools":[{}]})"), delta("{}", "stop")}) ==
        "start:m 0'a' 0citation:u extra:executed_tools 0end finish:0:stop");
  CHECK(told_of({R"({"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"token":"a"}]}}]})"}) ==
        "start: 0'a' extra:logprobs 0end ");
  CHECK(told_of_body(R"({"content":"","images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]})",
                     "stop") == "start:m 0media:image/png:AA 0end finish:0:stop");
}

TEST_CASE("chat: the words for an end") {
  const std::pair<const char*, int> words[] = {
      {"stop", 0},       {"eos", 0},       {"length", 1},         {"max_tokens", 1},   {"model_length", 1},
      {"tool_calls", 2}, {"sensitive", 3}, {"content_filter", 3}, {"function_call", 2}};
  for (const auto& [word, reason] : words) {
    CHECK(told_of({delta(R"({"content":"a"})", word)}) ==
          "start:m 0'a' 0end finish:" + std::to_string(reason) + ":" + word);
  }
  CHECK(told_of({delta(R"({"content":"a"})"), "[DONE]"}) == "start:m 0'a' 0end finish:0:");
  CHECK(told_of({delta(R"({"content":"a"})")}) == "start:m 0'a' 0end ");  // completeness is judged elsewhere
}

TEST_CASE("chat: errors inside an answer that began well") {
  CHECK(told_of({delta(R"({"content":"a"})"), R"({"error":{"message":"too many","type":"t","code":429}})",
                 delta(R"({"content":"b"})")}) == "start:m 0'a' error:429:t:too many");
  CHECK(told_of({delta(R"({"content":"a"})", "error")}).starts_with("start:m 0'a' error:0:error:"));
  CHECK(told_of({R"({"object":"error","message":"no","code":400,"type":"BadRequest"})"}) == "error:400:BadRequest:no");
}

TEST_CASE("chat: what is malformed tells nothing") {
  CHECK(told_of({"{", "[]", "7", R"("a")", delta(R"({"content":"a"})"), R"({"choices":[{"delta":{"content":)",
                 delta("{}", "stop")}) == "bad bad bad bad start:m 0'a' bad 0end finish:0:stop");
  CHECK(told_of({R"({"choices":{}})", R"({"choices":[1]})", R"({"choices":[{"delta":[]}]})",
                 R"({"choices":[{"delta":{"content":7,"tool_calls":[1,{}],"reasoning_details":[3,{"type":9}]}}]})"}) ==
        "start: ");
  CHECK(told_of_body("{}", "stop") == "start:m finish:0:stop");
  const auto reader = chat().make_reader(chat_target);
  EventText events;
  CHECK_FALSE(reader->read_body("{}", events));
  CHECK(events.told.empty());
}

TEST_CASE("chat: each entry of a body's tool_calls is a call of its own, with ids missing or alike") {
  const auto calls = [](const std::string& list) {
    return told_of_body(R"({"role":"assistant","content":null,"tool_calls":)" + list + "}", "stop");
  };
  const std::string f = R"("type":"function","function":{"name":"f","arguments":"{}"})";
  const std::string with_id = calls("[{\"id\":\"a\"," + f + "},{\"id\":\"\"," + f + "}]");
  CHECK(with_id.find("0call:a:f") != std::string::npos);
  CHECK(with_id.find("1call::f") != std::string::npos);
  const std::string alike = calls("[{\"id\":\"a\",\"index\":0," + f + "},{\"id\":\"a\",\"index\":0," + f + "}]");
  CHECK(alike.find("1call:a:f") != std::string::npos);
}

TEST_CASE("chat: a body without a reason for its end has ended all the same") {
  const auto reader = chat().make_reader(chat_target);
  EventText events;
  REQUIRE(reader->read_body(
      R"({"id":"c","model":"m","choices":[{"index":0,"message":{"content":"a"},"finish_reason":null}]})", events));
  reader->end(events);
  CHECK(events.told.find("finish:0") != std::string::npos);
}
