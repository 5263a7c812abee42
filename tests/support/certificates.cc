#include "support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace sluice::test {
namespace {

void must(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("making a certificate: ") + what);
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  must(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

template <typename Write>
std::string pem(Write write) {
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  must(bio && write(bio.get()) == 1, "PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

}  // namespace

Certificate Certificate::make(const CertificateRequest& request, const Certificate* issuer) {
  Certificate made;
  made.key_.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
  made.certificate_.reset(X509_new(), X509_free);
  X509* certificate = made.certificate();
  must(made.key() && certificate, "out of memory");
  X509_set_version(certificate, X509_VERSION_3);
  unsigned char serial[8];
  must(RAND_bytes(serial, sizeof(serial)) == 1, "serial number");
  uint64_t number = 1;
  for (const unsigned char byte : serial) number = number * 251 + byte;
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), request.not_before_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), request.not_after_s);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(request.common_name.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate, made.key());

  X509* signer = issuer ? issuer->certificate() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  add_extension(certificate, signer, NID_basic_constraints, request.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (request.authority) add_extension(certificate, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(certificate, signer, NID_subject_key_identifier, "hash");
  std::string names;
  for (const std::string& name : request.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) add_extension(certificate, signer, NID_subject_alt_name, names);
  must(X509_sign(certificate, issuer ? issuer->key() : made.key(), EVP_sha256()) > 0, "signing");
  return made;
}

Certificate Certificate::self_signed(const CertificateRequest& request) { return make(request, nullptr); }
Certificate Certificate::sign(const CertificateRequest& request) const { return make(request, this); }

std::string Certificate::certificate_pem() const {
  return pem([this](BIO* bio) { return PEM_write_bio_X509(bio, certificate()); });
}

std::string Certificate::key_pem() const {
  return pem([this](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key(), nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string Certificate::key_pem(const std::string& passphrase) const {
  return pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key(), EVP_aes_256_cbc(),
                                    reinterpret_cast<const unsigned char*>(passphrase.data()),
                                    static_cast<int>(passphrase.size()), nullptr, nullptr);
  });
}

CertificateFiles::CertificateFiles() {
  std::string pattern = (std::filesystem::temp_directory_path() / "certificates-XXXXXX").string();
  must(mkdtemp(pattern.data()) != nullptr, "temporary directory");
  directory_ = pattern;
}

CertificateFiles::~CertificateFiles() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string CertificateFiles::path(const std::string& name) const { return directory_ / name; }

std::string CertificateFiles::write(const std::string& name, const std::string& text) const {
  std::ofstream(path(name), std::ios::binary) << text;
  return path(name);
}

}  // namespace sluice::test
