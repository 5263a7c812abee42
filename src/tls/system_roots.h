// The certification authorities this machine trusts. Made once by main, shared by all contexts and workers, and loaded
// at the first handshake that needs them, so that a gateway with plain-text targets never pays for them.
//
// Source: SSL_CERT_FILE and SSL_CERT_DIR if either is set; else a hashed directory (OpenSSL then opens one small file
// per authority actually met: under 1 ms); else a bundle, read whole (~20 ms, several MB).
#pragma once

#include <mutex>
#include <string>

#include "tls/handles.h"

namespace sluice::tls {

class SystemRoots {
 public:
  // Any thread. Never null; empty if nothing was found. Lives as long as this does (OpenSSL counts references).
  X509_STORE* store();
  // Any thread. The file or directory that was found, or "".
  const std::string& where();

 private:
  void find();
  std::once_flag found_;
  Owned<X509_STORE> store_;
  std::string where_;
};

}  // namespace sluice::tls
