#include "tls/session_cache.h"

#include <openssl/ssl.h>

#include <utility>

namespace sluice::tls {

void SessionCache::put(Owned<SSL_SESSION> session) {
  if (sessions_.size() == max_sessions) sessions_.pop_front();
  sessions_.push_back(std::move(session));
}

Owned<SSL_SESSION> SessionCache::take(int64_t now_unix_s) {
  while (!sessions_.empty()) {
    SSL_SESSION* newest = sessions_.back().get();
    const bool alive = SSL_SESSION_is_resumable(newest) == 1 &&
                       SSL_SESSION_get_time(newest) + SSL_SESSION_get_timeout(newest) > now_unix_s;
    if (alive && SSL_SESSION_get_protocol_version(newest) < TLS1_3_VERSION) {
      SSL_SESSION_up_ref(newest);
      return Owned<SSL_SESSION>(newest);
    }
    Owned<SSL_SESSION> session = std::move(sessions_.back());
    sessions_.pop_back();
    if (alive) return session;
  }
  return nullptr;
}

}  // namespace sluice::tls
