#include "openssl_peer.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>

namespace sluice::test {
namespace {

// Chooses from the offered protocols; its own list is passed as `own`.
int take_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes, const unsigned char* offered,
                  unsigned int offered_bytes, void* own) {
  const auto& list = *static_cast<const std::string*>(own);
  unsigned char* match = nullptr;
  if (SSL_select_next_proto(&match, chosen_bytes, reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size()), offered, offered_bytes) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = match;
  return SSL_TLSEXT_ERR_OK;
}

std::shared_ptr<SSL_CTX> make(const SSL_METHOD* method, const PeerOptions& options) {
  auto protocols = std::make_shared<std::string>(options.protocols);
  // Keeps the list alive as long as the context.
  std::shared_ptr<SSL_CTX> made(SSL_CTX_new(method), [protocols](SSL_CTX* context) { SSL_CTX_free(context); });
  SSL_CTX* context = made.get();
  SSL_CTX_set_min_proto_version(context, options.least_version);
  SSL_CTX_set_max_proto_version(context, options.most_version);
  if (options.old_ciphers) SSL_CTX_set_cipher_list(context, "DEFAULT@SECLEVEL=0");
  if (options.certificate) {
    SSL_CTX_use_certificate(context, options.certificate->certificate());
    SSL_CTX_use_PrivateKey(context, options.certificate->key());
  }
  if (options.issuer) SSL_CTX_add1_chain_cert(context, options.issuer->certificate());
  if (options.asks_for) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), options.asks_for->certificate());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("peer"), 4);
  }
  if (!protocols->empty()) {
    SSL_CTX_set_alpn_select_cb(context, take_protocol, protocols.get());
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols->data()),
                            static_cast<unsigned>(protocols->size()));
  }
  return made;
}

}  // namespace

std::shared_ptr<SSL_CTX> OpensslPeer::listening(const PeerOptions& options) {
  return make(TLS_server_method(), options);
}

std::shared_ptr<SSL_CTX> OpensslPeer::calling(const PeerOptions& options) { return make(TLS_client_method(), options); }

OpensslPeer::OpensslPeer(net::Loop& loop, SSL_CTX* context, std::unique_ptr<net::Stream> stream, size_t cut_after)
    : loop_(loop), stream_(std::move(stream)), connection_(SSL_new(context)), cut_after_(cut_after) {
  SSL_set_bio(ssl(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_is_server(ssl()) ? SSL_set_accept_state(ssl()) : SSL_set_connect_state(ssl());
  stream_->set_events(this);
  stream_->start_reading();
  step();
}

OpensslPeer::~OpensslPeer() {
  if (stream_) stream_->set_events(nullptr);
}

void OpensslPeer::on_read(std::string_view bytes) {
  BIO_write(SSL_get_rbio(ssl()), bytes.data(), static_cast<int>(bytes.size()));
  step();
}

void OpensslPeer::step() {
  ERR_clear_error();
  if (!done && failure.empty()) {
    const int result = SSL_do_handshake(ssl());
    if (result == 1) {
      done = true;
      sent_before_done = sent;
    } else if (SSL_get_error(ssl(), result) != SSL_ERROR_WANT_READ) {
      const char* reason = ERR_reason_error_string(ERR_peek_error());
      failure = reason ? reason : "unknown";
    }
  }
  if (done && failure.empty()) {
    std::array<char, 16384> buffer;
    size_t size = 0;
    int result = 0;
    while ((result = SSL_read_ex(ssl(), buffer.data(), buffer.size(), &size)) == 1) {
      received.append(buffer.data(), size);
    }
    const int error = SSL_get_error(ssl(), result);
    if (error == SSL_ERROR_ZERO_RETURN) peer_notified = true;
    if (error == SSL_ERROR_SSL) {
      const char* reason = ERR_reason_error_string(ERR_peek_error());
      failure = reason ? reason : "unknown";
    }
  }
  flush();
}

void OpensslPeer::flush() {
  char* bytes = nullptr;
  const auto size = static_cast<size_t>(BIO_get_mem_data(SSL_get_wbio(ssl()), &bytes));
  if (stream_ && cut_after_ >= sent) {
    const size_t allowed = std::min(size, cut_after_ - sent);
    sent += allowed;
    if (allowed > 0) stream_->write(std::string_view(bytes, allowed));
    if (sent == cut_after_) cut();
  }
  BIO_reset(SSL_get_wbio(ssl()));
}

void OpensslPeer::send(std::string_view text) {
  SSL_write(ssl(), text.data(), static_cast<int>(text.size()));
  flush();
}

void OpensslPeer::close_notify() {
  SSL_shutdown(ssl());
  flush();
}

void OpensslPeer::end() {
  close_notify();
  if (stream_) stream_->end();
}

void OpensslPeer::cut() {
  if (!stream_) return;
  stream_->set_events(nullptr);
  loop_.dispose(std::move(stream_));
}

void OpensslPeer::update_key() {
  SSL_key_update(ssl(), SSL_KEY_UPDATE_REQUESTED);
  SSL_do_handshake(ssl());
  flush();
}

void OpensslPeer::renegotiate() {
  SSL_renegotiate(ssl());
  SSL_do_handshake(ssl());
  flush();
}

}  // namespace sluice::test
