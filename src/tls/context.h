// What all TLS connections of one kind have in common: certificates, whom to trust, versions. Made when the
// configuration is read, immutable afterwards, and shared by all workers (OpenSSL counts references itself, so a stream
// may outlive its context). TLS 1.2 or 1.3, ALPN http/1.1, no renegotiation, no compression.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tls/handles.h"
#include "tls/system_roots.h"

namespace sluice::tls {

struct TargetOptions {
  std::string ca_file = {};    // PEM; trusted in place of the system's authorities; "": those
  std::string cert_file = {};  // PEM, ours, for targets that ask for one (mTLS); both or none
  std::string key_file = {};
  bool insecure_skip_verify = false;
  bool operator==(const TargetOptions&) const = default;
};

// For connections to targets. Where sessions are kept: with the dialer, see session_cache.h.
class TargetContext {
 public:
  // ErrorCode::config, naming the file, if one cannot be read or does not fit. With no file to read, OpenSSL's part is
  // made at the first connection: it costs 2.5 MB of a process, which one that waits for its first request can do
  // without. `roots` is touched at the first handshake only, and not at all with `ca_file` or `insecure_skip_verify`.
  static Result<std::shared_ptr<TargetContext>> create(const TargetOptions& options,
                                                       std::shared_ptr<SystemRoots> roots);

  // A connection that will send SNI and accept only a certificate for `host`: a DNS name or an IP literal, with or
  // without brackets. Null only if memory is short. Any thread.
  Owned<SSL> make_connection(const std::string& host);
  // What to add to "untrusted root", "" if nothing is known. A literal.
  std::string_view trust_hint();

 private:
  TargetContext() = default;
  SSL_CTX* context();

  std::once_flag made_;                 // guards the making of context_, where create() has not made it
  Owned<SSL_CTX> context_;              // to be had by context()
  std::shared_ptr<SystemRoots> roots_;  // null: what context_ holds, or nothing is verified
};

struct ListenerOptions {
  std::string cert_file;  // PEM: the certificate, then its chain
  std::string key_file;   // PEM, without a passphrase
};

// For callers' connections. Callers resume with stateless tickets, whose keys are this context's: on any worker.
class ListenerContext {
 public:
  // ErrorCode::config, naming the file.
  static Result<std::shared_ptr<ListenerContext>> create(const ListenerOptions& options);
  // Null only if memory is short. Any thread.
  Owned<SSL> make_connection();

 private:
  ListenerContext() = default;
  Owned<SSL_CTX> context_;
};

}  // namespace sluice::tls
