// Answers of random targets break off at random places and are continued by others, in every pair of dialects. The
// caller must always read a beginning of one target's true answer, or all of it; nothing may be repeated, contradicted
// or falsely ended. A run follows from its seed: SLUICE_RESCUE_SEED=N runs that one.
#include <array>
#include <catch2/catch.hpp>
#include <iostream>
#include <map>
#include <optional>
#include <random>

#include "api/answer.h"
#include "api/answer_tap.h"
#include "api/dialect.h"
#include "api/frame_gatherer.h"
#include "api/json_unescape.h"
#include "api/sent_frames.h"
#include "api/sent_reading.h"
#include "api/splice.h"
#include "api/text_units.h"
#include "base/recycled.h"
#include "support/seeds.h"
#include "translation/stream_grammar.h"

using namespace sluice;
using namespace sluice::api;
using test::grammar_fault;
using test::stream_format;

namespace {

constexpr std::array dialects = {Dialect::openai, Dialect::responses, Dialect::anthropic, Dialect::gemini,
                                 Dialect::ollama};
const TranslationRoom& room(Dialect dialect) { return room_of(dialect).translation; }

struct Asked {
  std::string body;
  std::unique_ptr<Request> request;
};

const Request& question(Dialect dialect) {
  static std::map<Dialect, Asked> asked;
  Asked& known = asked[dialect];
  if (known.request) return *known.request;
  const bool is_gemini = dialect == Dialect::gemini;
  known.body = R"({"model":"m","messages":[{"role":"user","content":"?"}],"stream":true,"max_tokens":99})";
  if (dialect == Dialect::responses) known.body = R"({"model":"m","input":"?","stream":true,"store":false})";
  if (is_gemini) {
    known.body = R"({"contents":[{"role":"user","parts":[{"text":"?"}]}],)"
                 R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}}})";
  }
  const std::string_view endpoint = is_gemini ? "streamGenerateContent" : room_of(dialect).translated.front();
  auto request = room(dialect).read_request(known.body, {endpoint, is_gemini ? "gemini-2.5-flash" : "", true});
  REQUIRE(request);
  known.request = std::move(*request);
  return *known.request;
}

// One stream format: a dialect, and for Gemini which of its two.
struct Form {
  Dialect dialect;
  bool json_array;
  StreamFormat format() const { return stream_format(dialect, json_array); }
  std::unique_ptr<EventWriter> writer(const std::string& id) const {
    const std::string_view endpoint =
        dialect == Dialect::gemini ? "streamGenerateContent" : room_of(dialect).translated.front();
    return room(dialect).make_writer(
        {endpoint, true, json_array, question(dialect), id, 1767225600, "model-of-" + id, {dialect, "0a"}});
  }
};

std::string plain_of(std::string_view escaped) {
  std::string plain;
  append_json_unescaped(plain, escaped);
  return plain;
}

class Run {
 public:
  explicit Run(uint64_t seed) : random_(seed) {}

  // Returns what is wrong, or "". `outcome`: a word for how the run ended.
  std::string go(std::string& outcome);

 private:
  // --- random choices ---
  size_t below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  bool once_in(size_t times) { return below(times) == 0; }
  Form form() {
    const Dialect dialect = dialects[below(dialects.size())];
    return {dialect, dialect == Dialect::gemini && once_in(2)};
  }
  std::vector<std::string> characters(size_t most);
  std::vector<std::string> spelled(const std::string& plain);
  std::vector<std::string> related(const std::vector<std::string>& to);

  // A target's stream that says `text`. `thinks`: thinking comes first.
  std::string stream_of(const Form& form, const std::string& text, bool thinks, const std::string& id);
  // Passes the bytes of a stream to `take` in pieces.
  template <typename Take>
  void in_pieces(std::string_view bytes, Take take) {
    while (!bytes.empty()) {
      const size_t size = 1 + below(once_in(2) ? 7 : 200);
      take(bytes.substr(0, size));
      bytes.remove_prefix(std::min(size, bytes.size()));
    }
  }

  enum class End { whole, cut, differs };
  End first(const std::string& stream, bool whole);
  End second(const Form& form, const std::string& stream, bool whole, SpliceMode mode);
  std::string judge(End end, const std::string& outcome);
  std::string seen_text(Answer& seen, std::string& bad) const;

