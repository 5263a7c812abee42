// The proxy on io_uring: one accept, and one receive per socket, that stay armed (multishot); buffers that the kernel
// picks from our ring; sends that are queued and submitted with the wait. One system call per turn of the loop. Exits
// with 3 if the kernel does not permit io_uring.
#include <liburing.h>
#include <sys/mman.h>

#include <cstring>

#include "proxy.h"

namespace {

using runtimes::Link;

constexpr unsigned queue_entries = 4096;
// Enough for everything that armed receives may deliver after they were cancelled: the kernel fills buffers while any
// are left.
constexpr unsigned buffer_count = 256;  // a power of two
constexpr unsigned buffer_bytes = 4 * 1024;
constexpr int buffer_group = 1;
constexpr int exit_not_permitted = 3;

// The operation of a completion: the lowest bits of its user data. The other bits are the link.
enum class Operation : uint64_t { accept, receive, send, connect, cancel };

struct Ring {
  io_uring ring;
  io_uring_buf_ring* provided = nullptr;
  std::unique_ptr<char[]> memory{new char[size_t{buffer_count} * buffer_bytes]};

  Ring() {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    parameters.cq_entries = 4 * queue_entries;
    check(io_uring_queue_init_params(queue_entries, &ring, &parameters), "io_uring_setup");
    const size_t size = buffer_count * sizeof(io_uring_buf);
    void* const pages = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (pages == MAP_FAILED) runtimes::die("mmap");
    provided = static_cast<io_uring_buf_ring*>(pages);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<uint64_t>(pages);
    registration.ring_entries = buffer_count;
    registration.bgid = buffer_group;
    check(io_uring_register_buf_ring(&ring, &registration, 0), "io_uring_register_buf_ring");
    io_uring_buf_ring_init(provided);
    for (unsigned id = 0; id < buffer_count; ++id) give_back(id);
  }
  static void check(int result, const char* what) {
    if (result >= 0) return;
    std::fprintf(stderr, "io_uring: not permitted on this machine (%s: %s)\n", what, std::strerror(-result));
    std::exit(exit_not_permitted);
  }

  char* buffer(unsigned id) const { return memory.get() + size_t{id} * buffer_bytes; }
  void give_back(unsigned id) {
    io_uring_buf_ring_add(provided, buffer(id), buffer_bytes, static_cast<unsigned short>(id),
                          io_uring_buf_ring_mask(buffer_count), 0);
    io_uring_buf_ring_advance(provided, 1);
  }

  template <typename Prepare>
  void submit(void* link, Operation operation, Prepare prepare) {
    io_uring_sqe* entry = io_uring_get_sqe(&ring);
    if (!entry && io_uring_submit(&ring) >= 0) entry = io_uring_get_sqe(&ring);
    if (!entry) runtimes::die("io_uring_get_sqe");
    prepare(entry);
    entry->user_data = data(link, operation);
  }
  static uint64_t data(void* link, Operation operation) {
    return reinterpret_cast<uint64_t>(link) | static_cast<uint64_t>(operation);
  }
};

class RingLink final : public Link {
 public:
  RingLink(Ring& ring, int fd) : ring_(ring), fd_(fd) { runtimes::set_no_delay(fd); }

  void dial(uint16_t port) {
    connecting_ = true;
    address_ = runtimes::loopback(port);
    submit(Operation::connect, [this](io_uring_sqe* entry) {
      io_uring_prep_connect(entry, fd_, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    });
  }

  void write(std::string_view bytes) override {
    gathered_ += bytes;
    if (!sending_ && !connecting_) send_gathered();
  }
  size_t pending() const override { return flying_.size() - sent_ + gathered_.size(); }

  void set_reading(bool on) override {
    reading_ = on;
    update_receiving();
  }

  // Forces pending operations to complete. The descriptor is closed, and this freed, after the last completion.
  void close() override {
    closed_ = true;
    events = nullptr;
    submit(Operation::cancel,
           [this](io_uring_sqe* entry) { io_uring_prep_cancel_fd(entry, fd_, IORING_ASYNC_CANCEL_ALL); });
  }

  void completed(Operation operation, const io_uring_cqe& completion) {
    if ((completion.flags & IORING_CQE_F_MORE) == 0) --under_way_;
    if (operation == Operation::receive) {
      received(completion);
    } else if (operation == Operation::send) {
      sent(completion.res);
    } else if (operation == Operation::connect) {
      connected(completion.res);
    } else {
      cancelling_ = false;
      if (!closed_) update_receiving();
    }
    if (!closed_ || under_way_ > 0) return;
    ::close(fd_);
    delete this;
  }

 private:
  template <typename Prepare>
  void submit(Operation operation, Prepare prepare) {
    ++under_way_;
    ring_.submit(this, operation, prepare);
  }

  // If the kernel is busy with the receive, a cancellation finds nothing and is repeated.
  void update_receiving() {
    if (reading_ == receiving_ || connecting_ || cancelling_) return;
    if (!reading_) {
      cancelling_ = true;
      submit(Operation::cancel,
             [this](io_uring_sqe* entry) { io_uring_prep_cancel64(entry, Ring::data(this, Operation::receive), 0); });
      return;
    }
    receiving_ = true;
    submit(Operation::receive, [this](io_uring_sqe* entry) {
      io_uring_prep_recv_multishot(entry, fd_, nullptr, 0, 0);
      entry->flags |= IOSQE_BUFFER_SELECT;
      entry->buf_group = buffer_group;
    });
  }

  void received(const io_uring_cqe& completion) {
    if ((completion.flags & IORING_CQE_F_MORE) == 0) receiving_ = false;
    if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
      const unsigned id = completion.flags >> IORING_CQE_BUFFER_SHIFT;
      if (!closed_ && completion.res > 0) events->on_bytes({ring_.buffer(id), static_cast<size_t>(completion.res)});
      ring_.give_back(id);
    }
    if (closed_) return;
    const bool stopped = completion.res == -ENOBUFS || completion.res == -ECANCELED;
    if (completion.res <= 0 && !stopped) return events->on_gone();
    update_receiving();
  }

