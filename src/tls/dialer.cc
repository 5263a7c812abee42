#include "tls/dialer.h"

#include <utility>

#include "tls/stream.h"

namespace sluice::tls {

class TlsDialer::Attempt final : public net::Dial, private net::StreamEvents {
 public:
  Attempt(TlsDialer& dialer, Done done)
      : dialer_(dialer), done_(std::move(done)), self_(std::make_shared<Attempt*>(this)) {
    inner_ = dialer_.inner_->dial([this](auto result) { connected(std::move(result)); });
  }

  // Never runs inside a call of the stream: its callbacks are deferred.
  ~Attempt() override {
    if (stream_) stream_->set_events(nullptr);
  }

  std::string stage() const override { return stream_ ? "TLS handshake with " + dialer_.host_ : inner_->stage(); }

 private:
  void connected(Result<std::unique_ptr<net::Stream>> result) {
    if (!result) {
      const Done done = std::exchange(done_, nullptr);
      return done(std::move(result));  // may destroy this
    }
    stream_ = std::make_unique<TlsStream>(dialer_.loop_, *dialer_.context_, dialer_.host_, dialer_.sessions_,
                                          std::move(*result));
    stream_->set_events(this);
    stream_->start_handshake([this] { ready(); });
  }

  void ready() {
    stream_->set_events(nullptr);
    const Done done = std::exchange(done_, nullptr);
    done(std::unique_ptr<net::Stream>(std::move(stream_)));  // may destroy this
  }

  void on_read(std::string_view) override {}  // never called: reading is off
  void on_end() override {}
  void on_drained() override {}
  void on_broken(const Error& error) override {
    dialer_.loop_.defer([weak = std::weak_ptr<Attempt*>(self_), error] {
      const auto self = weak.lock();
      if (!self) return;
      const Done done = std::exchange((*self)->done_, nullptr);
      done(tl::unexpected(error));  // may destroy the attempt
    });
  }

  TlsDialer& dialer_;
  Done done_;
  std::shared_ptr<Attempt*> self_;
  std::unique_ptr<net::Dial> inner_;
  std::unique_ptr<TlsStream> stream_;
};

TlsDialer::TlsDialer(net::Loop& loop, std::unique_ptr<net::Dialer> inner, std::shared_ptr<TargetContext> context,
                     std::string host)
    : loop_(loop),
      inner_(std::move(inner)),
      context_(std::move(context)),
      sessions_(std::make_shared<SessionCache>()),
      host_(std::move(host)) {}

std::unique_ptr<net::Dial> TlsDialer::dial(Done done) { return std::make_unique<Attempt>(*this, std::move(done)); }

}  // namespace sluice::tls