  std::mt19937_64 random_;
  Form caller_{}, from_{};
  bool raw_end_ = false;  // the caller saw the target's own end
  std::vector<std::string> true_answers_;
  std::string got_;  // the bytes that the caller got
  std::unique_ptr<EventWriter> writer_;
  Delivered delivered_;
};

std::vector<std::string> Run::characters(size_t most) {
  constexpr std::array<std::string_view, 16> letters = {
      "a", "b",  " ", "\n",   "\"",          "\\", "/", "\t", "\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80",
      "e", "x ", "!", "\x01", "\xE2\x80\xA8"};
  std::vector<std::string> text;
  const size_t count = below(most + 1), different = 2 + below(letters.size() - 1);
  for (size_t i = 0; i < count; ++i) text.emplace_back(letters[below(different)]);
  return text;
}

// The same answer, another, one that differs from some point on, a shorter one or a longer one.
std::vector<std::string> Run::related(const std::vector<std::string>& to) {
  std::vector<std::string> made = to;
  switch (below(6)) {
    case 0:
      return characters(40);
    case 1:
      if (!made.empty()) made[below(made.size())] = "?";
      break;
    case 2:
      made.resize(below(made.size() + 1));
      break;
    case 3:
      for (const std::string& more : characters(10)) made.push_back(more);
      break;
    default:
      break;
  }
  return made;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += text;
  return all;
}

// Pieces of JSON text for `plain`: characters in one of their spellings, surrogate pairs sometimes split.
std::vector<std::string> Run::spelled(const std::string& plain) {
  std::string escaped;
  append_json_escaped(escaped, plain);
  std::vector<std::string> pieces(1);
  const size_t piece_units = 1 + below(12);
  size_t units_in = 0;
  for (TextUnits units(escaped); !units.done();) {
    const size_t at = units.at();
    const uint16_t unit = units.next();
    const bool is_pair = is_high_half(unit);
    uint16_t low = 0;
    if (is_pair) low = units.next();
    const auto code = [](uint16_t of) {
      char text[8];
      std::snprintf(text, sizeof text, "\\u%04x", of);
      return std::string(text);
    };
    if (once_in(4)) {
      pieces.back() += code(unit);
      if (is_pair && once_in(3)) pieces.emplace_back();
      if (is_pair) pieces.back() += code(low);
    } else {
      pieces.back() += escaped.substr(at, units.at() - at);
    }
    if (++units_in % piece_units == 0 && !units.done()) pieces.emplace_back();
  }
  if (pieces.back().empty()) pieces.pop_back();
  return pieces;
}

std::string Run::stream_of(const Form& form, const std::string& text, bool thinks, const std::string& id) {
  const auto writer = form.writer(id);
  writer->on_start({JsonText{id}, JsonText{"model-of-" + id}});
  uint32_t part = 0;
  if (thinks) {
    for (const std::string& piece : spelled(joined(characters(12)))) writer->on_thinking(part, JsonText{piece}, false);
    writer->on_part_end(part++);
  }
  const std::vector<std::string> pieces = spelled(text);
  for (size_t i = 0; i < pieces.size(); ++i) {
    writer->on_text(part, JsonText{pieces[i]});
    const bool splits = once_in(30) && !plain_of(pieces[i]).ends_with("\xEF\xBF\xBD");
    if (splits || i + 1 == pieces.size()) writer->on_part_end(part++);
  }
  AnswerUsage usage;
  usage.counts.input_uncached = 10;
  usage.counts.output = 5;
  writer->on_usage(usage);
  writer->on_finish({once_in(5) ? FinishReason::length : FinishReason::stop, {}, {}, {}, form.dialect});
  writer->end();
  return std::move(writer->out);
}

// Reads a target's stream and passes on its events.
class Target final : FrameTaker {
 public:
  Target(const Form& form, EventSink& to)
      : reader_(room(form.dialect).make_reader({form.dialect, "0b"})),
        gatherer_(form.format(), *this),
        tap_(form.dialect,
             form.format() == StreamFormat::sse      ? MediaType::events
             : form.format() == StreamFormat::ndjson ? MediaType::lines
                                                     : MediaType::json,
             false, {true, 1}),
        sequencer_(to),
        guard_(sequencer_) {}

