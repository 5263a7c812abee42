#include "routing/health_board.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support.h"

namespace sluice::routing {
namespace {

TEST_CASE("one place for each configured target, for each listed name, and for all others of a provider") {
  config::Config config = test::four_providers();
  config.models = {test::model("one", {{"a", "x"}, {"b", "y"}}), test::model("two", {{"a", "x"}, {"gone", "z"}})};
  HealthBoard board(config);
  const config::Provider &a = config.providers[0], &b = config.providers[1];
  CHECK(board.of(a, "x", false).label() == "a/x");
  CHECK(&board.of(a, "x", true) == &board.of(a, "x", false));
  CHECK(board.of(a, "other", false).label() == "a");
  CHECK(board.of(a, "", true).label() == "a");
  CHECK(board.of(a, "other", true).label() == "a/other");
  CHECK(&board.of(a, "other", false) == &board.of(a, "other", true));
  CHECK(board.of(b, "other", true).label() == "b/other");
  CHECK(board.find("a/x") == &board.of(a, "x", false));
  CHECK(board.find("a/other") == &board.of(a, "other", false));
  CHECK(board.find("b") == &board.of(b, "", false));
  CHECK(board.find("b/nothing") == nullptr);
  CHECK(board.find("gone/z") == nullptr);
  CHECK(board.find("") == nullptr);
  std::set<std::string> labels;
  size_t count = 0;
  board.for_each([&](const TargetHealth& health) { labels.insert(health.label()), ++count; });
  CHECK(labels == std::set<std::string>{"a/x", "b/y", "a/other", "b/other", "a", "b", "c", "d"});
  CHECK(count == labels.size());
}

TEST_CASE("names beside the configured ones have so many places, the rest their provider's") {
  const config::Config config = test::four_providers();
  HealthBoard board(config);
  for (size_t i = 0; i < HealthBoard::max_seen; ++i) {
    REQUIRE(board.of(config.providers[0], std::to_string(i), true).label() == "a/" + std::to_string(i));
  }
  CHECK(board.of(config.providers[0], "one-more", true).label() == "a");
  CHECK(board.of(config.providers[0], "7", true).label() == "a/7");
  // The limit also holds for the next board, made by a reload.
  HealthBoard next(config, &board);
  CHECK(next.of(config.providers[0], "one-more", true).label() == "a");
  CHECK(&next.of(config.providers[0], "7", false) == &board.of(config.providers[0], "7", false));
}

TEST_CASE("threads that ask for the same new name get the same place") {
  const config::Config config = test::four_providers();
  for (int round = 0; round < 20; ++round) {
    HealthBoard board(config);
    constexpr size_t names = 300;
    std::vector<std::vector<TargetHealth*>> got(3);
    std::vector<std::thread> threads;
    for (auto& mine : got) {
      threads.emplace_back([&] {
        for (size_t i = 0; i < names; ++i) mine.push_back(&board.of(config.providers[1], std::to_string(i), true));
      });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(got[0] == got[1]);
    REQUIRE(got[0] == got[2]);
    REQUIRE(std::set<TargetHealth*>(got[0].begin(), got[0].end()).size() == names);
  }
}

TEST_CASE("what is known of targets stays over a reload, unless their provider changes") {
  config::Config config = test::four_providers();
  config.models = {test::model("one", {{"a", "x"}, {"b", "y"}})};
  HealthBoard board(config);
  for (int i = 0; i < 5; ++i) board.of(config.providers[0], "x", false).failed(1'000, {});
  board.of(config.providers[0], "seen", true).drain();
  board.of(config.providers[1], "y", false).bench_credential(90'000);
  board.of(config.providers[2], "", false).leave_alone(90'000);

  config::Config next_config = config;
  next_config.providers.erase(next_config.providers.begin() + 3);
  std::swap(next_config.providers[0], next_config.providers[2]);  // c, b, a
  next_config.providers[1].api_key = "another";
  next_config.models = {test::model("one", {{"b", "y"}, {"a", "seen"}})};
  HealthBoard next(next_config, &board);
  const config::Provider &c = next_config.providers[0], &b = next_config.providers[1], &a = next_config.providers[2];
  CHECK(next.of(a, "x", false).standing(1'000) == Standing::open);        // was configured, now only seen
  CHECK(next.of(a, "seen", false).standing(1'000) == Standing::drained);  // was seen, now configured
  CHECK(next.of(b, "y", false).standing(1'000) == Standing::closed);      // its key has changed
  CHECK(next.of(c, "", false).standing(1'000) == Standing::backing_off);
  CHECK(&next.of(a, "x", false) == &board.of(config.providers[0], "x", false));
  CHECK(next.find("d") == nullptr);
}

TEST_CASE("a credential stays benched over a reload that moves it, unless its provider is somewhere else") {
  config::Config config = test::four_providers();
  config.providers[0].api_key = "one";
  config.providers[0].api_keys = {{"one", 1}, {"two", 1}};
  HealthBoard board(config);
  board.of(config.providers[0], "x", true).bench_credential(90'000, 1);
  config::Config next_config = config;
  next_config.providers[0].api_key = "two";
  next_config.providers[0].api_keys = {{"two", 1}, {"one", 5}, {"three", 1}};
  const auto benched = [](const HealthBoard& of) {
    std::string text;
    of.for_each_credential([&](const config::Provider& provider, size_t place, uint64_t until_ms) {
      text += provider.name + std::to_string(place) + "=" + std::to_string(until_ms) + " ";
    });
    return text;
  };
  const HealthBoard next(next_config, &board);
  CHECK(benched(next) == "a0=90000 a1=0 a2=0 ");
  next_config.providers[0].base_url.host = "elsewhere";
  CHECK(benched(HealthBoard(next_config, &board)) == "a0=0 a1=0 a2=0 ");
  config::Config alone = config;
  alone.providers[0].api_key = "two";
  alone.providers[0].api_keys.clear();
  CHECK(HealthBoard(alone, &board).of(alone.providers[0], "", false).standing(89'999) == Standing::benched);
}

TEST_CASE("the board outlives the one before it") {
  const config::Config config = test::four_providers();
  auto board = std::make_unique<HealthBoard>(config);
  board->of(config.providers[0], "x", true).drain();
  auto next = std::make_unique<HealthBoard>(config, board.get());
  board.reset();
  CHECK(next->of(config.providers[0], "x", false).standing(0) == Standing::drained);
}

}  // namespace
}  // namespace sluice::routing
