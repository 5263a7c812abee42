#include "gateway/certificate_check.h"

#include <string_view>
#include <utility>

#include "config/document.h"
#include "tls/certificate_term.h"
#include "tls/context.h"

namespace sluice::gateway {
namespace {

constexpr int64_t day_s = 24 * 3600;
constexpr int64_t soon_s = 14 * day_s;

class CertificateCheck {
 public:
  CertificateCheck(config::Config& config, int64_t now_unix_s) : config_(config), now_unix_s_(now_unix_s) {}

  void check_listener() {
    if (config_.tls_cert_file.empty()) return;
    const auto context = tls::ListenerContext::create({config_.tls_cert_file, config_.tls_key_file});
    if (!context) return report("tls", context.error().message);
    check_term("tls", config_.tls_cert_file);
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
    if (!provider.cert_file.empty()) check_term(path, provider.cert_file);
  }

  std::vector<config::Problem> take() { return std::move(problems_); }

 private:
  void report(const std::string& path, const std::string& what) {
    problems_.push_back({config_.file, 0, 0, path, what, {}, {}});
  }

  void check_term(const std::string& path, const std::string& cert_file) {
    const auto term = tls::certificate_term(cert_file);
    if (!term) return report(path, term.error().message);
    const auto warn = [&](const std::string& what) {
      config_.warnings.push_back(path + ": the certificate in \"" + cert_file + "\" " + what);
    };
    const int64_t left_s = term->ends_unix_s - now_unix_s_;
    if (term->begins_unix_s > now_unix_s_) warn("is not good yet: others will refuse it");
    if (left_s <= 0) {
      warn("has expired: others will refuse it");
    } else if (left_s < soon_s) {
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

}  // namespace sluice::gateway
