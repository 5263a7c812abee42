// What a second target's answer adds to the first, which broke off.
#include "api/splice.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "api/dialect.h"
#include "api/json_unescape.h"
#include "api/sent_frames.h"
#include "api/sent_reading.h"
#include "translation/event_words.h"

using namespace sluice;
using namespace sluice::api;
using sluice::test::EventWords;

namespace {

Delivered delivered_text(std::string text, bool is_open = true) {
  Delivered delivered;
  delivered.text = std::move(text);
  if (is_open) delivered.open_text = 0;
  delivered.next_part = 1;
  return delivered;
}

std::string spliced(const Delivered& delivered, SpliceMode mode, const std::vector<std::string>& pieces) {
  EventWords words;
  Splice splice(delivered, mode, words);
  splice.on_start({JsonText{"other"}, JsonText{"other"}});
  for (const std::string& piece : pieces) splice.on_text(0, JsonText{piece});
  splice.on_part_end(0);
  splice.on_finish({});
  if (splice.failure() != nullptr) words.told += "| " + splice.failure()->message;
  return words.told;
}

}  // namespace

TEST_CASE("splice: an answer that begins anew is let through from where it is new, however it is cut and spelled") {
  const Delivered hello = delivered_text(R"(H\u00e9llo \"\ud83d\ude00)");
  const std::string again = "H\xC3\xA9llo \\\"\xF0\x9F\x98\x80, you";
  CHECK(spliced(hello, SpliceMode::restarts, {again}) == "0', you' 0end finish");
  CHECK(spliced(hello, SpliceMode::restarts,
                {"H", "\xC3\xA9", "llo", " ", "\\u0022", "\\ud83d", "\\ude00", ",", " you"}) ==
        "0',' 0' you' 0end finish");
  CHECK(spliced(delivered_text("a\\/b"), SpliceMode::restarts, {"a/b\\u002fc"}) == "0'\\u002fc' 0end finish");
  // Half a character was sent: the other half follows.
  CHECK(spliced(delivered_text("a\\ud83d"), SpliceMode::restarts, {"a\xF0\x9F\x98\x80!"}) == "0'\\ude00!' 0end finish");
  // All of it was sent already: nothing more follows.
  CHECK(spliced(delivered_text("whole"), SpliceMode::restarts, {"wh", "ole"}) == "0end finish");
  // The delivered part had ended: the new text is a separate part.
  CHECK(spliced(delivered_text("one", false), SpliceMode::restarts, {"one two"}) == "1' two' 1end finish");
}

TEST_CASE("splice: at the first difference it fails, and tells nothing of it") {
  const std::string differs =
      "| the answer broke off, and the one that another target gave in its place differs from what had been sent "
      "already: the two cannot be joined";
  CHECK(spliced(delivered_text("Hello"), SpliceMode::restarts, {"Hel", "p, I"}) == differs);
  CHECK(spliced(delivered_text("\xC3\xA9"), SpliceMode::restarts, {"\xC3\xA8"}) == differs);
  CHECK(spliced(delivered_text("\\ud83d\\ude00"), SpliceMode::restarts, {"\xF0\x9F\x98\x81"}) == differs);
  const std::string ends =
      "| the answer broke off, and the one that another target gave in its place ends before what had been sent "
      "already: the two cannot be joined";
  CHECK(spliced(delivered_text("Hello"), SpliceMode::restarts, {"Hell"}) == ends);
}

TEST_CASE("splice: an answer that goes on is let through, without what it says once more") {
  const std::string sentence = "The quick brown fox jumps over the lazy dog,";
  const Delivered fox = delivered_text(sentence);
  CHECK(spliced(fox, SpliceMode::continues, {" and", " more"}) == "0' and' 0' more' 0end finish");
  CHECK(spliced(fox, SpliceMode::continues, {"The quick", " brown fox jumps over the lazy dog, and more"}) ==
        "0' and more' 0end finish");
  // Only the beginning is the same.
  CHECK(spliced(fox, SpliceMode::continues, {"The ", "quick", " hare"}) == "0'The quick hare' 0end finish");
  CHECK(spliced(fox, SpliceMode::continues, {"The "}) == "0'The ' 0end finish");
  CHECK(spliced(fox, SpliceMode::continues, {}) == "0end finish");
  // Too short or too repetitive to recognize.
  CHECK(spliced(delivered_text("ha"), SpliceMode::continues, {"ha"}) == "0'ha' 0end finish");
  const std::string zeros(40, '0');
  CHECK(spliced(delivered_text(zeros), SpliceMode::continues, {zeros}) == "0'" + zeros + "' 0end finish");
}

