// Input that no honest program sends, given to the readers of all dialects: a body is rejected with the reason and the
// place; a frame produces nothing and is dropped (the relay counts it).
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "api/dialect.h"
#include "api/dropped.h"
#include "api/target_facts.h"
#include "translation/event_words.h"

using namespace sluice;
using namespace sluice::api;

namespace {

constexpr Dialect dialects[] = {Dialect::openai, Dialect::responses, Dialect::anthropic, Dialect::gemini,
                                Dialect::ollama};

// A request of the dialect with that content, and with that output limit unless it is "".
std::string request_of(Dialect dialect, const std::string& content, const std::string& bound = "") {
  const auto also = [&](const std::string& before, const std::string& behind = "") {
    return bound.empty() ? std::string() : before + bound + behind;
  };
  switch (dialect) {
    case Dialect::openai:
      return R"({"model":"m","messages":[{"role":"user","content":)" + content + "}]" +
             also(R"(,"max_completion_tokens":)") + "}";
    case Dialect::responses:
      return R"({"model":"m","input":[{"role":"user","content":)" + content + "}]" + also(R"(,"max_output_tokens":)") +
             "}";
    case Dialect::anthropic:
      return R"({"model":"m","messages":[{"role":"user","content":)" + content + R"(}],"max_tokens":)" +
             (bound.empty() ? "9" : bound) + "}";
    case Dialect::gemini:
      return R"({"contents":[{"role":"user","parts":[{"text":)" + content + "}]}]" +
             also(R"(,"generationConfig":{"maxOutputTokens":)", "}") + "}";
    default:
      return R"({"model":"m","messages":[{"role":"user","content":)" + content + "}]" +
             also(R"(,"options":{"num_predict":)", "}") + "}";
  }
}

Result<std::unique_ptr<Request>> read(Dialect dialect, const std::string& body) {
  const bool names_it = dialect == Dialect::gemini;  // in the path, not in the body
  return room_of(dialect).translation.read_request(
      body, {names_it ? "generateContent" : room_of(dialect).translated.front(), names_it ? "m" : "", false});
}

std::string twice(Dialect dialect) {
  const std::string body = request_of(dialect, R"("x")");
  return body.substr(0, body.size() - 1) + R"(,"model":"n"})";
}

}  // namespace

TEST_CASE("hostile bodies are refused, with what is wrong and where") {
  const std::string deep(JsonDocument::max_depth + 1, '['), deep_end(deep.size(), ']');
  struct {
    const char* what;
    std::string content;
    const char* message;
  } const cases[] = {
      {"nested too deep", deep + deep_end, ": arrays and objects are nested too deep"},
      {"no UTF-8", "\"\xff\"", ": a string is not UTF-8"},
      {"an overlong form", "\"\xc0\x80\"", ": a string is not UTF-8"},
      {"half a pair as bytes", "\"\xed\xa0\x80\"", ": a string is not UTF-8"},
      {"a control character", "\"a\nb\"", ": a string holds a control character"},
      {"an escape that is none", R"("\u12")", "the JSON is broken at byte "},
      {"a number with a zero before it", "[01]", "the JSON is broken at byte "},
      {"a number as the content", "7", "string"},
      {"an object as the content", "{}", "string"},
  };
  for (const Dialect dialect : dialects) {
    for (const auto& [what, content, message] : cases) {
      INFO(name_of(dialect) << ": " << what);
      const std::string body = request_of(dialect, content);
      const auto request = read(dialect, body);
      REQUIRE_FALSE(request);
      CHECK(request.error().code == ErrorCode::bad_request);
      CHECK_THAT(request.error().message, Catch::Contains(message));
    }
  }
}

TEST_CASE("numbers that no count can have are refused by their names") {
  for (const Dialect dialect : dialects) {
    for (const char* bound : {"1e400", "1.5", "18446744073709551616", "[]", "true"}) {
      INFO(name_of(dialect) << ": " << bound);
      const std::string body = request_of(dialect, R"("x")", bound);
      const auto request = read(dialect, body);
      REQUIRE_FALSE(request);
      CHECK(request.error().code == ErrorCode::bad_request);
      CHECK_THAT(request.error().message,
                 Catch::Contains("_tokens") || Catch::Contains("maxOutputTokens") || Catch::Contains("num_predict"));
    }
  }
}

TEST_CASE("a member that stands twice is refused where two readers could see two models") {
  for (const Dialect dialect : dialects) {
    if (dialect == Dialect::gemini) continue;  // its model is in the path
    INFO(name_of(dialect));
    const std::string body = twice(dialect);
    const auto request = read(dialect, body);
    REQUIRE_FALSE(request);
    CHECK_THAT(request.error().message, Catch::Contains("model") && Catch::Contains("twice"));
  }
}

