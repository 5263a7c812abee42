#include "net/listener.h"

#include <sys/socket.h>
#include <uv.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <new>
#include <utility>

#include "net/address.h"
#include "net/loop.h"
#include "net/tcp_socket.h"
#include "net/tcp_stream.h"

namespace sluice::net {

// Polls the listening socket and calls accept4 itself instead of using uv_listen: the peer's address comes at no extra
// cost, a pause leaves connections in the kernel's queue, and a lack of descriptors closes none (libuv accepts and
// drops them).
struct Listener::State {
  static constexpr int max_rest_turns = 128;  // twice what the kernel keeps waiting

  Loop& loop;
  ListenSocket socket;
  Accepted accepted;
  Starved starved;
  Timeout retry;
  uv_poll_t poll;
  uint64_t starved_total = 0;
  int burst = 1;  // connections to ask for before the loop polls again
  bool paused = false;
  bool closed = false;

  State(Loop& on, ListenSocket from, Accepted accept_with, Starved starved_with)
      : loop(on),
        socket(std::move(from)),
        accepted(std::move(accept_with)),
        starved(std::move(starved_with)),
        retry(this, [](void* self) { static_cast<State*>(self)->watch(); }) {
    const int error = uv_poll_init(on.uv(), &poll, socket.fd_);
    assert(error == 0);
    static_cast<void>(error);
    poll.data = this;
  }

  void watch() {
    uv_poll_start(&poll, UV_READABLE, [](uv_poll_t* handle, int status, int) {
      State& state = *static_cast<State*>(handle->data);
      status < 0 ? state.starve(-status) : state.accept();
    });
  }

  // Bounded, so that newly arriving connections cannot keep this going for ever.
  [[gnu::cold]] void accept_rest() {
    for (int turns = 0; turns < max_rest_turns; ++turns) {
      burst = max_per_turn;
      accept();
      if (burst < max_per_turn || retry.armed()) return;
    }
  }

  // Asks for as many connections as arrived lately, rather than until there are none: for callers that arrive one at a
  // time that would double the system calls. The poll is level-triggered, so what is left is reported again.
  void accept() {
    int count = 0;
    for (; count < burst && !paused && !closed; ++count) {
      sockaddr_storage storage;
      socklen_t size = sizeof storage;
      const int fd = ::accept4(socket.fd_, reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
        starve(errno);
        return;
      }
      const bool in_file = socket.port_ == 0;
      try {
        auto stream = TcpStream::open(
            loop, fd, in_file ? SocketAddress::of_unix() : SocketAddress::from(reinterpret_cast<sockaddr*>(&storage)));
        if (stream) accepted(std::move(*stream));
      } catch (const std::bad_alloc&) {
        return starve(ENOMEM);
      }
    }
    burst = count == burst ? std::min(2 * burst, max_per_turn) : std::max(count, 1);
  }

  void starve(int error) {
    uv_poll_stop(&poll);
    loop.timers().arm(retry, retry_ms);
    ++starved_total;
    if (starved) starved(Error{ErrorCode::io, "cannot accept on " + socket.text() + ": " + reason_of(-error)});
  }
};

Listener::Listener(Loop& loop, ListenSocket socket, Accepted accepted, Starved starved)
    : state_(new State(loop, std::move(socket), std::move(accepted), std::move(starved))) {
  state_->watch();
}

Listener::~Listener() {
  state_->closed = true;
  state_->retry.cancel();
  uv_close(reinterpret_cast<uv_handle_t*>(&state_->poll),
           [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
  // The file is removed and the queue closed now; the state, which may be on the call stack, is freed in the close
  // callback.
  const ListenSocket closing = std::move(state_->socket);
}

void Listener::accept_rest() { state_->accept_rest(); }

void Listener::pause() {
  state_->paused = true;
  state_->retry.cancel();
  uv_poll_stop(&state_->poll);
}

void Listener::resume() {
  if (!state_->paused) return;
  state_->paused = false;
  state_->watch();
}

bool Listener::paused() const { return state_->paused; }
uint16_t Listener::port() const { return state_->socket.port(); }
const std::string& Listener::text() const { return state_->socket.text(); }
uint64_t Listener::starved_total() const { return state_->starved_total; }

}  // namespace sluice::net
