// Certificates and keys read from PEM files, with errors that name the file and say what to do.
#pragma once

#include <string>

#include "base/result.h"
#include "tls/handles.h"

namespace sluice::tls {

// Each gives ErrorCode::config on failure.
// Uses the certificate in `cert_file`, the chain after it, and its key.
Result<void> use_certificate(SSL_CTX* context, const std::string& cert_file, const std::string& key_file);
// Trusts the certificates in `ca_file`: roots, intermediates or the target's own.
Result<void> trust_file(SSL_CTX* context, const std::string& ca_file);

}  // namespace sluice::tls
