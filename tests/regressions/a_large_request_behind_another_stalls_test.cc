// A caller that pipelined a large request behind another one got 408 a minute later: the rest of its body was never
// read.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

TEST_CASE("the body of a request that was sent behind another one is read to its end") {
  World world;
  world.connect();
  const std::string small = R"({"model":"lab/m","messages":[]})";
  for (const size_t bytes : {1'000, 65'536, 70'000, 300'000}) {
    const std::string large =
        R"({"model":"lab/m","messages":[{"role":"user","content":")" + std::string(bytes, 'x') + R"("}]})";
    world.caller->text.clear();
    world.caller->stream->write(post("/v1/chat/completions", small) + post("/v1/chat/completions", large));
    size_t answered = 0;
    REQUIRE(world.until([&] {
      for (const auto& target : world.targets) {
        const bool whole =
            target->has(small.substr(16)) || (target->has(R"("content":"x)") && target->text.ends_with("}]}"));
        if (!whole) continue;
        target->text.clear();
        target->stream->write(ok_json(any_answer));
        ++answered;
      }
      return answered == 2;
    }));
    REQUIRE(world.until([&] { return world.caller->text.find("HTTP/1.1 200", 1) != std::string::npos; }));
  }
}

}  // namespace
}  // namespace sluice::gateway
