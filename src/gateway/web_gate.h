// Who a browser speaks for. A web page that the user of this machine has open reaches loopback as well as any program
// here does, so where no key is asked for, being near proves nothing: what the browser says of the page decides. With
// keys, no page has more than the key it knows; cors.origins says which may read the answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"
#include "http/message.h"
#include "http/service.h"

namespace sluice::gateway {

// Whether a page of `origin` ("http://localhost:8000") has come from where `host` (of the Host field) is; of ports, 80
// and 443 are left out as browsers do.
bool is_same_origin(std::string_view origin, std::string_view host);
// Whether a connection from `peer` (Responder::peer) comes from this machine itself.
bool is_of_this_machine(std::string_view peer);

// One configuration's rules. Immutable.
class WebGate {
 public:
  // `config` must outlive it. `doubts_peers`: there may be connections from elsewhere, though no key is asked for.
  WebGate(const config::Config& config, bool doubts_peers)
      : config_(config), open_(config.keys.empty()), doubts_peers_(doubts_peers) {}
  bool doubts_peers() const { return doubts_peers_; }
  bool is_open() const { return open_; }  // no key is asked for

  enum class From : unsigned char {
    program,      // or one of sluice's own pages: nothing special
    listed_page,  // a page of cors.origins: its answers need answer_fields()
    preflight,    // its browser asks whether it may (Fetch 3.2.2)
  };
  // forbidden: a page that may not, or a Host that is no name of ours; the message says what to configure.
  Result<From> look(const http::RequestHead& head, const http::Responder& responder) const;
  // Lines of head fields for such an answer.
  std::string answer_fields(const http::RequestHead& head, bool preflight) const;
  // The same for an error answer to a request that never became one, if a listed page has sent it.
  void add_answer_fields(const http::RequestHead& head, http::Fields& fields) const;

 private:
  struct Signs {
    std::string_view origin;
    bool own_host = true;     // every Host names us
    bool other_site = false;  // Sec-Fetch-Site says that another site's page has made the browser ask
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
