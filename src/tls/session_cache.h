// TLS sessions from one target: resuming one saves the next connection the certificates and half of the arithmetic. For
// one worker and one target, because a resumed session is not verified again and must never serve another name; no
// lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "tls/handles.h"

namespace sluice::tls {

class SessionCache {
 public:
  // Enough for a burst of connections; each holds certificates in memory, some kilobytes.
  static constexpr size_t max_sessions = 64;

  // The newest is taken first; the oldest is dropped when there are too many.
  void put(Owned<SSL_SESSION> session);
  // A session that has not expired by `now_unix_s`, or null. A TLS 1.3 ticket is used once (RFC 8446 C.4: reuse lets an
  // observer link connections); a TLS 1.2 session stays in the cache.
  Owned<SSL_SESSION> take(int64_t now_unix_s);
  void clear() { sessions_.clear(); }
  size_t size() const { return sessions_.size(); }

 private:
  std::deque<Owned<SSL_SESSION>> sessions_;  // oldest in front
};

}  // namespace sluice::tls
