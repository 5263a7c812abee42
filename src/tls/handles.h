// Owning pointers to OpenSSL's objects.
#pragma once

#include <openssl/types.h>

#include <memory>

typedef struct ssl_session_st SSL_SESSION;  // missing from types.h

namespace sluice::tls {

struct Free {
  void operator()(SSL* connection) const;
  void operator()(SSL_CTX* context) const;
  void operator()(SSL_SESSION* session) const;
  void operator()(X509_STORE* store) const;
};

template <typename T>
using Owned = std::unique_ptr<T, Free>;

}  // namespace sluice::tls
