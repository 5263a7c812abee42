#include "fixture.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "net/tcp_stream.h"

namespace sluice::test {
namespace {

// A connected TCP pair on loopback.
std::pair<int, int> socket_pair() {
  const auto must = [](bool ok) {
    if (!ok) throw std::runtime_error("no loopback sockets");
  };
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  must(::bind(listener, generic, size) == 0 && ::listen(listener, 1) == 0);
  must(::getsockname(listener, generic, &size) == 0);
  const int first = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(::connect(first, generic, size) == 0);
  const int second = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  must(second >= 0);
  ::close(listener);
  const int on = 1;
  for (const int fd : {first, second}) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return {first, second};
}

}  // namespace

StreamPair make_pair(net::Loop& loop, Carrier carrier) {
  if (carrier == Carrier::memory) return net::make_memory_pipe(loop);
  if (carrier == Carrier::memory_in_small_pieces) return net::make_memory_pipe(loop, 1009);
  const auto [first, second] = socket_pair();
  auto one = net::TcpStream::open(loop, first, {});
  auto other = net::TcpStream::open(loop, second, {});
  return {std::move(one).value(), std::move(other).value()};
}

bool run_until(net::Loop& loop, const std::function<bool()>& done) {
  constexpr uint64_t max_ns = 20'000'000'000;
  const uint64_t start_ns = loop.now_ns();
  while (!done()) {
    if (loop.now_ns() - start_ns > max_ns) return false;
    loop.run_once(true);
  }
  return true;
}

void run_dry(net::Loop& loop) {
  constexpr int turns = 200;
  for (int turn = 0; turn < turns; ++turn) loop.run_once(false);
}

class ReadyDialer::Waiting final : public net::Dial {
 public:
  Waiting(net::Loop& loop, std::unique_ptr<net::Stream> stream, Done done)
      : stream_(std::move(stream)), done_(std::move(done)), self_(std::make_shared<Waiting*>(this)) {
    loop.defer([weak = std::weak_ptr<Waiting*>(self_)] {
      const auto self = weak.lock();
      if (!self) return;
      Waiting& waiting = **self;
      const auto finish = std::exchange(waiting.done_, nullptr);
      if (waiting.stream_) {
        finish(std::exchange(waiting.stream_, nullptr));
      } else {
        finish(fail(ErrorCode::target_refused, "nobody listens"));
      }
    });
  }
  std::string stage() const override { return "connecting"; }

 private:
  std::unique_ptr<net::Stream> stream_;
  Done done_;
  std::shared_ptr<Waiting*> self_;
};

std::unique_ptr<net::Dial> ReadyDialer::dial(Done done) {
  std::unique_ptr<net::Stream> stream;
  if (!streams_.empty()) {
    stream = std::move(streams_.front());
    streams_.erase(streams_.begin());
  }
  return std::make_unique<Waiting>(loop_, std::move(stream), std::move(done));
}

Authority::Authority(const std::string& name)
    : root(Certificate::self_signed({.common_name = name, .names = {}, .authority = true})),
      leaf(root.sign({.names = {"DNS:" + host, "DNS:*.wild.example.com", "IP:127.0.0.1", "IP:::1"}})) {
  root_file = files.write("root.pem", root.certificate_pem());
  leaf_file = files.write("leaf.pem", leaf.certificate_pem());
  key_file = files.write("leaf.key", leaf.key_pem());
}

std::shared_ptr<tls::TargetContext> Authority::target_context(const tls::TargetOptions& options) const {
  return tls::TargetContext::create(options, roots).value();
}

std::shared_ptr<tls::ListenerContext> Authority::listener_context() const {
  return tls::ListenerContext::create({leaf_file, key_file}).value();
}

Dialed::Dialed(net::Loop& loop, std::shared_ptr<tls::TargetContext> context, const std::string& name,
               std::unique_ptr<net::Stream> carrier) {
  auto inner = std::make_unique<ReadyDialer>(loop);
  if (carrier) inner->add(std::move(carrier));
  dialer = std::make_unique<tls::TlsDialer>(loop, std::move(inner), std::move(context), name);
  start(*dialer);
}

Dialed::Dialed(tls::TlsDialer& other) { start(other); }

void Dialed::start(tls::TlsDialer& own) {
  dial = own.dial([this](auto result) {
    ++times;
    if (result) {
      stream = std::move(*result);
    } else {
      error = std::make_unique<Error>(result.error());
    }
  });
}

}  // namespace sluice::test
