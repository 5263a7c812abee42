// From when to when a certificate in a PEM file is good.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace sluice::tls {

struct CertificateTerm {
  int64_t begins_unix_s = 0;
  int64_t ends_unix_s = 0;
};

// Of the first certificate in the file, which is the one that is shown. ErrorCode::config, naming the file, if there is
// none.
Result<CertificateTerm> certificate_term(const std::string& cert_file);

}  // namespace sluice::tls
