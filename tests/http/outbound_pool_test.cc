// The pool of connections to one target, over memory: reuse, limits, queue, ageing.
#include "http/outbound_pool.h"

#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "net/memory_pipe.h"

namespace sluice::http {
namespace {

// Answers every request immediately with an empty 200; keeps its ends of the connections.
class Target final : public net::Dialer {
 public:
  explicit Target(net::Loop& loop) : loop_(loop) {}
  std::unique_ptr<net::Dial> dial(Done done) override {
    ++dialed;
    auto [near, far] = net::make_memory_pipe(loop_);
    ends.push_back(std::make_unique<End>(std::move(far)));
    auto alive = std::make_shared<bool>(true);
    auto stream = std::make_shared<std::unique_ptr<net::Stream>>(std::move(near));
    loop_.defer([alive, stream, done = std::move(done)] {
      if (*alive) done(std::move(*stream));
    });
    return std::make_unique<OneDial>(std::move(alive));
  }

  struct End final : net::StreamEvents {
    std::unique_ptr<net::Stream> stream;
    bool ended = false;
    explicit End(std::unique_ptr<net::Stream> far) : stream(std::move(far)) {
      stream->set_events(this);
      stream->start_reading();
    }
    void on_read(std::string_view) override { stream->write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"); }
    void on_end() override { ended = true; }
    void on_broken(const Error&) override { ended = true; }
    void on_drained() override {}
  };
  size_t open() const {
    size_t count = 0;
    for (const auto& end : ends) count += end->ended ? 0 : 1;
    return count;
  }
  std::vector<std::unique_ptr<End>> ends;
  int dialed = 0;

 private:
  struct OneDial final : net::Dial {
    std::shared_ptr<bool> alive;
    explicit OneDial(std::shared_ptr<bool> flag) : alive(std::move(flag)) {}
    ~OneDial() override { *alive = false; }
    std::string stage() const override { return "connecting"; }
  };
  net::Loop& loop_;
};

// One exchange on a pooled connection.
struct Exchange final : AnswerEvents {
  OutboundPool& pool;
  std::unique_ptr<OutboundPool::Pending> pending;
  std::unique_ptr<OutboundConnection> connection;
  bool answered = false;
  bool refused = false;

  explicit Exchange(OutboundPool& its_pool) : pool(its_pool) {
    if (auto idle = pool.take_idle()) {
      use(std::move(idle));
      return;
    }
    auto asked = pool.connect([this](Result<std::unique_ptr<OutboundConnection>> made) {
      const auto over = std::move(pending);
      REQUIRE(made);
      use(std::move(*made));
    });
    if (asked) {
      pending = std::move(*asked);
    } else {
      CHECK(asked.error().code == ErrorCode::overloaded);
      refused = true;
    }
  }
  void use(std::unique_ptr<OutboundConnection> given) {
    connection = std::move(given);
    connection->begin(*this, false);
    const std::string_view request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    connection->send({&request, 1});
  }
  void give_back() { pool.give_back(std::move(connection)); }

  void on_answer_head(ResponseHead&) override {}
  void on_answer_body(std::string_view) override {}
  void on_answer_end() override { answered = true; }
  void on_turn() override {}
  void on_target_broken(const Error&) override { FAIL("broken"); }
  void on_target_drained() override {}
};

struct World {
  net::Loop loop;
  Target target{loop};
  PoolCounts counts;
  std::unique_ptr<OutboundPool> pool;
  std::deque<Exchange> exchanges;

  explicit World(const PoolOptions& options) : pool(std::make_unique<OutboundPool>(loop, target, options, counts)) {}
  ~World() {
    for (Exchange& one : exchanges) {
      one.pending.reset();
      if (one.connection) one.give_back();
    }
    turn();
    pool.reset();
    turn();
    target.ends.clear();
  }
  void turn() {
    for (int i = 0; i < 50; ++i) loop.run_once(false);
  }
  // Begins `count` exchanges and waits until they are answered.
  void exchange(size_t count) {
    for (size_t i = 0; i < count; ++i) exchanges.emplace_back(*pool);
    turn();
  }
  void give_all_back() {
    for (Exchange& one : exchanges) {
      if (one.connection) one.give_back();
    }
    exchanges.clear();
    turn();
  }
};

TEST_CASE("connections are used again, the last one first, up to max_idle of them") {
  PoolOptions options;
  options.max_idle = 3;
  World world(options);
  world.exchange(3);
  world.give_all_back();
  CHECK(world.target.open() == 3);
  world.exchange(4);
  CHECK(world.target.dialed == 4);
  CHECK(world.counts.reused_total == 3);
  world.give_all_back();  // the fourth is one too many
  CHECK(world.target.open() == 3);
  CHECK(world.counts.idle == 3);
  CHECK(world.counts.open == 3);
}

TEST_CASE("all pools of a worker together keep max_idle connections") {
  World world(PoolOptions{});
  world.counts.max_idle = 2;
  OutboundPool other(world.loop, world.target, PoolOptions{}, world.counts);
  Exchange elsewhere(other);
  world.exchange(2);
  elsewhere.give_back();
  world.turn();
  CHECK(world.counts.idle == 1);
  world.give_all_back();
  CHECK(world.counts.idle == 2);
  CHECK(world.target.open() == 2);
}

TEST_CASE("an idle connection grows old") {
  PoolOptions options;
  options.idle_ms = 50;
  World world(options);
  world.exchange(2);
  world.give_all_back();
  CHECK(world.target.open() == 2);
  for (int i = 0; i < 100 && world.counts.idle > 0; ++i) world.loop.run_once(true);
  world.turn();
  CHECK(world.counts.idle == 0);
  CHECK(world.target.open() == 0);
}

TEST_CASE("max_open holds, max_waiting may wait for one, and one more is refused") {
  PoolOptions options;
  options.max_open = 2;
  options.max_waiting = 3;
  World world(options);
  world.exchange(5);
  CHECK(world.target.dialed == 2);
  CHECK(world.counts.waiting == 3);
  world.exchange(1);
  CHECK(world.exchanges.back().refused);
  CHECK(world.exchanges[2].pending->queued());
  world.exchanges[0].give_back();
  world.turn();
  CHECK(world.exchanges[2].answered);  // first come, first served
  CHECK_FALSE(world.exchanges[3].answered);
  CHECK(world.counts.waiting == 2);
  CHECK(world.target.dialed == 2);
}

TEST_CASE("an idle connection that its target closes is not used again") {
  World world(PoolOptions{});
  world.exchange(1);
  world.give_all_back();
  world.target.ends[0]->stream.reset();
  world.turn();
  CHECK(world.counts.idle == 0);
  world.exchange(1);
  CHECK(world.target.dialed == 2);
  CHECK(world.exchanges[0].answered);
}

}  // namespace
}  // namespace sluice::http
