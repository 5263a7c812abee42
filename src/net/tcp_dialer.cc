#include "net/tcp_dialer.h"

#include <sys/socket.h>
#include <uv.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "net/address.h"
#include "net/loop.h"
#include "net/memory_pipe.h"
#include "net/resolver.h"
#include "net/tcp_socket.h"
#include "net/tcp_stream.h"

namespace sluice::net {
namespace {

constexpr size_t max_told_failures = 3;  // in one error message

// Alternates IPv6 and IPv4, starting with the family the system prefers (RFC 8305, 4).
std::vector<SocketAddress> interleave(const std::vector<SocketAddress>& addresses) {
  std::vector<SocketAddress> preferred, other, result;
  for (const SocketAddress& address : addresses) {
    (address.family() == addresses.front().family() ? preferred : other).push_back(address);
  }
  for (size_t i = 0; i < std::max(preferred.size(), other.size()); ++i) {
    if (i < preferred.size()) result.push_back(preferred[i]);
    if (i < other.size()) result.push_back(other[i]);
  }
  if (result.size() > TcpDialer::max_addresses) result.resize(TcpDialer::max_addresses);
  return result;
}

std::string failure_text(const SocketAddress& address, int error) {
  if (error == UV_ECONNREFUSED) return "connection refused by " + address.text();
  if (error == UV_ETIMEDOUT) return "connection to " + address.text() + " timed out";
  if (error == UV_ECONNRESET) return "connection reset by " + address.text();
  return "cannot connect to " + address.text() + ": " + reason_of(error);
}

class TcpDial final : public Dial {
 public:
  TcpDial(Loop& loop, Resolver& resolver, const std::string& host, uint16_t port, Dialer::Done done)
      : loop_(loop), host_(host), port_(port), done_(std::move(done)), stagger_(this, [](void* self) {
          static_cast<TcpDial*>(self)->start_next();
        }) {
    resolving_ = resolver.resolve(host, [this](const Resolver::Addresses& addresses) { on_resolved(addresses); });
  }
  ~TcpDial() override {
    for (Attempt* attempt : attempts_) attempt->give_up();
  }

  std::string stage() const override {
    if (next_ == 0) return "resolving " + host_;
    return "connecting to " + addresses_[next_ - 1].text();
  }

 private:
  // One connection being made; freed in libuv's callback, even after it was cancelled.
  struct Attempt {
    uv_connect_t request;
    TcpDial* dial;
    TcpSocket* socket;
    SocketAddress address;

    void give_up() {
      dial = nullptr;
      socket->close();
    }
  };

  void on_resolved(const Resolver::Addresses& addresses) {
    if (!addresses) return finish(tl::unexpected(addresses.error()));
    addresses_ = interleave(*addresses);
    for (SocketAddress& address : addresses_) address = address.with_port(port_);
    start_next();
  }

  // Starts the next attempt that does not fail immediately. Ends the dial if there is none and nothing is under way.
  void start_next() {
    stagger_.cancel();
    while (next_ < addresses_.size()) {
      const SocketAddress& address = addresses_[next_++];
      if (const int error = start(address); error != 0) {
        note_failure(address, error);
        continue;
      }
      if (next_ < addresses_.size()) loop_.timers().arm(stagger_, TcpDialer::stagger_ms);
      return;
    }
    if (attempts_.empty()) finish(tl::unexpected(failure()));
  }

  int start(const SocketAddress& address) {
    sockaddr_storage storage;
    address.write_to(storage);
    auto* attempt = new Attempt{{}, this, new TcpSocket(loop_), address};
    attempt->request.data = attempt;
    uv_tcp_nodelay(&attempt->socket->handle, 1);
    const int error = uv_tcp_connect(&attempt->request, &attempt->socket->handle,
                                     reinterpret_cast<const sockaddr*>(&storage), connected);
    if (error == 0) {
      attempts_.push_back(attempt);
    } else {
      attempt->socket->close();
      delete attempt;
    }
    return error;
  }

  static void connected(uv_connect_t* request, int status) {
    const std::unique_ptr<Attempt> attempt(static_cast<Attempt*>(request->data));
    if (attempt->dial) attempt->dial->on_connected(*attempt, status);
  }

  void on_connected(Attempt& attempt, int status) {
    attempts_.erase(std::find(attempts_.begin(), attempts_.end(), &attempt));
    if (status == 0) {
      keep_alive(attempt.socket->fd());
      return finish(std::make_unique<TcpStream>(*attempt.socket, attempt.address));
    }
    attempt.socket->close();
    note_failure(attempt.address, status);
    start_next();
  }

  void note_failure(const SocketAddress& address, int error) {
    out_of_descriptors_ = out_of_descriptors_ || error == UV_EMFILE || error == UV_ENFILE;
    if (failures_++ >= max_told_failures) return;
    if (!failure_text_.empty()) failure_text_ += "; ";
    failure_text_ += failure_text(address, error);
  }

  Error failure() const {
    std::string text = failure_text_;
    if (failures_ > max_told_failures) text += "; and " + std::to_string(failures_ - max_told_failures) + " more";
    return {out_of_descriptors_ ? ErrorCode::overloaded : ErrorCode::target_refused, std::move(text)};
  }

  // `done` may destroy this.
  void finish(Result<std::unique_ptr<Stream>> result) {
    stagger_.cancel();
    for (Attempt* attempt : std::exchange(attempts_, {})) attempt->give_up();
    const Dialer::Done done = std::exchange(done_, nullptr);
    done(std::move(result));
  }

  Loop& loop_;
  const std::string host_;
  const uint16_t port_;
  Dialer::Done done_;
  std::unique_ptr<Resolving> resolving_;
  std::vector<SocketAddress> addresses_;  // with the port, in the order of trying
  size_t next_ = 0;
  std::vector<Attempt*> attempts_;  // under way
  Timeout stagger_;
  std::string failure_text_;
  size_t failures_ = 0;
  bool out_of_descriptors_ = false;
};

class MemoryDial final : public Dial {
 public:
  struct State {
    Dialer::Done done;  // empty: cancelled
  };
  explicit MemoryDial(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~MemoryDial() override { state_->done = nullptr; }
  std::string stage() const override { return "connecting in memory"; }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace

TcpDialer::TcpDialer(Loop& loop, Resolver& resolver, std::string host, uint16_t port)
    : loop_(loop), resolver_(resolver), host_(std::move(host)), port_(port) {}

std::unique_ptr<Dial> TcpDialer::dial(Done done) {
  return std::make_unique<TcpDial>(loop_, resolver_, host_, port_, std::move(done));
}

std::unique_ptr<Dial> MemoryDialer::dial(Done done) {
  auto state = std::make_shared<MemoryDial::State>(MemoryDial::State{std::move(done)});
  loop_.defer([this, state] {
    if (!state->done) return;
    auto [ours, theirs] = make_memory_pipe(loop_);
    accept_(std::move(theirs));
    if (const Done once = std::exchange(state->done, nullptr)) once(std::move(ours));
  });
  return std::make_unique<MemoryDial>(std::move(state));
}

}  // namespace sluice::net
