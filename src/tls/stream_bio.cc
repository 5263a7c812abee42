#include "tls/stream_bio.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "tls/stream.h"

namespace sluice::tls {
namespace {

struct FreeMethod {
  void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};

// Constant; made at first use, since OpenSSL hides its layout.
const BIO_METHOD* method() {
  static const std::unique_ptr<BIO_METHOD, FreeMethod> made = [] {
    std::unique_ptr<BIO_METHOD, FreeMethod> fresh(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream"));
    if (fresh) {
      BIO_meth_set_read_ex(fresh.get(), StreamBio::read);
      BIO_meth_set_write_ex(fresh.get(), StreamBio::write);
      BIO_meth_set_ctrl(fresh.get(), StreamBio::control);
    }
    return fresh;
  }();
  return made.get();
}

}  // namespace

bool StreamBio::attach(SSL* connection, TlsStream& stream) {
  BIO* bio = method() ? BIO_new(method()) : nullptr;
  if (!bio) return false;
  BIO_set_data(bio, &stream);
  BIO_set_init(bio, 1);
  SSL_set_bio(connection, bio, bio);
  return SSL_set_app_data(connection, &stream) == 1;
}

int StreamBio::keep_session(SSL* connection, SSL_SESSION* session) {
  const auto* stream = static_cast<TlsStream*>(SSL_get_app_data(connection));
  if (!stream || !stream->sessions_) return 0;
  stream->sessions_->put(Owned<SSL_SESSION>(session));
  return 1;  // takes over the reference
}

int StreamBio::note_problem(int fine, X509_STORE_CTX* chain) {
  if (fine == 1) return 1;
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* stream = static_cast<TlsStream*>(SSL_get_app_data(ssl));
  stream->certificate_problem_ = certificate_problem(chain, stream->trust_hint_);
  return 0;
}

int StreamBio::read(BIO* bio, char* room, size_t room_bytes, size_t* read_bytes) {
  std::string_view& incoming = static_cast<TlsStream*>(BIO_get_data(bio))->incoming_;
  BIO_clear_retry_flags(bio);
  *read_bytes = std::min(room_bytes, incoming.size());
  if (*read_bytes == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::copy_n(incoming.data(), *read_bytes, room);
  incoming.remove_prefix(*read_bytes);
  return 1;
}

int StreamBio::write(BIO* bio, const char* bytes, size_t size, size_t* written_bytes) {
  auto* outbox = static_cast<TlsStream*>(BIO_get_data(bio))->outbox_;
  BIO_clear_retry_flags(bio);
  if (!outbox) {
    BIO_set_retry_write(bio);
    return 0;
  }
  outbox->add({bytes, size});
  *written_bytes = size;
  return 1;
}

long StreamBio::control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

}  // namespace sluice::tls