  void connected(int result) {
    connecting_ = false;
    if (closed_) return;
    if (result < 0) return events->on_gone();
    update_receiving();
    if (!gathered_.empty()) send_gathered();
  }

  void send_gathered() {
    flying_.swap(gathered_);
    send();
  }
  void send() {
    sending_ = true;
    submit(Operation::send, [this](io_uring_sqe* entry) {
      io_uring_prep_send(entry, fd_, flying_.data() + sent_, flying_.size() - sent_, MSG_NOSIGNAL | MSG_WAITALL);
    });
  }
  void sent(int result) {
    if (!closed_ && result > 0) sent_ += static_cast<size_t>(result);
    if (!closed_ && result > 0 && sent_ < flying_.size()) return send();
    sending_ = false;
    sent_ = 0;
    flying_.clear();
    if (closed_ || result < 0) return gathered_.clear();
    if (!gathered_.empty()) send_gathered();
    events->on_written();
  }

  Ring& ring_;
  int fd_;
  unsigned under_way_ = 0;  // operations the kernel will still complete
  std::string flying_;      // submitted; must not change until the send completes
  std::string gathered_;    // to be sent next
  size_t sent_ = 0;         // of flying_
  sockaddr_in address_{};   // while connecting
  bool connecting_ = false, sending_ = false, cancelling_ = false, closed_ = false;
  bool receiving_ = false, reading_ = true;  // a receive is armed; is wanted
};

class RingLoop final : public runtimes::Loop {
 public:
  explicit RingLoop(uint16_t port) : proxy_(*this), listener_(runtimes::listen_on_loopback(0)), origin_port_(port) {}

  [[noreturn]] void run() {
    accept();
    runtimes::print_port(listener_);
    for (;;) {
      io_uring_submit_and_wait(&ring_.ring, 1);
      unsigned head, count = 0;
      io_uring_cqe* completion;
      io_uring_for_each_cqe(&ring_.ring, head, completion) {
        ++count;
        auto* link = reinterpret_cast<RingLink*>(completion->user_data & ~uint64_t{7});
        if (link) {
          link->completed(static_cast<Operation>(completion->user_data & 7), *completion);
        } else {
          accepted(*completion);
        }
      }
      io_uring_cq_advance(&ring_.ring, count);
    }
  }
  Link& dial() override {
    auto* link = new RingLink(ring_, runtimes::new_socket(0));
    link->dial(origin_port_);
    return *link;
  }

 private:
  void accept() {
    ring_.submit(nullptr, Operation::accept, [this](io_uring_sqe* entry) {
      io_uring_prep_multishot_accept(entry, listener_, nullptr, nullptr, SOCK_CLOEXEC);
    });
  }
  void accepted(const io_uring_cqe& completion) {
    if (completion.res >= 0) {
      auto* link = new RingLink(ring_, completion.res);
      proxy_.accepted(*link);
      link->set_reading(true);
    }
    if ((completion.flags & IORING_CQE_F_MORE) == 0) accept();
  }

  Ring ring_;
  runtimes::Proxy proxy_;
  int listener_;
  uint16_t origin_port_;
};

}  // namespace

int main(int argc, char** argv) { std::make_unique<RingLoop>(runtimes::origin_port(argc, argv))->run(); }
