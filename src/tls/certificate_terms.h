// From when to when the certificates in a PEM file are good.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::tls {

struct CertificateTerm {
  int64_t begins_unix_s = 0;
  int64_t ends_unix_s = 0;
};

// In the file's order: of a chain, the first is the one that is shown. What else the file holds, such as a key, is
// passed over. Empty: it has no certificate, or cannot be read.
std::vector<CertificateTerm> certificate_terms(const std::string& pem_file);

}  // namespace sluice::tls
