// Why a TLS connection failed, in words for people: these end up in 502 answers and in the log.
#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::tls {

// The first bytes a peer sent: they show which protocol it speaks when OpenSSL only says "wrong version number".
class FirstBytes {
 public:
  void see(std::string_view bytes);
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 11> bytes_;  // a record's header, a handshake message's header, a version
  size_t size_ = 0;
};

// Inside a verify callback, after a check failed: "certificate has expired (notAfter=2020-01-01)", "hostname mismatch:
// certificate is for a.example, b.example". Text from the certificate is made printable. `trust_hint` is added if no
// trusted authority has signed it.
std::string certificate_problem(X509_STORE_CTX* chain, std::string_view trust_hint);

// From the first error in this thread's OpenSSL queue, which is emptied. `problem` is what the verify callback noted,
// or empty.
std::string failure_reason(std::string_view problem, const FirstBytes& first);

}  // namespace sluice::tls
