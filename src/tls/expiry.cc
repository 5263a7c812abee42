#include "tls/expiry.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

#include <algorithm>
#include <memory>

namespace sluice::tls {

Expiry expiry_of(const std::string& pem_file) {
  Expiry expiry;
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> file(BIO_new_file(pem_file.c_str(), "r"), BIO_free_all);
  while (file) {
    // Skips what is no certificate, a key among them.
    const std::unique_ptr<X509, decltype(&X509_free)> one(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr),
                                                          X509_free);
    if (!one) break;
    tm time{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(one.get()), &time) != 1) continue;
    const int64_t unix_s = timegm(&time);
    expiry.first_unix_s = expiry.certificates == 0 ? unix_s : std::min(expiry.first_unix_s, unix_s);
    expiry.last_unix_s = expiry.certificates == 0 ? unix_s : std::max(expiry.last_unix_s, unix_s);
    ++expiry.certificates;
  }
  ERR_clear_error();
  return expiry;
}

}  // namespace sluice::tls
