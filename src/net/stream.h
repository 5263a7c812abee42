// An ordered, reliable pipe of bytes in both directions: TCP, Unix socket, TLS over either, or memory. One of the
// two interfaces that carry the program (the other is http/service.h).
//
// Everything here runs on the thread of the loop the stream belongs to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace sluice::net {

// Above `high` bytes not yet taken by the peer, stop reading the other side; go on at `low`.
struct WriteMarks {
  static constexpr size_t high_bytes = 256 * 1024;
  static constexpr size_t low_bytes = 128 * 1024;
};

// Bytes that may be read past the end of what on_read delivers (their values mean nothing): text is looked at
// in blocks.
inline constexpr size_t read_padding_bytes = 64;

class StreamEvents {
 public:
  // `bytes` is never empty and is valid until on_read returns; `read_padding_bytes` behind it are readable.
  virtual void on_read(std::string_view bytes) = 0;
  // Where the next bytes are wanted, so that a large body needs no copy: asked before each read, and on_read may then
  // be called with bytes that stand there. Empty: nowhere; read_padding_bytes behind it must be readable, too.
  virtual std::span<char> read_room() { return {}; }
  // The peer will send nothing more (FIN, TLS close_notify). Writing may still work.
  virtual void on_end() = 0;
  // Broken: reset, write failure, TLS failure. No event follows.
  virtual void on_broken(const Error& error) = 0;
  // pending_bytes() was above the high mark and has now fallen to the low mark or below.
  virtual void on_drained() = 0;
  // end() has been carried out: everything written was handed to the kernel and our side is shut.
  virtual void on_ended() {}

 protected:
  ~StreamEvents() = default;
};

// No event is ever delivered from inside a call on the stream: a failed write is told in a later turn. A stream is
// not to be destroyed inside one of its own events: call set_events(nullptr) and hand it to Loop::dispose.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  // Closes at once; what is pending is lost; no event follows.
  virtual ~Stream() = default;

  // `events` must outlive its use here; nullptr silences the stream.
  virtual void set_events(StreamEvents* events) = 0;
  // Off at first. Both may be called at any time and any number of times.
  virtual void start_reading() = 0;
  virtual void stop_reading() = 0;
  // Offers the pieces to the peer at once, in one system call; copies what was not taken. The views may die on
  // return. Never blocks and never refuses: watch pending_bytes(). After a failure or end() it does nothing.
  virtual void write(std::span<const std::string_view> pieces) = 0;
  void write(std::string_view bytes) { write(std::span<const std::string_view>(&bytes, 1)); }
  virtual size_t pending_bytes() const = 0;
  // Shuts our direction once everything pending is written, then on_ended.
  virtual void end() = 0;
  // What was written must not look whole: when this is destroyed, which is due now, the peer is told of a break rather
  // than of an end, and what is pending is lost. Returns whether that can be told at all: a Unix socket knows ends
  // only.
  virtual bool reset() = 0;
  // "127.0.0.1:5000", "[::1]:5000", "unix", "memory": for records.
  virtual std::string peer() const = 0;
  // To the peer and back, as the kernel has measured it, also once the stream is broken. 0: not known.
  virtual uint32_t round_trip_us() const { return 0; }
};

}  // namespace sluice::net
