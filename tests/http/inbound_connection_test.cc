// A caller's connection over a memory pipe: framing, order, limits, timeouts, hanging up.
#include "http/inbound_connection.h"

#include <catch2/catch.hpp>

#include "net/memory_pipe.h"

namespace sluice::http {
namespace {

// Answers by path: /echo with the body, /slow not by itself, /refuse at the head, /stream in two pieces.
class TestService final : public Service {
 public:
  struct Handler final : RequestHandler {
    TestService& service;
    const RequestHead& head;
    Responder& responder;
    std::string body;

    Handler(TestService& s, const RequestHead& h, Responder& r) : service(s), head(h), responder(r) {
      ++service.alive;
      service.last = this;
    }
    ~Handler() override {
      --service.alive;
      if (service.last == this) service.last = nullptr;
    }
    void answer_with(int status, std::string_view text) { responder.answer(status, Fields(), text); }
    void on_body(std::string_view bytes) override { body += bytes; }
    void on_body_end() override {
      if (head.path() == "/echo") answer_with(200, body);
      if (head.path() == "/stream") {
        responder.send_head(200, Fields(), {}, {});
        const std::string_view one = "one", two = "two";
        responder.send_body({&one, 1});
        responder.send_body({&two, 1}, true);
        responder.finish();
      }
    }
    void on_request_broken(const Error& error) override { answer_with(http_status(error.code), name_of(error.code)); }
    void on_drained() override {}
    void on_caller_gone(const Error&) override { ++service.gone; }
  };

  std::unique_ptr<RequestHandler> handle(const RequestHead& head, Responder& responder) override {
    auto handler = std::make_unique<Handler>(*this, head, responder);
    if (head.path() == "/refuse") handler->answer_with(401, "no");
    return handler;
  }
  void render_error(const RequestHead&, const Error& error, Fields&, std::string& body) override {
    body = name_of(error.code);
  }
  Handler* last = nullptr;
  int alive = 0;
  int gone = 0;
};

// The caller's end: collects what arrives.
struct Caller final : net::StreamEvents {
  std::string text;
  bool ended = false;
  void on_read(std::string_view bytes) override { text += bytes; }
  void on_end() override { ended = true; }
  void on_broken(const Error&) override { ended = true; }
  void on_drained() override {}
};

struct World {
  net::Loop loop;
  TestService service;
  InboundOptions options;
  std::unique_ptr<InboundConnections> connections;
  std::unique_ptr<net::Stream> stream;
  Caller caller;

