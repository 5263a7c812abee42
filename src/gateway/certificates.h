// The certificates that a configuration names, and how long they are good for: on /metrics, and in the log before it is
// too late.
#pragma once

#include <vector>

#include "config/config.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace sluice::gateway {

using Certificate = observe::Metrics::Certificate;

// The listener's, and each provider's own (cert_file) and trusted (ca_file) ones, by their files. What cannot be read
// is left out: others say so. Of a chain it is the one that expires first, of those to be trusted the last.
std::vector<Certificate> certificates_of(const config::Config& config);
// One warning for each that expires within 14 days, or has expired.
void warn_of_certificates(const std::vector<Certificate>& certificates, observe::Log& log);

}  // namespace sluice::gateway
