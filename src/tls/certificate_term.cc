#include "tls/certificate_term.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <ctime>
#include <memory>

namespace sluice::tls {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

int64_t unix_s(const ASN1_TIME* time) {
  std::tm parts = {};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? int64_t{timegm(&parts)} : 0;
}

}  // namespace

Result<CertificateTerm> certificate_term(const std::string& cert_file) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(cert_file.c_str(), "rb"));
  const std::unique_ptr<X509, FreeCertificate> certificate(file ? PEM_read_X509(file.get(), nullptr, nullptr, nullptr)
                                                                : nullptr);
  if (!certificate) {
    ERR_clear_error();
    return fail(ErrorCode::config, "cert_file \"" + cert_file + "\": no certificate in PEM format");
  }
  return CertificateTerm{unix_s(X509_get0_notBefore(certificate.get())), unix_s(X509_get0_notAfter(certificate.get()))};
}

}  // namespace sluice::tls