TEST_CASE("splice: white space that a prefix may not end with is not repeated") {
  CHECK(spliced(delivered_text("Hello, \\n"), SpliceMode::continues, {" ", "\\n", "you"}) == "0'you' 0end finish");
  CHECK(spliced(delivered_text("Hello, "), SpliceMode::continues, {"you"}) == "0'you' 0end finish");
  CHECK(spliced(delivered_text("Hello,\\n"), SpliceMode::continues, {"\\n\\nyou"}) == "0'\\nyou' 0end finish");
  // Half a character: either the other half follows, or the splice fails.
  CHECK(spliced(delivered_text("a\\ud83d"), SpliceMode::continues, {"\xF0\x9F\x98\x80"}) == "0'\\ude00' 0end finish");
  CHECK(spliced(delivered_text("a\\ud83d"), SpliceMode::continues, {"b"}).find("differs") != std::string::npos);
}

TEST_CASE("splice: thinking that led to text which was sent is left out; calls behind the text go on") {
  EventWords words;
  Splice splice(delivered_text("I look."), SpliceMode::restarts, words);
  splice.on_thinking(0, JsonText{"hm"}, false);
  splice.on_signature(0, {JsonText{"sig"}, {}, {}}, false);
  splice.on_part_end(0);
  splice.on_text(1, JsonText{"I look."});
  CHECK(splice.caught_up());
  splice.on_part_end(1);
  splice.on_call({2, JsonText{"c"}, JsonText{"look"}, CallKind::function, {}});
  splice.on_arguments(2, JsonText{"{}"});
  splice.on_part_end(2);
  splice.on_thinking(3, JsonText{"and"}, false);
  splice.on_part_end(3);
  splice.on_finish({FinishReason::tool_calls, {}, {}, {}, {}});
  CHECK(words.told == "0end 1call:look 1<{}> 1end 2(and) 2end finish");

  EventWords none;
  Splice early(delivered_text("I look."), SpliceMode::restarts, none);
  early.on_text(0, JsonText{"I look"});
  early.on_part_end(0);
  early.on_call({1, JsonText{"c"}, JsonText{"look"}, CallKind::function, {}});
  early.on_arguments(1, JsonText{"{}"});
  early.on_part_end(1);
  early.on_finish({});
  CHECK(none.told.empty());
  REQUIRE(early.failure() != nullptr);
  CHECK(early.failure()->code == ErrorCode::target_cut);
}

TEST_CASE("splice: where only thinking was sent, it ends, and the second answer comes as it is") {
  Delivered delivered;
  delivered.thinking.push_back({0, false});
  delivered.next_part = 1;
  EventWords words;
  Splice splice(delivered, SpliceMode::restarts, words);
  CHECK(splice.caught_up());
  splice.on_thinking(0, JsonText{"hm"}, false);
  splice.on_part_end(0);
  splice.on_text(1, JsonText{"Hi"});
  splice.on_part_end(1);
  splice.on_finish({});
  CHECK(words.told == "0end 1(hm) 1end 2'Hi' 2end finish");
}

TEST_CASE("splice: the usage of all attempts is added up") {
  Delivered delivered = delivered_text("a");
  delivered.usage.counts.input_uncached = 10;
  delivered.usage.counts.output = 3;
  EventWords words;
  Splice splice(delivered, SpliceMode::continues, words);
  AnswerUsage usage;
  usage.counts.input_uncached = 12;
  usage.counts.cache_read = 7;
  splice.on_usage(usage);
  usage = {};
  usage.counts.output = 5;
  splice.on_usage(usage);
  CHECK(words.usage.counts.input_uncached == 22);
  CHECK(words.usage.counts.cache_read == 7);
  CHECK(words.usage.counts.output == 8);
}

TEST_CASE("delivered: what was told, what is open, and what stands against going on") {
  Delivered delivered;
  EventWords words;
  DeliveredSink sink(delivered, true, &words);
  sink.on_start({JsonText{"id"}, JsonText{"model"}});
  sink.on_thinking(0, JsonText{"hm"}, false);
  CHECK(delivered.bar() == Bar::thinking);
  sink.on_signature(0, {JsonText{"s"}, {}, {}}, false);
  sink.on_part_end(0);
  CHECK(delivered.bar() == Bar::none);
  sink.on_text(1, JsonText{"He"});
  sink.on_text(1, JsonText{"llo"});
  CHECK(delivered.text == "Hello");
  CHECK(delivered.open_text == 1);
  CHECK(delivered.next_part == 2);
  CHECK(delivered.bar() == Bar::none);
  sink.on_part_end(1);
  CHECK_FALSE(delivered.open_text);
  sink.on_call({2, {}, JsonText{"f"}, CallKind::function, {}});
  CHECK(delivered.bar() == Bar::call);
  CHECK(why(delivered.bar()) == "it had called a tool");
  CHECK(words.told == "start 0(hm) 0sig 0end 1'He' 1'llo' 1end 2call:f ");

  Delivered unsigned_thinking;
  DeliveredSink other(unsigned_thinking, false, nullptr);
  other.on_thinking(0, JsonText{"hm"}, false);
  CHECK(unsigned_thinking.bar() == Bar::none);
  REQUIRE(unsigned_thinking.thinking.size() == 1);
  other.on_signature(0, {JsonText{"s"}, {}, {}}, false);
  CHECK(unsigned_thinking.bar() == Bar::thinking);
}

