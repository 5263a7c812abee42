#include "routing/affinity.h"

#include <catch2/catch.hpp>

namespace sluice::routing {
namespace {

using Kind = config::Affinity::Kind;

TEST_CASE("what a request belongs with") {
  const AffinityWords words{"team-a", "session-7", "turn", R"({"prompt_cache_key" : "p-1", "model": "m"})"};
  CHECK(affinity_of({Kind::none, ""}, words).empty());
  CHECK(affinity_of({Kind::key, ""}, words) == "team-a");
  CHECK(affinity_of({Kind::header, "x-session-id"}, words) == "session-7");
  CHECK(affinity_of({Kind::prefix, ""}, words) == "p-1");
  CHECK(affinity_of({Kind::key, ""}, {}).empty());
  CHECK(affinity_of({Kind::header, "x"}, {}).empty());
  CHECK(affinity_of({Kind::prefix, ""}, {}).empty());
}

TEST_CASE("a prefix is a key, a turn's state, what stands before the first mark, or the beginning") {
  const config::Affinity prefix{Kind::prefix, ""};
  const std::string system = R"({"model":"m","system":[{"type":"text","text":"You are.",)";
  const std::string first =
      system + R"("cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"a"}]})";
  const std::string later = system +
                            R"("cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"a"},)" +
                            R"({"role":"assistant","content":[{"text":"b","cache_control":{"type":"ephemeral"}}]}]})";
  CHECK(affinity_of(prefix, {"", "", "", first}) == system);
  CHECK(affinity_of(prefix, {"", "", "", later}) == system);  // the same from turn to turn
  CHECK(affinity_of(prefix, {"", "", "turn", later}) == "turn");
  const std::string long_body = "{\"input\":\"" + std::string(9'000, 'x') + "\"}";
  CHECK(affinity_of(prefix, {"", "", "", long_body}) == long_body.substr(0, max_prefix_bytes));
  for (const char* odd : {R"({"prompt_cache_key"})", R"({"prompt_cache_key":5})", R"({"prompt_cache_key":"open)",
                          R"({"prompt_cache_key":""})", R"({"prompt_cache_key":)"}) {
    CHECK(affinity_of(prefix, {"", "", "", odd}) == odd);
  }
}

}  // namespace
}  // namespace sluice::routing
