#include "api/frame_words.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sluice::api {
namespace {

constexpr std::array<std::string_view, 4> words = {R"("usage")", R"("finish_reason")", R"("error")", R"("usage")"};

using Seen = std::pair<size_t, bool>;  // the line's end, and whether it is worth reading

Seen look(FrameWords& looker, const std::string& text) {
  const std::vector<char> exact(text.begin(),
                                text.end());  // exact size, so that a sanitizer catches reads past the end
  const FrameWords::Line line = looker.look(exact.data(), exact.data() + exact.size());
  return {static_cast<size_t>(line.end - exact.data()), line.worth};
}

// With a fresh reader, which has seen no line before.
Seen look_anew(const std::string& text) {
  FrameWords fresh(words);
  return look(fresh, text);
}

}  // namespace

TEST_CASE("lines that begin alike are told apart by what is behind that") {
  FrameWords looker(words);
  const std::string opening =
      R"(data: {"id":"chatcmpl-0123456789","object":"chat.completion.chunk","model":"m","choices":[{)";
  for (int i = 0; i < 50; ++i) {
    CHECK_FALSE(look(looker, opening + R"("delta":{"content":"word"},"finish_reason":null}]})" + "\n\n").second);
  }
  CHECK(look(looker, opening + R"("delta":{},"finish_reason":"stop"}]})" + "\n").second);
  CHECK(look(looker, opening + R"("usage":{}}]})" + "\n").second);
  CHECK(look(looker, opening.substr(0, 40) + R"(","error":{}})" + "\n").second);
  CHECK(look(looker, R"(data: {"error":{"message":"no"}})"
                     "\n")
            .second);
  CHECK(look(looker, opening.substr(0, 30)) == Seen{30, false});
  CHECK(look(looker, opening) == Seen{opening.size(), false});
}

TEST_CASE("a word is found wherever it stands, whatever lines came before") {
  const std::vector<std::string> pieces = {R"("usage")",
                                           R"("usage":null,)",
                                           R"("finish_reason" : false)",
                                           R"("error":{)",
                                           R"("usa)",
                                           R"(ge":1)",
                                           "\"",
                                           R"(\")",
                                           R"("id":"chatcmpl-0123456789","object":)",
                                           R"("type":"response.output_text.delta",)",
                                           "word",
                                           "\n",
                                           "\r\n",
                                           ":",
                                           " "};
  for (uint32_t seed = 0; seed < 2'000; ++seed) {
    std::mt19937 chance(seed);
    const auto up_to = [&chance](size_t most) { return static_cast<size_t>(chance() % most); };
    std::string opening = "data: {";
    for (size_t i = up_to(8); i > 0; --i) opening += pieces[up_to(pieces.size() - 4)];
    FrameWords looker(words);
    for (int lines = 0; lines < 30; ++lines) {
      std::string text = up_to(5) == 0 ? opening.substr(0, up_to(opening.size())) : opening;
      for (size_t i = up_to(6); i > 0; --i) text += pieces[up_to(pieces.size())];
      INFO("seed " << seed << ": " << text);
      REQUIRE(look(looker, text) == look_anew(text));
    }
  }
}

}  // namespace sluice::api
