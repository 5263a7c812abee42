// Frames come out whole, wherever the bytes are cut.
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
    const std::string piece(text.substr(at, piece_bytes));  // destroyed before the next piece
    REQUIRE(gatherer.feed(piece));
  }
  gatherer.finish();
  return frames.all;
}

// "name|data" of each event, after feeding pieces of `step` bytes, each in memory of its exact size; "!" where it is
// rejected. finish() is not called.
std::vector<std::string> frames_of(StreamFormat format, std::string_view text, size_t step, size_t max_bytes) {
  struct List final : FrameTaker {
    std::vector<std::string> all;
    void on_frame(std::string_view event, std::string_view data) override {
      all.push_back(std::string(event) + "|" + std::string(data));
    }
  } list;
  FrameGatherer gatherer(format, list, max_bytes);
  for (size_t at = 0; at < text.size(); at += step) {
    const auto cut = text.substr(at, step);
    const std::vector<char> copy(cut.begin(), cut.end());
    if (!gatherer.feed({copy.data(), copy.size()})) return list.all.push_back("!"), list.all;
  }
  return list.all;
}

constexpr size_t steps[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 100000};

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

TEST_CASE("events are read as the specification has it") {
  struct Case {
    std::string_view text;
    std::vector<std::string> events;
  };
  const Case cases[] = {
      {"", {}},
      {"data: a\n\n", {"|a"}},
      {"data:a\n\ndata:  b\n\n", {"|a", "| b"}},
      {"event: x\ndata: a\n\ndata: b\n\n", {"x|a", "|b"}},
      {"data: a\nevent: x\n\n", {"x|a"}},
      {"data: a\ndata: b\ndata:\ndata\n\n", {"|a\nb\n\n"}},
      {"data\n\n", {"|"}},
      {"data:\n\n", {"|"}},
      {"event: x\n\ndata: a\n\n", {"|a"}},  // without data there is no event
      {": comment\ndata: a\n:\n\n: another\n\n", {"|a"}},
      {"data: a\r\n\r\ndata: b\r\rdata: c\r\n\ndata: d\n\r\n", {"|a", "|b", "|c", "|d"}},
      {"data: a\rdata: b\r\ndata: c\n\n", {"|a\nb\nc"}},
      {"\n\n\r\n\rdata: a\n\n\n\n", {"|a"}},
      {"\xEF\xBB\xBF"
       "data: a\n\n",
       {"|a"}},
      {"\xEF\xBB\xBF\xEF\xBB\xBF"
       "data: a\n\ndata: b\n\n",
       {"|b"}},
      {"\xEF\xBB"
       "data: a\n\ndata: b\n\n",
       {"|b"}},
      {" data: a\n\nDATA: a\n\ndata : a\n\nfoo: a\n\n", {}},
      {"data: {\"a\":\"b: c\"}\n\n", {"|{\"a\":\"b: c\"}"}},
      {"data: a\n", {}},  // ends too early
      {"data: a\n\ndata: b", {"|a"}},
      {"event: \nevent: y\ndata: a\n\n", {"y|a"}},
      {"event: y\nevent\ndata: a\n\n", {"|a"}},
  };
  for (const Case& c : cases) {
    for (const size_t step : steps) {
      INFO(c.text << " by " << step);
      CHECK(frames_of(StreamFormat::sse, c.text, step, 1000) == c.events);
    }
  }
}

TEST_CASE("an event in one piece is not copied") {
  struct Where final : FrameTaker {
    std::vector<const char*> all;
    void on_frame(std::string_view, std::string_view data) override { all.push_back(data.data()); }
  } where;
  const std::string text = "event: x\ndata: abc\n\ndata: d\n\n";
  FrameGatherer gatherer(StreamFormat::sse, where);
  REQUIRE(gatherer.feed(text));
  CHECK(where.all == std::vector{text.data() + 15, text.data() + 26});
}

TEST_CASE("an event has a limit, and just meets it") {
  using List = std::vector<std::string>;
  for (const size_t step : steps) {
    INFO(step);
    CHECK(frames_of(StreamFormat::sse, "data: 23456789abcdef\n\n", step, 20) == List{"|23456789abcdef"});
    CHECK(frames_of(StreamFormat::sse, "data: 23456789abcdefg\n\n", step, 20) == List{"!"});
    CHECK(frames_of(StreamFormat::sse, "data: 0123456789\ndata: 0123456789\ndata: 0\n\n", step, 20) == List{"!"});
    CHECK(frames_of(StreamFormat::ndjson, "12345678\n", step, 8) == List{"|12345678"});
    CHECK(frames_of(StreamFormat::ndjson, "123456789\n", step, 8) == List{"!"});
  }
}

TEST_CASE("lines of NDJSON") {
  struct Case {
    std::string_view text, frames;
  };
  const Case cases[] = {
      {"", ""},
      {"{}\n", "<{}>"},
      {"{}\r\n\n\r\n[1]\n{", "<{}><[1]><{>"},
      {"{\"a\":1}\n{\"a\":2}\n{\"a\":3}", "<{\"a\":1}><{\"a\":2}><{\"a\":3}>"},
      {"a\rb\n", "<a\rb>"},
      {"a\r", "<a>"},
  };
  for (const Case& c : cases) {
    for (const size_t step : steps) {
      INFO(c.text << " by " << step);
      CHECK(gather(StreamFormat::ndjson, c.text, step) == c.frames);
    }
  }
}
