// A relayed stream that broke off is continued by the writer of its dialect. Recorded streams, and one per dialect made
// by its own writer, are cut after every frame.
#include <catch2/catch.hpp>
#include <iostream>
#include <map>

#include "api/answer.h"
#include "api/corpus.h"
#include "api/dialect.h"
#include "api/frame_gatherer.h"
#include "api/sent_frames.h"
#include "api/sent_reading.h"
#include "api/splice.h"
#include "translation/schema.h"
#include "translation/stream_grammar.h"

using namespace sluice;
using namespace sluice::api;
using test::Exchange;
using test::grammar_fault;
using test::stream_format;

namespace {

constexpr Dialect dialects[] = {Dialect::openai, Dialect::responses, Dialect::anthropic, Dialect::gemini,
                                Dialect::ollama};
const TranslationRoom& room(Dialect dialect) { return room_of(dialect).translation; }

struct Asked {
  std::string body;
  std::unique_ptr<Request> request;
};

// nullptr: not readable.
Asked ask(Dialect dialect, std::string body) {
  const bool is_gemini = dialect == Dialect::gemini;
  Asked asked{std::move(body), nullptr};
  const std::string_view endpoint = is_gemini ? "streamGenerateContent" : room_of(dialect).translated.front();
  auto request = room(dialect).read_request(asked.body, {endpoint, is_gemini ? "gemini-2.5-flash" : "", true});
  if (request) asked.request = std::move(*request);
  return asked;
}

std::string plain_question(Dialect dialect) {
  if (dialect == Dialect::responses) return R"({"model":"m","input":"?","stream":true,"store":false})";
  if (dialect == Dialect::gemini) return R"({"contents":[{"role":"user","parts":[{"text":"?"}]}]})";
  return R"({"model":"m","messages":[{"role":"user","content":"?"}],"stream":true,"max_tokens":99})";
}

AnswerShape shape_of(Dialect dialect, const Request& request, bool json_array, const std::string& id) {
  const std::string_view endpoint =
      dialect == Dialect::gemini ? "streamGenerateContent" : room_of(dialect).translated.front();
  return {endpoint, true, json_array, request, id, 1767225600, "second-model", {Dialect::openai, "5ec0"}};
}

struct Reading final : FrameTaker {
  Reading(Dialect dialect) : reader(room(dialect).make_reader({dialect, "f125"})) {}
  void on_frame(std::string_view event, std::string_view data) override {
    if (!reader->read_frame(event, data, told) && data != "[DONE]") bad = data;
  }
  std::unique_ptr<EventReader> reader;
  AnswerCollector told;
  std::string bad;
};

std::string text_of(const Answer& answer) {
  std::string text;
  for (const Answer::Piece& piece : answer.pieces) {
    if (piece.kind == PartKind::text) text += piece.text;
  }
  return text;
}

std::vector<std::string> frames_of(const std::string& stream, StreamFormat format) {
  std::vector<std::string> frames;
  SentFrames sent(format);
  const char last = format == StreamFormat::json_array ? '}' : '\n';
  for (size_t at = 0, end = 0; at < stream.size(); at = end) {
    end = std::min(stream.find(last, at), stream.size() - 1) + 1;
    std::vector<std::string_view> pieces = {std::string_view(stream).substr(at, end - at)};
    sent.hold_tail(pieces);
    if (pieces.empty()) continue;
    frames.emplace_back();
    for (const std::string_view piece : pieces) frames.back() += piece;
  }
  return frames;
}

// The rest, as another target might produce it. `calls`: a call follows the text.
void tell_rest(EventSink& sink, const std::string& text, bool calls) {
  sink.on_start({JsonText{"other"}, JsonText{"other-model"}});
  sink.on_thinking(0, JsonText{"how did it go on?"}, false);
  sink.on_part_end(0);
  if (!text.empty()) {
    sink.on_text(1, JsonText{text.substr(0, 3)});
    sink.on_text(1, JsonText{text.substr(3)});
    sink.on_part_end(1);
  }
  if (calls) {
    sink.on_call({2, JsonText{"call_2"}, JsonText{"look"}, CallKind::function, {}});
    sink.on_arguments(2, JsonText{R"({\"at\":1})"});
    sink.on_part_end(2);
  }
  AnswerUsage usage;
  usage.counts.input_uncached = 1000;
  usage.counts.output = 7;
  sink.on_usage(usage);
  sink.on_finish({calls ? FinishReason::tool_calls : FinishReason::stop, {}, {}, {}, Dialect::openai});
}

struct Resumed {
  Dialect dialect;
  StreamFormat format;
  const Request& request;
  std::map<std::string, unsigned>& tally;
  bool strict = true;  // the recorded part follows the grammar

