// What only sockets do.
#include "net/tcp_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

#include "net/listener.h"
#include "net/recorder.h"
#include "net/stream_pairs.h"

namespace sluice::net {
namespace {

// An accepted stream, and the raw socket at the other end of it.
struct Raw {
  Loop loop;
  Recorder events;
  int fd = -1;
  std::unique_ptr<Stream> stream;

  Raw() {
    auto socket = ListenSocket::tcp("127.0.0.1", 0);
    REQUIRE(socket);
    fd = connect_raw(socket->port());
    REQUIRE(fd >= 0);
    Listener listener(loop, std::move(*socket),
                      [&](std::unique_ptr<Stream> accepted) { stream = std::move(accepted); });
    REQUIRE(turn_until(loop, [&] { return stream != nullptr; }));
    stream->set_events(&events);
  }
  ~Raw() {
    if (fd >= 0) ::close(fd);
  }
  void close_raw() {
    ::close(fd);
    fd = -1;
  }
  void reset_raw() {
    const linger at_once{1, 0};
    REQUIRE(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    close_raw();
  }
};

TEST_CASE("a reset is told as one, with the peer's name") {
  Raw raw;
  const std::string peer = raw.stream->peer();
  raw.stream->start_reading();
  raw.reset_raw();
  CHECK(turn_until(raw.loop, [&] { return raw.events.breaks == 1; }));
  CHECK(raw.events.order == "b");
  CHECK(raw.events.error == "connection reset by " + peer);
}

TEST_CASE("a reset while bytes are pending is told without reading") {
  Raw raw;
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 1000 && raw.stream->pending_bytes() == 0; ++i) raw.stream->write(piece);
  REQUIRE(raw.stream->pending_bytes() > 0);
  raw.reset_raw();
  CHECK(turn_until(raw.loop, [&] { return raw.events.breaks == 1; }));
  run_dry(raw.loop);
  CHECK(raw.events.order == "b");
}

TEST_CASE("a reset that a write meets first is told as one, never as an end") {
  Raw raw;
  raw.stream->start_reading();
  REQUIRE(::send(raw.fd, "part", 4, MSG_NOSIGNAL) == 4);
  CHECK(turn_until(raw.loop, [&] { return raw.events.got == "part"; }));
  raw.stream->stop_reading();
  raw.reset_raw();
  raw.stream->start_reading();
  raw.stream->write("more of an upload");
  CHECK(turn_until(raw.loop, [&] { return raw.events.breaks == 1; }));
  CHECK(raw.events.order == "rb");
}

TEST_CASE("an answer that came before the peer hung up on our writing is read before the failure") {
  Raw raw;
  raw.stream->start_reading();
  raw.stream->write("a request that nobody reads");
  // Unread bytes turn the close into a reset, sent after the answer.
  REQUIRE(::send(raw.fd, "early answer", 12, MSG_NOSIGNAL) == 12);
  raw.close_raw();
  raw.stream->write("the rest of it");
  raw.stream->write("fails at the latest now");
  CHECK(turn_until(raw.loop, [&] { return raw.events.breaks == 1; }));
  CHECK(raw.events.got == "early answer");
  CHECK(raw.events.order == "rb");
}

TEST_CASE("what the kernel takes at once is never copied or pending") {
  Raw raw;
  const std::vector<std::string_view> pieces = {"head", "", "body"};
  raw.stream->write(pieces);
  CHECK(raw.stream->pending_bytes() == 0);
  char buffer[16];
  CHECK(::recv(raw.fd, buffer, sizeof buffer, 0) == 8);
  CHECK(std::string_view(buffer, 8) == "headbody");
}

TEST_CASE("one that pends does not mix up what is written after it") {
  Raw raw;
  std::string sent;
  for (int i = 0; i < 400; ++i) {
    std::string piece(static_cast<size_t>(1 + i * 97 % 30'000), static_cast<char>('a' + i % 26));
    const std::vector<std::string_view> pieces = {std::string_view(piece).substr(0, piece.size() / 3),
                                                  std::string_view(piece).substr(piece.size() / 3)};
    raw.stream->write(pieces);
    sent += piece;
  }
  raw.stream->end();
  std::string got;
  std::string buffer(50'000, '\0');
  bool ended = false;
  CHECK(turn_until(raw.loop, [&] {
    ssize_t count = 1;
    while (count > 0) {
      count = ::recv(raw.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count > 0) got.append(buffer, 0, static_cast<size_t>(count));
    }
    ended = count == 0;
    return ended;
  }));
  CHECK(got == sent);
  CHECK(turn_until(raw.loop, [&] { return raw.events.endeds == 1; }));
  CHECK(raw.stream->pending_bytes() == 0);
}

// Receives bytes directly into its own buffer while there is room.
struct InPlace final : StreamEvents {
  std::array<char, 8> place{};
  size_t filled = 0;
  std::string text, elsewhere;

  std::span<char> read_room() override { return std::span(place).subspan(filled); }
  void on_read(std::string_view bytes) override {
    text += bytes;
    if (bytes.data() == place.data() + filled) {
      filled += bytes.size();
    } else {
      elsewhere += bytes;
    }
  }
  void on_end() override {}
  void on_broken(const Error&) override {}
  void on_drained() override {}
};

TEST_CASE("bytes are read to where they are wanted, and what does not fit there elsewhere") {
  Raw raw;
  InPlace events;
  raw.stream->set_events(&events);
  raw.stream->start_reading();
  REQUIRE(::send(raw.fd, "abc", 3, 0) == 3);
  REQUIRE(turn_until(raw.loop, [&] { return events.text.size() == 3; }));
  REQUIRE(::send(raw.fd, "defghijkl", 9, 0) == 9);
  REQUIRE(turn_until(raw.loop, [&] { return events.text.size() == 12; }));
  CHECK(events.text == "abcdefghijkl");
  CHECK(std::string(events.place.data(), events.place.size()) == "abcdefgh");
  CHECK(events.elsewhere == "ijkl");
  raw.stream->set_events(nullptr);
}

TEST_CASE("a file descriptor that is none is an error, and leaves nothing behind") {
  Loop loop;
  const auto stream = TcpStream::open(loop, -1, *SocketAddress::parse_peer("127.0.0.1:5"));
  REQUIRE_FALSE(stream);
  CHECK(stream.error().message.find("127.0.0.1:5") != std::string::npos);
  run_dry(loop);
}

TEST_CASE("accepted connections send small writes at once") {
  Raw raw;
  sockaddr_in far{};
  socklen_t far_size = sizeof far;
  REQUIRE(::getsockname(raw.fd, reinterpret_cast<sockaddr*>(&far), &far_size) == 0);
  int found = 0;
  for (int fd = 3; fd < 100; ++fd) {  // the accepted socket is the one whose peer port is ours
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.sin_port != far.sin_port) continue;
    int no_delay = 0;
    socklen_t option_size = sizeof no_delay;
    REQUIRE(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &option_size) == 0);
    CHECK(no_delay != 0);
    ++found;
  }
  CHECK(found == 1);
}

}  // namespace
}  // namespace sluice::net
