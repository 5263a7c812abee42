// Connections to a target over TLS: another Dialer's connection, then the handshake.
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
  // One for each target and worker: its sessions are kept here, without a lock. `host` is what the certificate must be
  // for. Connections may outlive the dialer.
  TlsDialer(net::Loop& loop, std::unique_ptr<net::Dialer> inner, std::shared_ptr<TargetContext> context,
            std::string host);

  // `done` gets a TlsStream whose handshake is done, or "TLS to HOST failed: REASON" (ErrorCode::target_tls), or the
  // inner dialer's error as it is.
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
