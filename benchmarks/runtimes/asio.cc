// The proxy on standalone Asio, used in its fastest intended way: one thread without locks, executors without type
// erasure, a non-blocking write before an asynchronous one. Every socket has a separate read buffer, since an
// asynchronous read may fill it at any time, and waiting for readiness instead costs an epoll_ctl each time.
#include <array>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "proxy.h"

namespace {

using asio::ip::tcp;
using runtimes::Link;
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

class AsioLink final : public Link {
 public:
  explicit AsioLink(Socket socket) : socket_(std::move(socket)) {}

  void open() {
    prepare();
    read();
  }
  void dial(uint16_t port);

  void write(std::string_view bytes) override;
  size_t pending() const override { return out_.size(); }
  void set_reading(bool on) override {
    reading_ = on;
    if (on && !read_under_way_ && !connecting_) read();
  }
  void close() override;

 private:
  void prepare() {
    asio::error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
  }
  void read();
  void await_room();
  void release() {
    if (--holds_ == 0) delete this;
  }

  Socket socket_;
  runtimes::Outbox out_;
  unsigned holds_ = 1;  // one until close, plus one for each pending operation
  bool connecting_ = false;
  bool reading_ = true;
  bool read_under_way_ = false;
  bool closed_ = false;
  std::array<char, 8 * 1024> buffer_;
};

void AsioLink::dial(uint16_t port) {
  connecting_ = true;
  ++holds_;
  asio::error_code ignored;
  socket_.open(tcp::v4(), ignored);
  socket_.async_connect({asio::ip::address_v4::loopback(), port}, [this](const asio::error_code& error) {
    connecting_ = false;
    if (!closed_ && error) events->on_gone();
    if (!closed_) prepare();
    if (!closed_ && !out_.empty()) await_room();
    if (!closed_ && reading_) read();
    release();
  });
}

void AsioLink::write(std::string_view bytes) {
  if (!connecting_ && out_.empty()) {
    asio::error_code error;
    const size_t taken = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error && error != asio::error::would_block) return;
    bytes.remove_prefix(taken);
  }
  if (bytes.empty()) return;
  const bool first = out_.empty();
  out_.add(bytes);
  if (first && !connecting_) await_room();
}

void AsioLink::await_room() {
  ++holds_;
  socket_.async_wait(Socket::wait_write, [this](const asio::error_code& error) {
    if (!closed_ && !error) {
      const bool some = out_.flush(socket_.native_handle());
      if (!out_.empty()) await_room();
      if (some) events->on_written();
    }
    release();
  });
}

void AsioLink::read() {
  ++holds_;
  read_under_way_ = true;
  socket_.async_read_some(asio::buffer(buffer_), [this](const asio::error_code& error, size_t got) {
    read_under_way_ = false;
    if (!closed_ && error) {
      events->on_gone();
    } else if (!closed_) {
      events->on_bytes({buffer_.data(), got});
      if (!closed_ && reading_ && !read_under_way_) read();
    }
    release();
  });
}

void AsioLink::close() {
  closed_ = true;
  events = nullptr;
  asio::error_code ignored;
  socket_.close(ignored);
  release();
}

class AsioLoop final : public runtimes::Loop {
 public:
  explicit AsioLoop(uint16_t port) : acceptor_(io_), proxy_(*this), origin_port_(port) {
    acceptor_.assign(tcp::v4(), runtimes::listen_on_loopback(SOCK_NONBLOCK));
  }
  void run() {
    runtimes::print_port(acceptor_.native_handle());
    accept();
    io_.run();
  }
  Link& dial() override {
    auto* link = new AsioLink(Socket(io_));
    link->dial(origin_port_);
    return *link;
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const asio::error_code& error, Socket socket) {
      if (!error) {
        auto* link = new AsioLink(std::move(socket));
        proxy_.accepted(*link);
        link->open();
      }
      accept();
    });
  }
  asio::io_context io_{ASIO_CONCURRENCY_HINT_UNSAFE};
  Acceptor acceptor_;
  runtimes::Proxy proxy_;
  uint16_t origin_port_;
};

}  // namespace

int main(int argc, char** argv) { std::make_unique<AsioLoop>(runtimes::origin_port(argc, argv))->run(); }
