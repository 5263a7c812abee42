// A target's name as TLS wants it: without the brackets of an IPv6 literal or the dot that ends a full name.
#pragma once

#include <string>
#include <string_view>

namespace sluice::tls {

class HostName {
 public:
  explicit HostName(std::string_view host);
  const std::string& text() const { return text_; }
  // An address: certificates name those apart from DNS names, and SNI must not carry one (RFC 6066 3).
  bool is_ip() const { return is_ip_; }

 private:
  std::string text_;
  bool is_ip_;
};

}  // namespace sluice::tls