TEST_CASE("delivered: text is remembered up to its bound") {
  Delivered delivered;
  DeliveredSink sink(delivered, false, nullptr);
  sink.on_text(0, JsonText{std::string(Delivered::max_text_bytes, 'a')});
  CHECK(delivered.bar() == Bar::none);
  sink.on_text(0, JsonText{"b"});
  CHECK(delivered.bar() == Bar::too_long);
  CHECK(delivered.text.empty());  // a mere beginning is of no use
}

namespace {

// What is passed on of a stream that arrives in pieces of `bytes_each`.
std::string passed_frames(SentFrames& sent, const std::string& stream, size_t bytes_each) {
  std::string gone;
  for (size_t at = 0; at < stream.size(); at += bytes_each) {
    std::vector<std::string_view> pieces = {std::string_view(stream).substr(at, bytes_each)};
    sent.hold_tail(pieces);
    for (const std::string_view piece : pieces) gone += piece;
  }
  return gone;
}

}  // namespace

TEST_CASE("sent frames: only whole ones go on, and are remembered") {
  struct Row {
    StreamFormat format;
    std::string stream, whole;
  };
  const Row rows[] = {
      {StreamFormat::sse, "data: a\n\ndata: b\n\ndata: c", "data: a\n\ndata: b\n\n"},
      {StreamFormat::sse, "data: a\r\n\r\n: x\r\n\r\ndata: b\r\n", "data: a\r\n\r\n: x\r\n\r\n"},
      {StreamFormat::sse, "data: a\r\rdata: b\r", "data: a\r\r"},
      {StreamFormat::sse, "data: a", ""},
      {StreamFormat::ndjson, "{\"a\":1}\n{\"b\"", "{\"a\":1}\n"},
      {StreamFormat::json_array, "[{\"a\":[{\"}\\\"\":1}]},\r\n{\"b\":{}}\n,{\"c\":[1",
       "[{\"a\":[{\"}\\\"\":1}]},\r\n{\"b\":{}}"},
      {StreamFormat::json_array, "[", ""},
  };
  for (const Row& row : rows) {
    INFO(row.stream);
    for (const size_t bytes_each : {1, 2, 3, 7, 1000}) {
      SentFrames sent(row.format);
      CHECK(passed_frames(sent, row.stream, bytes_each) == row.whole);
      CHECK(sent.frames() == row.whole);
      std::vector<std::string_view> rest;
      sent.let_go(rest);
      std::string held;
      for (const std::string_view piece : rest) held += piece;
      CHECK(row.whole + held == row.stream);
    }
  }
}

TEST_CASE("sent frames: a stream with a frame that is too large passes unremembered") {
  SentFrames sent(StreamFormat::ndjson);
  const std::string line = std::string(1023, 'a') + "\n";
  std::vector<std::string_view> pieces = {line};
  sent.hold_tail(pieces);
  const std::string large(SentFrames::max_frame_bytes, 'b');
  pieces = {large};
  sent.hold_tail(pieces);
  CHECK(pieces.empty());
  CHECK(sent.complete());
  CHECK(sent.raw_bytes() == line.size() + large.size());
  pieces = {"b"};
  sent.hold_tail(pieces);
  CHECK_FALSE(sent.complete());
  CHECK(sent.frames().empty());
  pieces = {" and", " more"};
  sent.hold_tail(pieces);
  const std::string held = large + "b";
  CHECK(pieces == std::vector<std::string_view>{held, " and", " more"});
}

