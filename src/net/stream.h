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

// Above `high` bytes not yet accepted by the peer, stop reading the other side; continue at `low`.
struct WriteMarks {
  static constexpr size_t high_bytes = 256 * 1024;
  static constexpr size_t low_bytes = 128 * 1024;
};

// Bytes after those that on_read delivers that may be read (their values mean nothing): text is scanned in blocks.
inline constexpr size_t read_padding_bytes = 64;

class StreamEvents {
 public:
  // `bytes` is never empty and is valid until on_read returns; `read_padding_bytes` after it are readable.
  virtual void on_read(std::string_view bytes) = 0;
  // Where the next bytes should be put, so that a large body is not copied: asked before each read; on_read may then be
  // called with bytes in that place. Empty: no preference. read_padding_bytes after it must be readable, too.
  virtual std::span<char> read_room() { return {}; }
  // The peer will send nothing more (FIN, TLS close_notify). Writing may still work.
  virtual void on_end() = 0;
  // Broken: reset, write failure, TLS failure. No event follows.
  virtual void on_broken(const Error& error) = 0;
  // pending_bytes() was above the high mark and has now fallen to the low mark or below.
  virtual void on_drained() = 0;
  // end() is complete: everything written was handed to the kernel and our side is shut.
  virtual void on_ended() {}

 protected:
  ~StreamEvents() = default;
};

// No event is ever delivered from inside a call on the stream: a failed write is reported in a later turn. A stream
// must not be destroyed inside one of its events: call set_events(nullptr) and hand it to Loop::dispose.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  // Closes immediately; pending bytes are lost; no event follows.
  virtual ~Stream() = default;

  // `events` must stay valid until it is replaced; nullptr silences the stream.
  virtual void set_events(StreamEvents* events) = 0;
  // Initially off. Both may be called at any time and any number of times.
  virtual void start_reading() = 0;
  virtual void stop_reading() = 0;
  // Offers the pieces to the peer immediately, in one system call; copies what was not accepted. The views need not
  // outlive the call. Never blocks or fails: watch pending_bytes(). After a failure or end() it does nothing.
  virtual void write(std::span<const std::string_view> pieces) = 0;
  void write(std::string_view bytes) { write(std::span<const std::string_view>(&bytes, 1)); }
  virtual size_t pending_bytes() const = 0;
  // Shuts our direction once everything pending is written, then on_ended.
  virtual void end() = 0;
  // What was written must not look complete. The stream is about to be destroyed: the peer then sees a reset instead of
  // an end, and pending bytes are lost. Returns false if the transport has no reset: a Unix socket can only end.
  virtual bool reset() = 0;
  // "127.0.0.1:5000", "[::1]:5000", "unix", "memory": for records.
  virtual std::string peer() const = 0;
  // The round-trip time measured by the kernel, also after the stream broke. 0: unknown.
  virtual uint32_t round_trip_us() const { return 0; }
};

}  // namespace sluice::net
