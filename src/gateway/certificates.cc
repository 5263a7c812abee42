#include "gateway/certificates.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/document.h"
#include "tls/certificate_terms.h"
#include "tls/context.h"

namespace sluice::gateway {
namespace {

using tls::CertificateTerm;

constexpr int64_t day_s = 24 * 3600;
constexpr int64_t warned_before_s = 14 * day_s;

// All certificates of a chain must be valid; of trusted authorities one is enough.
std::optional<CertificateTerm> term_of(const std::string& file, bool is_chain) {
  if (file.empty()) return std::nullopt;
  const std::vector<CertificateTerm> terms = tls::certificate_terms(file);
  if (terms.empty()) return std::nullopt;
  CertificateTerm all = terms.front();
  for (const CertificateTerm& one : terms) {
    all.begins_unix_s =
        is_chain ? std::max(all.begins_unix_s, one.begins_unix_s) : std::min(all.begins_unix_s, one.begins_unix_s);
    all.ends_unix_s =
        is_chain ? std::min(all.ends_unix_s, one.ends_unix_s) : std::max(all.ends_unix_s, one.ends_unix_s);
  }
  return all;
}

class CertificateCheck {
 public:
  CertificateCheck(config::Config& config, int64_t now_unix_s) : config_(config), now_unix_s_(now_unix_s) {}

  void check_listener() {
    if (config_.tls_cert_file.empty()) return;
    const auto context = tls::ListenerContext::create({config_.tls_cert_file, config_.tls_key_file});
    if (!context) return report("tls", context.error().message);
    check_term("tls", config_.tls_cert_file, true);
  }

  void check_target(const config::Provider& provider) {
    const std::string path = config::child_path("providers", provider.name);
    if (!provider.base_url.tls) {
      if (!provider.ca_file.empty() || !provider.cert_file.empty()) {
        config_.warnings.push_back(path + ": its certificates are not used, because base_url is not https://");
      }
      return;
    }
    if (provider.ca_file.empty() && provider.cert_file.empty()) return;
    const auto context = tls::TargetContext::create(
        {provider.ca_file, provider.cert_file, provider.key_file, provider.insecure_skip_verify}, nullptr);
    if (!context) return report(path, context.error().message);
    check_term(path, provider.cert_file, true);
    check_term(path, provider.ca_file, false);
  }

  std::vector<config::Problem> take() { return std::move(problems_); }

 private:
  void report(const std::string& path, const std::string& what) {
    problems_.push_back({config_.file, 0, 0, path, what, {}, {}});
  }

  void check_term(const std::string& path, const std::string& file, bool is_own) {
    const std::optional<CertificateTerm> term = term_of(file, is_own);
    if (!term) return;
    const std::string other = is_own ? "others will refuse it" : "what it signed will be refused";
    const auto warn = [&](const std::string& what) {
      config_.warnings.push_back(path + ": the certificate in \"" + file + "\" " + what);
    };
    const int64_t left_s = term->ends_unix_s - now_unix_s_;
    if (term->begins_unix_s > now_unix_s_) warn("is not valid yet: " + other);
    if (left_s <= 0) {
      warn("has expired: " + other);
    } else if (left_s <= warned_before_s) {
      warn("expires in " + std::to_string(left_s / day_s) + " days");
    }
  }

  config::Config& config_;
  const int64_t now_unix_s_;
  std::vector<config::Problem> problems_;
};

}  // namespace

std::vector<config::Problem> check_certificates(config::Config& config, int64_t now_unix_s) {
  CertificateCheck check(config, now_unix_s);
  check.check_listener();
  for (const config::Provider& provider : config.providers) check.check_target(provider);
  return check.take();
}

std::vector<Certificate> certificates_of(const config::Config& config) {
  std::vector<Certificate> found;
  const auto add = [&found](std::string_view what, const std::string& provider, const std::string& file) {
    const std::optional<CertificateTerm> term = term_of(file, what != "ca_file");
    if (term) found.push_back({std::string(what), provider, term->ends_unix_s});
  };
  add("listener", "", config.tls_cert_file);
  for (const config::Provider& provider : config.providers) {
    if (!provider.base_url.tls) continue;
    add("cert_file", provider.name, provider.cert_file);
    add("ca_file", provider.name, provider.ca_file);
  }
  return found;
}

void warn_of_certificates(const std::vector<Certificate>& certificates, int64_t now_unix_s, observe::Log& log) {
  for (const Certificate& certificate : certificates) {
    const int64_t left_s = certificate.expires_unix_s - now_unix_s;
    if (left_s > warned_before_s) continue;
    log.warn(left_s > 0 ? "a certificate expires soon" : "a certificate has expired",
             {{"what", certificate.what}, {"provider", certificate.name}, {"days_left", left_s / day_s}});
  }
}

}  // namespace sluice::gateway
