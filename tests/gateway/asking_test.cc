// What a request's body asks for.
#include "gateway/asking.h"

#include <catch2/catch.hpp>

namespace sluice::gateway {
namespace {

std::string asked(std::string_view body) {
  const Result<AskedBody> read = read_asked(body);
  if (!read) return std::string(name_of(read.error().code));
  std::string text = read->model;
  if (read->asking.images) text += " images";
  if (read->asking.audio) text += " audio";
  if (read->asking.tools) text += " tools";
  return text;
}

TEST_CASE("what is in a request is found in every dialect") {
  struct Row {
    const char* body;
    const char* asks;
  };
  for (const Row& row : std::vector<Row>{
           {R"({"model":"m","messages":[{"role":"user","content":"hi"}]})", "m"},
           {R"({"model":"m","messages":[{"content":[{"type":"image_url","image_url":{"url":"https://x/y"}}]}]})",
            "m images"},
           {R"({"model":"m","messages":[{"content":[{"type":"input_audio","input_audio":{"data":"aa"}}]}]})",
            "m audio"},
           {R"({"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}]})",
            "m images"},
           {R"({"model":"m","messages":[{"content":[{"type":"image","source":{"type":"url","url":"x"}}]}]})",
            "m images"},
           {R"({"model":"m","messages":[{"content":[{"type":"tool_result","content":[{"type":"image"}]}]}]})",
            "m images"},
           {R"({"contents":[{"parts":[{"inlineData":{"mimeType":"image\/png","data":"aa"}}]}]})", " images"},
           {R"({"contents":[{"parts":[{"fileData":{"mimeType":"audio/wav","fileUri":"x"}}]}]})", " audio"},
           {R"({"model":"m","messages":[{"role":"user","content":"hi","images":["aa"]}]})", "m images"},
           {R"({"model":"m","messages":[{"role":"user","content":"hi","images":[]}]})", "m"},
           {R"({"model":"m","prompt":"hi","images":["aa"]})", "m images"},
           {R"({"model":"m","tools":[{"type":"function"}],"messages":[]})", "m tools"},
           {R"({"model":"m","functions":[{"name":"f"}],"messages":[]})", "m tools"},
           {R"({"model":"m","tools":[],"messages":[]})", "m"},
           {R"([])", "bad_request"},
           {R"({"model":)", "bad_request"},
       }) {
    INFO(row.body);
    CHECK(asked(row.body) == row.asks);
  }
}

TEST_CASE("words of tools, schemas and texts are no images") {
  const std::string signature(4000, 'A');
  for (const std::string& body : std::vector<std::string>{
           R"({"model":"m","messages":[{"role":"user","content":"\"type\":\"image\" \"input_audio\""}]})",
           R"({"model":"m","messages":[{"content":[{"type":"tool_use","input":{"type":"image"}}]}]})",
           R"({"model":"m","messages":[{"content":[{"type":"thinking","signature":")" + signature + R"("}]}]})",
           R"({"model":"m","response_format":{"json_schema":{"schema":{"properties":{"type":"image"}}}}})"}) {
    INFO(body.substr(0, 90));
    CHECK(asked(body) == "m");
  }
  CHECK(asked(R"({"model":"m","tools":[{"input_schema":{"properties":{"a":{"type":"image"}}}}]})") == "m tools");
}

TEST_CASE("a request's tokens are those of its text and of the answer that it allows") {
  const auto tokens = [](std::string_view body, const api::Endpoint* endpoint = nullptr) {
    return read_asked(body, endpoint)->asking.estimated_tokens;
  };
  const std::string text = R"({"model":"m","messages":[{"role":"user","content":"how are you?"}],"max_tokens":500})";
  CHECK(tokens(text) == (text.size() + 3) / 4 + 500);
  const Result<api::Match> counts = api::match(http::Method::post, "/v1/messages/count_tokens");
  REQUIRE(counts);
  CHECK(tokens(text, counts->endpoint) == 0);
}

}  // namespace
}  // namespace sluice::gateway
