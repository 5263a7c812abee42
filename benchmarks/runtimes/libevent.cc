// The proxy on libevent 2: two events per socket, the write event added only while something is pending. It does not
// use bufferevents, which copy the data.
#include <event2/event.h>
#include <event2/event_struct.h>

#include "proxy.h"

namespace {

using runtimes::Link;

class EventLoop;

class EventLink final : public Link {
 public:
  EventLink(EventLoop& loop, int fd, bool connecting);

  void write(std::string_view bytes) override;
  size_t pending() const override { return out_.size(); }
  void set_reading(bool on) override;
  void close() override;

 private:
  void readable();
  void writable();

  EventLoop& loop_;
  int fd_;
  event read_event_, write_event_;
  runtimes::Outbox out_;
  bool connecting_;
  bool reading_ = true;
};

class EventLoop final : public runtimes::Loop {
 public:
  explicit EventLoop(uint16_t port) : proxy_(*this), origin_port_(port) {
    event_config* config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    base = event_base_new_with_config(config);
    event_config_free(config);
    if (!base) runtimes::die("event_base_new_with_config");
    listener_ = runtimes::listen_on_loopback(SOCK_NONBLOCK);
    event_assign(
        &accepting_, base, listener_, EV_READ | EV_PERSIST,
        [](evutil_socket_t, short, void* self) { static_cast<EventLoop*>(self)->accept_some(); }, this);
    event_add(&accepting_, nullptr);
  }

  void run() {
    runtimes::print_port(listener_);
    while (event_base_loop(base, EVLOOP_ONCE) == 0) {
      for (EventLink* link : closed) delete link;
      closed.clear();
    }
  }
  Link& dial() override { return *new EventLink(*this, runtimes::begin_connect(origin_port_), true); }

  event_base* base;
  std::vector<EventLink*> closed;  // freed at the end of the turn
  char buffer[64 * 1024];

 private:
  void accept_some() {
    for (int i = 0; i < 64; ++i) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      runtimes::set_no_delay(fd);
      proxy_.accepted(*new EventLink(*this, fd, false));
    }
  }
  runtimes::Proxy proxy_;
  event accepting_;
  int listener_;
  uint16_t origin_port_;
};

EventLink::EventLink(EventLoop& loop, int fd, bool connecting) : loop_(loop), fd_(fd), connecting_(connecting) {
  event_assign(
      &read_event_, loop.base, fd, EV_READ | EV_PERSIST,
      [](evutil_socket_t, short, void* self) { static_cast<EventLink*>(self)->readable(); }, this);
  event_assign(
      &write_event_, loop.base, fd, EV_WRITE | EV_PERSIST,
      [](evutil_socket_t, short, void* self) { static_cast<EventLink*>(self)->writable(); }, this);
  if (connecting) {
    event_add(&write_event_, nullptr);
  } else {
    event_add(&read_event_, nullptr);
  }
}

void EventLink::write(std::string_view bytes) {
  if (!connecting_ && out_.empty()) bytes.remove_prefix(runtimes::send_some(fd_, bytes));
  if (bytes.empty()) return;
  if (!connecting_ && out_.empty()) event_add(&write_event_, nullptr);
  out_.add(bytes);
}

void EventLink::set_reading(bool on) {
  if (on == reading_) return;
  reading_ = on;
  if (connecting_) return;
  if (on) {
    event_add(&read_event_, nullptr);
  } else {
    event_del(&read_event_);
  }
}

void EventLink::close() {
  event_del(&read_event_);
  event_del(&write_event_);
  ::close(fd_);
  events = nullptr;
  loop_.closed.push_back(this);
}

void EventLink::writable() {
  if (connecting_) {
    if (runtimes::has_failed(fd_)) return events->on_gone();
    connecting_ = false;
    if (reading_) event_add(&read_event_, nullptr);
  }
  const bool some = !out_.empty() && out_.flush(fd_);
  if (out_.empty()) event_del(&write_event_);
  if (some) events->on_written();
}

void EventLink::readable() {
  const ssize_t got = recv(fd_, loop_.buffer, sizeof loop_.buffer, 0);
  if (got > 0) {
    events->on_bytes({loop_.buffer, static_cast<size_t>(got)});
  } else if (got == 0 || errno != EAGAIN) {
    events->on_gone();
  }
}

}  // namespace

int main(int argc, char** argv) { std::make_unique<EventLoop>(runtimes::origin_port(argc, argv))->run(); }
