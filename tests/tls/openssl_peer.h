// The other side of a connection, implemented with OpenSSL's memory BIOs and none of sluice's TLS code: it may be old,
// rude or broken.
#pragma once

#include <openssl/types.h>

#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "net/loop.h"
#include "net/stream.h"
#include "support/certificates.h"
#include "tls/handles.h"

namespace sluice::test {

struct PeerOptions {
  const Certificate* certificate = nullptr;
  const Certificate* issuer = nullptr;    // sent with the certificate
  const Certificate* asks_for = nullptr;  // requires a certificate that this one signed
  int least_version = 0;
  int most_version = 0;
  bool old_ciphers = false;  // security level 0
  // ALPN, in wire format: what a listening peer accepts, what a calling peer offers.
  std::string protocols = {};
};

class OpensslPeer final : public net::StreamEvents {
 public:
  static constexpr size_t never = std::numeric_limits<size_t>::max();
  // A listening peer needs a certificate.
  static std::shared_ptr<SSL_CTX> listening(const PeerOptions& options);
  static std::shared_ptr<SSL_CTX> calling(const PeerOptions& options);

  // Destroys its stream once `cut_after` bytes were sent.
  OpensslPeer(net::Loop& loop, SSL_CTX* context, std::unique_ptr<net::Stream> stream, size_t cut_after = never);
  ~OpensslPeer();

  void send(std::string_view text);
  void end();           // close_notify, then closes the connection
  void close_notify();  // the connection stays open
  void cut();           // closes the connection without close_notify
  void update_key();    // TLS 1.3; asks the other side to do the same
  void renegotiate();   // TLS 1.2

  SSL* ssl() { return connection_.get(); }
  std::string received;
  std::string failure;         // of the handshake
  bool peer_notified = false;  // its close_notify has arrived
  bool peer_ended = false;
  bool done = false;
  size_t sent = 0;
  size_t sent_before_done = 0;  // `sent` when the handshake's last message arrived

 private:
  void on_read(std::string_view bytes) override;
  void on_end() override { peer_ended = true; }
  void on_broken(const Error&) override { peer_ended = true; }
  void on_drained() override {}
  void step();
  void flush();

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  tls::Owned<SSL> connection_;
  size_t cut_after_;
};

}  // namespace sluice::test
