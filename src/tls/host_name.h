// A target's name in the form TLS needs: without an IPv6 literal's brackets or a full name's trailing dot.
#pragma once

#include <string>
#include <string_view>

namespace sluice::tls {

class HostName {
 public:
  explicit HostName(std::string_view host);
  const std::string& text() const { return text_; }
  // An IP address: certificates list those separately from DNS names, and SNI must not carry one (RFC 6066 3).
  bool is_ip() const { return is_ip_; }

 private:
  std::string text_;
  bool is_ip_;
};

}  // namespace sluice::tls
