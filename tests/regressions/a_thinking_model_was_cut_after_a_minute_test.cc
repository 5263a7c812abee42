// Reasoning models are silent for minutes in the middle of a stream, and local ones load for minutes before it: 60 s
// without a byte counted as a stall, 120 s before the first byte as no answer.
#include <catch2/catch.hpp>

#include "config/config.h"
#include "config/presets.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

TEST_CASE("providers may be silent for five minutes within a stream, local ones before it too") {
  for (const config::Preset& preset : config::presets()) {
    const config::Provider provider = config::make_provider(preset);
    CAPTURE(preset.name);
    CHECK(provider.timeouts.stream_idle_ms == 300'000);
    CHECK(provider.timeouts.first_byte_ms == (provider.base_url.host == "127.0.0.1" ? 300'000 : 120'000));
    CHECK(provider.timeouts.response_ms == 600'000);
  }
}

TEST_CASE("the clock of a stream's first byte is stopped by neither interim answers nor a head") {
  config::Config config = World::plain_config();
  config.providers[0].timeouts = {1000, 100, 10'000, 10'000};
  for (const std::string& begin :
       {std::string("HTTP/1.1 103 Early Hints\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")}) {
    World world(config);
    world.say(post("/v1/chat/completions", R"({"model":"fast","stream":true})"));
    int said = 0;
    net::Timer timer(world.loop, [&] {
      if (!world.target().ended && (said == 0 || begin.find(" 103 ") != std::string::npos)) {
        if (said++ < 5) world.target().stream->write(begin);
      }
    });
    timer.start(20, 20);
    CAPTURE(begin);
    CHECK(world.until([&] { return world.caller->has("no answer after 100 ms") || world.caller->ended; }));
    CHECK(said >= 1);
  }
}

}  // namespace
}  // namespace sluice::gateway
