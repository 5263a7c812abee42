// The proxy on libuv, used as in src/net: one read buffer for all sockets, uv_try_write first and uv_write for the
// rest, uv_poll and accept4 to accept, a handle's memory freed in its close callback.
#include <uv.h>

#include <csignal>

#include "proxy.h"

namespace {

using runtimes::Link;

class UvLoop;

class UvLink final : public Link {
 public:
  explicit UvLink(UvLoop& loop);
  bool open(int fd) { return uv_tcp_open(&tcp_, fd) == 0 && uv_tcp_nodelay(&tcp_, 1) == 0 && start(); }
  void dial(uint16_t port);

  void write(std::string_view bytes) override;
  size_t pending() const override { return uv_stream_get_write_queue_size(stream()) + gathered_.size(); }
  void set_reading(bool on) override;
  void close() override;

 private:
  uv_stream_t* stream() const { return reinterpret_cast<uv_stream_t*>(const_cast<uv_tcp_t*>(&tcp_)); }
  template <typename Handle>
  static UvLink& of(Handle* handle) {
    return *static_cast<UvLink*>(handle->data);
  }
  bool start() { return uv_read_start(stream(), allocate, has_read) == 0; }
  void gone() {
    if (events) events->on_gone();
  }
  void send_flying();
  static void allocate(uv_handle_t* handle, size_t, uv_buf_t* buffer);
  static void has_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);
  static void connected(uv_connect_t* request, int status);
  static void written(uv_write_t* request, int status);

  UvLoop& loop_;
  uv_tcp_t tcp_;
  // Bytes that could not be written immediately.
  struct Sending {
    uv_write_t request;
    std::string bytes;
  };
  std::unique_ptr<Sending> flying_;
  std::string gathered_;
  std::unique_ptr<uv_connect_t> connecting_;
  bool reading_ = true;
  bool ended_ = false;  // libuv has reported the end and stops reading by itself
};

class UvLoop final : public runtimes::Loop {
 public:
  explicit UvLoop(uint16_t port) : proxy_(*this), origin_port_(port) {
    uv_loop_init(&loop);
    listener_ = runtimes::listen_on_loopback(SOCK_NONBLOCK);
    uv_poll_init(&loop, &accepting_, listener_);
    accepting_.data = this;
    uv_poll_start(&accepting_, UV_READABLE,
                  [](uv_poll_t* poll, int, int) { static_cast<UvLoop*>(poll->data)->accept_some(); });
  }
  void run() {
    runtimes::print_port(listener_);
    uv_run(&loop, UV_RUN_DEFAULT);
  }
  Link& dial() override {
    auto* link = new UvLink(*this);
    link->dial(origin_port_);
    return *link;
  }

  uv_loop_t loop;
  char buffer[64 * 1024];

 private:
  void accept_some() {
    for (int i = 0; i < 64; ++i) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      auto* link = new UvLink(*this);
      if (link->open(fd)) {
        proxy_.accepted(*link);
      } else {
        link->close();
      }
    }
  }
  runtimes::Proxy proxy_;
  uv_poll_t accepting_;
  int listener_;
  uint16_t origin_port_;
};

UvLink::UvLink(UvLoop& loop) : loop_(loop) {
  uv_tcp_init(&loop.loop, &tcp_);
  tcp_.data = this;
}

void UvLink::dial(uint16_t port) {
  const sockaddr_in address = runtimes::loopback(port);
  connecting_ = std::make_unique<uv_connect_t>();
  connecting_->data = this;
  uv_tcp_nodelay(&tcp_, 1);
  if (uv_tcp_connect(connecting_.get(), &tcp_, reinterpret_cast<const sockaddr*>(&address), connected) != 0) {
    runtimes::die("uv_tcp_connect");
  }
}

void UvLink::connected(uv_connect_t* request, int status) {
  UvLink& link = of(request);
  link.connecting_.reset();
  if (!link.events) return;
  if (status != 0 || (link.reading_ && !link.start())) link.gone();
}

void UvLink::write(std::string_view bytes) {
  if (flying_) {
    gathered_ += bytes;
    return;
  }
  const uv_buf_t buffer = uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
  const int taken = uv_try_write(stream(), &buffer, 1);
  if (taken < 0 && taken != UV_EAGAIN) return;
  if (taken > 0) bytes.remove_prefix(static_cast<size_t>(taken));
  if (bytes.empty()) return;
  gathered_ = bytes;
  send_flying();
}

void UvLink::send_flying() {
  flying_ = std::make_unique<Sending>(Sending{{}, std::exchange(gathered_, {})});
  flying_->request.data = this;
  const uv_buf_t buffer = uv_buf_init(flying_->bytes.data(), static_cast<unsigned>(flying_->bytes.size()));
  if (uv_write(&flying_->request, stream(), &buffer, 1, written) != 0) flying_.reset();
}

void UvLink::written(uv_write_t* request, int status) {
  UvLink& link = of(request);
  link.flying_.reset();
  if (!link.events) return;
  if (status == 0 && !link.gathered_.empty()) link.send_flying();
  link.events->on_written();
}

void UvLink::set_reading(bool on) {
  if (on == reading_) return;
  reading_ = on;
  if (ended_ || connecting_) return;
  if (on) {
    start();
  } else {
    uv_read_stop(stream());
  }
}

void UvLink::allocate(uv_handle_t* handle, size_t, uv_buf_t* buffer) {
  UvLoop& loop = of(handle).loop_;
  *buffer = uv_buf_init(loop.buffer, sizeof loop.buffer);
}

void UvLink::has_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  UvLink& link = of(stream);
  if (!link.events || count == 0) return;
  if (count > 0) return link.events->on_bytes({buffer->base, static_cast<size_t>(count)});
  link.ended_ = true;
  link.gone();
}

void UvLink::close() {
  events = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&tcp_), [](uv_handle_t* handle) { delete &of(handle); });
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  std::make_unique<UvLoop>(runtimes::origin_port(argc, argv))->run();
}
