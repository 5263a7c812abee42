#include "tls/certificate_terms.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>
#include <optional>

#include "base/plain_file.h"

namespace sluice::tls {
namespace {

std::optional<int64_t> unix_s(const ASN1_TIME* time) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return timegm(&parts);
}

}  // namespace

std::vector<CertificateTerm> certificate_terms(const std::string& pem_file) {
  std::vector<CertificateTerm> terms;
  constexpr size_t max_bytes = 16 << 20;
  const Result<std::string> text = read_plain_file(pem_file, max_bytes);
  if (!text) return terms;
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> file(
      BIO_new_mem_buf(text->data(), static_cast<int>(text->size())), BIO_free_all);
  while (file) {
    const std::unique_ptr<X509, decltype(&X509_free)> one(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr),
                                                          X509_free);
    if (!one) break;
    const auto begins = unix_s(X509_get0_notBefore(one.get())), ends = unix_s(X509_get0_notAfter(one.get()));
    if (begins && ends) terms.push_back({*begins, *ends});
  }
  ERR_clear_error();
  return terms;
}

}  // namespace sluice::tls
