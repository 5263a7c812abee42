// The interface between the proxy and an event loop, and socket calls for the loops that leave those to the program.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace runtimes {

// A connected socket, or one that is still connecting: writes are then delayed.
class Link {
 public:
  class Events {
   public:
    virtual void on_bytes(std::string_view bytes) = 0;  // the view must not outlive the call
    virtual void on_gone() = 0;                         // ended or broken: the last event
    virtual void on_written() = 0;                      // some pending bytes were taken
   protected:
    ~Events() = default;
  };
  // None of these functions calls Events.
  virtual void write(std::string_view bytes) = 0;  // failures are reported by reading
  virtual size_t pending() const = 0;              // bytes that the kernel has not taken yet
  virtual void set_reading(bool on) = 0;           // initially on; after off, reads in progress still deliver
  virtual void close() = 0;                        // immediate; no event follows; the loop frees it later
  Events* events = nullptr;

 protected:
  ~Link() = default;
};

class Loop {
 public:
  virtual Link& dial() = 0;  // a new connection to the origin

 protected:
  ~Loop() = default;
};

[[noreturn]] inline void die(const char* what) {
  std::perror(what);
  std::exit(2);
}

inline sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

inline void set_no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// A TCP socket. `flags`: SOCK_NONBLOCK or none.
inline int new_socket(int flags) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) die("socket");
  return fd;
}

// A listening socket on any free port of loopback; `flags` as for new_socket.
inline int listen_on_loopback(int flags) {
  const int fd = new_socket(flags);
  sockaddr_in address = loopback(0);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 4096) != 0) {
    die("listen");
  }
  return fd;
}

inline void print_port(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("port %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
}

// A socket that is connecting to the origin.
inline int begin_connect(uint16_t port) {
  const int fd = new_socket(SOCK_NONBLOCK);
  set_no_delay(fd);
  const sockaddr_in address = loopback(port);
  // The loop finds an immediate failure when it looks at the socket.
  (void)connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return fd;
}

inline bool has_failed(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0;
}

// Returns how many bytes are done with: all of them after a failure.
inline size_t send_some(int fd, std::string_view bytes) {
  const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<size_t>(sent);
  return errno == EAGAIN ? 0 : bytes.size();
}

// Bytes that the kernel did not take.
class Outbox {
 public:
  bool empty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size() - sent_; }
  void add(std::string_view bytes) { bytes_ += bytes; }
  // Returns whether some was taken.
  bool flush(int fd) {
    const size_t taken = send_some(fd, std::string_view(bytes_).substr(sent_));
    sent_ += taken;
    if (sent_ == bytes_.size()) {
      std::string().swap(bytes_);
      sent_ = 0;
    }
    return taken > 0;
  }

 private:
  std::string bytes_;
  size_t sent_ = 0;
};

// "proxy ORIGIN_PORT": prints "port N" and serves until it is ended.
inline uint16_t origin_port(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 0;
  if (port <= 0 || port > 65535) {
    std::fprintf(stderr, "usage: %s ORIGIN_PORT\n", argv[0]);
    std::exit(1);
  }
  return static_cast<uint16_t>(port);
}

}  // namespace runtimes
