// Certificates for tests, made at run time with throwaway keys.
#pragma once

#include <openssl/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace sluice::test {

// The contents of a certificate. Times are seconds from now.
struct CertificateRequest {
  std::string common_name = "test";
  std::vector<std::string> names = {};  // subjectAltName: "DNS:api.example.com", "IP:127.0.0.1"
  long not_before_s = -3600;
  long not_after_s = 24 * 3600;
  bool authority = false;
};

// A certificate and its key (P-256). Copies share both.
class Certificate {
 public:
  static Certificate self_signed(const CertificateRequest& request);
  // Signs with any certificate: whether this one may sign is for the verifier to check.
  Certificate sign(const CertificateRequest& request) const;

  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }
  std::string certificate_pem() const;
  std::string key_pem() const;
  std::string key_pem(const std::string& passphrase) const;  // encrypted

 private:
  Certificate() = default;
  static Certificate make(const CertificateRequest& request, const Certificate* issuer);
  std::shared_ptr<X509> certificate_;
  std::shared_ptr<EVP_PKEY> key_;
};

// A temporary directory that is removed with its files.
class CertificateFiles {
 public:
  CertificateFiles();
  ~CertificateFiles();
  CertificateFiles(const CertificateFiles&) = delete;
  CertificateFiles& operator=(const CertificateFiles&) = delete;
  // Each returns the path that was written.
  std::string write(const std::string& name, const std::string& text) const;
  std::string path(const std::string& name) const;

 private:
  std::filesystem::path directory_;
};

}  // namespace sluice::test
