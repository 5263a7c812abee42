// Sessions that one target gave us, to spare the next connection the certificates and half of the arithmetic.
// One worker's, for one target (a resumed session is not verified again, so it must never serve another name); it has
// no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "tls/handles.h"

namespace sluice::tls {

class SessionCache {
 public:
  // A burst of connections finds a session each; each holds certificates in memory, some kilobytes.
  static constexpr size_t max_sessions = 64;

  // Newest first to be taken; the oldest goes when there are too many.
  void put(Owned<SSL_SESSION> session);
  // A session that has not run out by `now_unix_s`, or null. A TLS 1.3 ticket is used once (RFC 8446 C.4: a ticket used
  // twice lets an observer link connections); a TLS 1.2 session stays for others.
  Owned<SSL_SESSION> take(int64_t now_unix_s);
  void clear() { sessions_.clear(); }
  size_t size() const { return sessions_.size(); }

 private:
  std::deque<Owned<SSL_SESSION>> sessions_;  // oldest in front
};

}  // namespace sluice::tls
