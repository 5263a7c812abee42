// The certificates, keys and authorities that a configuration names: whether they can be used, and until when they are
// valid (shown on /metrics, and logged in time).
#pragma once

#include <cstdint>
#include <vector>

#include "config/config.h"
#include "config/problem.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace sluice::gateway {

using Certificate = observe::Metrics::Certificate;

// Reads every file without using it. Returns all problems that would make a start fail. Certificates that others are
// likely to reject (at `now_unix_s` not yet valid, expired, or about to expire) are added to config.warnings.
std::vector<config::Problem> check_certificates(config::Config& config, int64_t now_unix_s);
// The listener's certificate and, for providers whose base_url is https://, their cert_file and ca_file. Unreadable
// files are left out: they are reported elsewhere. For a chain, the time is that of the first certificate to expire;
// for authorities, the last.
std::vector<Certificate> certificates_of(const config::Config& config);
// Logs one warning for each certificate that expires within 14 days or has expired. For the time after the start, at
// which check_certificates looks.
void warn_of_certificates(const std::vector<Certificate>& certificates, int64_t now_unix_s, observe::Log& log);

}  // namespace sluice::gateway
