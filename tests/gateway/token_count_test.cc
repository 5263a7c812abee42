#include "gateway/token_count.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace sluice::gateway {
namespace {

const api::Endpoint& endpoint(std::string_view name) {
  for (const api::Endpoint* const one : api::endpoints()) {
    if (one->name == name) return *one;
  }
  throw std::runtime_error("no such endpoint");
}

TEST_CASE("an estimate is a quarter of the body's bytes and what output the request allows") {
  struct Row {
    const char* endpoint;
    uint64_t body_bytes, max_output, total;
  };
  for (const Row& row : std::vector<Row>{{"chat/completions", 0, 0, 0},
                                         {"chat/completions", 1, 0, 1},
                                         {"chat/completions", 400, 0, 100},
                                         {"messages", 400, 128'000, 128'100},
                                         {"messages", 400, UINT64_MAX, 1'000'000'100},
                                         {"embeddings", 40, 0, 10},
                                         {"messages/count_tokens", 400, 50, 0},
                                         {"responses/input_tokens", 400, 50, 0},
                                         {"countTokens", 400, 0, 0},
                                         {"audio/transcriptions", 0, 0, 0}}) {
    CAPTURE(row.endpoint, row.body_bytes);
    CHECK(estimate_tokens(endpoint(row.endpoint).yields, std::string(row.body_bytes, ' '), row.max_output).total() ==
          row.total);
  }
}

TEST_CASE("what was used is what the target says, and else a guess") {
  struct Row {
    std::string type, answer;
    int status;
    bool whole;
    uint64_t answer_bytes, used;
  };
  const std::string json = "application/json", sse = "text/event-stream";
  const std::string usage = R"("usage":{"prompt_tokens":100,"completion_tokens":7,"prompt_tokens_details":)"
                            R"({"cached_tokens":60}})";
  const std::string end = "data: {\"choices\":[]," + usage + "}\n\ndata: [DONE]\n\n";
  const std::string text = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
  for (const Row& row : std::vector<Row>{
           {json, "{" + usage + "}", 200, true, 500, 107},
           {json, R"({"usage":{"prompt_tokens":100}})", 200, true, 50'000, 100},
           {json, "{}", 200, true, 50'000, 40},  // not reported: the input's estimate
           {json, "{", 200, false, 50'000, 40},  // cut
           {json, "{}", 429, true, 50'000, 0},   // an error
           {json, "{" + usage + "}", 500, true, 500, 107},
           {json, R"({"usage":{"prompt_tokens":18000000000000000000}})", 200, true, 50, 1'000'000'000},
           {sse, text + end, 200, true, 3200, 107},
           {sse, text, 200, true, 3200, 40 + 200},       // never reported: estimated from the bytes
           {sse, text, 200, false, 3200, 40 + 200},      // cut before the usage
           {sse, text, 200, false, 320'000, 40 + 1000},  // at most what was allowed
           {"audio/mpeg", "ID3", 200, true, 50'000, 40},
       }) {
    CAPTURE(row.type, row.answer, row.status, row.whole);
    api::AnswerTap tap(Dialect::openai, api::media_type_of(row.type), false);
    std::vector<std::string_view> pieces;
    tap.feed(row.answer, pieces);
    if (row.whole) tap.finish(pieces);
    CHECK(tokens_used({40, 1000}, &tap, row.status, row.whole, row.answer_bytes) == row.used);
  }
  CHECK(tokens_used({40, 1000}, nullptr, 0, false, 0) == 0);

  // Anthropic reports the input at the start and the output late.
  api::AnswerTap tap(Dialect::anthropic, api::media_type_of(sse), false);
  std::vector<std::string_view> pieces;
  tap.feed(
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":10,"
      "\"cache_read_input_tokens\":500,\"cache_creation_input_tokens\":90,\"output_tokens\":1}}}\n\n",
      pieces);
  CHECK(tokens_used({40, 1000}, &tap, 200, false, 1600) == 600 + 100);
  CHECK(tokens_used({40, 0}, &tap, 200, false, 0) == 600 + 1);
  tap.feed(
      "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
      "\"usage\":{\"output_tokens\":25}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
      pieces);
  tap.finish(pieces);
  CHECK(tokens_used({40, 1000}, &tap, 200, true, 1600) == 625);
}

}  // namespace
}  // namespace sluice::gateway
