// `"store": false` whose key was written with an escape or a capital letter was not seen: the answer, and the request's
// input, were kept for a day.
#include <catch2/catch.hpp>

#include "gateway/world.h"
#include "storage/memory_store.h"

namespace sluice::gateway {
namespace {

size_t kept_of(const std::string& body) {
  config::Config config = World::plain_config();
  config.providers[0].dialects = {Dialect::openai};  // stores no answers itself
  storage::MemoryStore store{storage::MemoryStoreBounds{}, [] { return test::fixed_time_s(); }};
  World world(config);
  world.context->answers = &store;
  world.say(post("/v1/responses", body, "authorization: Bearer a-key-of-someone\r\n"));
  world.target_says(ok_json(
      R"({"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]})"));
  CHECK(world.caller->text.starts_with("HTTP/1.1 200"));
  return store.size();
}

TEST_CASE("an answer is not kept if the request may say so in any spelling") {
  CHECK(kept_of(R"({"model":"fast","input":"x"})") == 1);
  CHECK(kept_of(R"({"model":"fast","input":"x","st\u006fre":true})") == 1);
  for (const char* member : {R"("store":false)", R"("st\u006fre":false)", R"("Store":false)", R"("STORE" : false)"}) {
    INFO(member);
    CHECK(kept_of(R"({"model":"fast","input":"x",)" + std::string(member) + "}") == 0);
  }
}

}  // namespace
}  // namespace sluice::gateway
