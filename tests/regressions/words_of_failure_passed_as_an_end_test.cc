// A target reported its failure as the finish reason or in a message about money, or only kept a dead stream open with
// beats: the answer counted as a success, or as still under way.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway::failed_words {
namespace {

const std::string head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
const std::string asked = R"({"model":"fast","stream":true,"messages":[{"role":"user","content":"hi"}]})";

std::string delta(std::string_view text, std::string_view finish = "null") {
  return R"(data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":")" +
         std::string(text) + R"("},"finish_reason":)" + std::string(finish) + "}]}\n\n";
}
const std::string done = "data: [DONE]\n\n";
const std::string other_answer = head + delta("one ") + delta("two") + delta("", R"("stop")") + done;

config::Config two_targets(Dialect dialect = Dialect::openai) {
  config::Config config = World::plain_config();
  config.providers[0].name = "a";
  config.providers[0].dialects = {dialect};
  config.providers.push_back(config.providers[0]);
  config.providers[1].name = "b";
  config.models = {{"fast", {{"a", "m"}, {"b", "m"}}}};
  config.models[0].order = config::Order::listed;
  config.models[0].retry.attempts = 2;
  config.models[0].retry.backoff_ms = 0;
  return config;
}

// The second target answers; returns what the caller has received.
std::string other_answers(World& world, std::string_view answer) {
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  world.target_says(answer);
  world.target().stream.reset();
  world.turn();
  return world.caller->text;
}

}  // namespace

TEST_CASE("a stream that finishes with a word of failure is none that went well: another target answers") {
  for (const std::string word : {"error", "abort", "network_error", "insufficient_system_resource"}) {
    for (const std::string before : {"", "one "}) {
      INFO(word << ", behind '" << before << "'");
      World world(two_targets());
      world.say(post("/v1/chat/completions", asked));
      world.target_says(head + (before.empty() ? "" : delta(before)));
      world.target_says(delta("", '"' + word + '"') + done);
      const std::string text = other_answers(world, other_answer);
      INFO(text);
      CHECK(text.find(word) == text.npos);
      CHECK(text.find("two") != text.npos);
      CHECK(text.find(done) != text.npos);
      const std::string record = world.records();
      INFO(record);
      CHECK(record.find("outcome=ok") != record.npos);
      CHECK(record.find("target_error") != record.npos);
    }
  }
}

TEST_CASE("where nobody else can answer, such a stream passes as it came, and is no success in the record") {
  World world;
  world.say(post("/v1/chat/completions", asked));
  world.target_says(head + delta("one ") + delta("", R"("error")") + done);
  world.target().stream.reset();
  world.turn();
  CHECK(world.caller->has(R"("finish_reason":"error")"));
  const std::string record = world.records();
  INFO(record);
  CHECK(record.find("outcome=target_error") != record.npos);
  CHECK(record.find("the provider says that its answer failed") != record.npos);
}

TEST_CASE("a plain answer that finishes with a word of failure goes on elsewhere, or passes as it came") {
  const auto answer = [](std::string_view finish) {
    return R"({"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"one )" +
           std::string(9'000, 'x') + R"("},"finish_reason":")" + std::string(finish) + "\"}]}";
  };
  const std::string plain = R"({"model":"fast","messages":[{"role":"user","content":"hi"}]})";
  for (const bool other : {true, false}) {
    World world(other ? two_targets() : World::plain_config());
    world.say(post("/v1/chat/completions", plain));
    world.target_says(ok_json(answer("error")));
    if (other) {
      CHECK(other_answers(world, ok_json(answer("stop"))).find("HTTP/1.1 200") == 0);
      CHECK_FALSE(world.caller->has(R"("error")"));
    } else {
      world.until([&] { return world.caller->has("\r\n\r\n"); });
      CHECK(world.caller->has("HTTP/1.1 200"));
      CHECK(world.caller->has(R"("finish_reason":"error")"));
    }
  }
}

TEST_CASE("Ollama's reason to be done may be a failure, too") {
  for (const bool translated : {false, true}) {
    World world(two_targets(Dialect::ollama));
    const std::string lines = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n\r\n";
    const auto line = [](std::string_view text, std::string_view more) {
      return R"({"model":"m","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":")" +
             std::string(text) + "\"}," + std::string(more) + "}\n";
    };
    world.say(post(translated ? "/v1/chat/completions" : "/api/chat", asked));
    world.target_says(lines + line("one ", R"("done":false)"));
    world.target_says(line("", R"("done":true,"done_reason":"error")"));
    const std::string text =
        other_answers(world, lines + line("one ", R"("done":false)") + line("two", R"("done":false)") +
                                 line("", R"("done":true,"done_reason":"stop")"));
    INFO(text);
    CHECK(text.find(R"("error")") == text.npos);
    CHECK(text.find("two") != text.npos);
  }
}

