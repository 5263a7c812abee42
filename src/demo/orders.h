// What a model's name makes the demo do besides answering: "cut-after-5", "429-then-ok", "think+cut-after-20"
// (docs/demo.md has the list). A name without such words is a model like any other.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::demo {

struct Orders {
  // How an answer that has begun ends early.
  enum class Break : unsigned char {
    none,
    cut,         // the connection is closed
    half,        // the same, in the middle of a frame (stream) or of the JSON (plain answer)
    end,         // the body ends as if it were complete
    half_end,    // the same, in the middle of a frame or of the JSON
    stall,       // nothing more is sent, and nothing is closed
    error,       // the dialect's error event, then the body ends
    hold,        // everything is sent, but the body never ends
    never,       // the head is sent, and nothing more
    in_call,     // cut, in a call's arguments
    in_thinking  // cut, in the thinking
  };

  static constexpr uint32_t max_words = 1'000'000;
  static constexpr uint32_t max_seconds = 3600;

  // What the answer contains.
  bool think = false;         // thinking comes first
  bool parallel = false;      // every offered tool is called
  bool cite = false;          // the text cites a source
  bool refuse = false;        // the model refuses to answer
  bool length = false;        // half of the text, then the token limit is reached
  bool two_faced = false;     // every answer is different
  bool takes_prefix = false;  // continues the assistant's message if the conversation ends with one

  // Instead of an answer.
  bool reset = false;          // the connection is closed without an answer
  bool silent = false;         // nothing is sent, and nothing is closed
  bool web_page = false;       // an HTML page, with status 200
  int status = 0;              // an error of this status; 0: none
  bool spend_limit = false;    // that error reports that the money is spent
  bool then_ok = false;        // the same request is answered when it is repeated
  uint32_t retry_after_s = 0;  // sent with the error, and no answer before it has passed; 0: not sent
  bool refuse_prefix = false;  // 400 if the conversation ends with an assistant message

  // What is wrong with the answer.
  uint32_t delay_s = 0;  // before its first byte
  Break how = Break::none;
  uint32_t after_words = 0;  // when that happens; words are frames with content
  bool bad_frame = false;    // one after the first word is malformed
  bool no_sentinel = false;  // the frame that only marks the end of the stream is left out

  // Whether there are no faults.
  bool none() const;
};

// The parts of the name are separated by `+`; everything up to the last slash and after a colon is ignored.
Orders orders_in(std::string_view model);

}  // namespace sluice::demo
