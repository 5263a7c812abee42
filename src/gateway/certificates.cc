#include "gateway/certificates.h"

#include <chrono>
#include <string>

#include "tls/expiry.h"

namespace sluice::gateway {
namespace {

constexpr int64_t one_day_s = 24 * 3600;
constexpr int64_t warned_before_s = 14 * one_day_s;

}  // namespace

std::vector<Certificate> certificates_of(const config::Config& config) {
  std::vector<Certificate> found;
  const auto add = [&found](std::string_view what, const std::string& provider, const std::string& file) {
    const tls::Expiry expiry = file.empty() ? tls::Expiry{} : tls::expiry_of(file);
    if (expiry.certificates == 0) return;
    found.push_back({std::string(what), provider, what == "ca_file" ? expiry.last_unix_s : expiry.first_unix_s});
  };
  add("listener", "", config.tls_cert_file);
  for (const config::Provider& provider : config.providers) {
    add("cert_file", provider.name, provider.cert_file);
    add("ca_file", provider.name, provider.ca_file);
  }
  return found;
}

void warn_of_certificates(const std::vector<Certificate>& certificates, observe::Log& log) {
  using namespace std::chrono;
  const int64_t now_s = duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
  for (const Certificate& certificate : certificates) {
    const int64_t left_s = certificate.expires_unix_s - now_s;
    if (left_s > warned_before_s) continue;
    log.warn(left_s > 0 ? "a certificate expires soon" : "a certificate has expired",
             {{"what", certificate.what}, {"provider", certificate.name}, {"days_left", left_s / one_day_s}});
  }
}

}  // namespace sluice::gateway
