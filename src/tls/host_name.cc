#include "tls/host_name.h"

#include <arpa/inet.h>

#include <array>

namespace sluice::tls {

HostName::HostName(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.size() > 1 && host.back() == '.') host.remove_suffix(1);
  text_ = host;
  std::array<unsigned char, sizeof(in6_addr)> address;
  is_ip_ =
      inet_pton(AF_INET, text_.c_str(), address.data()) == 1 || inet_pton(AF_INET6, text_.c_str(), address.data()) == 1;
}

}  // namespace sluice::tls
