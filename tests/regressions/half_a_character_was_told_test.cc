// Texts too long to report were cut at a byte: records and answers ended in U+FFFD, left over from half a character.
#include <catch2/catch.hpp>

#include "api/json_value.h"
#include "api/target_error.h"
#include "base/json_writer.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

// Whether the text is valid UTF-8.
bool is_whole(std::string_view text) {
  while (!text.empty()) {
    const size_t bytes = utf8_sequence_bytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

TEST_CASE("the words of failed attempts end with a whole character in the record") {
  for (size_t shift = 0; shift < 4; ++shift) {
    config::Config config = World::plain_config();
    config.models[0].retry = {8, 1, 5'000};
    World world(config);
    world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
    std::string words(shift, 'x');
    for (int i = 0; i < 200; ++i) words += "\xe2\x82\xac";
    for (size_t asked = 1; asked <= 8 && !world.caller->has("HTTP/1.1 "); ++asked) {
      if (!world.until([&] { return world.targets.size() == asked || world.caller->has("HTTP/1.1 "); })) break;
      world.turn();
      const std::string body = R"({"error":{"message":")" + words + "\"}}";
      world.target_says("HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: " + std::to_string(body.size()) +
                        "\r\n\r\n" + body);
    }
    REQUIRE(world.until([&] { return world.caller->has("HTTP/1.1 500 "); }));
    const std::string record = world.records();
    INFO(record);
    CHECK(record.find("failed_attempts=") != std::string::npos);
    CHECK(record.size() > 1'024);
    CHECK(record.find("\xef\xbf\xbd") == record.npos);
  }
}

TEST_CASE("an error that is longer than what is kept of it is told to its last whole character") {
  for (size_t shift = 0; shift < 3; ++shift) {
    std::string body = R"({"error":{"message":")" + std::string(shift, 'x');
    while (body.size() < 2 * api::max_error_text) body += "\xe2\x82\xac";
    const api::TargetWords words = api::target_words(std::string_view(body).substr(0, api::max_error_text));
    CHECK(words.message.size() > api::max_error_text / 2);
    CHECK(is_whole(words.message));
  }
}

}  // namespace
}  // namespace sluice::gateway
