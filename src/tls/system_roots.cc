#include "tls/system_roots.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string_view>

namespace sluice::tls {
namespace {

// Whether `name` is what c_rehash makes: 8 hex digits, a dot, a number.
bool hashed(std::string_view name) {
  constexpr std::string_view hex = "0123456789abcdef";
  return name.size() >= 10 && name[8] == '.' && name.find_first_not_of(hex) == 8 &&
         name.find_first_not_of("0123456789", 9) == std::string_view::npos;
}

bool hashed_directory(const char* path) {
  std::error_code error;
  std::filesystem::directory_iterator entries(path, error);
  return !error && std::any_of(begin(entries), end(entries),
                               [](const auto& entry) { return hashed(entry.path().filename().native()); });
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
  ERR_clear_error();  // a bundle that is not there is no error
}

}  // namespace sluice::tls
