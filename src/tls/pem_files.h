// Certificates and keys read from PEM files, with errors that name the file and say what to do.
#pragma once

#include <string>

#include "base/result.h"
#include "tls/handles.h"

namespace sluice::tls {

// Each gives ErrorCode::config on failure.
// The certificate in `cert_file`, its chain behind it, and the key that belongs to it.
Result<void> use_certificate(SSL_CTX* context, const std::string& cert_file, const std::string& key_file);
// Trusts what `ca_file` holds: roots, intermediates or the target's own certificate.
Result<void> trust_file(SSL_CTX* context, const std::string& ca_file);

}  // namespace sluice::tls