  explicit World(const InboundOptions& given = {}, size_t max_per_delivery = 64 * 1024) : options(given) {
    connections = std::make_unique<InboundConnections>(loop, service, options);
    connect(max_per_delivery);
  }
  ~World() {
    stream.reset();
    connections.reset();
  }
  void connect(size_t max_per_delivery = 64 * 1024) {
    auto [ours, theirs] = net::make_memory_pipe(loop, max_per_delivery);
    stream = std::move(ours);
    stream->set_events(&caller);
    stream->start_reading();
    connections->add(std::move(theirs));
  }
  void turn(int times = 50) {
    for (int i = 0; i < times; ++i) loop.run_once(false);
  }
  // Waits in real time, for timeouts.
  template <typename Condition>
  bool until(Condition condition) {
    for (int i = 0; i < 200 && !condition(); ++i) loop.run_once(true);
    return condition();
  }
  std::string say(std::string_view text) {
    caller.text.clear();
    stream->write(text);
    turn(static_cast<int>(text.size()) + 50);
    return caller.text;
  }
};

const std::string get_echo = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_CASE("a request is answered whatever the pieces it comes in") {
  for (const size_t piece : std::initializer_list<size_t>{1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 65536}) {
    World world({}, piece);
    CHECK(world.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello") ==
          "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    CHECK(world.say(
              "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n") ==
          "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    CHECK_FALSE(world.caller.ended);
    CHECK(world.service.alive == 0);
  }
}

TEST_CASE("pipelined requests are answered in order") {
  World world;
  std::string all, expected;
  for (int i = 0; i < 20; ++i) {
    all += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n" + std::to_string(10 + i);
    expected += "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n" + std::to_string(10 + i);
  }
  CHECK(world.say(all) == expected);
}

TEST_CASE("a request behind a slow one waits, and what is read ahead is bounded") {
  InboundOptions options;
  options.pipelined_bytes = 256;
  World world(options, 64);
  std::string many;
  for (int i = 0; i < 100; ++i) many += get_echo;
  CHECK(world.say("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n" + many).empty());
  REQUIRE(world.service.last != nullptr);
  CHECK(world.stream->pending_bytes() > many.size() - 1024);  // unread, so it waits at the peer
  world.service.last->answer_with(200, "done");
  world.turn(2000);
  size_t answers = 0;
  for (size_t at = 0; (at = world.caller.text.find("HTTP/1.1 200", at)) != std::string::npos; ++at) ++answers;
  CHECK(answers == 101);
}

TEST_CASE("a stream of unknown length is chunked to 1.1 and ended by close to 1.0") {
  World world;
  CHECK(world.say("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n") ==
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
  CHECK_FALSE(world.caller.ended);
  CHECK(world.say("GET /stream HTTP/1.0\r\n\r\n") == "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nonetwo");
  CHECK(world.caller.ended);
}

TEST_CASE("HEAD gets the head only") {
  World world;
  CHECK(world.say("HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n") == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  CHECK(world.say("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n") ==
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
}

TEST_CASE("connections persist as the version and Connection say") {
  struct Row {
    std::string request;
    bool closes;
  };
  const std::vector<Row> rows = {
      {"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", false},
      {"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", true},
      {"GET /echo HTTP/1.0\r\n\r\n", true},
      {"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
  };
  for (const Row& row : rows) {
    World world;
    const std::string answer = world.say(row.request);
    INFO(row.request << answer);
    CHECK(world.caller.ended == row.closes);
    CHECK((answer.find("connection: close") != std::string::npos) == row.closes);
  }
}

TEST_CASE("an answer before the body was read closes, and the body is never taken for a request") {
  World world;
  const std::string answer =
      world.say("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n" + get_echo + get_echo);
  CHECK(answer == "HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno");
  CHECK(world.caller.ended);
}

TEST_CASE("a caller that goes on sending an unwanted body is not cut off while it reads its answer") {
  InboundOptions options;
  options.linger_ms = 200;
  options.linger_total_ms = 600;
  options.linger_bytes = 1000;
  World world(options);
  world.say("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  CHECK(world.caller.ended);
  SECTION("it is waited for linger_ms after the last byte, and linger_total_ms in all") {
    const uint64_t began = world.loop.now_ms();
    net::Timer sending(world.loop, [&] { world.stream->write("x"); });
    sending.start(50, 50);
    CHECK(world.until([&] { return world.connections->size() == 0; }));
    CHECK(world.loop.now_ms() - began >= 600);
    CHECK(world.loop.now_ms() - began < 2000);
  }
  SECTION("linger_bytes of its body are read; the rest waits, and nothing is reset under it") {
    world.stream->write(std::string(999, 'x'));
    world.turn();
    CHECK(world.stream->pending_bytes() == 0);
    world.stream->write("x");
    world.turn();
    CHECK(world.stream->pending_bytes() == 0);
    world.stream->write("x");
    world.turn();
    CHECK(world.stream->pending_bytes() == 1);
    CHECK(world.connections->size() == 1);
    CHECK(world.until([&] { return world.connections->size() == 0; }));
  }
}

// Like TLS over a socket whose buffer the answer has just filled: what end() adds (close_notify) stays pending.
struct FullAtEnd final : net::Stream {
  std::unique_ptr<net::Stream> inner;
  bool ended = false;
  explicit FullAtEnd(std::unique_ptr<net::Stream> stream) : inner(std::move(stream)) {}
  void set_events(net::StreamEvents* events) override { inner->set_events(events); }
  void start_reading() override { inner->start_reading(); }
  void stop_reading() override { inner->stop_reading(); }
  using Stream::write;
  void write(std::span<const std::string_view> pieces) override { inner->write(pieces); }
  size_t pending_bytes() const override { return ended ? 24 : 0; }
  void end() override { ended = true; }
  bool reset() override { return inner->reset(); }
  std::string peer() const override { return "full"; }
};

TEST_CASE("a caller that does not take the last word of a connection is left") {
  InboundOptions options;
  options.write_stall_ms = 100;
  World world(options);
  auto [near, far] = net::make_memory_pipe(world.loop);
  world.connections->add(std::make_unique<FullAtEnd>(std::move(far)));
  near->write("GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  world.turn();
  CHECK(world.connections->size() == 2);
  CHECK(world.until([&] { return world.connections->size() == 1; }));
}

TEST_CASE("Expect: 100-continue is answered, but not to 1.0 and not when refused") {
  World world;
  CHECK(world.say("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n") ==
        "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(world.say("ok") == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  CHECK(
      world.say("POST /refuse HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").find("100 ") ==
      std::string::npos);
}

TEST_CASE("what is malformed is answered once, then the connection closes") {
  World world;
  const std::string answer = world.say("GET /echo HTTP/1.1\nHost: x\n\n" + get_echo);
  CHECK(answer.find("HTTP/1.1 400 Bad Request\r\n") == 0);
  CHECK(answer.find("HTTP/1.1", 1) == std::string::npos);
  CHECK(world.caller.ended);
  CHECK(world.connections->malformed_total() == 1);
}

TEST_CASE("a body at its limit passes, one byte more is 413") {
  InboundOptions options;
  options.limits.body_bytes = 10;
  {
    World world(options);
    CHECK(world.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789").find("200 OK") !=
          std::string::npos);
  }
  {
    World world(options);
    CHECK(world.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n").find("HTTP/1.1 413") == 0);
    CHECK(world.caller.ended);
  }
  {
    World world(options);  // rejected while it is read, long before it ends
    CHECK(world.say("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a")
              .find("HTTP/1.1 413") == 0);
  }
}

TEST_CASE("the head has a total deadline that single bytes do not put off") {
  InboundOptions options;
  options.head_ms = 200;
  World world(options);
  const uint64_t began = world.loop.now_ms();
  size_t sent = 0;
  const std::string head = "GET /echo HTTP/1.1\r\nHost: x\r\nA: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
  CHECK(world.until([&] {
    if (sent < head.size() && !world.caller.ended) world.stream->write(std::string_view(head).substr(sent++, 1));
    return world.caller.ended;
  }));
  CHECK(world.caller.text.find("HTTP/1.1 408") == 0);
  CHECK(world.loop.now_ms() - began >= 200);
  CHECK(world.loop.now_ms() - began < 2000);
}

TEST_CASE("a body that stalls is 408, a connection without requests is closed in silence") {
  InboundOptions options;
  options.body_idle_ms = 100;
  options.keep_alive_ms = 100;
  {
    World world(options);
    world.stream->write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01");
    CHECK(world.until([&] { return world.caller.ended; }));
    CHECK(world.caller.text.find("HTTP/1.1 408") == 0);
  }
  {
    World world(options);
    world.stream->write(get_echo);
    CHECK(world.until([&] { return world.caller.ended; }));
    CHECK(world.caller.text == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  }
}

TEST_CASE("a caller that takes nothing of its answer is left") {
  InboundOptions options;
  options.write_stall_ms = 100;
  World world(options);
  world.stream->write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  world.turn();
  REQUIRE(world.service.last != nullptr);
  world.stream->stop_reading();
  world.service.last->responder.send_head(200, Fields(), {}, {});
  const std::string big(300 * 1024, 'x');
  const std::string_view piece = big;
  world.service.last->responder.send_body({&piece, 1});
  CHECK(world.until([&] { return world.connections->size() == 0; }));
  CHECK(world.service.gone == 1);
  CHECK(world.service.alive == 0);
}

TEST_CASE("a caller that leaves is told to its handler at once") {
  World world;
  world.stream->write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  world.turn();
  REQUIRE(world.service.alive == 1);
  world.stream.reset();
  world.turn(3);
  CHECK(world.service.gone == 1);
  CHECK(world.service.alive == 0);
  CHECK(world.connections->size() == 0);
}

TEST_CASE("an aborted answer does not look whole") {
  World world;
  world.stream->write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  world.turn();
  REQUIRE(world.service.last != nullptr);
  world.service.last->responder.send_head(200, Fields(), {}, {});
  const std::string_view part = "part";
  world.service.last->responder.send_body({&part, 1});
  world.service.last->responder.abort();
  world.turn();
  CHECK(world.caller.ended);
  CHECK(world.caller.text == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n");
}

TEST_CASE("draining closes idle connections now and busy ones after their answer") {
  World world;
  world.say(get_echo);
  World busy;
  busy.stream->write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  busy.turn();
  world.connections->drain();
  busy.connections->drain();
  world.turn();
  busy.turn();
  CHECK(world.caller.ended);
  CHECK_FALSE(busy.caller.ended);
  busy.service.last->answer_with(200, "late");
  busy.turn();
  CHECK(busy.caller.ended);
  CHECK(busy.caller.text == "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nlate");
}

TEST_CASE("draining with patience answers a request that was on its way, then closes") {
  World fresh, used, silent, slow;
  used.say(get_echo);
  slow.stream->write("GET /echo HT");
  slow.turn();
  const InboundConnections::Patience patience = {.first_request_ms = 60, .next_request_ms = 40};
  for (World* world : {&fresh, &used, &silent, &slow}) {
    world->connections->drain(patience);
    world->turn();
    CHECK_FALSE(world->caller.ended);
  }
  for (World* world : {&fresh, &used}) {
    CHECK(world->say(get_echo) == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    CHECK(world->caller.ended);
  }
  CHECK(silent.until([&] { return silent.caller.ended; }));
  CHECK(silent.caller.text.empty());
  CHECK(slow.say("TP/1.1\r\nHost: x\r\n\r\n") == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}

TEST_CASE("a paused body stops the reading, and goes on") {
  World world({}, 1024);
  world.stream->write("POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n");
  world.turn();
  REQUIRE(world.service.last != nullptr);
  world.service.last->responder.pause_body();
  world.stream->write(std::string(200000, 'b'));
  world.turn(500);
  CHECK(world.service.last->body.size() <= 1024);
  world.service.last->responder.resume_body();
  world.turn(500);
  CHECK(world.service.last->body.size() == 200000);
}

}  // namespace
}  // namespace sluice::http
