#include "gateway/exchange_list.h"

#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

struct Entry final : ListedExchange {
  Entry(uint64_t since, std::string text) : since_(since), text_(std::move(text)) {}
  uint64_t since_ns() const override { return since_; }
  void describe(std::string& out, uint64_t) const override { out += text_; }
  const uint64_t since_;
  const std::string text_;
};

std::string all_of(const ExchangeList& list, size_t most = 10) {
  std::string text;
  for (const ExchangeRow& row : list.rows(most, 0)) text += row.json;
  return text;
}

TEST_CASE("exchanges are listed in the order they came, and any may leave") {
  ExchangeList list;
  Entry a(1, "a"), b(2, "b"), c(3, "c");
  for (Entry* entry : {&a, &b, &c}) list.add(*entry);
  CHECK(all_of(list) == "abc");
  CHECK(all_of(list, 2) == "ab");
  list.remove(b);
  CHECK(all_of(list) == "ac");
  list.remove(a);
  list.add(a);
  CHECK(all_of(list) == "ca");
  list.remove(a);
  list.remove(c);
  CHECK(all_of(list).empty());
  CHECK(list.size() == 0);
  list.add(b);
  CHECK(all_of(list) == "b");
  list.remove(b);
}

struct Askers {
  test::FakeClock clock;
  net::Loop loop{clock};
  std::vector<ExchangeList> lists{2};
  std::vector<bool> stuck{false, false};
  std::vector<std::pair<size_t, ExchangeCensus::Task>> late;
  std::vector<std::string> bodies;
  std::shared_ptr<ExchangeCensus> census =
      std::make_shared<ExchangeCensus>([this](size_t index, ExchangeCensus::Task task) {
        if (stuck[index]) return late.emplace_back(index, std::move(task)), void();
        loop.post([this, index, task] { task(lists[index]); });
      });

  void take() {
    census->take(loop, lists.size(), [this](const std::string& body) { bodies.push_back(body); });
  }
  bool until(size_t count) {
    return test::turn_until(loop, clock, [&] { return bodies.size() == count; });
  }
};

TEST_CASE("what all workers have is told together, oldest first") {
  Askers world;
  Entry a(1, "\"a\""), b(2, "\"b\""), c(3, "\"c\"");
  world.lists[0].add(a);
  world.lists[0].add(c);
  world.lists[1].add(b);
  world.take();
  REQUIRE(world.until(1));
  CHECK(world.bodies[0] == "{\"exchanges\":[\n\"a\",\n\"b\",\n\"c\"],\n\"left_out\":0,\"missing_workers\":0}\n");
  for (Entry* entry : {&a, &c}) world.lists[0].remove(*entry);
  world.lists[1].remove(b);
}

TEST_CASE("of very many the oldest are told, and how many more there are") {
  Askers world;
  std::vector<std::unique_ptr<Entry>> entries;
  for (uint64_t i = 0; i < 1500; ++i) {
    entries.push_back(std::make_unique<Entry>(i, std::to_string(i)));
    world.lists[i % 2].add(*entries.back());
  }
  world.take();
  REQUIRE(world.until(1));
  CHECK(world.bodies[0].find("\n999],\n\"left_out\":500,\"missing_workers\":0}") != std::string::npos);
  for (uint64_t i = 0; i < entries.size(); ++i) world.lists[i % 2].remove(*entries[i]);
}

TEST_CASE("a worker that is stuck is not waited for, and its reply is too late then") {
  Askers world;
  Entry a(1, "1");
  world.lists[0].add(a);
  world.stuck[1] = true;
  world.take();
  REQUIRE(world.until(1));
  CHECK(world.clock.passed_ms() == ExchangeCensus::patience_ms);
  CHECK(world.bodies[0] == "{\"exchanges\":[\n1],\n\"left_out\":0,\"missing_workers\":1}\n");
  REQUIRE(world.late.size() == 1);
  world.late[0].second(world.lists[1]);
  for (int i = 0; i < 5; ++i) world.loop.run_once(false);
  CHECK(world.bodies.size() == 1);
  world.lists[0].remove(a);
}

TEST_CASE("a reply that comes when the asker is gone is lost") {
  Askers world;
  world.stuck = {true, true};
  world.take();
  world.census.reset();
  for (const auto& [index, task] : world.late) task(world.lists[index]);
  for (int i = 0; i < 5; ++i) world.loop.run_once(false);
  CHECK(world.bodies.empty());
}

TEST_CASE("those who ask at once share a count, and whoever asks later has another") {
  Askers world;
  Entry a(1, "1");
  for (int i = 0; i < 50; ++i) world.take();
  REQUIRE(world.until(50));
  world.lists[1].add(a);
  world.take();
  REQUIRE(world.until(51));
  CHECK(world.bodies[49].find("[],") != std::string::npos);
  CHECK(world.bodies[50].find("[\n1],") != std::string::npos);
  world.lists[1].remove(a);
}

TEST_CASE("an exchange says of itself what an admin wants to know") {
  World world;
  ExchangeList list;
  world.context->exchanges = &list;
  world.connect();
  world.say(
      "POST /v1/chat/completions?key=hidden HTTP/1.1\r\nHost: x\r\nX-Request-Id: abc\r\nContent-Length: 52\r\n\r\n");
  REQUIRE(list.size() == 1);
  const auto row = [&] { return list.rows(1, world.loop.now_ns() + 5'000'000'000)[0].json; };
  INFO(row());
  CHECK(row().starts_with("{\"request_id\":\"abc\",\"age_ms\":5"));
  CHECK(row().find("\"state\":\"receiving\",\"method\":\"POST\",\"path\":\"/v1/chat/completions\",\"key\":null,"
                   "\"model\":null,\"target\":null,\"stream\":false,\"bytes_in\":") != std::string::npos);
  CHECK(row().find("hidden") == std::string::npos);
  world.say(R"({"model":"fast","stream":true,"messages":[]        })");
  CHECK(row().find("\"state\":\"trying\"") != std::string::npos);
  CHECK(row().find("\"model\":\"fast\",\"target\":\"lab/real-model\",\"stream\":true,") != std::string::npos);
  CHECK(row().find("\"bytes_out\":0,\"peer\":\"memory\"}") != std::string::npos);
  world.caller.reset();
  world.turn();
  CHECK(list.size() == 0);
}

}  // namespace
}  // namespace sluice::gateway
