// The validity periods of the certificates in a PEM file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::tls {

struct CertificateTerm {
  int64_t begins_unix_s = 0;
  int64_t ends_unix_s = 0;
};

// In the file's order: the first certificate of a chain is the one that is presented. Other contents, such as a key,
// are skipped. Empty: the file has no certificate, or cannot be read.
std::vector<CertificateTerm> certificate_terms(const std::string& pem_file);

}  // namespace sluice::tls
