// The certificates, keys and authorities that a configuration names: whether they can be used, and how long they are
// good for, which is on /metrics, and in the log before it is too late.
#pragma once

#include <cstdint>
#include <vector>

#include "config/config.h"
#include "config/problem.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace sluice::gateway {

using Certificate = observe::Metrics::Certificate;

// Reads every file, without using it. What would keep a start from succeeding is returned, all of it; what is likely
// to be refused by others (a certificate that is not yet or no longer good at `now_unix_s`, or soon ends) is added to
// config.warnings.
std::vector<config::Problem> check_certificates(config::Config& config, int64_t now_unix_s);
// The listener's, and of providers whose base_url is https:// their own (cert_file) and trusted (ca_file) ones. What
// cannot be read is left out: others say so. Of a chain it is the one that expires first, of those to be trusted the
// last.
std::vector<Certificate> certificates_of(const config::Config& config);
// For the days after a start, which check_certificates looks at: one warning for each that expires within 14 days, or
// has expired.
void warn_of_certificates(const std::vector<Certificate>& certificates, int64_t now_unix_s, observe::Log& log);

}  // namespace sluice::gateway
