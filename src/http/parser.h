// Reads one HTTP/1 message after another from bytes cut anywhere. llhttp parses; our guard in front of it rejects what
// a proxy must not forward (bare LF, obs-fold, smuggling by conflicting lengths, ...), so that the same inputs are
// accepted with any version of llhttp.
#pragma once

#include <memory>

#include "base/result.h"
#include "http/message.h"

namespace sluice::http {

struct ParserLimits {
  size_t head_bytes = 64 * 1024;            // -> head_too_large
  size_t fields = 100;                      // -> head_too_large
  size_t target_bytes = 8 * 1024;           // -> target_uri_too_long
  uint64_t body_bytes = UINT64_MAX;         // -> body_too_large, at the head already if Content-Length exceeds it
  size_t chunk_extension_bytes = 4 * 1024;  // in total per message -> bad_request
  size_t interim_responses = 8;             // 1xx before a final answer -> target_broke
};

// Called from inside feed() and finish(). None of these may destroy the parser or call it.
class ParserEvents {
 public:
  // The head is complete; the parser's request_head() or response_head() holds it until next_message(). An error
  // returned here stops the parsing with that error.
  virtual Result<void> on_head() = 0;
  // `bytes` is never empty, points into what was fed, and is valid until feed() returns.
  virtual void on_body(std::string_view bytes) = 0;
  // The message is complete.
  virtual void on_message_end() = 0;

 protected:
  ~ParserEvents() = default;
};

class Parser {
 public:
  enum class Kind : unsigned char { requests, responses };
  Parser(Kind kind, const ParserLimits& limits, ParserEvents& events);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // Parses; returns how many bytes it took: all, unless a message ended before. The rest then belongs to the next
  // message (call next_message() first). After an error nothing more may be fed. Errors carry the code to answer with:
  // caller codes for requests, target_broke for responses. Interim (1xx) responses are swallowed.
  Result<size_t> feed(std::string_view bytes);
  // The peer will send nothing more. Fine between messages; ends a response that is framed until_close (on_message_end
  // is called then); an error (bad_request, target_cut) in the middle of a message.
  Result<void> finish();
  // Forgets the message that ended and gets ready for the next one.
  void next_message();
  // Responses only, before the head: the answer is to a HEAD request and so has no body (RFC 9112 6.3).
  void expect_no_body();

  // Bytes left of a body with a length; otherwise 0.
  uint64_t body_left() const;
  bool at_start() const;          // nothing of a message has arrived yet
  bool head_done() const;         // on_head has been called for this message
  bool message_done() const;      // on_message_end has been called for this message
  RequestHead& request_head();    // requests only
  ResponseHead& response_head();  // responses only

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::http
