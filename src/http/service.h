// What answers requests: the gateway's exchange, /health, /metrics, the demo provider. One of the two interfaces that
// carry the program (the other is net/stream.h).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace sluice::net {
class Loop;
}

namespace sluice::http {

// The way back to the caller, for one request. Lives as long as the request's handler.
class Responder {
 public:
  // Begins the answer: `status` and `fields` (end-to-end ones only: the connection adds Connection; Date is up to the
  // service). Framing: a known `length`, or none (then chunked for HTTP/1.1, until close for 1.0). The head leaves with
  // the first body bytes or finish(), in one write; flush_head() sends it immediately. For an answer to HEAD, and for
  // 204 and 304, the body bytes are discarded; the head's length is still sent.
  struct Length {
    static constexpr uint64_t unknown = UINT64_MAX;
    // For an answer without a body (to HEAD, 304): the length it would have is unknown.
    static constexpr uint64_t unsaid = UINT64_MAX - 1;
    uint64_t bytes = unknown;
  };
  // `field_lines`: whole lines, as http/writer writes them. The view need not outlive the call.
  virtual void send_head_lines(int status, std::string_view field_lines, Length length, std::string_view reason) = 0;
  void send_head(int status, const Fields& fields, Length length, std::string_view reason = {});
  virtual void flush_head() = 0;
  // Sends body bytes in one write, with the head if that is still waiting, and with the end of the message if `last`
  // (then only finish() may follow). All pieces make one chunk. The views need not outlive the call.
  virtual void send_body(std::span<const std::string_view> pieces, bool last = false) = 0;
  // The answer is complete. The handler is destroyed later in this turn and gets no further event. If the request's
  // body was not read to its end, the connection is closed after a bounded amount more is read.
  virtual void finish() = 0;
  // The answer cannot be completed: closes the connection without ending the message, by a reset where a plain close
  // would look like the message's end. As final as finish().
  virtual void abort() = 0;
  // A whole answer in one call.
  void answer(int status, const Fields& fields, std::string_view body);

  // Whether the listener that accepted the caller's connection has been removed since: then only an error may be
  // answered.
  virtual bool listener_gone() const { return false; }
  // The caller gets nothing more: as if it had hung up, which the handler is notified of. Not from inside a call of the
  // handler, nor after finish() or abort().
  virtual void let_go() {}
  // Takes back a head that has not been sent yet, so that another answer may be given. False if it has been sent.
  virtual bool recall_head() = 0;

  virtual bool head_sent() const = 0;
  // Bytes of the answer that the caller has not accepted yet; see net::WriteMarks.
  virtual size_t pending_bytes() const = 0;
  // Back-pressure on the request body: after pause at most one read's worth of bytes still arrives.
  virtual void pause_body() = 0;
  virtual void resume_body() = 0;
  // The caller's address, "127.0.0.1:5000" or "unix".
  virtual std::string peer() const = 0;
  virtual uint64_t received_ns() const = 0;  // Loop::now_ns() when the first byte of the head was read
  virtual uint64_t read_ns() const = 0;      // the same for the last bytes so far
  // Bytes read for the request and written for the answer so far (heads, framing and bodies).
  virtual uint64_t bytes_in() const = 0;
  virtual uint64_t bytes_out() const = 0;
  virtual net::Loop& loop() = 0;

 protected:
  ~Responder() = default;
};

// One request under way. Made by a Service, owned by the connection, destroyed after finish(), abort() or
// on_caller_gone.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // `bytes` is valid until return; net::read_padding_bytes after it are readable.
  virtual void on_body(std::string_view bytes) = 0;
  virtual void on_body_end() = 0;
  // Where the body's next bytes should be put (net::StreamEvents::read_room); at least `left` are to come. They are
  // still delivered by on_body.
  virtual std::span<char> body_room(uint64_t left) { return (void)left, std::span<char>(); }
  // The request cannot be read to its end (bad chunking, too large, too slow; memory or time ran out): answer `error`
  // if no answer has begun, else abort. No more of the body follows.
  virtual void on_request_broken(const Error& error) = 0;
  // pending_bytes() has fallen to the low mark.
  virtual void on_drained() = 0;
  // The caller hung up (FIN or reset), or stopped reading the answer (write stall): `error` says which. Clean up; the
  // Responder may no longer be written to. The handler is destroyed right after.
  virtual void on_caller_gone(const Error& error) = 0;
  // Called before on_caller_gone if the whole request has arrived. True: on_caller_gone is not called, and the handler
  // goes on until it calls finish() or abort(); what it sends is discarded, and on_drained follows, since there is no
  // back-pressure any more.
  virtual bool goes_on_alone(const Error& error) { return (void)error, false; }
};

class Service {
 public:
  virtual ~Service() = default;
  // `head` and `responder` outlive the handler. May answer (even finish) immediately; must return a handler all the
  // same.
  virtual std::unique_ptr<RequestHandler> handle(const RequestHead& head, Responder& responder) = 0;
  // Answers a request that was rejected before it was complete: malformed, over a limit, too slow. `head` holds what
  // was understood of it (maybe nothing). Fills in the fields and the body for `error`, in the caller's dialect if that
  // is known.
  virtual void render_error(const RequestHead& head, const Error& error, Fields& fields, std::string& body) = 0;
};

}  // namespace sluice::http
