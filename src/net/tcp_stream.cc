#include "net/tcp_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include "net/tcp_socket.h"

namespace sluice::net {
namespace {

constexpr size_t max_pieces = 64;     // in one system call
constexpr size_t small_bytes = 2048;  // written as one piece
constexpr int max_reads = 16;         // of full buffers, before other sockets have their turn

}  // namespace

void keep_alive(int fd) {
  constexpr int on = 1, idle_s = 60, interval_s = 15, probes = 4;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

std::string reason_of(int uv_error) {
  switch (uv_error) {
    case UV_ECONNREFUSED:
      return "connection refused";
    case UV_ETIMEDOUT:
      return "timed out";
    case UV_EMFILE:
      return "too many open files";
    case UV_ENETUNREACH:
      return "network unreachable";
    case UV_EHOSTUNREACH:
      return "host unreachable";
    case UV_EADDRINUSE:
      return "address already in use";
    case UV_EADDRNOTAVAIL:
      return "address not available";
    default:
      return uv_strerror(uv_error);
  }
}

// Users of the stream handle out-of-memory themselves, ending one exchange; this catches what they do not.
template <typename Work>
void TcpStream::guarded(Work work) {
  TcpSocket* const socket = socket_;
  try {
    work();
  } catch (const std::bad_alloc&) {
    if (socket->stream) socket->stream->fail(UV_ENOMEM);
  }
}

struct TcpCallbacks {
  // libuv reports that there is something to read, but is given no buffer: on a socket, recv(2) is a little cheaper
  // than the read(2) that libuv would use.
  static void allocate(uv_handle_t*, size_t, uv_buf_t* buffer) { *buffer = uv_buf_init(nullptr, 0); }
  static void readable(uv_stream_t* stream, ssize_t, const uv_buf_t*) {
    TcpSocket& socket = TcpSocket::of(stream);
    if (socket.stream) socket.stream->guarded([&] { socket.stream->read_some(); });
  }
  static void written(uv_write_t* request, int status) {
    TcpSocket& socket = *static_cast<TcpSocket*>(request->data);
    if (socket.stream) socket.stream->guarded([&] { socket.stream->written(status); });
  }
};

Result<std::unique_ptr<Stream>> TcpStream::open(Loop& loop, int fd, const SocketAddress& peer) {
  TcpSocket* socket = new TcpSocket(loop);
  if (const int error = uv_tcp_open(&socket->handle, fd); error != 0) {
    ::close(fd);
    socket->close();
    return sluice::fail(ErrorCode::io, "cannot use the connection of " + peer.text() + ": " + reason_of(error));
  }
  return std::make_unique<TcpStream>(*socket, peer);
}

TcpStream::TcpStream(TcpSocket& socket, const SocketAddress& peer) : socket_(&socket), fd_(socket.fd()), peer_(peer) {
  socket_->stream = this;
}

TcpStream::~TcpStream() { socket_->close(); }

void TcpStream::set_events(StreamEvents* events) {
  events_ = events;
  if (!events_) return;  // polling stops when bytes arrive
  update_reading();
  if (failure_ != 0 || shut_) tell_later();
}

void TcpStream::start_reading() {
  reading_ = true;
  update_reading();
}

void TcpStream::stop_reading() { reading_ = false; }

void TcpStream::update_reading() {
  if (polling_ || !wants_bytes() || failure_ != 0) return;
  if (const int error = uv_read_start(socket_->as_stream(), TcpCallbacks::allocate, TcpCallbacks::readable);
      error != 0) {
    fail(error);
    return;
  }
  polling_ = true;
}

void TcpStream::stop_polling() {
  if (polling_) uv_read_stop(socket_->as_stream());
  polling_ = false;
}

// A stopped reader is noticed only here, before anything is read: so a stop that is followed by a start before the next
// bytes costs no system call.
void TcpStream::read_some() {
  if (!wants_bytes()) return stop_polling();
  for (int i = 0; i < max_reads && wants_bytes(); ++i) {
    std::span<char> buffer = events_->read_room();
    if (buffer.empty()) buffer = socket_->loop.read_buffer();
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) {
      events_->on_read({buffer.data(), static_cast<size_t>(count)});
      if (static_cast<size_t>(count) < buffer.size()) return;  // nothing more to read
    } else if (count == 0) {
      // A write has consumed the socket's error: after a reset, what looks like an end is not one. EPIPE means a FIN,
      // then a reset.
      if (failure_ != 0 && failure_ != UV_EPIPE) return;
      stop_polling();
      in_ended_ = true;
      return events_->on_end();
    } else if (errno != EINTR) {
      if (errno != EAGAIN) tell_broken(-errno);
      return;
    }
  }
}

void TcpStream::write(std::span<const std::string_view> pieces) {
  if (end_asked_ || broken_ || failure_ != 0) return;
  size_t total = 0;
  for (const std::string_view piece : pieces) total += piece.size();
  if (total == 0) return;
  const size_t taken = socket_->outbox ? 0 : total <= small_bytes ? try_write_small(pieces, total) : try_write(pieces);
  if (taken == total || failure_ != 0) return;
  try {
    keep(pieces, taken);
  } catch (const std::bad_alloc&) {
    lose_pending();
    return;
  }
  if (pending_bytes() > WriteMarks::high_bytes) above_high_ = true;
}

// Copying a little is cheaper than making the kernel walk a list of pieces.
size_t TcpStream::try_write_small(std::span<const std::string_view> pieces, size_t total) {
  std::array<char, small_bytes> copy;
  const char* from = pieces.front().data();
  if (pieces.size() > 1) {
    char* to = copy.data();
    for (const std::string_view piece : pieces) to = std::copy(piece.begin(), piece.end(), to);
    from = copy.data();
  }
  const ssize_t taken = ::send(fd_, from, total, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (taken >= 0) return static_cast<size_t>(taken);
  if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS) fail(-errno);
  return 0;
}

size_t TcpStream::try_write(std::span<const std::string_view> pieces) {
  std::array<iovec, max_pieces> buffers;
  size_t taken = 0;
  for (size_t next = 0; next < pieces.size();) {
    msghdr message = {};
    message.msg_iov = buffers.data();
    size_t offered = 0;
    for (; next < pieces.size() && message.msg_iovlen < max_pieces; ++next) {
      const std::string_view piece = pieces[next];
      if (piece.empty()) continue;
      buffers[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
      offered += piece.size();
    }
    if (offered == 0) break;
    const ssize_t result = ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (result < 0) {
      if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS) fail(-errno);
      break;
    }
    taken += static_cast<size_t>(result);
    if (static_cast<size_t>(result) < offered) break;
  }
  return taken;
}

// Copies everything after the first `taken_bytes`, and arranges for it to be sent.
void TcpStream::keep(std::span<const std::string_view> pieces, size_t taken_bytes) {
  const bool first = !socket_->outbox;
  auto fresh = first ? std::make_unique<TcpSocket::Outbox>() : nullptr;
  std::string& to = first ? fresh->flying : socket_->outbox->gathered;
  if (first) {
    size_t total = 0;
    for (const std::string_view piece : pieces) total += piece.size();
    to.reserve(total - taken_bytes);
  }
  for (const std::string_view piece : pieces) {
    const size_t skipped = std::min(taken_bytes, piece.size());
    taken_bytes -= skipped;
    to += piece.substr(skipped);
  }
  if (!first) return;
  socket_->outbox = std::move(fresh);
  send_flying();
}

// There is no memory for what the peer has not accepted: nothing may be sent after a gap.
void TcpStream::lose_pending() {
  if (socket_->outbox) socket_->outbox->gathered.clear();
  fail(UV_ENOMEM);
}

void TcpStream::send_flying() {
  TcpSocket::Outbox& outbox = *socket_->outbox;
  outbox.request.data = socket_;
  const uv_buf_t buffer = uv_buf_init(outbox.flying.data(), static_cast<unsigned>(outbox.flying.size()));
  const int error = uv_write(&outbox.request, socket_->as_stream(), &buffer, 1, TcpCallbacks::written);
  if (error != 0) fail(error);
}

void TcpStream::written(int status) {
  if (status < 0) {
    socket_->outbox.reset();
    fail(status);
    return;
  }
  TcpSocket::Outbox& outbox = *socket_->outbox;
  outbox.flying = std::exchange(outbox.gathered, {});
  if (outbox.flying.empty()) {
    socket_->outbox.reset();
    if (end_asked_) shut();
  } else {
    send_flying();
  }
  if (above_high_ && failure_ == 0 && pending_bytes() <= WriteMarks::low_bytes) {
    above_high_ = false;
    if (events_ && !broken_) events_->on_drained();
  }
}

size_t TcpStream::pending_bytes() const {
  if (!socket_->outbox) return 0;
  return uv_stream_get_write_queue_size(socket_->as_stream()) + socket_->outbox->gathered.size();
}

uint32_t TcpStream::round_trip_us() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_rtt : 0;
}