  // `sent`: what the caller has; `number`: which cut this is.
  void check(SentFrames& sent, size_t number) const {
    const Delivered delivered = read_delivered(sent, room(dialect), {dialect, "f125"}, Bar::none);
    if (delivered.bar() != Bar::none) {
      ++tally[std::string(why(delivered.bar()))];
      return;
    }
    const std::string fresh_id = "abcdefghijklmnopqrstuvwx";
    const auto writer =
        room(dialect).make_writer(shape_of(dialect, request, format == StreamFormat::json_array, fresh_id));
    if (const Result<void> resumed = writer->resume(sent, delivered); !resumed) {
      ++tally[resumed.error().message];
      return;
    }
    ++tally["gone on with"];
    const std::string rest = number % 3 == 2 ? "" : "!! and the \\\"rest\\\"";
    Splice splice(delivered, delivered.text.empty() ? SpliceMode::restarts : SpliceMode::continues, *writer);
    tell_rest(splice, rest, number % 3 == 1);
    writer->end();
    const std::string whole = std::string(sent.frames()) + writer->out;
    INFO(whole);
    Reading reading(dialect);
    FrameGatherer gatherer(format, reading);
    REQUIRE(gatherer.feed(whole));
    reading.reader->end(reading.told);
    CHECK(reading.bad == "");
    const Answer& answer = reading.told.answer;
    CHECK(text_of(answer) == delivered.text + rest);
    CHECK(answer.finished);
    CHECK_FALSE(answer.error);
    if (!delivered.id.empty()) CHECK(answer.id == delivered.id);
    unsigned calls = 0;
    for (const Answer::Piece& piece : answer.pieces) {
      CHECK(piece.ended);
      if (piece.kind == PartKind::tool_call) ++calls;
    }
    CHECK(calls == (number % 3 == 1 ? 1 : 0));
    if (!answer.usage.counts.any()) CHECK(dialect == Dialect::openai);  // usage was not requested
    if (answer.usage.counts.any()) CHECK(answer.usage.input() == delivered.usage.input() + 1000);
    if (strict) CHECK(grammar_fault(dialect, format, whole) == "");
  }

  // Reading frames as they are sent must give the same as reading all of them at the end.
  void check_read_before(std::span<const std::string> frames, SentFrames& at_once) const {
    SentFrames sent(format);
    for (size_t i = 0; i < frames.size(); ++i) {
      std::vector<std::string_view> pieces = {frames[i]};
      sent.hold_tail(pieces);
      if (i % 3 == 1) sent.read(room(dialect), {dialect, "f125"});
    }
    const Delivered wanted = read_delivered(at_once, room(dialect), {dialect, "f125"}, Bar::none);
    const Delivered delivered = read_delivered(sent, room(dialect), {dialect, "f125"}, Bar::none);
    CHECK(delivered.bar() == wanted.bar());
    CHECK(delivered.text == wanted.text);
    CHECK(delivered.open_text == wanted.open_text);
    CHECK(delivered.next_part == wanted.next_part);
    const auto goes_on = [&](const SentFrames& from) {
      const auto writer =
          room(dialect).make_writer(shape_of(dialect, request, format == StreamFormat::json_array, "fresh"));
      if (const Result<void> resumed = writer->resume(from, wanted); !resumed) return resumed.error().message;
      tell_rest(*writer, "the rest", false);
      writer->end();
      return writer->out;
    };
    if (wanted.bar() == Bar::none) CHECK(goes_on(sent) == goes_on(at_once));
  }

  void check_all(const std::string& stream) const {
    const std::vector<std::string> frames = frames_of(stream, format);
    SentFrames sent(format);
    for (size_t i = 0; i <= frames.size(); ++i) {
      check(sent, i);
      check_read_before(std::span(frames).first(i), sent);
      if (i == frames.size()) break;
      std::vector<std::string_view> pieces = {frames[i]};
      sent.hold_tail(pieces);
    }
  }
};

void print(const char* what, const std::map<std::string, unsigned>& tally) {
  std::cout << what << "\n";
  for (const auto& [row, times] : tally) std::cout << "  " << times << "  " << row << "\n";
}

}  // namespace