TEST_CASE("what is only large, or half a pair of escapes, is read as it was spelled") {
  const std::string large(8 * 1024 * 1024, 'x');
  for (const Dialect dialect : dialects) {
    for (const std::string& text : {large, std::string(R"(\ud800)")}) {
      INFO(name_of(dialect));
      const std::string body = request_of(dialect, "\"" + text + "\"");
      const auto request = read(dialect, body);
      REQUIRE(request);
      REQUIRE((*request)->messages.size() == 1);
      REQUIRE((*request)->messages[0].parts.size() == 1);
      CHECK(((*request)->messages[0].parts[0].text.escaped == text));
    }
  }
}

TEST_CASE("JSON of a few bytes a value is taken up to a number of values, and refused beyond it") {
  const auto list_of = [](size_t count, const std::string& element) {
    std::string text = "[" + element;
    for (size_t i = 1; i < count; ++i) text += "," + element;
    return text + "]";
  };
  constexpr size_t most = JsonDocument::max_request_elements - 1;  // the array counts as one, too
  JsonDocument of_request(JsonDocument::max_request_elements), of_frame;
  for (const char* element : {"\"\"", "null", "[]", "{}"}) {
    INFO(element);
    CHECK(of_request.parse(list_of(most, element)));
    const Result<void> done = of_request.parse(list_of(most + 1, element));
    REQUIRE_FALSE(done);
    CHECK_THAT(done.error().message, Catch::Contains("more than 262144 elements"));
    CHECK(of_frame.parse(list_of(JsonDocument::max_elements - 1, element)));
    CHECK_FALSE(of_frame.parse(list_of(JsonDocument::max_elements, element)));
  }
  CHECK(of_request.parse(list_of(JsonDocument::max_values - 1, "0")));  // as in an embedding
  CHECK_FALSE(of_request.parse(list_of(JsonDocument::max_values, "0")));
}

TEST_CASE("a request of nothing but empty pieces is refused before it takes memory") {
  constexpr size_t many = JsonDocument::max_request_elements;
  const std::string pieces[] = {R"({"text":""})", R"({"type":"text","text":""})", R"({"type":"input_text","text":""})",
                                "{}", "\"\""};
  for (const Dialect dialect : dialects) {
    for (const std::string& piece : pieces) {
      INFO(name_of(dialect) << ": " << piece);
      std::string content = "[" + piece;
      for (size_t i = 1; i < many; ++i) content += "," + piece;
      const std::string body = request_of(dialect, content + "]");
      const auto request = read(dialect, body);
      REQUIRE_FALSE(request);
      CHECK(request.error().code == ErrorCode::bad_request);
      CHECK_THAT(request.error().message, Catch::Contains("more than 262144 elements"));
    }
  }
}

