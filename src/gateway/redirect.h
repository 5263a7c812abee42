// A target's redirection (RFC 9110 15.4). It is handled here and never shown to the caller, who would follow it
// with the prompt and with their key.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace sluice::gateway {

struct Redirect {
  std::string path;  // path and query to ask next, at the same origin; "": do not follow
  std::string what;  // for people: what to put into base_url; without user, query or fragment
};

// `asked`: the path and query of the request, which include the path of `base`. Only 307 and 308 keep method and body,
// so only they are followed, and only within the origin, where the provider's key may be sent.
Redirect read_redirect(const config::Url& base, std::string_view asked, int status, std::string_view location);

// The path and query in the first line of a request's head; a view into it.
std::string_view path_of(std::string_view request_head);
void replace_path(std::string& request_head, std::string_view path);

}  // namespace sluice::gateway
