// What all kinds of Stream in this folder have in common.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "net/recorder.h"
#include "net/stream_pairs.h"

namespace sluice::net {
namespace {

std::string pattern(size_t size) {
  std::string bytes(size, '\0');
  std::minstd_rand random(7);
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// Writes until more than the high mark is pending; returns what was written.
std::string write_above_high(Stream& stream) {
  const std::string piece = pattern(60'000);
  std::string written;
  for (int i = 0; i < 1000 && stream.pending_bytes() <= WriteMarks::high_bytes; ++i) {
    stream.write(piece);
    written += piece;
  }
  REQUIRE(stream.pending_bytes() > WriteMarks::high_bytes);
  return written;
}

struct Fixture {
  std::string kind = GENERATE(from_range(pair_kinds()));
  Loop loop;
  Recorder at_a, at_b;
  Pair pair = make_pair_of(kind, loop);

  Fixture() {
    UNSCOPED_INFO("kind: " << kind);
    pair.a->set_events(&at_a);
    pair.b->set_events(&at_b);
  }
  bool until(const std::function<bool()>& condition) { return turn_until(loop, condition); }
  // Like write_above_high(), but lasting: the kernel may later accept some of what it had no room for at first.
  std::string stay_above_high() {
    std::string written;
    for (int i = 0; i < 20 && pair.a->pending_bytes() <= WriteMarks::high_bytes; ++i) {
      written += write_above_high(*pair.a);
      run_dry(loop);
    }
    REQUIRE(pair.a->pending_bytes() > WriteMarks::high_bytes);
    return written;
  }
};

TEST_CASE("bytes travel both ways, never inside write") {
  Fixture f;
  f.pair.a->start_reading();
  f.pair.b->start_reading();
  f.pair.a->write("question");
  f.pair.b->write("answer");
  CHECK(f.at_a.events() + f.at_b.events() == 0);
  CHECK(f.until([&] { return f.at_b.got == "question" && f.at_a.got == "answer"; }));
  CHECK(f.at_a.order == "r");
  CHECK(f.pair.a->pending_bytes() == 0);
}

TEST_CASE("pieces are gathered in order, any number of them") {
  Fixture f;
  const size_t count = GENERATE(0u, 1u, 63u, 64u, 65u, 200u);
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) texts.push_back(i % 3 == 1 ? "" : std::to_string(i) + ",");
  const std::vector<std::string_view> pieces(texts.begin(), texts.end());
  std::string all;
  for (const auto& text : texts) all += text;
  f.pair.b->start_reading();
  f.pair.a->write(pieces);
  f.pair.a->write("");
  f.pair.a->write("!");
  CHECK(f.until([&] { return f.at_b.got.size() > all.size(); }));
  CHECK(f.at_b.got == all + "!");
}

TEST_CASE("reading is off at first, and may be stopped and started at any time") {
  Fixture f;
  f.pair.a->write("one");
  run_dry(f.loop);
  CHECK(f.at_b.events() == 0);
  f.pair.b->start_reading();
  f.pair.b->start_reading();
  CHECK(f.until([&] { return f.at_b.got == "one"; }));
  f.pair.b->stop_reading();
  f.pair.b->stop_reading();
  f.pair.a->write("two");
  run_dry(f.loop);
  CHECK(f.at_b.got == "one");
  f.pair.b->start_reading();
  CHECK(f.until([&] { return f.at_b.got == "onetwo"; }));
  f.pair.b->stop_reading();
  f.pair.b->start_reading();
  f.pair.a->write("three");
  CHECK(f.until([&] { return f.at_b.got == "onetwothree"; }));
}

TEST_CASE("reading stopped inside on_read brings nothing more, and loses nothing") {
  Fixture f;
  const std::string sent = pattern(300'000);
  f.at_b.on_any = [&](char) { f.pair.b->stop_reading(); };
  f.pair.b->start_reading();
  f.pair.a->write(sent);
  CHECK(f.until([&] { return f.at_b.reads == 1; }));
  run_dry(f.loop);
  CHECK(f.at_b.reads == 1);
  f.at_b.on_any = nullptr;
  f.pair.b->start_reading();
  CHECK(f.until([&] { return f.at_b.got.size() == sent.size(); }));
  CHECK(f.at_b.got == sent);
}

TEST_CASE("the end that stands behind bytes whose reader stopped is told when it starts again") {
  Fixture f;
  f.at_b.on_any = [&](char) { f.pair.b->stop_reading(); };
  f.pair.b->start_reading();
  f.pair.a->write("last");
  f.pair.a.reset();
  CHECK(f.until([&] { return f.at_b.reads == 1; }));
  run_dry(f.loop);
  CHECK(f.at_b.order == "r");
  f.at_b.on_any = nullptr;
  f.pair.b->start_reading();
  CHECK(f.until([&] { return f.at_b.ends == 1; }));
  run_dry(f.loop);
  CHECK(f.at_b.got == "last");
  CHECK(f.at_b.order == "re");
  CHECK(f.at_b.ends == 1);
}

TEST_CASE("above the high mark pending bytes grow, at the low mark on_drained comes once") {
  Fixture f;
  const std::string sent = f.stay_above_high();
  f.at_a.drains = 0;
  size_t pending_when_told = ~size_t{0};
  f.at_a.on_any = [&](char) { pending_when_told = f.pair.a->pending_bytes(); };
  f.pair.b->start_reading();
  CHECK(f.until([&] { return f.at_b.got.size() == sent.size() && f.at_a.drains > 0; }));
  run_dry(f.loop);
  CHECK(f.at_a.drains == 1);
  CHECK(pending_when_told <= WriteMarks::low_bytes);
  CHECK(f.at_b.got == sent);
  CHECK(f.pair.a->pending_bytes() == 0);
}

TEST_CASE("8 MB arrive whole while reading stops and starts at random") {
  Fixture f;
  if (f.kind == "memory in sevens") return;  // a million deliveries would show nothing new
  const std::string sent = pattern(8 << 20);
  std::minstd_rand random(1);
  size_t at = 0;
  bool paused = false;
  f.at_a.on_any = [&](char letter) { paused = paused && letter != 'd'; };
  f.at_b.on_any = [&](char) {
    if (random() % 3 == 0) f.pair.b->stop_reading();
  };
  f.pair.b->start_reading();
  const bool whole = f.until([&] {
    while (!paused && at < sent.size()) {
      const size_t size = std::min<size_t>(1 + random() % 100'000, sent.size() - at);
      f.pair.a->write(std::string_view(sent).substr(at, size));
      at += size;
      paused = f.pair.a->pending_bytes() > WriteMarks::high_bytes;
    }
    if (random() % 2 == 0) f.pair.b->start_reading();
    return f.at_b.got.size() == sent.size();
  });
  CHECK(whole);
  CHECK(f.at_b.got == sent);
}

TEST_CASE("end is told on both sides when everything is through, and the other way stays open") {
  Fixture f;
  f.pair.a->start_reading();
  const std::string sent = f.stay_above_high();
  f.pair.a->end();
  f.pair.a->write("too late");
  run_dry(f.loop);
  CHECK(f.at_a.endeds == 0);
  f.pair.b->start_reading();
  CHECK(f.until([&] { return f.at_b.ends == 1 && f.at_a.endeds == 1; }));
  CHECK(f.at_b.got == sent);
  CHECK(f.at_b.order == "re");
  f.pair.b->write("still open");
  CHECK(f.until([&] { return f.at_a.got == "still open"; }));
  f.pair.b->end();
  CHECK(f.until([&] { return f.at_a.ends == 1 && f.at_b.endeds == 1; }));
  run_dry(f.loop);
  CHECK(f.at_a.ends + f.at_a.endeds + f.at_b.ends + f.at_b.endeds == 4);
}

TEST_CASE("on_ended never comes from inside end") {
  Fixture f;
  f.pair.a->end();
  CHECK(f.at_a.events() == 0);
  CHECK(f.until([&] { return f.at_a.endeds == 1; }));
}

TEST_CASE("destroying one end gives the other what was pending, then the end") {
  Fixture f;
  f.pair.a->write("last words");
  f.pair.a.reset();
  f.pair.b->start_reading();
  CHECK(f.until([&] { return f.at_b.ends == 1; }));
  CHECK(f.at_b.got == "last words");
  CHECK(f.at_b.order == "re");
  CHECK(f.at_a.events() == 0);
}

TEST_CASE("writing to an end that is gone breaks, in a later turn, and nothing follows") {
  Fixture f;
  f.pair.a.reset();
  run_dry(f.loop);
  const bool broke = f.until([&] {
    const int before = f.at_b.breaks;
    f.pair.b->write("anyone?");  // the first write only makes the peer's system report that the end is gone
    CHECK(f.at_b.breaks == before);
    return f.at_b.breaks > 0;
  });
  CHECK(broke);
  CHECK(f.at_b.error.find("connection") == 0);
  f.pair.b->start_reading();
  f.pair.b->write("again");
  f.pair.b->end();
  run_dry(f.loop);
  CHECK(f.at_b.order == "b");
  CHECK(f.at_b.breaks == 1);
}

TEST_CASE("no events after set_events(nullptr); the bytes are there for who comes next") {
  Fixture f;
  Recorder next;
  f.at_b.on_any = [&](char) { f.pair.b->set_events(nullptr); };
  f.pair.b->start_reading();
  f.pair.a->write("for the first");
  CHECK(f.until([&] { return f.at_b.reads == 1; }));
  f.pair.a->write(", for the next");
  f.pair.a->end();
  run_dry(f.loop);
  CHECK(f.at_b.events() == 1);
  f.pair.b->set_events(&next);
  CHECK(f.until([&] { return next.ends == 1; }));
  CHECK(f.at_b.got + next.got == "for the first, for the next");
}

TEST_CASE("a break that nobody listened to is told to who comes next") {
  Fixture f;
  f.pair.b->set_events(nullptr);
  f.pair.a.reset();
  for (int i = 0; i < 10; ++i) {
    f.pair.b->write("x");
    run_dry(f.loop);
  }
  CHECK(f.at_b.events() == 0);
  f.pair.b->set_events(&f.at_b);
  CHECK(f.at_b.events() == 0);
  CHECK(f.until([&] { return f.at_b.breaks == 1; }));
}

TEST_CASE("destroyed in every state, no event follows") {
  Fixture f;
  const int state = GENERATE(range(0, 8));
  const bool b_first = GENERATE(false, true);
  CAPTURE(state, b_first);
  if (state >= 1) f.pair.a->start_reading(), f.pair.b->start_reading();
  if (state == 2) f.pair.b->stop_reading(), run_dry(f.loop);
  if (state == 3) f.pair.b->stop_reading(), write_above_high(*f.pair.a);
  if (state == 4) f.pair.a->write("x"), f.pair.a->end();
  if (state == 5) f.pair.b->stop_reading(), write_above_high(*f.pair.a), f.pair.a->end();
  if (state == 6) f.pair.a->end(), f.pair.b->end();
  if (state == 7) f.pair.a->write("x"), f.pair.b->write("y");
  const int told_a = f.at_a.events();
  (b_first ? f.pair.b : f.pair.a).reset();
  f.pair.a.reset();
  f.pair.b.reset();
  run_dry(f.loop);
  CHECK(f.at_a.events() == told_a);
  CHECK_FALSE(f.loop.run_once(false));
}

TEST_CASE("handed to dispose inside each event") {
  Fixture f;
  const char letter = GENERATE('r', 'e', 'd', 'E', 'b');
  CAPTURE(letter);
  auto dispose_at = [&](Recorder& recorder, std::unique_ptr<Stream>& stream) {
    recorder.on_any = [&recorder, &stream, &f, letter](char now) {
      if (now != letter || !stream) return;
      stream->set_events(nullptr);
      f.loop.dispose(std::move(stream));
      recorder.order += '.';
    };
  };
  dispose_at(f.at_a, f.pair.a);
  dispose_at(f.at_b, f.pair.b);
  if (letter == 'b') {
    f.pair.a.reset();
    CHECK(f.until([&] {
      if (f.pair.b) f.pair.b->write("x");
      return !f.pair.b;
    }));
  } else {
    write_above_high(*f.pair.a);
    f.pair.a->end();
    f.pair.b->start_reading();
    CHECK(f.until([&] { return !f.pair.a || !f.pair.b; }));
  }
  run_dry(f.loop);
  for (const Recorder* recorder : {&f.at_a, &f.at_b}) {
    const size_t gone = recorder->order.find('.');
    if (gone != std::string::npos) CHECK(gone == recorder->order.size() - 1);
  }
}

TEST_CASE("the other end destroyed inside an event") {
  Fixture f;
  f.at_b.on_any = [&](char) { f.pair.a.reset(); };
  f.pair.b->start_reading();
  f.pair.a->write("go away");
  CHECK(f.until([&] { return f.at_b.ends == 1; }));
  CHECK(f.pair.a == nullptr);
}

TEST_CASE("peer says who is there, also after it hung up") {
  Fixture f;
  const std::string a_says = f.pair.a->peer(), b_says = f.pair.b->peer();
  const std::string start = f.kind == "tcp" ? "127.0.0.1:" : f.kind == "tcp6" ? "[::1]:" : f.kind.substr(0, 6);
  CHECK(a_says.substr(0, start.size()) == start);
  CHECK(b_says.substr(0, start.size()) == start);
  f.pair.a.reset();
  run_dry(f.loop);
  CHECK(f.pair.b->peer() == b_says);
}

}  // namespace
}  // namespace sluice::net
