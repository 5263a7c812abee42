// Bytes pass through TLS unharmed, in pieces of any size, with back-pressure, over memory and over sockets.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <random>

#include "fixture.h"

namespace sluice::test {
namespace {

std::string random_bytes(size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (size_t i = 0; i + 8 <= size; i += 8) {
    const uint64_t number = random();
    std::copy_n(reinterpret_cast<const char*>(&number), 8, &bytes[i]);
  }
  return bytes;
}

// Echoes what it receives, within the write marks.
struct Echo : Recorder {
  std::unique_ptr<net::Stream> stream;
  size_t max_pending = 0;
  explicit Echo(std::unique_ptr<net::Stream> own) : stream(std::move(own)) {
    stream->set_events(this);
    stream->start_reading();
  }
  void on_read(std::string_view bytes) override {
    stream->write(bytes);
    max_pending = std::max(max_pending, stream->pending_bytes());
    if (stream->pending_bytes() > net::WriteMarks::high_bytes) stream->stop_reading();
  }
  void on_drained() override { stream->start_reading(); }
  void on_end() override {
    Recorder::on_end();
    stream->end();
  }
};

// Writes `source` in random pieces while the marks allow.
struct Source {
  net::Stream& stream;
  const std::string& source;
  std::mt19937 random{7};
  size_t written = 0;

  void write_some() {
    while (written < source.size() && stream.pending_bytes() <= net::WriteMarks::high_bytes) {
      std::array<std::string_view, 4> pieces;
      const size_t count = 1 + random() % pieces.size();
      for (size_t i = 0; i < count; ++i) {
        const size_t most = random() % 3 == 0 ? 60'000 : 600;
        pieces[i] = std::string_view(source).substr(written, random() % most);
        written += pieces[i].size();
      }
      stream.write({pieces.data(), count});
    }
  }
};

TEST_CASE("8 MB go out and come back whole, in random pieces, while both sides stop and go") {
  const Authority authority;
  const Carrier carrier = GENERATE(from_range(carriers));
  net::Loop loop;
  auto [near, far] = make_pair(loop, carrier);
  const auto listener = authority.listener_context();
  Echo echo(tls::accept_tls(loop, *listener, std::move(far)));
  Dialed dialed(loop, authority.trusting_context(), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.stream);

  const std::string sent = random_bytes(8 * 1024 * 1024, 1);
  Recorder recorder;
  dialed.stream->set_events(&recorder);
  dialed.stream->start_reading();
  Source source{*dialed.stream, sent};
  std::mt19937 random(3);
  recorder.also = [&](std::string_view) {
    if (random() % 4 != 0) return;
    dialed.stream->stop_reading();  // for the rest of this turn, sometimes longer
    if (random() % 16 != 0) loop.defer([&] { dialed.stream->start_reading(); });
  };
  REQUIRE(run_until(loop, [&] {
    source.write_some();
    if (random() % 2 == 0) dialed.stream->start_reading();
    return recorder.received.size() >= sent.size() || recorder.broken || echo.broken;
  }));
  CHECK(recorder.received == sent);
  // The high mark, one delivery above it, and TLS's overhead.
  CHECK(echo.max_pending < net::WriteMarks::high_bytes + 100 * 1024);

  dialed.stream->start_reading();
  dialed.stream->end();
  REQUIRE(run_until(loop, [&] { return recorder.peer_ended && recorder.ended; }));
  CHECK(echo.peer_ended);
  CHECK_FALSE(recorder.broken);
  CHECK_FALSE(echo.broken);
}

TEST_CASE("bytes that arrive one by one are understood") {
  const Authority authority;
  net::Loop loop;
  auto [near, far] = net::make_memory_pipe(loop, 1);
  const auto listener = authority.listener_context();
  Echo echo(tls::accept_tls(loop, *listener, std::move(far)));
  Dialed dialed(loop, authority.trusting_context(), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.stream);
  Recorder recorder;
  dialed.stream->set_events(&recorder);
  dialed.stream->start_reading();
  dialed.stream->write("a small question");
  REQUIRE(run_until(loop, [&] { return recorder.received.size() == 16; }));
  CHECK(recorder.received == "a small question");
}

TEST_CASE("one write of the inner stream for each write, up to 64 KiB, and for each step of the handshake") {
  const Authority authority;
  net::Loop loop;
  auto [near, far] = make_pair(loop, Carrier::memory);
  int near_writes = 0;
  int far_writes = 0;
  const auto listener = authority.listener_context();
  Echo echo(tls::accept_tls(loop, *listener, std::make_unique<CountingStream>(std::move(far), far_writes)));
  Dialed dialed(loop, authority.trusting_context(), host,
                std::make_unique<CountingStream>(std::move(near), near_writes));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.stream);
  run_dry(loop);
  CHECK(near_writes == 2);  // hello; finished
  CHECK(far_writes == 2);   // hello to finished; tickets

