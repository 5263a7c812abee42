// Where callers connect: a listening TCP or Unix socket, and the object that accepts from it on one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/stream.h"

namespace sluice::net {

class Loop;

// A bound and listening socket that no loop serves yet. Made before the workers start, so that a wrong address is a
// startup error. Every error says what failed and why: "cannot listen on 127.0.0.1:8000: address already in use".
class ListenSocket {
 public:
  // `host` is an IP address, "localhost" (127.0.0.1) or a name (looked up here, blocking); port 0 lets the system
  // choose. Fails if another process listens there, although sockets made by another() share the port. `beside_own`:
  // this process already listens on the port, at this address or another, and is about to close that socket.
  static Result<ListenSocket> tcp(const std::string& host, uint16_t port, bool beside_own = false);
  // The file has mode 0660 and is removed when this, or the Listener that takes it, is destroyed. A file left by a dead
  // process is replaced.
  static Result<ListenSocket> at_path(const std::string& path);
  // A socket that another process has bound and listens on, as systemd's socket activation passes it. Takes over `fd`,
  // also on failure (it is not a listening stream socket). Other holders go on listening when this is closed:
  // connections waiting in its queue are not lost.
  static Result<ListenSocket> passed(int fd);

  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&& other) noexcept;
  ~ListenSocket();

  // A socket for one more loop. TCP: a separate queue on the same port (SO_REUSEPORT). Unix and passed sockets: the
  // same queue. Only the first one removes the file.
  Result<ListenSocket> another() const;
  // Whether it listens where tcp(host, port), or at_path(path) if `path` is not empty, would listen (and so fail). A
  // socket on [::] that accepts IPv4 too is also at 0.0.0.0. Always false for a name or port 0.
  bool is_at(const std::string& host, uint16_t port, const std::string& path) const;
  uint16_t port() const { return port_; }            // 0 for a Unix socket
  const std::string& text() const { return text_; }  // "127.0.0.1:8000", "unix:/run/sluice.sock"

 private:
  friend class Listener;
  ListenSocket() = default;

  int fd_ = -1;
  uint16_t port_ = 0;
  std::string text_;
  std::string path_;        // of a Unix socket
  bool one_queue_ = false;  // shared by all that another() makes
  bool owns_file_ = false;
  uint64_t device_ = 0, inode_ = 0;  // of the file: it is removed only if it is still the same one
};

// Accepts on one loop, from the start. While paused, connections wait in the kernel's queue. When the process has no
// file descriptors left it pauses itself for `retry_ms` instead of spinning.
class Listener {
 public:
  static constexpr uint64_t retry_ms = 100;
  static constexpr int max_per_turn = 64;  // connections accepted before the loop looks at its other sockets
  using Accepted = std::function<void(std::unique_ptr<Stream>)>;
  using Starved = std::function<void(const Error&)>;

  // `loop` must outlive this. May be destroyed or paused inside `accepted`. `starved`: called each time accepting fails
  // for lack of descriptors or memory.
  Listener(Loop& loop, ListenSocket socket, Accepted accepted, Starved starved = {});
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Accepts every connection that is in the kernel's queue: none is lost if this is then destroyed.
  void accept_rest();
  void pause();
  void resume();
  bool paused() const;
  uint16_t port() const;
  const std::string& text() const;
  uint64_t starved_total() const;

 private:
  struct State;
  State* state_;  // freed in the handle's close callback
};

}  // namespace sluice::net
