// The heap block around a libuv TCP handle: lives until libuv's close callback, longer than its user. For net/ only.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>

#include "net/loop.h"

namespace sluice::net {

class TcpStream;

struct TcpSocket {
  // Bytes that could not be written immediately. Exists only while there are any.
  struct Outbox {
    uv_write_t request;
    std::string flying;    // handed to libuv
    std::string gathered;  // to be handed over once `flying` is written
  };

  uv_tcp_t handle;  // also for Unix sockets: libuv only needs a stream socket
  Loop& loop;
  TcpStream* stream = nullptr;  // gets the events; nullptr once it is destroyed
  std::unique_ptr<Outbox> outbox;
  uint32_t holds = 1;  // by the handle itself and by deferred tasks

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
  // Closes the socket immediately; this is freed in the close callback.
  void close() {
    stream = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle),
             [](uv_handle_t* closed) { static_cast<TcpSocket*>(closed->data)->release(); });
  }
};

// Makes the kernel probe a silent peer every minute (tcp(7)) and give it up after two: NATs and firewalls forget
// connections that are silent for longer. Sockets accepted from a listening one inherit it.
void keep_alive(int fd);

// "connection refused", "network unreachable": plain words for a negative libuv error number.
std::string reason_of(int uv_error);

}  // namespace sluice::net
