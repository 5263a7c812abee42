// Frames come out whole, wherever the bytes were cut.
#include "api/frame_gatherer.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::api;

namespace {

struct Frames final : FrameTaker {
  std::string all;
  void on_frame(std::string_view event, std::string_view data) override {
    all += std::string(event) + "<" + std::string(data) + ">";
  }
};

std::string gather(StreamFormat format, std::string_view text, size_t piece_bytes) {
  Frames frames;
  FrameGatherer gatherer(format, frames);
  for (size_t at = 0; at < text.size(); at += piece_bytes) {
    const std::string piece(text.substr(at, piece_bytes));  // gone when the next one comes
    REQUIRE(gatherer.feed(piece));
  }
  gatherer.finish();
  return frames.all;
}

struct Row {
  StreamFormat format;
  std::string_view text, frames;
};

}  // namespace

TEST_CASE("frames are put together, cut anywhere") {
  const Row rows[] = {
      {StreamFormat::sse, "data: a\n\ndata:b\n\n", "<a><b>"},
      {StreamFormat::sse,
       "\xEF\xBB\xBF"
       "event: x\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\n: c\r\n\r\ndata: [DONE]\r\n\r\n",
       "x<{\"a\":\n1}><[DONE]>"},
      {StreamFormat::sse, "event: e\rdata: long one\rid: 7\r\rdata: cut", "e<long one><cut>"},
      {StreamFormat::sse, "event: only\n\ndata\n\ndata: \n\n", "<><>"},
      {StreamFormat::sse, "data: \ndata: x\n\n", "<\nx>"},
      {StreamFormat::ndjson, "{\"a\":1}\n\n  \r\n{\"b\":2}", "<{\"a\":1}><{\"b\":2}>"},
      {StreamFormat::json_array, "[ {\"a\":\"}\\\"]\"},\r\n{\"b\":[{}]}\n]", "<{\"a\":\"}\\\"]\"}><{\"b\":[{}]}>"},
      {StreamFormat::json_array, "{\"error\":{}}", "<{\"error\":{}}>"},
      {StreamFormat::json_array, "[{\"a\":1},{\"b", "<{\"a\":1}><{\"b>"},
      {StreamFormat::none, " {\"a\":1}\n", "< {\"a\":1}\n>"},
  };
  for (const Row& row : rows) {
    for (const size_t piece_bytes : {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 1000}) {
      INFO(row.text << " in pieces of " << piece_bytes);
      CHECK(gather(row.format, row.text, piece_bytes) == row.frames);
    }
  }
}

TEST_CASE("a frame may be as large as the bound, and no larger") {
  for (const StreamFormat format :
       {StreamFormat::sse, StreamFormat::ndjson, StreamFormat::json_array, StreamFormat::none}) {
    constexpr size_t max_bytes = 1000;
    for (const bool too_large : {false, true}) {
      Frames frames;
      FrameGatherer gatherer(format, frames, max_bytes);
      const std::string opening = format == StreamFormat::sse ? "data: " : "{";
      Result<void> fed = gatherer.feed(opening);
      size_t sent = opening.size();
      while (fed && sent < max_bytes) fed = gatherer.feed("a"), ++sent;
      REQUIRE(fed);
      if (too_large) fed = gatherer.feed("a");
      CHECK(fed.has_value() == !too_large);
      if (!fed) CHECK(fed.error().code == ErrorCode::target_broke);
    }
  }
}