  void feed(std::string_view bytes) {
    tap_.feed(bytes, pieces_);
    pieces_.clear();
    (void)gatherer_.feed(bytes);
  }
  // Returns whether the answer is complete.
  bool end(bool all_came) {
    if (all_came) gatherer_.finish();
    if (tap_.standing() == Standing::finished) reader_->end(guard_);
    return guard_.finished();
  }

 private:
  void on_frame(std::string_view event, std::string_view data) override {
    (void)reader_->read_frame(event, data, guard_);
  }
  std::unique_ptr<EventReader> reader_;
  FrameGatherer gatherer_;
  AnswerTap tap_;
  std::vector<std::string_view> pieces_;
  PartSequencer sequencer_;
  EndGuard guard_;
};

Run::End Run::first(const std::string& stream, bool whole) {
  if (caller_.dialect == from_.dialect && caller_.json_array == from_.json_array) {  // relayed as it came
    SentFrames sent(from_.format());
    AnswerCollector nobody;
    Target along(from_, nobody);
    std::vector<std::string_view> pieces;
    in_pieces(stream, [&](std::string_view bytes) {
      along.feed(bytes);
      pieces.assign(1, bytes);
      sent.hold_tail(pieces);
      for (const std::string_view piece : pieces) got_ += piece;
    });
    raw_end_ = along.end(whole);
    if (whole) {
      pieces.clear();
      sent.let_go(pieces);
      for (const std::string_view piece : pieces) got_ += piece;
    }
    if (raw_end_) return End::whole;
    delivered_ = read_delivered(sent, room(from_.dialect), {from_.dialect, "0b"}, Bar::none);
    if (delivered_.bar() != Bar::none) return End::cut;
    writer_ = caller_.writer("second");
    if (writer_->resume(sent, delivered_)) return End::cut;
    delivered_.set_bar(Bar::unread);
    writer_.reset();
    return End::cut;
  }
  writer_ = caller_.writer("first");
  DeliveredSink told(delivered_, room(from_.dialect).signs_thinking, writer_.get());
  Target target(from_, told);
  in_pieces(stream, [&](std::string_view bytes) { target.feed(bytes); });
  return target.end(whole) ? End::whole : End::cut;
}

Run::End Run::second(const Form& form, const std::string& stream, bool whole, SpliceMode mode) {
  DeliveredSink told(delivered_, room(form.dialect).signs_thinking, writer_.get());
  Splice splice(delivered_, mode, told);
  Target target(form, splice);
  in_pieces(stream, [&](std::string_view bytes) {
    if (splice.failure() == nullptr) target.feed(bytes);
  });
  const bool ended = target.end(whole);
  if (splice.failure() != nullptr) return End::differs;
  return ended ? End::whole : End::cut;
}

std::string Run::seen_text(Answer& seen, std::string& bad) const {
  struct Reading final : FrameTaker {
    void on_frame(std::string_view event, std::string_view data) override {
      if (!reader->read_frame(event, data, told) && data != "[DONE]") bad = data;
    }
    std::unique_ptr<EventReader> reader;
    AnswerCollector told;
    std::string bad;
  } reading;
  reading.reader = room(caller_.dialect).make_reader({caller_.dialect, "0c"});
  FrameGatherer gatherer(caller_.format(), reading);
  if (!gatherer.feed(got_)) return "too large";
  bad = reading.bad;
  seen = std::move(reading.told.answer);
  std::string text;
  for (const Answer::Piece& piece : seen.pieces) {
    if (piece.kind == PartKind::text) text += piece.text;
  }
  return plain_of(text);
}

// Half a character at the end does not count.
bool is_beginning(std::string text, const std::string& of) {
  constexpr std::string_view half = "\xEF\xBF\xBD";
  if (text.ends_with(half)) text.resize(text.size() - half.size());
  return of.starts_with(text);
}

