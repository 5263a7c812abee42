#include "api/frame_cutter.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace sluice::api {
namespace {

constexpr std::array<std::string_view, 4> words = {R"("usage")", R"("stop")", R"("usage")", R"("usage")"};

// The data of each frame, with line breaks between its lines; "-" for a frame without a data line. The rest of an
// unfinished frame comes last, in brackets.
std::vector<std::string> frames_of(std::string_view stream, size_t step) {
  FrameCutter cutter(words);
  std::vector<std::string> frames;
  std::string data;
  for (size_t from = 0; from < stream.size(); from += step) {
    const auto bytes = stream.substr(from, step);
    const std::vector<char> exact(bytes.begin(),
                                  bytes.end());  // exact size, so that a sanitizer catches reads past the end
    const char* const end = exact.data() + exact.size();
    const char* at = cutter.skip_mark(exact.data(), end);
    if (cutter.awaits_lf() && at != end) at = cutter.skip_lf(at);
    while (at != end) {
      const FrameCutter::Cut cut = cutter.cut(at, end);
      REQUIRE(cut.next > at);
      at = cut.next;
      CHECK((cut.begins_data || !cut.begins_frame));
      if (cut.begins_frame) data.clear();
      if (cut.begins_data && !cut.begins_frame) data += '\n';
      data += cut.data;
      if (cut.end != FrameCutter::End::frame) continue;
      frames.push_back(cut.had_data ? data : "-");
      data.clear();
    }
  }
  if (cutter.mid_frame()) frames.push_back("[" + data + "]");
  return frames;
}

}  // namespace

TEST_CASE("frames are the same however their bytes are cut") {
  struct Case {
    std::string_view stream;
    std::vector<std::string> frames;
  };
  const Case cases[] = {
      {"data: a\n\ndata: b\n\n", {"a", "b"}},
      {"data:a\r\n\r\ndata:  b\r\n\r\n", {"a", " b"}},
      {"data: a\r\rdata: b\r\r", {"a", "b"}},
      {"\xEF\xBB\xBF"
       "data: a\n\n",
       {"a"}},
      {"event: x\ndata: a\ndata: b\nid: 1\n\n", {"a\nb"}},
      {": comment\n\ndata: a\n: within\n\n", {"-", "a"}},
      {"data:\n\ndata: \n\n", {"", ""}},
      {"datas: a\ndat: b\ndata\n\n", {"-"}},
      {"event: ping\n\n", {"-"}},
      {"data: a\n\ndata: cut", {"a", "[cut]"}},
      {"data: a\ndata: b\n", {"[a\nb]"}},
  };
  for (const Case& c : cases) {
    for (const size_t step : {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 1000}) {
      INFO(c.stream << " in steps of " << step);
      CHECK(frames_of(c.stream, step) == c.frames);
    }
  }
}

TEST_CASE("a frame's only data line, whole, is told by its words") {
  const std::string_view stream = "data: {\"usage\":1}\n\ndata: {\"a\":1}\n\ndata: {\"usage\":1}\ndata: x\n\n";
  FrameCutter cutter(words);
  std::vector<std::pair<bool, bool>> lines;  // `only` and `worth` of each
  const char* const end = stream.data() + stream.size();
  for (const char* at = stream.data(); at != end;) {
    const FrameCutter::Cut cut = cutter.cut(at, end);
    at = cut.next;
    if (cut.begins_data) lines.emplace_back(cut.only, cut.worth);
  }
  CHECK(lines == std::vector<std::pair<bool, bool>>{{true, true}, {true, false}, {false, true}, {false, false}});
}

}  // namespace sluice::api
