// A Stream over a connected TCP or Unix socket. Its errors have ErrorCode::io: it does not know whether its peer is a
// caller or a target.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/stream.h"

namespace sluice::net {

struct TcpSocket;

class TcpStream final : public Stream {
 public:
  // Takes over `fd`, a connected stream socket, even on failure. TCP_NODELAY is left unchanged.
  static Result<std::unique_ptr<Stream>> open(Loop& loop, int fd, const SocketAddress& peer);
  // Takes over a connected socket (tcp_dialer).
  TcpStream(TcpSocket& socket, const SocketAddress& peer);
  ~TcpStream() override;

  void set_events(StreamEvents* events) override;
  void start_reading() override;
  void stop_reading() override;
  using Stream::write;
  void write(std::span<const std::string_view> pieces) override;
  size_t pending_bytes() const override;
  void end() override;
  bool reset() override;
  std::string peer() const override { return peer_.text(); }
  [[gnu::cold]] uint32_t round_trip_us() const override;

 private:
  friend struct TcpCallbacks;
  size_t try_write_small(std::span<const std::string_view> pieces, size_t total);
  size_t try_write(std::span<const std::string_view> pieces);
  void keep(std::span<const std::string_view> pieces, size_t taken_bytes);
  template <typename Work>
  void guarded(Work work);
  [[gnu::cold]] void lose_pending();
  void send_flying();
  void written(int status);
  void read_some();
  void stop_polling();
  bool wants_bytes() const { return reading_ && events_ && !in_ended_ && !broken_; }
  void update_reading();
  void shut();
  [[gnu::cold]] void fail(int uv_error);
  void tell_later();
  void tell();
  [[gnu::cold]] void tell_broken(int uv_error);

  TcpSocket* socket_;
  const int fd_;  // the socket's, which closes it
  StreamEvents* events_ = nullptr;
  SocketAddress peer_;
  int failure_ = 0;        // of a write, not reported yet
  bool reading_ = false;   // what the user asked for
  bool polling_ = false;   // libuv polls for bytes: stopped only when some arrive that are not wanted
  bool in_ended_ = false;  // on_end has been called
  bool end_asked_ = false;
  bool shut_ = false;  // our FIN has been sent
  bool ended_told_ = false;
  bool broken_ = false;  // on_broken has been called: no event follows
  bool above_high_ = false;
  bool telling_later_ = false;
};

}  // namespace sluice::net
