// Connections through an HTTP proxy (RFC 9110 9.3.6): another Dialer connects to the proxy, then CONNECT is sent. The
// resulting stream is as good as a connection to the target itself; TLS with the target goes through it, so the proxy
// cannot read it.
#pragma once

#include <memory>
#include <string>

#include "net/dialer.h"
#include "net/loop.h"

namespace sluice::http {

struct TunnelOptions {
  std::string proxy;        // "proxy.corp:3128", for errors
  std::string target;       // "api.openai.com:443", always with its port
  std::string credentials;  // a secret: "user:password"; "": none
};

class TunnelDialer final : public net::Dialer {
 public:
  static constexpr size_t max_head_bytes = 16 * 1024;  // of the proxy's answer

  // `loop` must outlive this; connections may outlive it.
  TunnelDialer(net::Loop& loop, std::unique_ptr<net::Dialer> inner, const TunnelOptions& options);

  // Errors begin with "through the proxy PROXY: ". target_refused: the proxy refuses, wants credentials, or answers
  // with anything but an empty 2xx head; target_timeout: it reports a timeout at the target (504).
  std::unique_ptr<net::Dial> dial(Done done) override;

 private:
  class Attempt;
  net::Loop& loop_;
  std::unique_ptr<net::Dialer> inner_;
  const std::string proxy_, target_;
  std::string request_;
};

}  // namespace sluice::http