std::string Run::judge(End end, const std::string& outcome) {
  Answer seen;
  std::string bad;
  const std::string text = seen_text(seen, bad);
  const auto wrong = [&](const std::string& what) {
    return what + " (" + outcome + ", " + std::string(name_of(caller_.dialect)) + ")\n" + got_ + "\nread: '" + text +
           "'";
  };
  if (!bad.empty()) return wrong("cannot be read: " + bad);
  const bool is_known = std::any_of(true_answers_.begin(), true_answers_.end(),
                                    [&](const std::string& one) { return is_beginning(text, one); });
  if (!is_known) return wrong("is the beginning of no true answer");
  const std::string fault = grammar_fault(caller_.dialect, caller_.format(), got_);
  if (end == End::whole) {
    if (text != true_answers_.back()) return wrong("is not the whole of '" + true_answers_.back() + "'");
    if (!raw_end_ && !fault.empty()) return wrong(fault);
  } else {
    if (fault.empty()) return wrong("looks whole");
    if (writer_ && !seen.error) return wrong("tells no error");
  }
  return "";
}

std::string Run::go(std::string& outcome) {
  caller_ = form();
  from_ = once_in(3) ? caller_ : form();
  const std::vector<std::string> said = characters(60);
  true_answers_.push_back(joined(said));
  const std::string stream = stream_of(from_, true_answers_.back(), once_in(3), "one");
  const size_t cut = once_in(8) ? stream.size() : below(stream.size() + 1);
  End end = first(stream.substr(0, cut), cut == stream.size());
  outcome = "whole at first";
  for (int more = 0; end != End::whole && more < 3; ++more) {
    if (delivered_.bar() != Bar::none) {
      outcome = std::string(why(delivered_.bar()));
      break;
    }
    const Form form = once_in(3) ? caller_ : this->form();
    const SpliceMode mode = delivered_.text.empty() || once_in(2) ? SpliceMode::restarts : SpliceMode::continues;
    std::string says;
    if (mode == SpliceMode::restarts) {
      says = joined(related(said));
      true_answers_.push_back(says);
    } else {  // it continues what it was given, with or without repeating it
      const size_t given = trimmed_bytes(delivered_.text);
      const std::string before = plain_of(std::string_view(delivered_.text).substr(0, given));
      const std::string left_out = plain_of(std::string_view(delivered_.text).substr(given));
      if (left_out.find("\xEF\xBF\xBD") != std::string::npos) break;  // half a character: its other half is random
      const std::string rest = left_out + joined(characters(30));
      true_answers_.push_back(before + rest);
      const bool can_be_told = before.size() >= 24 && before.find(before.substr(0, 24), 1) == std::string::npos;
      const bool repeats = can_be_told && once_in(3);
      says = repeats ? before + rest : rest;
    }
    const std::string next = stream_of(form, says, once_in(3), "more");
    const size_t next_cut = once_in(3) ? below(next.size() + 1) : next.size();
    end = second(form, next.substr(0, next_cut), next_cut == next.size(), mode);
    outcome = end == End::whole ? "rescued" : end == End::differs ? "differs" : "cut again";
    if (end == End::differs) true_answers_.pop_back();
  }
  if (writer_ && !raw_end_) {
    if (end == End::whole) {
      writer_->end();
    } else {
      writer_->fail({ErrorCode::target_cut, "it broke off"}, "req");
    }
    got_ += writer_->out;
  }
  return judge(end, outcome);
}

}  // namespace

// Sanitizers make each run five times as slow.
constexpr uint64_t usual_runs = SLUICE_SEES_USE_AFTER_FREE ? 3'000 : 10'000;

TEST_CASE("rescue: what the caller reads is the beginning, or all, of one target's true answer") {
  const test::Seeds seeds = test::seeds("SLUICE_RESCUE_SEED", "SLUICE_RESCUE_RUNS", usual_runs, 1);
  std::map<std::string, unsigned> outcomes;
  unsigned wrong = 0;
  for (uint64_t seed = seeds.first; seed != seeds.last && wrong < 5; ++seed) {
    std::string outcome;
    const std::string fault = Run(seed).go(outcome);
    ++outcomes[outcome];
    if (fault.empty()) continue;
    ++wrong;
    FAIL_CHECK("SLUICE_RESCUE_SEED=" << seed << ": " << fault);
  }
  std::cout << "rescues: seeds " << seeds.first << " to " << seeds.last - 1 << "\n";
  for (const auto& [outcome, times] : outcomes) std::cout << "  " << times << "  " << outcome << "\n";
  if (seeds.count() >= 10000) CHECK(outcomes["rescued"] > seeds.count() / 4);
}
