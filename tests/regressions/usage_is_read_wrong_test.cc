// Token counts were wrong: Anthropic's last frame overwrote the input count of the first one with 0, usage within a
// choice (Moonshot) and figures beside the usual ones were missed, "3.0" was not accepted as a number, and
// 18446744073709551615 turned a counter negative.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "api/answer_tap.h"

namespace sluice::api {
namespace {

std::string shown(const Usage& usage) {
  const auto number = [](const std::optional<uint64_t>& count) {
    return count ? std::to_string(*count) : std::string("-");
  };
  return number(usage.input_uncached) + " " + number(usage.cache_read) + " " + number(usage.cache_write) + " " +
         number(usage.output) + " " + number(usage.reasoning);
}

std::string read(Dialect dialect, std::string_view type, std::string_view body) {
  AnswerTap tap(dialect, media_type_of(type), false);
  std::vector<std::string_view> pieces;
  tap.feed(body, pieces);
  tap.finish(pieces);
  return shown(tap.usage());
}

struct Row {
  Dialect dialect;
  std::string_view whose, usage, expected;  // expected: uncached input, cache read, cache written, output, reasoning
};
using enum Dialect;

// Each is tested in a body and, unless it occurs only in bodies, in a stream's frame.
const Row forms[] = {
    {openai, "chat",
     R"("usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":1,"cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":1}})",
     "3 4 2 5 2"},
    {openai, "numbers with a point", R"("usage":{"prompt_tokens":3.0,"completion_tokens":2e0})", "3 - - 2 -"},
    {openai, "numbers that are none", R"("usage":{"prompt_tokens":-3,"completion_tokens":1.5,"total_tokens":null})",
     "- - - - -"},
    {openai, "absurd", R"("usage":{"prompt_tokens":18446744073709551615,"completion_tokens":1e300})",
     "1000000000000 - - 1000000000000 -"},
    {openai, "embeddings", R"("usage":{"prompt_tokens":8,"total_tokens":8})", "8 - - - -"},
    {openai, "embeddings, a total only", R"("usage":{"total_tokens":8})", "8 - - - -"},
    {openai, "a total and the output", R"("usage":{"total_tokens":8,"completion_tokens":3})", "5 - - 3 -"},
    {openai, "images, transcripts",
     R"("usage":{"type":"tokens","input_tokens":14,"input_token_details":{"audio_tokens":14},"output_tokens":4,"total_tokens":18})",
     "14 - - 4 -"},
    {openai, "transcripts by time", R"("usage":{"type":"duration","seconds":9})", "- - - - -"},
    {openai, "deepseek",
     R"("usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_cache_hit_tokens":7,"prompt_cache_miss_tokens":2})",
     "2 7 - 1 -"},
    {openai, "moonshot", R"("usage":{"prompt_tokens":9,"completion_tokens":1,"cached_tokens":7})", "2 7 - 1 -"},
    {openai, "mistral",
     R"("usage":{"prompt_tokens":9,"completion_tokens":1,"num_cached_tokens":7,"prompt_audio_seconds":{}})",
     "2 7 - 1 -"},
    {openai, "xai, reasoning beside the rest",
     R"("usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":15,"completion_tokens_details":{"reasoning_tokens":5}})",
     "9 - - 6 5"},
    {openai, "perplexity",
     R"("usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"reasoning_tokens":3})", "9 - - 4 3"},
    {openai, "groq", R"("x_groq":{"id":"r","usage":{"prompt_tokens":7,"completion_tokens":8}})", "7 - - 8 -"},
    {openai, "llama.cpp", R"("timings":{"cache_n":3,"prompt_n":4,"prompt_ms":1.5,"predicted_n":5})", "4 3 - 5 -"},
    {openai, "llama.cpp with usage",
     R"("usage":{"prompt_tokens":7,"completion_tokens":5},"timings":{"cache_n":3,"prompt_n":4,"predicted_n":5})",
     "7 - - 5 -"},
    {openai, "cohere's rerank",
     R"("meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":6,"output_tokens":2,"search_units":1}})",
     "6 - - 2 -"},
    {openai, "cohere's chat",
     R"("usage":{"billed_units":{"input_tokens":6,"output_tokens":2},"tokens":{"input_tokens":60,"output_tokens":2}})",
     "60 - - 2 -"},
    {responses, "responses",
     R"("usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":5,"cache_write_tokens":3},"output_tokens":6,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":26})",
     "12 5 3 6 1"},
    {anthropic, "messages",
     R"("usage":{"input_tokens":1,"cache_read_input_tokens":2,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":5,"output_tokens_details":{"thinking_tokens":4}})",
     "1 2 7 5 4"},
    {anthropic, "cache written by its life only",
     R"("usage":{"input_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":5})",
     "1 - 7 5 -"},
    {gemini, "generateContent",
     R"("usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"toolUsePromptTokenCount":30,"candidatesTokenCount":5,"thoughtsTokenCount":6,"totalTokenCount":51})",
     "36 4 - 11 6"},
    {gemini, "embedContent", R"("usageMetadata":{"promptTokenCount":3})", "3 - - - -"},
    {ollama, "chat", R"("model":"l","done":true,"prompt_eval_count":11,"eval_count":22)", "11 - - 22 -"},
    {ollama, "embed", R"("model":"l","prompt_eval_count":11)", "11 - - - -"},
};

