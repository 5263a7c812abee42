// The proxy directly on epoll(7). Level-triggered: a socket is read once per event. Edge-triggered with "edge" as
// second argument: every socket is registered once, for both directions, and read until it is empty.
#include <sys/epoll.h>

#include "proxy.h"

namespace {

using runtimes::Link;

constexpr int max_reads = 32;  // of one socket per turn

class EpollLoop;

class EpollLink final : public Link {
 public:
  EpollLink(EpollLoop& loop, int fd, bool connecting);

  void write(std::string_view bytes) override;
  size_t pending() const override { return out_.size(); }
  void set_reading(bool on) override;
  void close() override;

  void ready(uint32_t happened);
  void read_again() {
    listed_ = false;
    if (fd_ >= 0 && reading_) read();
  }

 private:
  void watch(int operation);
  void update();
  void read();
  void come_back();

  EpollLoop& loop_;
  int fd_;
  runtimes::Outbox out_;
  uint32_t watched_ = 0;
  bool connecting_;
  bool reading_ = true;
  bool readable_ = false;  // edge: more may be left to read
  bool hung_up_ = false;   // edge: the end follows what is left to read
  bool listed_ = false;    // in the loop's list of sockets to read again
};

class EpollLoop final : public runtimes::Loop {
 public:
  EpollLoop(uint16_t port, bool on_edges)
      : edge(on_edges), epoll(epoll_create1(EPOLL_CLOEXEC)), proxy_(*this), origin_port_(port) {
    listener_ = runtimes::listen_on_loopback(SOCK_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener_, &event);
  }

  [[noreturn]] void run() {
    runtimes::print_port(listener_);
    epoll_event happened[1024];
    for (;;) {
      const int count = epoll_wait(epoll, happened, 1024, again.empty() ? -1 : 0);
      for (int i = 0; i < count; ++i) {
        if (happened[i].data.ptr) {
          static_cast<EpollLink*>(happened[i].data.ptr)->ready(happened[i].events);
        } else {
          accept_some();
        }
      }
      for (EpollLink* link : std::exchange(again, {})) link->read_again();
      for (EpollLink* link : closed) delete link;
      closed.clear();
    }
  }
  Link& dial() override { return *new EpollLink(*this, runtimes::begin_connect(origin_port_), true); }

  const bool edge;
  const int epoll;
  std::vector<EpollLink*> again;
  std::vector<EpollLink*> closed;  // freed at the end of the turn
  char buffer[64 * 1024];

 private:
  void accept_some() {
    for (int i = 0; i < 64; ++i) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      runtimes::set_no_delay(fd);
      proxy_.accepted(*new EpollLink(*this, fd, false));
    }
  }
  runtimes::Proxy proxy_;
  int listener_;
  uint16_t origin_port_;
};

EpollLink::EpollLink(EpollLoop& loop, int fd, bool connecting) : loop_(loop), fd_(fd), connecting_(connecting) {
  watch(EPOLL_CTL_ADD);
}

void EpollLink::watch(int operation) {
  uint32_t wanted = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  if (!loop_.edge) wanted = (reading_ ? +EPOLLIN : 0u) | (connecting_ || !out_.empty() ? +EPOLLOUT : 0u);
  if (wanted == watched_) return;
  watched_ = wanted;
  epoll_event event{};
  event.events = wanted;
  event.data.ptr = this;
  epoll_ctl(loop_.epoll, operation, fd_, &event);
}

void EpollLink::update() { watch(EPOLL_CTL_MOD); }

void EpollLink::write(std::string_view bytes) {
  if (!connecting_ && out_.empty()) bytes.remove_prefix(runtimes::send_some(fd_, bytes));
  if (bytes.empty()) return;
  out_.add(bytes);
  update();
}

void EpollLink::set_reading(bool on) {
  if (on == reading_) return;
  reading_ = on;
  update();
  if (on && readable_) come_back();
}

void EpollLink::come_back() {
  if (!listed_) loop_.again.push_back(this);
  listed_ = true;
}

void EpollLink::close() {
  ::close(fd_);
  fd_ = -1;
  events = nullptr;
  if (listed_) std::erase(loop_.again, this);
  loop_.closed.push_back(this);
}

void EpollLink::ready(uint32_t happened) {
  if (fd_ < 0) return;
  if (connecting_ && (happened & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
    if (runtimes::has_failed(fd_)) return events->on_gone();
    connecting_ = false;
  }
  if ((happened & EPOLLOUT) != 0) {
    const bool some = !out_.empty() && out_.flush(fd_);
    update();
    if (some) events->on_written();
    if (fd_ < 0) return;
  }
  if ((happened & (EPOLLHUP | EPOLLERR)) != 0 && !reading_) return events->on_gone();
  if ((happened & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) == 0) return;
  hung_up_ = hung_up_ || (happened & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  readable_ = loop_.edge;
  if (reading_) read();
}

void EpollLink::read() {
  for (int i = 0; i < max_reads; ++i) {
    const ssize_t got = recv(fd_, loop_.buffer, sizeof loop_.buffer, 0);
    if (got < 0 && errno == EAGAIN) {
      readable_ = false;
      return;
    }
    if (got <= 0) return events->on_gone();
    // A short read empties the socket, unless an end follows: no other edge would report that.
    const bool last = static_cast<size_t>(got) < sizeof loop_.buffer && !hung_up_;
    if (last) readable_ = false;
    events->on_bytes({loop_.buffer, static_cast<size_t>(got)});
    if (fd_ < 0 || last || !reading_ || !loop_.edge) return;
  }
  come_back();
}

}  // namespace

int main(int argc, char** argv) {
  const bool edge = argc > 2 && std::string_view(argv[2]) == "edge";
  std::make_unique<EpollLoop>(runtimes::origin_port(argc, argv), edge)->run();
}