TEST_CASE("sent frames: those that have been read are known, and take no more room than what they say") {
  const TranslationRoom& room = room_of(Dialect::ollama).translation;
  const std::string line = R"({"model":"m","message":{"role":"assistant","content":"word "},"done":false})"
                           "\n";
  SentFrames sent(StreamFormat::ndjson);
  for (int i = 0; i < 10'000; ++i) {
    std::vector<std::string_view> pieces = {line};
    sent.hold_tail(pieces);
    if (sent.raw_bytes() > 4'000) sent.read(room, {Dialect::ollama, "77"});
  }
  CHECK(sent.any());
  CHECK(sent.held_bytes() < 50'000 + 20'000);
  const Delivered delivered = read_delivered(sent, room, {Dialect::ollama, "77"}, Bar::none);
  CHECK(delivered.bar() == Bar::none);
  CHECK(delivered.text.size() == 50'000);
  CHECK(delivered.open_text.has_value());
  sent.forget();
  CHECK_FALSE(sent.any());
}

namespace {

Delivered read_frames(const std::string& frames, Dialect dialect, Bar asked) {
  SentFrames sent(dialect == Dialect::ollama ? StreamFormat::ndjson : StreamFormat::sse);
  std::vector<std::string_view> pieces = {frames};
  sent.hold_tail(pieces);
  return read_delivered(sent, room_of(dialect).translation, {dialect, "77"}, asked);
}

}  // namespace

TEST_CASE("delivered: read from the frames that were sent, of each dialect") {
  struct Row {
    Dialect dialect;
    std::string frames, text;
    Bar bar;
  };
  const std::string chunk = R"(data: {"id":"c1","model":"m","choices":[{"index":0,"delta":)";
  const std::string claude =
      "event: message_start\ndata: "
      R"({"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":9}}})"
      "\n\n";
  const auto block = [](const std::string& content) {
    return R"(data: {"type":"content_block_start","index":0,"content_block":)" + content + "}\n\n";
  };
  const auto delta = [](const std::string& of) {
    return R"(data: {"type":"content_block_delta","index":0,"delta":)" + of + "}\n\n";
  };
  const Row rows[] = {
      {Dialect::openai,
       chunk + R"({"role":"assistant","content":""}}]})"
               "\n\n",
       "", Bar::none},
      {Dialect::openai,
       chunk +
           R"({"content":"Hi"}}]})"
           "\n\n: ping\n\n" +
           chunk +
           R"({"content":"!"}}]})"
           "\n\n",
       "Hi!", Bar::none},
      {Dialect::openai,
       chunk + R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}]}}]})"
               "\n\n",
       "", Bar::call},
      {Dialect::openai,
       chunk + R"({"audio":{"data":"AAAA","transcript":"Hi"}}}]})"
               "\n\n",
       "Hi", Bar::media},
      {Dialect::openai,
       chunk + R"({"reasoning_content":"hm"}}]})"
               "\n\n",
       "", Bar::none},
      {Dialect::openai,
       chunk + R"({"content":"a"},"finish_reason":"stop"}]})"
               "\n\n",
       "a", Bar::finished},
      {Dialect::openai, "data: {\"error\":{\"message\":\"x\"}}\n\n", "", Bar::failed},
      {Dialect::openai, "data: {\"choices\n\n", "", Bar::unread},
      {Dialect::anthropic,
       claude + block(R"({"type":"text","text":""})") + delta(R"({"type":"text_delta","text":"Hi"})"), "Hi", Bar::none},
      {Dialect::anthropic,
       claude + block(R"({"type":"thinking","thinking":""})") + delta(R"({"type":"thinking_delta","thinking":"hm"})"),
       "", Bar::thinking},
      {Dialect::anthropic, claude + block(R"({"type":"tool_use","id":"t","name":"f","input":{}})"), "", Bar::call},
      {Dialect::anthropic, claude + block(R"({"type":"server_tool_use","id":"t","name":"web_search","input":{}})"), "",
       Bar::hosted},
      {Dialect::anthropic,
       claude + R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}})"
                "\n\n",
       "", Bar::finished},
      {Dialect::ollama,
       R"({"model":"m","message":{"role":"assistant","content":"Hi"},"done":false})"
       "\n",
       "Hi", Bar::none},
      {Dialect::gemini,
       R"(data: {"candidates":[{"content":{"parts":[{"text":"Hi"}],"role":"model"}}],"responseId":"r"})"
       "\n\n",
       "Hi", Bar::none},
      {Dialect::responses,
       R"(data: {"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"Hi"})"
       "\n\n",
       "Hi", Bar::none},
  };
  for (const Row& row : rows) {
    INFO(row.frames);
    const Delivered delivered = read_frames(row.frames, row.dialect, Bar::none);
    CHECK(delivered.text == row.text);
    CHECK(delivered.bar() == row.bar);
  }
  const Delivered started = read_frames(claude, Dialect::anthropic, Bar::structured);
  CHECK(started.id == "msg_1");
  CHECK(started.model == "m");
  CHECK(started.usage.counts.input_uncached == 9);
  CHECK(started.bar() == Bar::structured);
}
