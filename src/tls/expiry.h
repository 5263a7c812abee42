// Until when the certificates in a PEM file are good.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice::tls {

struct Expiry {
  size_t certificates = 0;                    // in the file; 0: none, or it cannot be read
  int64_t first_unix_s = 0, last_unix_s = 0;  // of them, the one that expires first, and last
};

Expiry expiry_of(const std::string& pem_file);

}  // namespace sluice::tls
