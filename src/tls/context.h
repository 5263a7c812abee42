// What all TLS connections of one kind share: certificates, trust, versions. Made when the configuration is read,
// immutable afterwards, and shared by all workers (OpenSSL counts references, so a stream may outlive its context). TLS
// 1.2 or 1.3, ALPN http/1.1, no renegotiation, no compression.
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
  std::string ca_file = {};    // PEM; trusted instead of the system's authorities; "": trust those
  std::string cert_file = {};  // PEM, presented to targets that ask for one (mTLS); both or none
  std::string key_file = {};
  bool insecure_skip_verify = false;
  bool operator==(const TargetOptions&) const = default;
};

// For connections to targets. Sessions are kept by the dialer: session_cache.h.
class TargetContext {
 public:
  // ErrorCode::config, naming the file, if a file cannot be read or is not valid. With no file to read, OpenSSL's
  // context is made at the first connection: it takes 2.5 MB, which a process without requests need not pay. `roots` is
  // used from the first handshake on, and not at all with `ca_file` or `insecure_skip_verify`.
  static Result<std::shared_ptr<TargetContext>> create(const TargetOptions& options,
                                                       std::shared_ptr<SystemRoots> roots);

  // A connection that sends SNI and accepts only a certificate for `host`: a DNS name or an IP literal, with or without
  // brackets. Null only if out of memory. Any thread.
  Owned<SSL> make_connection(const std::string& host);
  // What to add to an "untrusted root" error, or "". A literal.
  std::string_view trust_hint();

 private:
  TargetContext() = default;
  SSL_CTX* context();

  std::once_flag made_;                 // guards the making of context_ if create() has not made it
  Owned<SSL_CTX> context_;              // read through context() only
  std::shared_ptr<SystemRoots> roots_;  // null: context_ has its own, or nothing is verified
};

struct ListenerOptions {
  std::string cert_file;  // PEM: the certificate, then its chain
  std::string key_file;   // PEM, without a passphrase
};

// For callers' connections. Callers resume with stateless tickets, on any worker: the context holds the keys.
class ListenerContext {
 public:
  // ErrorCode::config, naming the file.
  static Result<std::shared_ptr<ListenerContext>> create(const ListenerOptions& options);
  // Null only if out of memory. Any thread.
  Owned<SSL> make_connection();

 private:
  ListenerContext() = default;
  Owned<SSL_CTX> context_;
};

}  // namespace sluice::tls
