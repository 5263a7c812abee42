// Every recorded exchange between its dialect and each of the others: the request is written for the other dialect's
// targets, the answer for its callers, and both are read back. What does not survive must be reported as dropped, and
// what is reported must be listed in pairs_dropped.h.
#include "translation/pairs.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iomanip>
#include <iostream>
#include <map>
#include <set>

#include "api/corpus.h"
#include "api/dialect.h"
#include "api/event_filter.h"
#include "api/frame_gatherer.h"
#include "api/history.h"
#include "translation/pairs_dropped.h"

using namespace sluice;
using namespace sluice::api;
using test::Exchange;

namespace {

constexpr Dialect dialects[] = {Dialect::openai, Dialect::responses, Dialect::anthropic, Dialect::gemini,
                                Dialect::ollama};
const TranslationRoom& room(Dialect dialect) { return room_of(dialect).translation; }

std::string_view endpoint_of(Dialect dialect, bool stream) {
  if (dialect != Dialect::gemini) return room_of(dialect).translated.front();
  return stream ? "streamGenerateContent" : "generateContent";
}

ReadContext context_of(Dialect dialect, bool stream) {
  return {endpoint_of(dialect, stream), dialect == Dialect::gemini ? "gemini-2.5-flash" : std::string_view(), stream};
}

Origin origin_of(Dialect dialect) { return {dialect, "0123456789abcdef"}; }

// Targets that need differently written requests.
std::vector<TargetFacts> facts_of(Dialect dialect) {
  struct Model {
    Dialect dialect;
    std::string_view name;
    bool is_makers_own;
  };
  constexpr Model models[] = {{Dialect::openai, "gpt-4o", true},
                              {Dialect::openai, "gpt-5", true},
                              {Dialect::openai, "qwen3-32b", false},
                              {Dialect::responses, "gpt-4o", true},
                              {Dialect::responses, "gpt-5", true},
                              {Dialect::anthropic, "claude-3-5-haiku-20241022", true},
                              {Dialect::anthropic, "claude-sonnet-4-5", true},
                              {Dialect::anthropic, "claude-opus-4-7", true},
                              {Dialect::gemini, "gemini-2.5-flash", true},
                              {Dialect::gemini, "gemini-3-pro-preview", true},
                              {Dialect::gemini, "gemini-1.5-flash", true},
                              {Dialect::ollama, "qwen3", true},
                              {Dialect::ollama, "gpt-oss:20b", true}};
  std::vector<TargetFacts> facts;
  for (const Model& model : models) {
    if (model.dialect == dialect) facts.push_back(facts_for(model.name, origin_of(dialect), model.is_makers_own));
  }
  return facts;
}

std::string without_indexes(const std::string& text) {
  std::string without;
  for (size_t at = 0; at < text.size(); ++at) {
    without += text[at];
    if (text[at] != '[') continue;
    const size_t end = text.find_first_not_of("0123456789", at + 1);
    if (end != text.npos && text[end] == ']') at = end - 1;
  }
  return without;
}

std::string pair_of(Dialect from, Dialect to) { return std::string(name_of(from)) + " > " + std::string(name_of(to)); }

// What was dropped or rejected, and how often: "openai > ollama: user unsupported".
using Table = std::map<std::string, unsigned>;

struct Tally {
  std::set<std::string> pairs{}, missing{};
  unsigned exchanges = 0, crossings = 0, refused = 0;
  Table dropped{};
};

// Records whether the pair can be translated yet.
bool is_there(Dialect from, Dialect to, bool there, Tally& tally) {
  (there ? tally.pairs : tally.missing).insert(pair_of(from, to));
  return there;
}

// --- requests ---

// The request as a target of `to` gets it, read back; null if it was rejected.
struct Crossed {
  std::unique_ptr<std::string> body{};  // the request's views point into it
  std::unique_ptr<Request> request{};
};

Crossed cross(Request& asked, Dialect to, const TargetFacts& facts, Tally& tally) {
  const std::string pair = pair_of(asked.from, to);
  Dropped dropped;
  WrittenRequest written;
  Result<void> done = fit_to(facts, asked, dropped);
  if (done) done = room(to).write_request(asked, facts, dropped, written);
  ++tally.crossings;
  if (!done) {
    CHECK(done.error().code == ErrorCode::untranslatable);
    ++tally.refused;
    ++tally.dropped[pair + ": refused, " + without_indexes(done.error().message)];
    return {};
  }
  for (const Drop& drop : dropped.all()) {
    ++tally.dropped[pair + ": " + without_indexes(drop.path) + " " + std::string(name_of(drop.reason))];
  }
  Crossed crossed;
  crossed.body = std::make_unique<std::string>(std::move(written.body));
  auto read = room(to).read_request(*crossed.body, context_of(to, asked.stream));
  INFO(*crossed.body);
  if (!read) {
    FAIL_CHECK("its own dialect refuses it: " << read.error().message);
    return {};
  }
  crossed.request = std::move(*read);
  for (const std::string& lost :
       test::lost_of_request(asked, *crossed.request, written.names, dropped, facts.takes_json_schema)) {
    FAIL_CHECK(lost);
  }
  return crossed;
}

// --- answers ---

struct Feeder final : FrameTaker {
  Feeder(EventReader& reader_of_it, EventSink& sink_of_it) : reader(reader_of_it), sink(sink_of_it) {}
  void on_frame(std::string_view event, std::string_view data) override {
    const Result<void> done = whole ? reader.read_body(data, sink) : reader.read_frame(event, data, sink);
    if (!done) error = done.error().message + ": " + std::string(data.substr(0, 200));
  }
  EventReader& reader;
  EventSink& sink;
  bool whole = false;
  std::string error{};
};

// Returns the error, or "".
std::string read_answer(Dialect dialect, StreamFormat format, std::string_view text, EventSink& sink) {
  const auto reader = room(dialect).make_reader(origin_of(dialect));
  Feeder feeder(*reader, sink);
  feeder.whole = format == StreamFormat::none;
  FrameGatherer gatherer(format, feeder);
  if (!gatherer.feed(text)) return "too large";
  gatherer.finish();
  reader->end(sink);
  return feeder.error;
}

StreamFormat format_of(Dialect dialect, bool stream, std::string_view text) {
  if (!stream) return StreamFormat::none;
  if (room_of(dialect).places.streams_lines) return StreamFormat::ndjson;
  return text.find_first_not_of(" \n") != text.npos && text[text.find_first_not_of(" \n")] == '['
             ? StreamFormat::json_array
             : StreamFormat::sse;
}

// As in the gateway: the reader's events go through the filters to the writer, whose output is then read back. Returns
// what the caller gets.
std::string cross_answer(const Exchange& exchange, const Answer& told, const Request& asked, Dialect to, bool stream,
                         Tally& tally) {
  const std::string pair = pair_of(exchange.dialect, to);
  const auto writer = room(to).make_writer({endpoint_of(to, stream), stream, false, asked, "0123456789abcdef01234567",
                                            1767225600, "asked-model", origin_of(exchange.dialect)});
  const ToolNames names;
  PartSequencer sequencer(*writer);
  CallRestorer restorer(names, sequencer);
  const StreamFormat format = format_of(exchange.dialect, exchange.stream, exchange.body);
  read_answer(exchange.dialect, format, exchange.body, restorer);
  writer->end();
  ++tally.crossings;
  for (const Drop& drop : writer->untold.all())
    ++tally.dropped[pair + ": " + drop.path + " " + std::string(name_of(drop.reason))];
  AnswerCollector got;
  INFO((stream ? "stream: " : "body: ") << writer->out);
  const std::string error = read_answer(to, format_of(to, stream, writer->out), writer->out, got);
  if (!error.empty()) FAIL_CHECK("its own reader: " << error);
  test::Tellable tellable;
  tellable.order = stream || (to != Dialect::openai && to != Dialect::ollama);
  tellable.refusal = tellable.cached = to != Dialect::ollama;
  for (const std::string& lost : test::lost_of_answer(told, got.answer, tellable)) {
    FAIL_CHECK(lost);
  }
  return std::move(writer->out);
}

void print(const Tally& tally, std::string_view what) {
  std::cout << what << ": " << tally.exchanges << " exchanges, " << tally.pairs.size() << " pairs, " << tally.crossings
            << " crossings, " << tally.refused << " refused\n";
  for (const std::string& pair : tally.missing) std::cout << "skipped: " << pair << " is not there yet\n";
  for (const auto& [row, times] : tally.dropped) std::cout << "  " << std::setw(5) << times << "  " << row << "\n";
}

bool went_well(const Exchange& exchange) { return exchange.status == 200 && exchange.request.is_object(); }

// From one dialect to all others; and once more from the last one, Ollama, of which nothing is recorded.
void cross_to_all(Dialect from, const std::string& body, bool stream, Tally& tally) {
  for (const Dialect to : dialects) {
    const bool there = room(to).write_request != nullptr && room(to).read_request != nullptr;
    if (to == from || !is_there(from, to, there, tally)) continue;
    bool is_first = true;
    for (const TargetFacts& facts : facts_of(to)) {
      INFO("from " << name_of(from) << " to " << name_of(to) << ", " << facts.model);
      const auto asked = room(from).read_request(body, context_of(from, stream));
      if (!asked) FAIL_CHECK(asked.error().message);
      if (!asked) continue;
      const Crossed crossed = cross(**asked, to, facts, tally);
      if (to == Dialect::ollama && is_first && crossed.request) cross_to_all(to, *crossed.body, stream, tally);
      is_first = false;
    }
  }
}

void cross_answer_to_all(const Exchange& exchange, Tally& tally) {
  const Dialect from = exchange.dialect;
  AnswerCollector told;
  read_answer(from, format_of(from, exchange.stream, exchange.body), exchange.body, told);
  if (!told.answer.finished) return;  // an error within a 200, or cut
  ++tally.exchanges;
  for (const Dialect to : dialects) {
    const bool there = room(to).make_writer != nullptr && room(to).make_reader != nullptr;
    if (to == from || !is_there(from, to, there, tally)) continue;
    INFO("from " << name_of(from) << " to " << name_of(to));
    Request asked;
    asked.from = to;
    asked.usage_wanted = true;
    asked.reasoning = {Reasoning::Mode::on, "medium", {}, "auto"};  // otherwise thinking might be hidden
    for (const bool stream : {true, false}) {
      const std::string body = cross_answer(exchange, told.answer, asked, to, stream, tally);
      if (to == Dialect::ollama) cross_answer_to_all({to, exchange.name, 200, stream, body, {}}, tally);
    }
  }
}

void check_list(const Tally& tally) {
  for (const auto& [row, times] : tally.dropped) {
    const bool is_listed = std::find(std::begin(test::may_be_dropped), std::end(test::may_be_dropped), row) !=
                           std::end(test::may_be_dropped);
    if (!is_listed) FAIL_CHECK("not listed in pairs_dropped.h: " << row);
  }
  for (const std::string_view row : test::may_be_dropped) {
    const bool has_pair = tally.pairs.contains(std::string(row.substr(0, row.find(':'))));
    if (has_pair && !tally.dropped.contains(std::string(row))) FAIL_CHECK("no longer dropped: " << row);
  }
}

}  // namespace

TEST_CASE("every recorded request survives on its way to targets of the other dialects") {
  Tally tally;
  const auto& exchanges = test::corpus();
  for (const Exchange& exchange : exchanges) {
    const Dialect from = exchange.dialect;
    if (!went_well(exchange) || room(from).read_request == nullptr) continue;
    INFO(name_of(from) << " " << exchange.name);
    ++tally.exchanges;
    cross_to_all(from, exchange.request.dump(), exchange.stream, tally);
  }
  print(tally, "requests");
  check_list(tally);
}

TEST_CASE("every recorded answer survives on its way to callers of the other dialects") {
  Tally tally;
  const auto& exchanges = test::corpus();
  for (const Exchange& exchange : exchanges) {
    if (!went_well(exchange) || room(exchange.dialect).make_reader == nullptr) continue;
    INFO(name_of(exchange.dialect) << " " << exchange.name);
    cross_answer_to_all(exchange, tally);
  }
  print(tally, "answers");
}
