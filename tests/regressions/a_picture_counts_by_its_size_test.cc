// A picture of 1 MB counted as 350,000 tokens against tokens_per_minute. And compressed model output that repeats
// itself was broken off ("over 200:1") or not counted.
#include <zstd.h>

#include <catch2/catch.hpp>

#include "api/media_parts.h"
#include "gateway/token_count.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

const std::string pixels = "iVBORw0KGgo" + std::string(1'000'000, 'A');

uint64_t estimate(std::string_view path, std::string_view body) {
  const auto match = api::match(http::Method::post, path);
  REQUIRE(match);
  return estimate_tokens(match->endpoint->yields, body, 0).total();
}

TEST_CASE("base64 counts by the piece, in every dialect") {
  const std::string wav = "UklGRhI0VnhXQVZF" + std::string(100'000, 'B'), pdf = "JVBERi0x" + std::string(9'000, 'C');
  struct Piece {
    const char* path;
    std::string body;
    uint64_t least, most;
  };
  for (const Piece& row : {
           Piece{"/v1/chat/completions", R"({"image_url":{"url":"data:image/png;base64,)" + pixels + "\"}}", 1600,
                 1700},
           Piece{"/v1/chat/completions", R"({"input_audio":{"data":")" + wav + R"(","format":"wav"}})", 2000, 2100},
           Piece{"/v1/chat/completions", R"({"file":{"file_data":"data:application/pdf;base64,)" + pdf + "\"}}", 5000,
                 5100},
           Piece{"/v1/messages", R"({"source":{"type":"base64","media_type":"image/png","data":")" + pixels + "\"}}",
                 1600, 1700},
           Piece{"/v1/messages", R"({"source":{"type":"base64","data":")" + pdf + "\"}}", 5000, 5100},
           Piece{"/v1beta/models/x:generateContent", R"({"inlineData":{"data":")" + pixels + "\"}}", 1600, 1700},
           Piece{"/api/chat", R"({"images":[")" + pixels + "\",\"" + pixels + "\"]}", 3200, 3300},
           Piece{"/v1/chat/completions", R"({"content":")" + std::string(4'000, ' ') + "\"}", 1000, 1010},
           Piece{"/v1/chat/completions", R"({"content":"see )" + pixels + "\"}", 250'000, 251'000},
       }) {
    INFO(row.path << row.body.substr(0, 60));
    CHECK(estimate(row.path, row.body) >= row.least);
    CHECK(estimate(row.path, row.body) <= row.most);
  }
}

TEST_CASE("a compressed answer is inflated, whatever its ratio, as fast as its caller takes it") {
  const std::string content(8'000'000, 'z');
  const std::string body =
      R"({"choices":[{"message":{"content":")" + content + R"("}}],"usage":{"prompt_tokens":5,"completion_tokens":7}})";
  std::string packed(ZSTD_compressBound(body.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), body.data(), body.size(), 3));
  CHECK(body.size() / packed.size() > 1000);
  for (const char* accepts : {"", "Accept-Encoding: zstd\r\n"}) {
    World world;
    world.say(post("/v1/chat/completions", R"({"model":"fast"})", accepts));
    world.target_says(ok_json(packed, "content-encoding: zstd\r\n"));
    world.turn(2000);
    CHECK(world.caller->has("HTTP/1.1 200 OK"));
    if (*accepts == '\0') {
      CHECK(world.caller->text.size() > content.size());
      CHECK(world.caller->text.find("\r\n0\r\n\r\n") == world.caller->text.size() - 7);  // once, at the end
    } else {
      CHECK(world.caller->text.ends_with(packed));
    }
    CHECK(world.records().find("input_tokens=5 output_tokens=7") != std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::gateway
