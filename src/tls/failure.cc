#include "tls/failure.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <memory>
#include <vector>

namespace sluice::tls {
namespace {

// The peer chooses a certificate's strings: they must not be able to forge a log line.
std::string printable(const unsigned char* bytes, int size) {
  constexpr int most = 100;
  std::string text(reinterpret_cast<const char*>(bytes), static_cast<size_t>(std::clamp(size, 0, most)));
  for (char& c : text) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\') c = '?';
  }
  return text;
}

std::string date(const ASN1_TIME* time) {
  std::tm parts = {};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return "unknown";
  char text[16];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%d", &parts)};
}

std::string text_of(const GENERAL_NAME* name) {
  if (name->type == GEN_DNS) {
    return printable(ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName));
  }
  if (name->type != GEN_IPADD) return "";
  char text[INET6_ADDRSTRLEN];
  const int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(name->d.iPAddress) != 16) return "";
  const char* made = inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof(text));
  return made ? made : "";
}

struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

// "a.example, b.example and 7 more"
std::string names_of(X509* certificate) {
  constexpr size_t most = 4;
  std::unique_ptr<GENERAL_NAMES, FreeNames> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> texts;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string text = text_of(sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty()) texts.push_back(std::move(text));
  }
  if (texts.empty()) return "no name (it has no subjectAltName)";
  std::string list = texts[0];
  for (size_t i = 1; i < std::min(texts.size(), most); ++i) list += ", " + texts[i];
  if (texts.size() > most) list += " and " + std::to_string(texts.size() - most) + " more";
  return list;
}

// "TLS 1.1" for 0x0302, "" for TLS 1.2 and later.
std::string_view old_version(unsigned char major, unsigned char minor) {
  if (major != 3) return "";
  constexpr std::array<std::string_view, 3> names = {"SSL 3.0", "TLS 1.0", "TLS 1.1"};
  return minor < names.size() ? names[minor] : "";
}

constexpr unsigned char handshake_record = 22;
constexpr unsigned char alert_record = 21;
constexpr unsigned char hello_message = 2;

bool is_record(std::string_view first) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(first[i]); };
  return first.size() >= 3 && at(0) >= 20 && at(0) <= 24 && at(1) == 3 && at(2) <= 4;
}

std::string only_old_versions(std::string_view first) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(first[i]); };
  std::string_view version;
  if (first.size() >= 11 && at(0) == handshake_record && at(5) == hello_message) version = old_version(at(9), at(10));
  if (first.size() >= 3 && at(0) == alert_record) version = old_version(at(1), at(2));
  if (!version.empty()) return "peer only speaks " + std::string(version) + " (TLS 1.2 is the minimum)";
  return "peer only speaks TLS 1.1 or older (TLS 1.2 is the minimum)";
}

std::string alert_reason(int alert, std::string_view first) {
  switch (alert) {
    case SSL_AD_PROTOCOL_VERSION:
      return only_old_versions(first);
    case SSL_AD_CERTIFICATE_REQUIRED:
      return "peer requires a certificate of ours: set cert_file and key_file";
    case SSL_AD_UNKNOWN_CA:
      return "peer does not trust our certificate (alert: unknown CA)";
    case SSL_AD_UNRECOGNIZED_NAME:
      return "peer has no certificate for this name (alert: unrecognized name)";
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return "peer does not speak HTTP/1.1 here (alert: no application protocol)";
    case SSL_AD_HANDSHAKE_FAILURE:
      return "peer refused the handshake: no cipher in common, or it requires a certificate of ours "
             "(alert: handshake failure)";
    default:
      return "peer refused (alert: " + std::string(SSL_alert_desc_string_long(alert)) + ")";
  }
}

}  // namespace

void FirstBytes::see(std::string_view bytes) {
  const size_t taken = std::min(bytes.size(), bytes_.size() - size_);
  std::copy_n(bytes.data(), taken, bytes_.data() + size_);
  size_ += taken;
}

std::string certificate_problem(X509_STORE_CTX* chain, std::string_view trust_hint) {
  const int error = X509_STORE_CTX_get_error(chain);
  X509* certificate = X509_STORE_CTX_get_current_cert(chain);
  const std::string text = X509_verify_cert_error_string(error);
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return certificate ? text + " (notAfter=" + date(X509_get0_notAfter(certificate)) + ")" : text;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return certificate ? text + " (notBefore=" + date(X509_get0_notBefore(certificate)) + ")" : text;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "hostname mismatch: certificate is for " + (certificate ? names_of(certificate) : "another host");
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return text + " (untrusted root" + (trust_hint.empty() ? ")" : "; " + std::string(trust_hint) + ")");
    default:
      return text;
  }
}

std::string failure_reason(std::string_view problem, const FirstBytes& first) {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (!problem.empty()) return std::string(problem);
  const std::string_view bytes = first.view();
  if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
    const int reason = ERR_GET_REASON(error);
    if (reason > SSL_AD_REASON_OFFSET) return alert_reason(reason - SSL_AD_REASON_OFFSET, bytes);
    if (reason == SSL_R_HTTP_REQUEST) return "plain HTTP request on a TLS port (use https://)";
    if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_WRONG_SSL_VERSION) return only_old_versions(bytes);
    if (reason == SSL_R_NO_SHARED_CIPHER) return "no cipher in common";
  }
  if (bytes.starts_with("HTTP/")) return "peer answered in plain HTTP, not TLS";
  if (!bytes.empty() && !is_record(bytes)) return "peer does not speak TLS";
  const char* text = error == 0 ? nullptr : ERR_reason_error_string(error);
  return text ? text : "the TLS library gave no reason";
}

}  // namespace sluice::tls