TEST_CASE("every form of usage is read, in bodies and in streams") {
  for (const Row& row : forms) {
    INFO(row.whose);
    const std::string body = "{" + std::string(row.usage) + "}";
    CHECK(read(row.dialect, "application/json", body) == row.expected);
    CHECK(read(row.dialect, row.dialect == ollama ? "application/x-ndjson" : "text/event-stream",
               row.dialect == ollama ? body + "\n" : "data: " + body + "\n\n") == row.expected);
  }
}

TEST_CASE("what a later frame leaves out, or writes 0 for, stands") {
  const std::string start =
      "data: {\"type\":\"message_start\",\"message\":{\"model\":\"c\",\"usage\":{\"input_tokens\":25,"
      "\"cache_read_input_tokens\":7,\"cache_creation_input_tokens\":3,\"output_tokens\":1}}}\n\n";
  for (const char* later : {"\"input_tokens\":0,\"cache_read_input_tokens\":0,\"cache_creation_input_tokens\":0,",
                            "\"input_tokens\":null,", ""}) {
    CHECK(read(anthropic, "text/event-stream",
               start + "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{" +
                   later + "\"output_tokens\":12}}\n\n") == "25 7 3 12 -");
  }
  CHECK(read(gemini, "text/event-stream",
             "data: {\"candidates\":[{}],\"usageMetadata\":{\"promptTokenCount\":9,\"thoughtsTokenCount\":4}}\n\n"
             "data: {\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":9,"
             "\"candidatesTokenCount\":2}}\n\n") == "9 - - 6 4");
}

TEST_CASE("Gemini corrects in the last frame what it said in the first, other counts never fall") {
  CHECK(read(gemini, "text/event-stream",
             "data: {\"candidates\":[{}],\"usageMetadata\":{\"promptTokenCount\":169}}\n\n"
             "data: {\"candidates\":[{}],\"usageMetadata\":{\"promptTokenCount\":79}}\n\n") == "79 - - - -");
  CHECK(read(openai, "text/event-stream",
             "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":169}}\n\n"
             "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":79}}\n\n") == "169 - - - -");
}

TEST_CASE("usage within a choice, as Moonshot's streams have it") {
  CHECK(read(openai, "text/event-stream",
             "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
             "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\",\"usage\":{\"prompt_tokens\":9,"
             "\"completion_tokens\":3,\"cached_tokens\":4}}]}\n\ndata: [DONE]\n\n") == "5 4 - 3 -");
}

}  // namespace
}  // namespace sluice::api