TEST_CASE("resume: recorded streams, cut behind every frame, become one whole answer") {
  std::map<Dialect, std::map<std::string, unsigned>> tallies;
  for (const Exchange& exchange : test::corpus()) {
    if (!exchange.stream || exchange.status != 200) continue;
    INFO(name_of(exchange.dialect) << " " << exchange.name);
    Asked asked = exchange.request.is_object() ? ask(exchange.dialect, exchange.request.dump()) : Asked{};
    if (!asked.request) asked = ask(exchange.dialect, plain_question(exchange.dialect));
    const StreamFormat format =
        stream_format(exchange.dialect, exchange.body.find_first_not_of(" \n") == exchange.body.find('['));
    Reading reading(exchange.dialect);
    FrameGatherer gatherer(format, reading);
    REQUIRE(gatherer.feed(exchange.body));
    const bool strict = grammar_fault(exchange.dialect, format, exchange.body).empty();
    Resumed{exchange.dialect, format, *asked.request, tallies[exchange.dialect], strict}.check_all(exchange.body);
  }
  for (const auto& [dialect, tally] : tallies) {
    print(std::string(name_of(dialect)).c_str(), tally);
    CHECK(tally.at("gone on with") > 20);
  }
}

TEST_CASE("resume: a stream of each dialect that broke off anywhere is gone on with") {
  for (const Dialect dialect : dialects) {
    for (const bool json_array : {false, true}) {
      if (json_array && dialect != Dialect::gemini) continue;
      INFO(name_of(dialect));
      const StreamFormat format = stream_format(dialect, json_array);
      const Asked asked = ask(dialect, plain_question(dialect));
      REQUIRE(asked.request);
      const auto writer =
          room(dialect).make_writer(shape_of(dialect, *asked.request, json_array, "firstfirstfirstfirstfirs"));
      writer->on_start({JsonText{"id"}, JsonText{"first-model"}});
      writer->on_thinking(0, JsonText{"hm"}, false);
      writer->on_part_end(0);
      for (const char* const piece : {"H\\u00e9l", "lo \\ud83d\\ude00", " \\\"you\\\" "})
        writer->on_text(1, JsonText{piece});
      writer->on_part_end(1);
      writer->on_text(2, JsonText{"and more"});
      writer->on_part_end(2);
      writer->on_finish({});
      writer->end();
      CHECK(grammar_fault(dialect, format, writer->out) == "");
      std::map<std::string, unsigned> tally;
      Resumed{dialect, format, *asked.request, tally}.check_all(writer->out);
      print(std::string(name_of(dialect)).c_str(), tally);
      CHECK(tally["gone on with"] >= 4);
    }
  }
}

TEST_CASE(
    "resume: a long stream of each dialect is gone on with like a short one, and takes no more room than its text") {
  for (const Dialect dialect : dialects) {
    for (const bool json_array : {false, true}) {
      if (json_array && dialect != Dialect::gemini) continue;
      INFO(name_of(dialect));
      const StreamFormat format = stream_format(dialect, json_array);
      const Asked asked = ask(dialect, plain_question(dialect));
      REQUIRE(asked.request);
      const auto shape = shape_of(dialect, *asked.request, json_array, "firstfirstfirstfirstfirs");
      const auto writer = room(dialect).make_writer(shape);
      writer->on_start({JsonText{"id"}, JsonText{"first-model"}});
      SentFrames sent(format);
      std::string text;
      size_t most = 0;
      const auto send = [&] {
        std::vector<std::string_view> pieces = {writer->out};
        sent.hold_tail(pieces);
        writer->out.clear();
        if (sent.raw_bytes() > SentFrames::max_raw_bytes) sent.read(room(dialect), {dialect, "f125"});
        most = std::max(most, sent.held_bytes());
      };
      for (int i = 0; i < 50'000; ++i) {
        const std::string word = "the word " + std::to_string(i) + ", \\u00e9";
        writer->on_text(0, JsonText{word});
        text += word;
        send();
      }
      CHECK(text.size() > 1'000'000);
      CHECK(most < 2 * text.size() + 2 * SentFrames::max_raw_bytes);
      Delivered delivered = read_delivered(sent, room(dialect), {dialect, "f125"}, Bar::none);
      CHECK(delivered.bar() == Bar::none);
      CHECK(delivered.text == text);
      const auto second = room(dialect).make_writer(shape);
      REQUIRE(second->resume(sent, delivered));
      Splice splice(delivered, SpliceMode::restarts, *second);
      tell_rest(splice, text + "and the rest", false);
      second->end();
      CHECK(second->out.find("and the rest") != std::string::npos);
      CHECK(second->out.size() < 5 * text.size());
      const bool tells_all_again = dialect == Dialect::responses;
      CHECK((second->out.find(text) != std::string::npos) == tells_all_again);
    }
  }
}

