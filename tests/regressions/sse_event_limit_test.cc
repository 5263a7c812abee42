// The event limit did not count data that was still a view into the current bytes, so whether an event was too long
// depended on how the stream was cut. Found by fuzz_sse.
#include <catch2/catch.hpp>

#include "api/frame_gatherer.h"

namespace sluice::api {
namespace {

bool too_long(std::string_view text, size_t step, size_t limit_bytes) {
  struct Nobody final : FrameTaker {
    void on_frame(std::string_view, std::string_view) override {}
  } nobody;
  FrameGatherer gatherer(StreamFormat::sse, nobody, limit_bytes);
  for (size_t at = 0; at < text.size(); at += step) {
    if (!gatherer.feed(text.substr(at, step))) return true;
  }
  return false;
}

TEST_CASE("an event at its limit is too long however it is cut, or not at all") {
  const std::string_view text = "data:0123456789\ndata:01234\n\n";
  for (const size_t limit : {size_t{19}, size_t{20}, size_t{21}, size_t{64}}) {
    const bool whole = too_long(text, text.size(), limit);
    for (size_t step = 1; step < text.size(); ++step) {
      INFO(limit << " bytes, in pieces of " << step);
      CHECK(too_long(text, step, limit) == whole);
    }
  }
  CHECK(too_long(text, text.size(), 15));
  CHECK_FALSE(too_long(text, text.size(), 64));
}

}  // namespace
}  // namespace sluice::api
