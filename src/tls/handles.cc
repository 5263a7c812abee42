#include "tls/handles.h"

#include <openssl/ssl.h>

namespace sluice::tls {

void Free::operator()(SSL* connection) const { SSL_free(connection); }
void Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
void Free::operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
void Free::operator()(X509_STORE* store) const { X509_STORE_free(store); }

}  // namespace sluice::tls
