// Decides whether a web page may use sluice. A page open in a local browser reaches loopback just like a local program,
// so without keys the peer's address proves nothing; what the browser reports of the page decides. With keys, a page
// can do no more than the key it knows allows; cors.origins says which pages may read the answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"
#include "http/message.h"
#include "http/service.h"

namespace sluice::gateway {

// Whether `origin` ("http://localhost:8000") is the origin of `host` (the Host field). Ports 80 and 443 may be left
// out, as browsers do.
bool is_same_origin(std::string_view origin, std::string_view host);
// Whether a connection from `peer` (Responder::peer) comes from this machine.
bool is_of_this_machine(std::string_view peer);

// One configuration's rules. Immutable.
class WebGate {
 public:
  // `config` must outlive it. `doubts_peers`: there may be connections from elsewhere although no keys are configured.
  WebGate(const config::Config& config, bool doubts_peers)
      : config_(config), open_(config.keys.empty()), doubts_peers_(doubts_peers) {}
  bool doubts_peers() const { return doubts_peers_; }
  bool is_open() const { return open_; }  // no keys are configured

  enum class From : unsigned char {
    program,      // a program or one of sluice's own pages: nothing special
    listed_page,  // a page of cors.origins: its answers need answer_fields()
    preflight,    // a CORS preflight of such a page (Fetch 3.2.2)
  };
  // forbidden: the page is not allowed, or Host is no name of ours; the message says what to configure.
  Result<From> look(const http::RequestHead& head, const http::Responder& responder) const;
  // The header lines for such an answer.
  std::string answer_fields(const http::RequestHead& head, bool preflight) const;
  // The same for the error answer to a malformed request, if a listed page sent it.
  void add_answer_fields(const http::RequestHead& head, http::Fields& fields) const;

 private:
  struct Signs {
    std::string_view origin;
    bool own_host = true;     // every Host names us
    bool other_site = false;  // according to Sec-Fetch-Site, another site's page caused the request
  };
  [[gnu::cold]] Result<From> look_closer(const http::RequestHead& head, const Signs& signs,
                                         const http::Responder& responder) const;
  bool is_own_name(std::string_view authority) const;
  bool lists(std::string_view origin) const;

  const config::Config& config_;
  const bool open_;
  const bool doubts_peers_;
};

}  // namespace sluice::gateway
