#include "tls/pem_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <string_view>

#include "base/plain_file.h"

namespace sluice::tls {
namespace {

tl::unexpected<Error> fail_file(std::string_view field, const std::string& path, std::string_view why) {
  ERR_clear_error();
  return fail(ErrorCode::config, std::string(field) + " \"" + path + "\": " + std::string(why));
}

// OpenSSL reads the files itself; this distinguishes an unreadable file from one of the wrong kind.
Result<void> readable(std::string_view field, const std::string& path) {
  constexpr size_t max_bytes = 16 << 20;
  const Result<std::string> text = read_plain_file(path, max_bytes);
  if (!text) return fail_file(field, path, text.error().message);
  if (text->empty()) return fail_file(field, path, "the file is empty");
  return {};
}

// Without this OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Result<void> use_key(SSL_CTX* context, const std::string& cert_file, const std::string& key_file) {
  if (auto ok = readable("key_file", key_file); !ok) return ok;
  bool passphrase_asked = false;
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &passphrase_asked);
  const int used = SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM);
  const unsigned long error = ERR_peek_last_error();
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  SSL_CTX_set_default_passwd_cb(context, nullptr);
  if (used != 1) {
    if (passphrase_asked) return fail_file("key_file", key_file, "the key has a passphrase; use a key without one");
    if (ERR_GET_LIB(error) == ERR_LIB_X509) {
      return fail_file("key_file", key_file, "the key does not belong to the certificate in \"" + cert_file + "\"");
    }
    return fail_file("key_file", key_file, "no private key in PEM format");
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return fail_file("key_file", key_file, "the key does not belong to the certificate in \"" + cert_file + "\"");
  }
  return {};
}

}  // namespace

Result<void> use_certificate(SSL_CTX* context, const std::string& cert_file, const std::string& key_file) {
  if (cert_file.empty()) return fail(ErrorCode::config, "cert_file is missing, but key_file is set");
  if (key_file.empty()) return fail(ErrorCode::config, "key_file is missing, but cert_file is set");
  if (auto ok = readable("cert_file", cert_file); !ok) return ok;
  if (SSL_CTX_use_certificate_chain_file(context, cert_file.c_str()) != 1) {
    const unsigned long error = ERR_peek_error();  // the first error is the cause
    const char* reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_reason_error_string(error) : nullptr;
    return fail_file("cert_file", cert_file, reason ? reason : "no certificate in PEM format");
  }
  return use_key(context, cert_file, key_file);
}

Result<void> trust_file(SSL_CTX* context, const std::string& ca_file) {
  if (auto ok = readable("ca_file", ca_file); !ok) return ok;
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  if (X509_STORE_load_file(store, ca_file.c_str()) != 1) {
    return fail_file("ca_file", ca_file, "no certificate in PEM format");
  }
  // The user trusts exactly what is in the file: an intermediate or a target's own certificate is enough.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

}  // namespace sluice::tls