TEST_CASE("hostile frames tell nothing, and the answer goes on behind them") {
  const std::string deep(JsonDocument::max_depth + 1, '[');
  const std::string frames[] = {"",
                                "{",
                                "nonsense",
                                "[1,2]",
                                "7",
                                "null",
                                "\"text\"",
                                "{} {}",
                                "{\"a\":}",
                                "{\"a\":\"\xff\"}",
                                "{\"a\":\"\\x\"}",
                                deep,
                                std::string(100'000, '7') + "x"};
  for (const Dialect dialect : dialects) {
    const auto reader = room_of(dialect).translation.make_reader({dialect, "77"});
    for (const std::string& frame : frames) {
      INFO(name_of(dialect) << ": " << frame.substr(0, 40));
      test::EventWords sink;
      const Result<void> done = reader->read_frame("", frame, sink);
      REQUIRE_FALSE(done);
      CHECK(done.error().code == ErrorCode::bad_request);
      CHECK(sink.told.empty());
      const Result<void> body = room_of(dialect).translation.make_reader({dialect, "77"})->read_body(frame, sink);
      REQUIRE_FALSE(body);
      CHECK(body.error().code == ErrorCode::bad_request);
      CHECK(sink.told.empty());
    }
  }
}

namespace {

// `count` times `item`, in which "#" is the item's number and "%" the same number counted from the other end.
std::string list_of(int count, const std::string& item) {
  std::string list = "[";
  for (int i = 0; i < count; ++i) {
    if (i != 0) list += ',';
    for (const char c : item) {
      if (c == '#') {
        list += std::to_string(i);
      } else if (c == '%') {
        list += std::to_string(count - 1 - i);
      } else {
        list += c;
      }
    }
  }
  return list + "]";
}

// Both lists joined.
std::string both(const std::string& first, const std::string& second) {
  return first.substr(0, first.size() - 1) + "," + second.substr(1);
}

}  // namespace

TEST_CASE("the work that a request makes grows with it, and not with its square") {
  constexpr int many = 10'000;
  const std::string call = R"({"id":"c#","type":"function","function":{"name":"f#","arguments":"{}"}})";
  const std::string model_text = R"({"role":"model","parts":[{"text":"abc"}]})";
  struct {
    const char* what;
    Dialect dialect;
    std::string body;
  } const cases[] = {
      {"contents of one turn", Dialect::gemini, R"({"contents":)" + list_of(many, model_text) + "}"},
      {"pieces of a thought", Dialect::gemini,
       R"({"contents":[{"role":"model","parts":)" + list_of(many, R"({"text":"abc","thought":true})") + "}]}"},
      {"calls without ids", Dialect::gemini,
       R"({"contents":[{"role":"model","parts":)" + list_of(many, R"({"functionCall":{"name":"f","args":{}}})") +
           R"(},{"role":"user","parts":)" + list_of(many, R"({"functionResponse":{"name":"f","response":{"r":1}}})") +
           "}]}"},
      {"results in the other order", Dialect::gemini,
       R"({"contents":[{"role":"model","parts":)" +
           list_of(many, R"({"functionCall":{"id":"c#","name":"f#","args":{}}})") + R"(},{"role":"user","parts":)" +
           list_of(many, R"({"functionResponse":{"id":"c%","name":"f%","response":{"r":1}}})") + "}]}"},
      {"results in the other order", Dialect::openai,
       R"({"model":"m","messages":)" +
           both(R"([{"role":"assistant","content":null,"tool_calls":)" + list_of(many, call) + "}]",
                list_of(many, R"({"role":"tool","tool_call_id":"c%","content":"r"})")) +
           "}"},
      {"calls without results", Dialect::openai,
       R"({"model":"m","messages":[{"role":"assistant","content":null,"tool_calls":)" + list_of(many, call) +
           R"(},{"role":"user","content":"x"}]})"},
      {"tools that are allowed", Dialect::openai,
       R"({"model":"m","messages":[{"role":"user","content":"x"}],"tools":)" +
           list_of(many, R"({"type":"function","function":{"name":"f#","parameters":{"type":"object"}}})") +
           R"(,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":)" +
           list_of(many, R"({"type":"function","function":{"name":"f%"}})") + "}}}"},
      {"names that are too long", Dialect::openai,
       R"({"model":"m","messages":[{"role":"user","content":"x"}],"tools":)" +
           list_of(many, R"({"type":"function","function":{"name":")" + std::string(70, 'f') + R"(#"}})") + "}"},
      {"results in the other order", Dialect::anthropic,
       R"({"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":)" +
           list_of(many, R"({"type":"tool_use","id":"c#","name":"f#","input":{}})") + R"(},{"role":"user","content":)" +
           list_of(many, R"({"type":"tool_result","tool_use_id":"c%","content":"r"})") + "}]}"},
      {"results in the other order", Dialect::responses,
       R"({"model":"m","input":)" +
           both(list_of(many, R"({"type":"function_call","call_id":"c#","name":"f#","arguments":"{}"})"),
                list_of(many, R"({"type":"function_call_output","call_id":"c%","output":"r"})")) +
           "}"},
      {"results in the other order", Dialect::ollama,
       R"({"model":"m","messages":)" +
           both(R"([{"role":"assistant","tool_calls":)" +
                    list_of(many, R"({"function":{"name":"f#","arguments":{}}})") + "}]",
                list_of(many, R"({"role":"tool","tool_name":"f%","content":"r"})")) +
           "}"},
  };
  constexpr std::chrono::seconds most(5);  // this takes some tenths of a second; quadratic work would take minutes
  for (const auto& one : cases) {
    INFO(one.what << " of " << name_of(one.dialect));
    const auto read_at = std::chrono::steady_clock::now();
    const Result<std::unique_ptr<Request>> request = read(one.dialect, one.body);
    REQUIRE(request);
    CHECK(std::chrono::steady_clock::now() - read_at < most);
    for (const Dialect target : dialects) {
      INFO("to " << name_of(target));
      Dropped dropped;
      WrittenRequest written;
      const auto written_at = std::chrono::steady_clock::now();
      const auto done =
          room_of(target).translation.write_request(**request, facts_for("m", {target, "77"}, false), dropped, written);
      CHECK(std::chrono::steady_clock::now() - written_at < most);
      CHECK((!done || !written.body.empty()));
    }
  }
}
