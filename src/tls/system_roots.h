// The certification authorities this machine trusts. Made once by main and shared by all contexts and workers; found at
// the first handshake that needs them, so that a gateway with plain targets never pays for them.
//
// Where they come from: SSL_CERT_FILE and SSL_CERT_DIR if either is set; else a hashed directory (OpenSSL then opens
// one small file per authority actually met: under 1 ms); else a bundle, read whole (~20 ms, several MB).
#pragma once

#include <mutex>
#include <string>

#include "tls/handles.h"

namespace sluice::tls {

class SystemRoots {
 public:
  // Any thread. Never null; holds nothing if nothing was found. Lives as long as this does (OpenSSL counts references).
  X509_STORE* store();
  // Any thread: the file or directory that was found, "" if there is none.
  const std::string& where();

 private:
  void find();
  std::once_flag found_;
  Owned<X509_STORE> store_;
  std::string where_;
};

}  // namespace sluice::tls
