#include "http/tunnel_dialer.h"

#include <optional>
#include <utility>

#include "base/base64.h"
#include "http/parser.h"
#include "http/writer.h"

namespace sluice::http {
namespace {

ParserLimits answer_limits() {
  ParserLimits limits;
  limits.head_bytes = TunnelDialer::max_head_bytes;
  return limits;
}

Error refusal(int status, const std::string& target) {
  constexpr int unauthorized = 401, forbidden = 403, authentication_required = 407, timeout = 504;
  const std::string code = std::to_string(status);
  if (status == authentication_required || status == unauthorized) {
    return {ErrorCode::target_refused,
            "it requires a user and password (" + code + "), or rejected those given: http://user:password@host:port"};
  }
  if (status == timeout) return {ErrorCode::target_timeout, "it timed out connecting to " + target + " (504)"};
  std::string text = "it refused to connect to " + target + " (" + code + " " + std::string(reason_of(status)) + ")";
  if (status == forbidden) text += "; its rules may allow only other names or ports";
  return {ErrorCode::target_refused, std::move(text)};
}

}  // namespace

class TunnelDialer::Attempt final : public net::Dial, private net::StreamEvents, private ParserEvents {
 public:
  Attempt(TunnelDialer& dialer, Done done)
      : dialer_(dialer),
        done_(std::move(done)),
        self_(std::make_shared<Attempt*>(this)),
        parser_(Parser::Kind::responses, answer_limits(), *this) {
    parser_.expect_no_body();  // a 2xx has no body whatever its head says, and of other answers only the head is read
    inner_ = dialer_.inner_->dial([this](auto result) { connected(std::move(result)); });
  }

  ~Attempt() override {
    if (!stream_) return;
    stream_->set_events(nullptr);
    dialer_.loop_.dispose(std::move(stream_));
  }

  std::string stage() const override {
    return stream_ ? "CONNECT " + dialer_.target_ + " through the proxy " + dialer_.proxy_
                   : inner_->stage() + ", the proxy";
  }

 private:
  void connected(Result<std::unique_ptr<net::Stream>> result) {
    if (!result) {
      const Done done = std::exchange(done_, nullptr);
      return done(tl::unexpected<Error>(told(result.error())));  // may destroy this
    }
    stream_ = std::move(*result);
    stream_->set_events(this);
    stream_->start_reading();
    stream_->write(dialer_.request_);
  }

  Error told(const Error& error) const {
    // If the proxy itself cannot be reached, it is still the target that is unreachable.
    const ErrorCode code = error.code == ErrorCode::io ? ErrorCode::target_refused : error.code;
    return {code, "through the proxy " + dialer_.proxy_ + ": " + error.message};
  }

  void on_read(std::string_view bytes) override {
    const Result<size_t> taken = parser_.feed(bytes);
    if (!taken) return over(Error{ErrorCode::target_refused, taken.error().message});
    if (!parser_.message_done()) return;
    const int status = parser_.response_head().status;
    if (status >= 300) return over(refusal(status, dialer_.target_));
    // The target never speaks first, so these bytes answer nothing.
    if (*taken < bytes.size())
      return over(Error{ErrorCode::target_refused, "unexpected bytes after its answer to CONNECT"});
    over(std::nullopt);
  }
  void on_end() override {
    over(Error{ErrorCode::target_refused, "it closed the connection without answering CONNECT"});
  }
  void on_broken(const Error& error) override { over(error); }
  void on_drained() override {}
  Result<void> on_head() override { return {}; }
  void on_body(std::string_view) override {}
  void on_message_end() override {}

  // Reported in a later turn: the stream that calls here must not be destroyed or given away before it returns.
  void over(std::optional<Error> error) {
    stream_->set_events(nullptr);
    stream_->stop_reading();
    dialer_.loop_.defer([weak = std::weak_ptr<Attempt*>(self_), error = std::move(error)] {
      const auto self = weak.lock();
      if (!self) return;
      Attempt& attempt = **self;
      const Done done = std::exchange(attempt.done_, nullptr);
      if (error) return done(tl::unexpected<Error>(attempt.told(*error)));  // may destroy the attempt
      done(std::move(attempt.stream_));
    });
  }

  TunnelDialer& dialer_;
  Done done_;
  std::shared_ptr<Attempt*> self_;
  Parser parser_;
  std::unique_ptr<net::Dial> inner_;
  std::unique_ptr<net::Stream> stream_;
};

TunnelDialer::TunnelDialer(net::Loop& loop, std::unique_ptr<net::Dialer> inner, const TunnelOptions& options)
    : loop_(loop), inner_(std::move(inner)), proxy_(options.proxy), target_(options.target) {
  request_ = "CONNECT " + target_ + " HTTP/1.1\r\n";
  write_field(request_, "host", target_);
  if (!options.credentials.empty()) {
    write_field(request_, "proxy-authorization", "Basic " + base64_of(options.credentials));
  }
  end_head(request_);
}

std::unique_ptr<net::Dial> TunnelDialer::dial(Done done) { return std::make_unique<Attempt>(*this, std::move(done)); }

}  // namespace sluice::http
