// Connections to a target over TLS: another Dialer connects, then the handshake runs.
#pragma once

#include <memory>
#include <string>

#include "net/dialer.h"
#include "net/loop.h"
#include "tls/context.h"
#include "tls/session_cache.h"

namespace sluice::tls {

class TlsDialer final : public net::Dialer {
 public:
  // One for each target and worker: it keeps the target's sessions, without a lock. The certificate must be for `host`.
  // Connections may outlive the dialer.
  TlsDialer(net::Loop& loop, std::unique_ptr<net::Dialer> inner, std::shared_ptr<TargetContext> context,
            std::string host);

  // `done` gets a TlsStream after its handshake, or "TLS to HOST failed: REASON" (ErrorCode::target_tls), or the inner
  // dialer's error unchanged.
  std::unique_ptr<net::Dial> dial(Done done) override;

 private:
  class Attempt;
  net::Loop& loop_;
  std::unique_ptr<net::Dialer> inner_;
  std::shared_ptr<TargetContext> context_;
  std::shared_ptr<SessionCache> sessions_;
  std::string host_;
};

}  // namespace sluice::tls