  struct Row {
    std::vector<size_t> pieces;
    int writes;
  };
  const std::string bytes = random_bytes(200 * 1024, 2);
  for (const Row& row : std::vector<Row>{{{1}, 1},
                                         {{300, 2000, 2}, 1},
                                         {{0}, 0},
                                         {{}, 0},
                                         {{64 * 1024}, 1},
                                         {{100, 64 * 1024 - 100}, 1},
                                         {{65 * 1024}, 2},
                                         {{128 * 1024}, 2}}) {
    near_writes = 0;
    std::vector<std::string_view> pieces;
    for (const size_t size : row.pieces) pieces.push_back(std::string_view(bytes).substr(0, size));
    dialed.stream->write(pieces);
    CAPTURE(row.pieces);
    CHECK(near_writes == row.writes);
    run_dry(loop);
  }
}

TEST_CASE("a read of the inner stream is told in one on_read") {
  const Authority authority;
  net::Loop loop;
  auto [near, far] = make_pair(loop, Carrier::memory);
  const auto listener = authority.listener_context();
  Recorder recorder;
  auto accepted = tls::accept_tls(loop, *listener, std::move(far));
  accepted->set_events(&recorder);
  accepted->start_reading();
  Dialed dialed(loop, authority.trusting_context(), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.stream);
  for (int i = 0; i < 10; ++i) dialed.stream->write("hello");
  REQUIRE(run_until(loop, [&] { return recorder.received.size() == 50; }));
  CHECK(recorder.reads == 1);
}

TEST_CASE("writing before the handshake is done is queued, and drains") {
  const Authority authority;
  const Carrier carrier = GENERATE(from_range(carriers));
  net::Loop loop;
  auto [near, far] = make_pair(loop, carrier);
  const auto listener = authority.listener_context();
  Recorder recorder;
  const auto accepted = tls::accept_tls(loop, *listener, std::move(far));
  accepted->set_events(&recorder);
  accepted->start_reading();

  const size_t size = GENERATE(size_t{5}, net::WriteMarks::high_bytes, net::WriteMarks::high_bytes + 1, 1024 * 1024);
  const std::string sent = random_bytes(size, 4);
  Recorder target;
  const auto context = authority.trusting_context();
  tls::TlsStream stream(loop, *context, host, nullptr, std::move(near));
  stream.set_events(&target);
  int ready = 0;
  stream.start_handshake([&] { ++ready; });
  const size_t hello_bytes = stream.pending_bytes();
  stream.write(sent);
  CHECK(stream.pending_bytes() == hello_bytes + sent.size());
  stream.end();
  stream.write("after the end");
  CHECK(target.drained == 0);
  CHECK(ready == 0);

  REQUIRE(run_until(loop, [&] { return recorder.peer_ended && target.ended; }));
  CHECK(ready == 1);
  CHECK(recorder.received == sent);
  CHECK(stream.pending_bytes() == 0);
  // A pending hello counts too, so at exactly the mark either is right.
  if (size != net::WriteMarks::high_bytes) CHECK(target.drained == (size > net::WriteMarks::high_bytes ? 1 : 0));
}

TEST_CASE("back-pressure passes through: a reader that stops stops the writer, and on_drained comes once") {
  const Authority authority;
  const Carrier carrier = GENERATE(from_range(carriers));
  net::Loop loop;
  auto [near, far] = make_pair(loop, carrier);
  const auto listener = authority.listener_context();
  Recorder recorder;
  const auto accepted = tls::accept_tls(loop, *listener, std::move(far));
  accepted->set_events(&recorder);
  accepted->start_reading();
  Dialed dialed(loop, authority.trusting_context(), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.stream);
  run_dry(loop);
  Recorder writer;
  dialed.stream->set_events(&writer);
  accepted->stop_reading();

  const std::string chunk = random_bytes(32 * 1024, 5);
  constexpr size_t max_chunks = 1024;  // 32 MB: more than any socket buffers
  size_t chunks = 0;
  while (chunks < max_chunks && dialed.stream->pending_bytes() <= net::WriteMarks::high_bytes) {
    dialed.stream->write(chunk);
    ++chunks;
    loop.run_once(false);
  }
  REQUIRE(chunks < max_chunks);
  run_dry(loop);
  CHECK(recorder.received.empty());
  CHECK(writer.drained == 0);
  CHECK(dialed.stream->pending_bytes() > net::WriteMarks::high_bytes);

  accepted->start_reading();
  REQUIRE(run_until(loop, [&] { return writer.drained > 0; }));
  CHECK(dialed.stream->pending_bytes() <= net::WriteMarks::low_bytes);
  REQUIRE(run_until(loop, [&] { return recorder.received.size() == chunks * chunk.size(); }));
  CHECK(writer.drained == 1);
}

TEST_CASE("nothing is told inside a call, nor while reading is off, nor after silence") {
  const Authority authority;
  net::Loop loop;
  auto [near, far] = make_pair(loop, Carrier::memory);
  const auto listener = authority.listener_context();
  Echo echo(tls::accept_tls(loop, *listener, std::move(far)));
  Dialed dialed(loop, authority.trusting_context(), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.stream);
  Recorder recorder;
  dialed.stream->set_events(&recorder);
  dialed.stream->start_reading();

  // The reader stops inside on_read: the rest of the inner stream's bytes is kept.
  const std::string sent = random_bytes(300 * 1024, 6);
  recorder.also = [&](std::string_view) { dialed.stream->stop_reading(); };
  dialed.stream->write(sent);
  run_dry(loop);
  CHECK(recorder.reads == 1);
  for (int i = 0; i < 50 && recorder.received.size() < sent.size(); ++i) {
    const int reads = recorder.reads;
    dialed.stream->start_reading();
    CHECK(recorder.reads == reads);
    run_dry(loop);
    CHECK(recorder.reads == reads + 1);
  }
  CHECK(recorder.received == sent);

  // Its events are unset and it is disposed of inside its own event.
  recorder.also = [&](std::string_view) {
    dialed.stream->set_events(nullptr);
    loop.dispose(std::move(dialed.stream));
  };
  const int reads = recorder.reads;
  dialed.stream->start_reading();
  dialed.stream->write(sent);
  REQUIRE(run_until(loop, [&] { return echo.broken || echo.peer_ended; }));
  run_dry(loop);
  CHECK(recorder.reads == reads + 1);
  CHECK_FALSE(recorder.broken);
}

TEST_CASE("another reader takes over where the first was silenced") {
  const Authority authority;
  net::Loop loop;
  auto [near, far] = make_pair(loop, Carrier::memory);
  const auto listener = authority.listener_context();
  Recorder first;
  Recorder second;
  const auto accepted = tls::accept_tls(loop, *listener, std::move(far));
  accepted->set_events(&first);
  accepted->start_reading();
  Dialed dialed(loop, authority.trusting_context(), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.stream);
  const std::string sent = random_bytes(200 * 1024, 8);
  first.also = [&](std::string_view) { accepted->set_events(nullptr); };
  dialed.stream->write(sent);
  dialed.stream->end();
  run_dry(loop);
  CHECK(first.reads == 1);
  CHECK_FALSE(first.peer_ended);
  accepted->set_events(&second);
  REQUIRE(run_until(loop, [&] { return second.peer_ended; }));
  CHECK(first.received + second.received == sent);
}

TEST_CASE("destroyed at any moment of the handshake, a stream tells nothing more") {
  const Authority authority;
  for (int turns = 0; turns < 12; ++turns) {
    net::Loop loop;
    auto [near, far] = make_pair(loop, Carrier::memory);
    const auto listener = authority.listener_context();
    Echo echo(tls::accept_tls(loop, *listener, std::move(far)));
    {
      Dialed dialed(loop, authority.trusting_context(), host, std::move(near));
      for (int i = 0; i < turns; ++i) loop.run_once(false);
      if (!dialed.over()) {
        const std::string stage = dialed.dial->stage();
        CHECK((stage == "connecting" || stage == "TLS handshake with " + host));
      }
      dialed.dial.reset();
      const int times = dialed.times;
      run_dry(loop);
      CHECK(dialed.times == times);
    }
    run_dry(loop);
    CHECK((echo.broken || echo.peer_ended || turns == 0));
  }
}

}  // namespace
}  // namespace sluice::test