TEST_CASE("resume: events of responses stay what the specification says") {
  const test::OpenAiSchemas schemas;
  const std::string start =
      R"(data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","model":"m","created_at":7,"status":"in_progress"}})"
      "\n\n"
      R"(data: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"msg_1","type":"message"}})"
      "\n\n"
      R"(data: {"type":"response.content_part.added","sequence_number":2,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":""}})"
      "\n\n"
      R"(data: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hel"})"
      "\n\n";
  SentFrames sent(StreamFormat::sse);
  std::vector<std::string_view> pieces = {start};
  sent.hold_tail(pieces);
  const Asked asked = ask(Dialect::responses, plain_question(Dialect::responses));
  const auto writer = room(Dialect::responses).make_writer(shape_of(Dialect::responses, *asked.request, false, "x"));
  Delivered delivered = read_delivered(sent, room(Dialect::responses), {}, Bar::none);
  REQUIRE(writer->resume(sent, delivered));
  DeliveredSink told(delivered, false, writer.get());
  Splice splice(delivered, SpliceMode::restarts, told);
  tell_rest(splice, "Hello", false);
  writer->end();
  CHECK(delivered.text == "Hello");
  std::string types;
  struct Types final : FrameTaker {
    void on_frame(std::string_view event, std::string_view data) override {
      const auto json = nlohmann::json::parse(data);
      told += std::string(event.substr(event.find('.') + 1)) + " ";
      fault += schemas.fault("ResponseStreamEvent", json);
      last = json;
    }
    explicit Types(const test::OpenAiSchemas& of) : schemas(of) {}
    const test::OpenAiSchemas& schemas;
    std::string told, fault;
    nlohmann::json last;
  } taker(schemas);
  FrameGatherer gatherer(StreamFormat::sse, taker);
  REQUIRE(gatherer.feed(writer->out));
  CHECK(taker.told == "output_text.delta output_text.done content_part.done output_item.done completed ");
  CHECK(taker.fault == "");
  CHECK(taker.last["sequence_number"] == 8);
  CHECK(taker.last["response"]["id"] == "resp_1");
  CHECK(taker.last["response"]["created_at"] == 7);
  CHECK(taker.last["response"]["output"][0]["id"] == "msg_1");
  CHECK(taker.last["response"]["output"][0]["content"][0]["text"] == "Hello");
}

TEST_CASE("resume: where nobody else can go on, it says so") {
  struct Row {
    Dialect dialect;
    std::string frames, why;
  };
  const Row rows[] = {
      {Dialect::openai,
       R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a"}]}}]})"
       "\n\n",
       "a call, or another choice, has begun"},
      {Dialect::anthropic,
       R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}})"
       "\n\n",
       "a block of 'thinking' is open"},
      {Dialect::anthropic,
       R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}})"
       "\n\n",
       "its end has begun"},
      {Dialect::anthropic,
       R"(data: {"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"a"}})"
       "\n\n",
       "its blocks do not follow one another"},
      {Dialect::responses,
       R"(data: {"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning"}})"
       "\n\n",
       "an item other than text is open"},
      {Dialect::responses,
       R"(data: {"type":"response.completed","response":{"id":"r","status":"completed"}})"
       "\n\n",
       "its end has begun"},
  };
  for (const Row& row : rows) {
    INFO(row.frames);
    SentFrames sent(StreamFormat::sse);
    std::vector<std::string_view> pieces = {row.frames};
    sent.hold_tail(pieces);
    const Asked asked = ask(row.dialect, plain_question(row.dialect));
    const auto writer = room(row.dialect).make_writer(shape_of(row.dialect, *asked.request, false, "x"));
    const Result<void> resumed = writer->resume(sent, {});
    REQUIRE_FALSE(resumed);
    CHECK(resumed.error().code == ErrorCode::target_cut);
    CHECK(resumed.error().message == "the answer broke off where no other target can continue: " + row.why);
    AnswerShape plain = shape_of(row.dialect, *asked.request, false, "x");
    plain.stream = false;
    CHECK_FALSE(room(row.dialect).make_writer(plain)->resume(sent, {}));
  }
}
