// How a connection to one place is made: over TCP, over TLS, in memory. The pool in http/ asks a Dialer for streams and
// knows nothing of names, addresses or certificates.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/stream.h"

namespace sluice::net {

// A connection being made. Destroying it cancels: `done` is not called.
class Dial {
 public:
  virtual ~Dial() = default;
  // What it is waiting for, for the error of a connect timeout: "resolving api.openai.com",
  // "connecting to 10.0.0.1:443", "TLS handshake with api.openai.com".
  virtual std::string stage() const = 0;
};

class Dialer {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Stream>>)>;
  virtual ~Dialer() = default;
  // Calls `done` exactly once, never from inside dial(), unless the Dial is destroyed first; the Dial may be destroyed
  // inside `done`. There is no timeout here: the user arms one and destroys the Dial. The Dialer must outlive the Dial.
  virtual std::unique_ptr<Dial> dial(Done done) = 0;
};

}  // namespace sluice::net
