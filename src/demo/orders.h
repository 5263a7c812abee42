// What a model's name tells the demo to do beside answering: "cut-after-5", "429-then-ok", "think+cut-after-20"
// (docs/demo.md has the list). A name that says nothing of the kind is a model like any other.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::demo {

struct Orders {
  // How an answer that has begun ends before its time.
  enum class Break : unsigned char {
    none,
    cut,         // the connection is closed
    half,        // the same, within a frame (a stream) or within its JSON (a plain answer)
    end,         // the body ends as if it were whole
    half_end,    // the same, within a frame or within its JSON
    stall,       // nothing more comes, and nothing is closed
    error,       // the dialect's error event, then the body ends
    hold,        // all of it comes, but the body never ends
    never,       // the head comes, and nothing more
    in_call,     // cut, within a call's arguments
    in_thinking  // cut, within a thinking
  };

  static constexpr uint32_t max_words = 1'000'000;
  static constexpr uint32_t max_seconds = 3600;

  // What is answered.
  bool think = false;         // thinking comes first
  bool parallel = false;      // every tool that is offered is called
  bool cite = false;          // a source is named for the text
  bool refuse = false;        // the model will not say it
  bool length = false;        // half of the text, then no room is left
  bool two_faced = false;     // each answer says something else
  bool takes_prefix = false;  // goes on with the assistant's words where the conversation ends with them

  // In place of an answer.
  bool reset = false;          // the connection is closed without an answer
  bool silent = false;         // nothing comes, and nothing is closed
  bool web_page = false;       // an HTML page, with status 200
  int status = 0;              // an error of this status; 0: none
  bool spend_limit = false;    // that error says that the money is spent
  bool then_ok = false;        // the same request is answered when it comes again
  uint32_t retry_after_s = 0;  // told with the error, and not answered before; 0: not told
  bool refuse_prefix = false;  // 400 where the conversation ends with the assistant's words

  // What is wrong with the answer.
  uint32_t delay_s = 0;  // before its first byte
  Break how = Break::none;
  uint32_t after_words = 0;  // when that happens; words are frames that say something
  bool bad_frame = false;    // one behind the first word is malformed
  bool no_sentinel = false;  // the frame that only says that the stream has ended is left out

  // Whether nothing goes wrong.
  bool none() const;
};

// The parts of the name stand between `+`; what stands up to a last slash, and behind a colon, is no part of it.
Orders orders_in(std::string_view model);

}  // namespace sluice::demo
