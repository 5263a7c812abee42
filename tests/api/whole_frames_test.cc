// Only whole, valid frames are passed on, and a finished stream gets the end that it lacks.
#include <catch2/catch.hpp>

#include "api/answer_tap.h"

namespace sluice::api {
namespace {

struct Case {
  const char* what;
  Dialect dialect;
  std::string_view type, comes, passes;
  bool reads_all = false;
};

// What is passed on of `bytes`, fed in pieces of `step`, followed by the missing end.
std::string passed(const Case& c, size_t step) {
  AnswerTap tap(c.dialect, media_type_of(c.type), false);
  tap.pass_whole_frames();
  if (c.reads_all) tap.read_all_frames();
  std::string out;
  std::vector<std::string_view> pieces;
  const auto take = [&] {
    for (const std::string_view piece : pieces) out += piece;
    pieces.clear();
  };
  for (size_t at = 0; at < c.comes.size(); at += step) {
    const std::string cut(c.comes.substr(at, step));  // destroyed before the next piece
    tap.feed(cut, pieces);
    take();
  }
  tap.finish(pieces);
  take();
  if (tap.standing() != Standing::finished) CHECK(tap.between_frames());  // an error event may follow
  return out + std::string(tap.missing_end());
}

constexpr std::string_view events = "text/event-stream", lines = "application/x-ndjson";
#define DELTA \
  "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n"
#define STOP "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE "data: [DONE]\n\n"
#define LINE "{\"model\":\"m\",\"message\":{\"content\":\"a\"},\"done\":false}\n"
#define LAST "{\"model\":\"m\",\"message\":{\"content\":\"\"},\"done\":true}\n"
#define REASON "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"
#define MESSAGE_STOP "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

TEST_CASE("what passes where only whole frames do") {
  const std::vector<Case> cases = {
      {"a whole stream", Dialect::openai, events, DELTA DELTA STOP DONE, DELTA DELTA STOP DONE},
      {"comments", Dialect::openai, events, ": hi\n\n" DELTA ": hi\n\n" STOP DONE,
       ": hi\n\n" DELTA ": hi\n\n" STOP DONE},
      {"cut within a frame", Dialect::openai, events, DELTA DELTA "data: {\"model\":\"m\",\"choi", DELTA DELTA},
      {"a frame that is not closed", Dialect::openai, events, DELTA DELTA DELTA DELTA DELTA "data: {\"a\n\n" STOP DONE,
       DELTA DELTA DELTA DELTA DELTA STOP DONE},
      {"a closed frame that is no JSON", Dialect::openai, events,
       DELTA DELTA DELTA DELTA DELTA "data: {\"a\" \"b\"}\n\n" STOP DONE, DELTA DELTA DELTA DELTA DELTA STOP DONE,
       true},
      {"no [DONE]", Dialect::openai, events, DELTA STOP, DELTA STOP DONE},
      {"no message_stop", Dialect::anthropic, events, REASON, REASON MESSAGE_STOP},
      {"message_stop", Dialect::anthropic, events, REASON MESSAGE_STOP, REASON MESSAGE_STOP},
      {"no last blank line", Dialect::openai, events, DELTA STOP "data: [DONE]", DELTA STOP "data: [DONE]"},
      {"lines", Dialect::ollama, lines, LINE LINE LAST, LINE LINE LAST},
      {"a cut line", Dialect::ollama, lines, LINE LINE "{\"model\":\"m\",\"mess", LINE LINE},
      {"a line that is not closed", Dialect::ollama, lines, LINE LINE LINE LINE LINE LINE "{\"model\n" LAST,
       LINE LINE LINE LINE LINE LINE LAST},
      {"a last line without its end", Dialect::ollama, lines, LINE "{\"model\":\"m\",\"done\":true}",
       LINE "{\"model\":\"m\",\"done\":true}"},
  };
  for (const Case& c : cases) {
    for (const size_t step : {1, 2, 3, 5, 8, 16, 31, 100000}) {
      INFO(c.what << ", in pieces of " << step);
      CHECK(passed(c, step) == c.passes);
    }
  }
}

}  // namespace
}  // namespace sluice::api
