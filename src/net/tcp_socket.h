// The heap block around a libuv TCP handle: it outlives the object that uses it until libuv has let go. For net/ only.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>

#include "net/loop.h"

namespace sluice::net {

class TcpStream;

struct TcpSocket {
  // What could not be written at once. Exists only while there is something.
  struct Outbox {
    uv_write_t request;
    std::string flying;    // handed to libuv
    std::string gathered;  // to be handed over when `flying` is written
  };

  uv_tcp_t handle;  // also for Unix sockets: libuv asks no more of it than to be a stream socket
  Loop& loop;
  TcpStream* stream = nullptr;  // who is told; nullptr once that is gone
  std::unique_ptr<Outbox> outbox;
  uint32_t holds = 1;  // the handle itself, and deferred tasks

  explicit TcpSocket(Loop& on) : loop(on) {
    uv_tcp_init(on.uv(), &handle);
    handle.data = this;
  }
  static TcpSocket& of(uv_stream_t* stream) { return *static_cast<TcpSocket*>(stream->data); }
  uv_stream_t* as_stream() { return reinterpret_cast<uv_stream_t*>(&handle); }
  int fd() const {
    uv_os_fd_t fd = -1;
    uv_fileno(reinterpret_cast<const uv_handle_t*>(&handle), &fd);
    return fd;
  }
  void release() {
    if (--holds == 0) delete this;
  }
  // Closes the socket at once; this is freed when libuv is done with it.
  void close() {
    stream = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle),
             [](uv_handle_t* closed) { static_cast<TcpSocket*>(closed->data)->release(); });
  }
};

// Has the kernel ask a silent peer every minute whether it is still there (tcp(7)), and give it up after two: NATs and
// firewalls forget connections that are silent for longer. Sockets that a listening one accepts inherit it.
void keep_alive(int fd);

// "connection refused", "network unreachable": as people say it, for a negative libuv error number.
std::string reason_of(int uv_error);

}  // namespace sluice::net
