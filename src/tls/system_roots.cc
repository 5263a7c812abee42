#include "tls/system_roots.h"

#include <glob.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <cstdlib>
#include <new>
#include <string>

namespace sluice::tls {
namespace {

// Whether c_rehash has processed it: certificates are then named by 8 hex digits, a dot and a number.
bool hashed_directory(std::string pattern) {
  pattern += '/';
  for (int i = 0; i < 8; ++i) pattern += "[0-9a-f]";
  pattern += ".0";
  glob_t found{};
  const bool any = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0;
  ::globfree(&found);
  return any;
}

}  // namespace

X509_STORE* SystemRoots::store() {
  std::call_once(found_, [this] { find(); });
  return store_.get();
}

const std::string& SystemRoots::where() {
  store();
  return where_;
}

void SystemRoots::find() {
  store_.reset(X509_STORE_new());
  if (!store_) throw std::bad_alloc();
  const char* file = std::getenv(X509_get_default_cert_file_env());
  const char* directory = std::getenv(X509_get_default_cert_dir_env());
  if (file && X509_STORE_load_file(store_.get(), file) == 1) where_ = file;
  if (directory && X509_STORE_load_path(store_.get(), directory) == 1) {
    where_ += (where_.empty() ? "" : " and ") + std::string(directory);
  }
  ERR_clear_error();
  if (file || directory) return;

  const std::array directories = {X509_get_default_cert_dir(), "/etc/ssl/certs"};
  for (const char* path : directories) {
    if (hashed_directory(path) && X509_STORE_load_path(store_.get(), path) == 1) {
      where_ = path;
      return;
    }
  }
  const std::array bundles = {X509_get_default_cert_file(), "/etc/ssl/certs/ca-certificates.crt",
                              "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
  for (const char* path : bundles) {
    if (X509_STORE_load_file(store_.get(), path) == 1) {
      where_ = path;
      break;
    }
  }
  ERR_clear_error();  // a missing bundle is not an error
}

}  // namespace sluice::tls
