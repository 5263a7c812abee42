// A target's redirection (RFC 9110 15.4): it is our business, never the caller's, who would follow it with the prompt
// and with their own key.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace sluice::gateway {

struct Redirect {
  std::string path;  // path and query to ask once more, at the same origin; "": it is not to be followed
  std::string what;  // for people, who then know what to put into base_url; without user, query or fragment
};

// `asked`: the path and query that were asked for, below `base`. Only 307 and 308 keep method and body, so that only
// they are followed, and only to where the provider's key may go.
Redirect read_redirect(const config::Url& base, std::string_view asked, int status, std::string_view location);

// The path and query in the first line of a request's head; a view into it.
std::string_view path_of(std::string_view request_head);
void replace_path(std::string& request_head, std::string_view path);

}  // namespace sluice::gateway