void TcpStream::end() {
  if (end_asked_ || broken_ || failure_ != 0) return;
  end_asked_ = true;
  if (!socket_->outbox) shut();
}

bool TcpStream::reset() {
  if (peer_.family() == SocketAddress::Family::unix_path) return false;
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  end_asked_ = true;
  return true;
}

// Calls shutdown(2) directly, because nothing is pending: uv_shutdown would wait for a poll first.
void TcpStream::shut() {
  if (!broken_) ::shutdown(fd_, SHUT_WR);
  shut_ = true;
  tell_later();
}

void TcpStream::fail(int uv_error) {
  if (broken_ || failure_ != 0) return;
  failure_ = uv_error;
  tell_later();
}

void TcpStream::tell_later() {
  if (telling_later_) return;
  telling_later_ = true;
  TcpSocket* socket = socket_;
  ++socket->holds;
  socket->loop.defer([socket] {
    if (socket->stream) socket->stream->tell();
    socket->release();
  });
}

void TcpStream::tell() {
  telling_later_ = false;
  if (!events_ || broken_) return;
  if (failure_ != 0) {
    // A target may answer and hang up while a request is still being sent to it: bytes that arrived before the write
    // failed are its answer, and are read before the failure is reported.
    if (wants_bytes()) read_some();
    if (events_ && !broken_) tell_broken(failure_);
  } else if (shut_ && !ended_told_) {
    ended_told_ = true;
    events_->on_ended();
  }
}

void TcpStream::tell_broken(int uv_error) {
  broken_ = true;
  stop_polling();
  std::string text;
  if (uv_error == UV_ECONNRESET) {
    text = "connection reset by " + peer_.text();
  } else if (uv_error == UV_EPIPE) {
    text = "connection closed by " + peer_.text();
  } else if (uv_error == UV_ETIMEDOUT) {
    text = "connection to " + peer_.text() + " timed out";
  } else {
    text = "connection to " + peer_.text() + " broke: " + reason_of(uv_error);
  }
  events_->on_broken(Error{ErrorCode::io, std::move(text)});
}

}  // namespace sluice::net
