#include "admin/limits_page.h"

#include <catch2/catch.hpp>

#include "policy/hold.h"

namespace sluice::admin {
namespace {

constexpr uint64_t now_ns = 60'000'000'000;

TEST_CASE("each limit is told with what is left of it") {
  config::Config config;
  config.keys.resize(2);
  config.keys[0].name = "te\"am";
  config.keys[0].limits.requests_per_minute = 600;
  config.keys[0].limits.burst = 60;
  config.keys[0].limits.tokens_per_minute = 6000;
  config.providers.resize(1);
  config.providers[0].name = "lab";
  config.providers[0].limits.concurrent = 4;
  const auto limiter = policy::Limiter::create(config);
  policy::Hold hold;
  hold.be_under(limiter->of(&config.keys[0]), limiter->of(&config.providers[0]), nullptr);
  REQUIRE_FALSE(hold.take(100, now_ns));
  limiter->of(&config.keys[0])->count_refused();
  limiter->of(&config.keys[0])->begin_wait();
  CHECK(limits_body(limiter.get(), now_ns) ==
        R"({"limits":[
{"what":"key","name":"te\"am","requests":{"limit":600,"burst":60,"remaining":59,"reset_ms":100},)"
        R"("tokens":{"limit":6000,"burst":6000,"remaining":5900,"reset_ms":1000},)"
        R"("concurrent":{"limit":null,"in_use":1},"waiting":1,"refused_total":1},
{"what":"provider","name":"lab","requests":null,"tokens":null,"concurrent":{"limit":4,"in_use":1},)"
        R"("waiting":0,"refused_total":0}],
"left_out":0}
)");
  hold.give_back(0, now_ns);
}

TEST_CASE("without limits the list is empty, and with very many only those in use are shown") {
  CHECK(limits_body(nullptr, now_ns) == "{\"limits\":[],\n\"left_out\":0}\n");
  config::Config config;
  config.keys.resize(20);
  for (config::CallerKey& key : config.keys) key.limits.concurrent = 1;
  config.keys[7].name = "busy";
  const auto limiter = policy::Limiter::create(config);
  policy::Hold hold;
  hold.be_under(limiter->of(&config.keys[7]), nullptr, nullptr);
  REQUIRE_FALSE(hold.take(0, now_ns));
  const std::string body = limits_body(limiter.get(), now_ns, 10);
  CHECK(body.find("\"name\":\"busy\"") != std::string::npos);
  CHECK(body.find("\"left_out\":19") != std::string::npos);
  hold.give_back(0, now_ns);
}

}  // namespace
}  // namespace sluice::admin