TEST_CASE("what only keeps a connection open does not keep a dead stream alive") {
  const std::string comment = ": OPENROUTER PROCESSING\n\n";
  const std::string ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
  const std::string typed = "event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":3}\n\n";
  for (const std::string& beat : {comment, ping, typed, std::string("\n")}) {
    for (const bool translated : {false, true}) {
      INFO(beat << (translated ? " translated" : ""));
      config::Config config = two_targets();
      for (config::Provider& provider : config.providers) provider.timeouts.stream_idle_ms = 10'000;
      config.heartbeat_ms = 0;
      World world(std::move(config));
      world.say(translated ? post("/api/chat", asked) : post("/v1/chat/completions", asked));
      world.target_says(head + delta("one "));
      int beats = 0;
      while (world.targets.size() == 1 && beats < 30) {
        ++beats;
        world.clock.pass_ms(1'000);
        world.target_says(beat);
      }
      CHECK(beats >= 9);
      CHECK(beats <= 12);
      REQUIRE(world.targets.size() == 2);
      CHECK(other_answers(world, other_answer).find("two") != std::string::npos);
      const std::string record = world.records();
      INFO(record);
      CHECK(record.find("target_stalled") != record.npos);
    }
  }
}

TEST_CASE("words between beats set the clock of silence back") {
  config::Config config = two_targets();
  config.providers[0].timeouts.stream_idle_ms = 10'000;
  World world(std::move(config));
  world.say(post("/v1/chat/completions", asked));
  world.target_says(head + delta("one "));
  for (int i = 0; i < 40; ++i) {
    world.clock.pass_ms(1'000);
    world.target_says(i % 5 == 0 ? delta("on ") : ": beat\n\n");
  }
  CHECK(world.targets.size() == 1);
  world.target_says(delta("", R"("stop")") + done);
  world.target().stream.reset();
  world.turn();
  CHECK(world.records().find("outcome=ok") != std::string::npos);
}

TEST_CASE("nothing goes on behind an answer that has finished, whatever its target says then") {
  for (const bool translated : {false, true}) {
    for (const bool cut : {false, true}) {
      INFO((translated ? "translated " : "") << (cut ? "cut" : "error"));
      World world(two_targets());
      world.say(translated ? post("/api/chat", asked) : post("/v1/chat/completions", asked));
      const std::string body = delta("one ") + delta("", R"("stop")");
      const std::string length = std::to_string(body.size() + 900);
      world.target_says("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: " + length + "\r\n\r\n" +
                        body);
      if (!cut) world.target_says("data: {\"error\":{\"message\":\"late\",\"code\":\"server_error\"}}\n\n");
      world.target().stream.reset();
      world.turn();
      world.turn();
      CHECK(world.targets.size() == 1);
      CHECK(world.caller->has("one "));
      if (translated) CHECK(world.caller->has(R"("done":true)"));
    }
  }
}

TEST_CASE("an error behind the finish of a stream that comes all at once makes no error of its answer") {
  for (const bool translated : {false, true}) {
    World world(two_targets());
    world.say(translated ? post("/api/chat", asked) : post("/v1/chat/completions", asked));
    world.target_says(head + delta("one ") + delta("", R"("stop")") + "data: {\"error\":{\"message\":\"late\"}}\n\n" +
                      done);
    world.target().stream.reset();
    world.turn();
    INFO(world.caller->text);
    CHECK(world.targets.size() == 1);
    CHECK(world.caller->has("HTTP/1.1 200"));
    CHECK(world.caller->has("one "));
    CHECK(world.caller->has("late") != translated);
    if (translated) CHECK(world.caller->has(R"("done":true)"));
  }
}

TEST_CASE("want of money that only the message tells of has the same code on every path") {
  const std::string message = "Your credit balance is too low to access the API.";
  const std::string error = R"({"error":{"type":"invalid_request_error","message":")" + message + "\"}}";
  const std::string length = std::to_string(error.size());
  for (const std::string status : {"400 Bad Request", "429 Too Many Requests", "403 Forbidden", "200 OK"}) {
    for (const bool stream : {false, true}) {
      INFO(status << stream);
      World world;
      world.say(post("/v1/chat/completions", stream ? asked : R"({"model":"fast","messages":[]})"));
      if (stream && status == "200 OK") {
        world.target_says(head + "data: " + error + "\n\n");
        world.target().stream.reset();
      } else {
        world.target_says("HTTP/1.1 " + status + "\r\ncontent-type: application/json\r\ncontent-length: " + length +
                          "\r\n\r\n" + error);
      }
      world.turn();
      const std::string record = world.records();
      INFO(record);
      CHECK(world.targets.size() == 1);
      CHECK(record.find("outcome=target_quota") != record.npos);
    }
  }
}

}  // namespace sluice::gateway::failed_words
